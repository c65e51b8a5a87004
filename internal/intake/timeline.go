package intake

import (
	"cmp"
	"slices"
	"time"

	"allclear/internal/status"
)

// timeline is the states that a component had, oldest first, as the updates of the captured
// incidents tell; before the first it was operational. What happened outside incidents is not in
// public captures.
type timeline []moved

// moved is a component entering a state.
type moved struct {
	at    time.Time
	state status.ComponentState
}

// timelines gathers what all updates say of their components up to now, by the times that the
// page displays.
func timelines(incidents []*status.Incident, now time.Time) map[string]timeline {
	type told struct {
		moved
		created time.Time
	}
	all := map[string][]told{}
	for _, i := range incidents {
		for _, u := range i.Updates {
			if u.DisplayAt.After(now) {
				continue
			}
			for _, a := range u.Affected {
				all[a.Code] = append(all[a.Code], told{moved{u.DisplayAt, a.New}, u.CreatedAt})
			}
		}
	}
	lines := make(map[string]timeline, len(all))
	for id, list := range all {
		slices.SortStableFunc(list, func(a, b told) int {
			return cmp.Or(a.at.Compare(b.at), a.created.Compare(b.created))
		})
		var line timeline
		for _, t := range list {
			line = line.to(t.moved)
		}
		lines[id] = line
	}
	return lines
}

// to adds a state unless it is that of the end already.
func (t timeline) to(m moved) timeline {
	if t.end() == m.state {
		return t
	}
	return append(t, m)
}

func (t timeline) end() status.ComponentState {
	if len(t) == 0 {
		return status.Operational
	}
	return t[len(t)-1].state
}

// until completes a timeline with the state that the capture shows, which may differ from that
// of the last update: it began when the component was last changed, as far as anybody can tell.
func (t timeline) until(c component, now time.Time) timeline {
	at := c.updatedAt
	if len(t) > 0 && t[len(t)-1].at.After(at) {
		at = t[len(t)-1].at
	}
	if at.After(now) {
		at = now
	}
	return slices.Clip(t).to(moved{at, c.status})
}

// since is when the state of the end began.
func (t timeline) since(c component, now time.Time) time.Time {
	if len(t) > 0 {
		return t[len(t)-1].at
	}
	if c.createdAt.After(now) {
		return now
	}
	return c.createdAt
}

// at is the state at a time.
func (t timeline) at(moment time.Time) status.ComponentState {
	state := status.Operational
	for _, m := range t {
		if m.at.After(moment) {
			break
		}
		state = m.state
	}
	return state
}

// fill counts the time from <= t < to in a day that starts at dayStart.
func (t timeline) fill(day *status.Day, component string, from, to, dayStart time.Time) {
	state := t.at(from)
	for _, m := range t {
		if !m.at.After(from) {
			continue
		}
		if !m.at.Before(to) {
			break
		}
		day.Add(component, state, from, m.at, dayStart)
		from, state = m.at, m.state
	}
	day.Add(component, state, from, to, dayStart)
}

// begin is when a component's uptime starts to count: its start_date in the page's zone, else
// its creation.
func (c *component) begin(zone *time.Location) time.Time {
	if c.startDate == nil || *c.startDate == status.DateOf(c.createdAt, zone) {
		return c.createdAt
	}
	start, _, err := status.Bounds(*c.startDate, zone)
	if err != nil {
		return c.createdAt // can't be: the date was checked when it was read
	}
	return start
}
