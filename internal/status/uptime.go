package status

import (
	"maps"
	"math"
	"slices"
	"time"
)

// Day holds how long each component was in each state on one day of the page's time zone. While
// the day lasts it holds what is behind the last change of each component; Close completes it.
type Day struct {
	Date    string                              `json:"date"` // YYYY-MM-DD
	Seconds map[string]map[ComponentState]int64 `json:"seconds"`
	// Start is the state that a component had when the day began, kept for those that changed
	// during the day: so the end of the day before is known even if it is closed late.
	Start  map[string]ComponentState `json:"start,omitempty"`
	Closed bool                      `json:"closed"`
}

// DateLayout is the layout of a Day's date.
const DateLayout = "2006-01-02"

// NewDay is a day without changes.
func NewDay(date string) *Day {
	return &Day{Date: date, Seconds: map[string]map[ComponentState]int64{}, Start: map[string]ComponentState{}}
}

// DateOf is the day that a time falls in.
func DateOf(t time.Time, zone *time.Location) string { return t.In(zone).Format(DateLayout) }

// Bounds are the first moments of a day and of the next, which may be 23 or 25 hours apart.
func Bounds(date string, zone *time.Location) (start, end time.Time, err error) {
	start, err = time.ParseInLocation(DateLayout, date, zone)
	if err != nil {
		return time.Time{}, time.Time{}, Invalidf("date", "must be YYYY-MM-DD: %q", date)
	}
	return start, time.Date(start.Year(), start.Month(), start.Day()+1, 0, 0, 0, 0, zone), nil
}

// Clone copies a day.
func (d *Day) Clone() *Day {
	c := &Day{Date: d.Date, Closed: d.Closed, Start: maps.Clone(d.Start), Seconds: make(map[string]map[ComponentState]int64, len(d.Seconds))}
	for id, states := range d.Seconds {
		c.Seconds[id] = maps.Clone(states)
	}
	if c.Start == nil {
		c.Start = map[string]ComponentState{}
	}
	return c
}

// Add counts whole seconds of the day, so that the parts of a day always add up to its length.
func (d *Day) Add(component string, state ComponentState, from, to, dayStart time.Time) {
	from = later(from, dayStart)
	n := int64(to.Sub(dayStart)/time.Second) - int64(from.Sub(dayStart)/time.Second)
	if n <= 0 {
		return
	}
	if d.Seconds[component] == nil {
		d.Seconds[component] = map[ComponentState]int64{}
	}
	d.Seconds[component][state] += n
}

// Record takes in that a component left a state on this day.
func (d *Day) Record(change StateChange, at, dayStart time.Time) {
	if _, changed := d.Start[change.Component]; !changed && change.Since.Before(dayStart) {
		d.Start[change.Component] = change.Old
	}
	d.Add(change.Component, change.Old, change.Since, at, dayStart)
}

// Close completes a day: each component's time after its last change of the day goes to the
// state it had at the day's end. Components made after the day are left out; those made during
// it count from then on.
func (d *Day) Close(cfg *Configuration, stateAtEnd func(component string) ComponentState, start, end time.Time) {
	for id, c := range cfg.Components {
		if !c.CreatedAt.Before(end) {
			continue
		}
		var counted int64
		for _, n := range d.Seconds[id] {
			counted += n
		}
		from := later(c.CreatedAt, start).Add(time.Duration(counted) * time.Second)
		d.Add(id, stateAtEnd(id), from, end, start)
	}
	d.Closed = true
}

// SoFar is today as it would be if it ended now.
func (d *Day) SoFar(cfg *Configuration, now, dayStart time.Time) *Day {
	c := d.Clone()
	for id := range cfg.Components {
		since := cfg.Components[id].CreatedAt
		if s, ok := cfg.States[id]; ok {
			since = s.Since
		}
		c.Add(id, cfg.Status(id), since, now, dayStart)
	}
	return c
}

// Uptime is a share of time and what it is computed from.
type Uptime struct {
	Total, Partial, Major int64 // seconds
}

// PartialWeight is the part of a partial outage that counts as downtime; a major one counts
// whole, degraded performance and maintenance not at all. As on Statuspage.
const PartialWeight = 0.3

// Percentage is 100 for no downtime, rounded to two decimals but never up to 100.
func (u Uptime) Percentage() float64 {
	if u.Total == 0 {
		return 100
	}
	down := float64(u.Major) + PartialWeight*float64(u.Partial)
	p := 100 * (1 - down/float64(u.Total))
	rounded := math.Round(p*100) / 100
	if rounded >= 100 && down > 0 {
		return 99.99
	}
	return max(rounded, 0)
}

// Plus adds up two times.
func (u Uptime) Plus(v Uptime) Uptime {
	return Uptime{u.Total + v.Total, u.Partial + v.Partial, u.Major + v.Major}
}

// Uptime is a component's on this day; Total is 0 when nothing is known.
func (d *Day) Uptime(component string) Uptime {
	var u Uptime
	for state, n := range d.Seconds[component] {
		u.Total += n
		switch state {
		case MajorOutage:
			u.Major += n
		case PartialOutage:
			u.Partial += n
		case Operational, UnderMaintenance, DegradedPerformance:
		}
	}
	return u
}

// Worst is the worst state that a component had on this day.
func (d *Day) Worst(component string) ComponentState {
	return Worst(slices.Collect(maps.Keys(d.Seconds[component]))...)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
