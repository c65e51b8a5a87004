package status

import (
	"encoding/json"
	"regexp"
)

// check refuses a change that is illegal for the incident as it is.
func (c *IncidentChange) check(i *Incident, cfg *Configuration, creating bool) error {
	if c.Name != nil {
		if err := CheckName("incident.name", *c.Name); err != nil {
			return err
		}
	}
	if c.Body != nil {
		if err := CheckText("incident.body", *c.Body, MaxBody); err != nil {
			return err
		}
	}
	if c.CustomTweet != nil {
		if err := CheckText("incident.custom_tweet", *c.CustomTweet, MaxName); err != nil {
			return err
		}
	}
	if c.ImpactOverride != nil && *c.ImpactOverride != "" && !c.ImpactOverride.Valid() {
		return Invalidf("incident.impact_override", "must be one of none, maintenance, minor, major, critical")
	}
	if err := c.checkStatus(i, creating); err != nil {
		return err
	}
	return c.checkComponents(cfg)
}

func (c *IncidentChange) checkStatus(i *Incident, creating bool) error {
	if c.Status != nil {
		switch {
		case !c.Status.Valid():
			return Invalidf("incident.status", "is not a known status: %q", string(*c.Status))
		case *c.Status == Postmortem:
			return Invalidf("incident.status", "can't be set to postmortem: publish a postmortem instead")
		case i.IsMaintenance() && !c.Status.Maintenance():
			return Invalidf("incident.status", "of a scheduled maintenance must be one of scheduled, in_progress, verifying, completed")
		case !i.IsMaintenance() && !c.Status.Realtime():
			return Invalidf("incident.status", "of a realtime incident must be one of investigating, identified, monitoring, resolved")
		}
	}
	if !creating && i.Status == Completed && (c.Status != nil || c.Body != nil) {
		return Invalidf("incident.status", "can't change after the maintenance was completed")
	}
	return nil
}

func (c *IncidentChange) checkComponents(cfg *Configuration) error {
	for _, id := range sortedKeys(c.Components) {
		if _, ok := cfg.Components[id]; !ok {
			return Invalidf("incident.components", "names an unknown component: %q", id)
		}
		if !c.Components[id].Valid() {
			return Invalidf("incident.components", "gives component %s an unknown status: %q", id, string(c.Components[id]))
		}
	}
	if c.ComponentIDs != nil {
		for _, id := range *c.ComponentIDs {
			if _, ok := cfg.Components[id]; !ok {
				return Invalidf("incident.component_ids", "names an unknown component: %q", id)
			}
		}
	}
	return nil
}

var reminderPattern = regexp.MustCompile(`^(\d{1,4}|\[\s*(\d{1,4}(\s*,\s*\d{1,4})*)?\s*\])$`)

// applyFields takes over the plain fields.
func (i *Incident) applyFields(c IncidentChange) error {
	if c.Name != nil {
		i.Name = *c.Name
	}
	if c.ImpactOverride != nil {
		i.ImpactOverride = *c.ImpactOverride
	}
	if c.ReminderIntervals != nil {
		i.ReminderIntervals = nil
		if *c.ReminderIntervals != "" {
			if !reminderPattern.MatchString(*c.ReminderIntervals) {
				return Invalidf("incident.reminder_intervals", `must be hours such as "[3, 6, 12, 24]" or "4", or "[]" for none`)
			}
			i.ReminderIntervals = new(*c.ReminderIntervals)
		}
	}
	if c.Metadata != nil {
		var objects map[string]map[string]any
		if err := json.Unmarshal([]byte(*c.Metadata), &objects); err != nil {
			return Invalidf("incident.metadata", "must be an object of objects")
		}
		if err := CheckText("incident.metadata", *c.Metadata, MaxBody); err != nil {
			return err
		}
		i.Metadata = *c.Metadata
	}
	return i.applySchedule(c)
}

func (i *Incident) applySchedule(c IncidentChange) error {
	if i.Schedule == nil {
		if c.ScheduledFor != nil || c.ScheduledUntil != nil {
			return Invalidf("incident.scheduled_for", "can't be given for a realtime incident")
		}
		return nil // the switches mean nothing here: clients send them with every incident
	}
	s := i.Schedule
	if c.ScheduledFor != nil {
		if s.RemindedAt != nil && c.ScheduledFor.After(s.For) {
			s.RemindedAt = nil // moved later: remind again
		}
		s.For = Millis(*c.ScheduledFor)
	}
	if c.ScheduledUntil != nil {
		s.Until = Millis(*c.ScheduledUntil)
	}
	if !s.Until.After(s.For) {
		return Invalidf("incident.scheduled_until", "must be after scheduled_for")
	}
	for field, to := range map[*bool]*bool{
		&s.RemindPrior: c.RemindPrior, &s.AutoInProgress: c.AutoInProgress, &s.AutoCompleted: c.AutoCompleted,
		&s.ToMaintenance: c.ToMaintenance, &s.ToOperational: c.ToOperational,
		&s.NotifyAtStart: c.NotifyAtStart, &s.NotifyAtEnd: c.NotifyAtEnd,
	} {
		if to != nil {
			*field = *to
		}
	}
	return nil
}
