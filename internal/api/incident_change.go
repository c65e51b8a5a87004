package api

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"allclear/internal/status"
)

// incidentChange reads the incident of a request. What clients send of Twitter is ignored; so is
// everything that Statuspage computes, which comes back when a client sends a whole incident.
func (c *call) incidentChange(zone *time.Location, cfg *status.Configuration) (status.IncidentChange, error) {
	f := c.object("incident")
	change := status.IncidentChange{
		Name:                 f.text("name"),
		Body:                 f.given("body"),
		DeliverNotifications: f.flag("deliver_notifications"),
		CustomTweet:          f.given("custom_tweet"),
		ReminderIntervals:    f.reminderIntervals(),
		ScheduledFor:         f.moment("scheduled_for"),
		ScheduledUntil:       f.moment("scheduled_until"),
		RemindPrior:          f.flag("scheduled_remind_prior"),
		AutoInProgress:       f.flag("scheduled_auto_in_progress"),
		AutoCompleted:        f.flag("scheduled_auto_completed"),
		ToMaintenance:        f.flag("auto_transition_to_maintenance_state"),
		ToOperational:        f.flag("auto_transition_to_operational_state"),
		NotifyAtStart:        f.flag("auto_transition_deliver_notifications_at_start"),
		NotifyAtEnd:          f.flag("auto_transition_deliver_notifications_at_end"),
		BackfillDate:         f.momentOrDate("backfill_date", zone),
		Metadata:             f.metadata(),
	}
	if s := f.given("status"); s != nil {
		to := status.IncidentStatus(*s)
		change.Status = &to
	}
	if s := f.given("impact_override"); s != nil {
		to := status.Impact(*s)
		change.ImpactOverride = &to
	}
	if message := f.given("message"); change.Body == nil {
		change.Body = message // what old clients call the body
	}
	if both := f.flag("scheduled_auto_transition"); both != nil { // the old name of two switches
		change.AutoInProgress = orElse(change.AutoInProgress, both)
		change.AutoCompleted = orElse(change.AutoCompleted, both)
	}
	if backfilled := f.flag("backfilled"); backfilled != nil {
		change.Backfilled = *backfilled
	}
	change.ComponentIDs = f.list("component_ids")
	f.components(&change, cfg)
	return change, f.err
}

func orElse[T any](p, otherwise *T) *T {
	if p == nil {
		return otherwise
	}
	return p
}

// components reads a map of ids to states. A list of ids attaches without changing states, as
// component_ids does; an empty one says nothing, since some languages write an empty map so.
func (f *fields) components(change *status.IncidentChange, cfg *status.Configuration) {
	const name = "components"
	states, isMap := f.m[name].(map[string]any)
	if !isMap || numbered(states) {
		if ids := f.list(name); ids != nil && len(*ids) > 0 && change.ComponentIDs == nil {
			change.ComponentIDs = ids
		}
		return
	}
	change.Components = make(map[string]status.ComponentState, len(states))
	for _, id := range slices.Sorted(maps.Keys(states)) {
		switch s := states[id].(type) {
		case string:
			change.Components[id] = status.ComponentState(s)
		case nil:
			change.Components[id] = ""
		default:
			f.fail(name, "must map ids of components to their status")
			return
		}
		if change.Components[id] == "" { // attached as it is
			change.Components[id] = cfg.Status(id)
		}
	}
}

// reminderIntervals reads hours as text, as a number or as a list. null and "" are the default.
func (f *fields) reminderIntervals() *string {
	const name = "reminder_intervals"
	switch v := f.m[name].(type) {
	case nil:
		if f.has(name) {
			return new(string)
		}
		return nil
	case json.Number, []any:
		text, err := json.Marshal(v)
		if err != nil {
			f.fail(name, "must be a list of hours")
		}
		s := string(text)
		return &s
	default:
		return f.text(name)
	}
}

// metadata reads an object of objects and keeps it as JSON text.
func (f *fields) metadata() *string {
	const name = "metadata"
	v := f.m[name]
	if v == nil || v == "" {
		return nil
	}
	object, ok := v.(map[string]any)
	if !ok {
		f.fail(name, "must be an object of objects")
		return nil
	}
	for _, k := range slices.Sorted(maps.Keys(object)) {
		if _, ok := object[k].(map[string]any); !ok {
			f.fail(name, "must be an object of objects: %q is none", k)
			return nil
		}
	}
	text, err := encode(object)
	if err != nil {
		f.fail(name, "can't be written as JSON")
		return nil
	}
	s := string(text[:len(text)-1]) // without the line's end
	return &s
}

// quoted is a text as it stands in JSON.
func quoted(s string) string {
	text, err := encode(s)
	if err != nil {
		return ""
	}
	return string(text[:len(text)-1])
}
