package api

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"

	"allclear/internal/status"
)

// diff lists the members that two values of one type show differently as JSON, in order of their
// names. A nil value has no members. Fields to pass over are named.
func diff(object string, before, after any, except ...string) []status.FieldChange {
	old, now := members(before), members(after)
	names := slices.Sorted(maps.Keys(old))
	names = slices.AppendSeq(names, maps.Keys(now))
	slices.Sort(names)
	var changes []status.FieldChange
	for _, name := range slices.Compact(names) {
		if bytes.Equal(old[name], now[name]) || slices.Contains(except, name) {
			continue
		}
		changes = append(changes, status.FieldChange{
			Object: object, Field: name,
			Before: status.Cut(string(old[name]), status.MaxFieldText),
			After:  status.Cut(string(now[name]), status.MaxFieldText),
		})
	}
	return changes
}

// members are those of the value's JSON object. The domain's types always have one.
func members(v any) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil {
		panic(err)
	}
	return m
}

// incidentDiff leaves out the timeline, which the event carries as an update, and what every
// write moves.
func incidentDiff(before, after *status.Incident) []status.FieldChange {
	changes := diff("incident:"+before.ID, before, after, "updates", "updated_at", "seq", "feed_number", "schedule")
	return append(changes, diff("incident:"+before.ID, before.Schedule, after.Schedule)...)
}

// configurationDiff lists what changed about components and groups, but for states, which the
// event carries for themselves. A group's members are one list, in their order.
func configurationDiff(before, after *status.Configuration) []status.FieldChange {
	var changes []status.FieldChange
	for _, id := range keysOf(before.Components, after.Components) {
		if before.Layout[id] == after.Layout[id] && reflect.DeepEqual(before.Components[id], after.Components[id]) {
			continue
		}
		changes = append(changes, diff("component:"+id, componentFacts(before, id), componentFacts(after, id), "updated_at")...)
	}
	for _, id := range keysOf(before.Groups, after.Groups) {
		changes = append(changes, diff("group:"+id, groupFacts(before, id), groupFacts(after, id), "updated_at")...)
	}
	return changes
}

type facts struct {
	Name               string   `json:"name"`
	Description        *string  `json:"description"`
	Showcase           *bool    `json:"showcase,omitempty"`
	OnlyShowIfDegraded *bool    `json:"only_show_if_degraded,omitempty"`
	StartDate          *string  `json:"start_date,omitempty"`
	GroupID            string   `json:"group_id,omitempty"`
	Members            []string `json:"components,omitempty"`
}

func componentFacts(cfg *status.Configuration, id string) *facts {
	c, ok := cfg.Components[id]
	if !ok {
		return nil
	}
	return &facts{
		Name: c.Name, Description: c.Description, Showcase: &c.Showcase, OnlyShowIfDegraded: &c.OnlyShowIfDegraded,
		StartDate: c.StartDate, GroupID: cfg.Layout[id].Group,
	}
}

func groupFacts(cfg *status.Configuration, id string) *facts {
	g, ok := cfg.Groups[id]
	if !ok {
		return nil
	}
	return &facts{Name: g.Name, Description: g.Description, Members: cfg.Members(id)}
}

func keysOf[V any](maps ...map[string]V) []string {
	var keys []string
	for _, m := range maps {
		for k := range m {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, strings.Compare)
	return slices.Compact(keys)
}
