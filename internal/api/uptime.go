package api

import (
	"math"
	"slices"
	"time"

	"allclear/internal/status"
	"allclear/internal/store"
)

// uptimeJSON is the uptime of a component or group over a range of days.
// https://developer.statuspage.io/#operation/getPagesPageIdComponentsComponentIdUptime
type uptimeJSON struct {
	RangeStart       string   `json:"range_start"`
	RangeEnd         string   `json:"range_end"`
	UptimePercentage float64  `json:"uptime_percentage"` // 0 to 100, two decimals
	MajorOutage      int64    `json:"major_outage"`      // seconds
	PartialOutage    int64    `json:"partial_outage"`    // seconds
	Warnings         []string `json:"warnings"`
	ID               string   `json:"id"`
	Name             string   `json:"name"`
	RelatedEvents    any      `json:"related_events"`
}

type relatedIncident struct {
	ID string `json:"id"`
}

type relatedComponent struct {
	ComponentID string            `json:"component_id"`
	Incidents   []relatedIncident `json:"incidents"`
}

func (c *call) componentUptime() (reply, error) {
	v, err := c.view()
	if err != nil {
		return reply{}, err
	}
	id := c.id("component")
	component, ok := v.cfg.Components[id]
	if !ok {
		return reply{}, status.NotFoundf("component not found")
	}
	if !component.Showcase {
		return reply{}, status.Invalidf("component.showcase", "must be on for uptime to be shown")
	}
	span, err := c.readSpan(v)
	if err != nil {
		return reply{}, err
	}
	related, err := span.related(c, v, []string{id})
	if err != nil {
		return reply{}, err
	}
	answer := span.answer(v, []string{id})
	answer.ID, answer.Name, answer.RelatedEvents = id, component.Name, related[0].Incidents
	return found(answer)
}

func (c *call) groupUptime() (reply, error) {
	v, err := c.view()
	if err != nil {
		return reply{}, err
	}
	group, ok := v.cfg.Groups[c.id("group")]
	if !ok {
		return reply{}, status.NotFoundf("component group not found")
	}
	members := slices.DeleteFunc(v.cfg.Members(group.ID), func(id string) bool { return !v.cfg.Components[id].Showcase })
	if len(members) == 0 {
		return reply{}, status.Invalidf("component_group.components", "must include one with showcase on for uptime to be shown")
	}
	span, err := c.readSpan(v)
	if err != nil {
		return reply{}, err
	}
	related, err := span.related(c, v, members)
	if err != nil {
		return reply{}, err
	}
	answer := span.answer(v, members)
	answer.ID, answer.Name, answer.RelatedEvents = group.ID, group.Name, related
	return found(answer)
}

// span is a range of days of the page's zone with what is known of them.
type span struct {
	start, end time.Time // end is the last moment that counts
	days       []*status.Day
	warnings   []string
}

// maxUptimeDays bounds a range, and with it the work of one request.
const maxUptimeDays = 366

// readSpan reads start and end, both days included; without them it is the last 90 days.
func (c *call) readSpan(v view) (span, error) {
	now := c.store.Now().In(v.zone)
	today := now.Format(status.DateLayout)
	first, last := now.AddDate(0, 0, 1-status.UptimeDays).Format(status.DateLayout), today
	s := span{warnings: []string{}}
	for name, date := range map[string]*string{"start": &first, "end": &last} {
		text := c.r.URL.Query().Get(name)
		if text == "" {
			continue
		}
		t, err := readDay(text, v.zone)
		if err != nil {
			return span{}, status.Invalidf(name, "must be a date such as 2026-03-01 or a time with its zone")
		}
		*date = t.Format(status.DateLayout)
	}
	if last > today {
		last = today
		s.warnings = append(s.warnings, "End date was adjusted to today. See range_end field in response for end date used.")
	}
	if first > last {
		return span{}, status.Invalidf("start", "must not be after end")
	}
	var err error
	if s.start, _, err = status.Bounds(first, v.zone); err != nil {
		return span{}, err
	}
	if _, s.end, err = status.Bounds(last, v.zone); err != nil {
		return span{}, err
	}
	if s.end.Sub(s.start) > maxUptimeDays*25*time.Hour {
		return span{}, status.Invalidf("start", "must be at most %d days before end", maxUptimeDays)
	}
	if s.days, err = c.store.Days(c.ctx(), v.page.ID, first, last); err != nil {
		return span{}, err
	}
	if last == today {
		s.end = now
		s.addToday(v, today, now)
	}
	return s, nil
}

func readDay(text string, zone *time.Location) (time.Time, error) {
	if t, err := time.ParseInLocation(status.DateLayout, text, zone); err == nil {
		return t, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	return t.In(zone), err
}

// addToday counts today up to now.
func (s *span) addToday(v view, today string, now time.Time) {
	start, _, err := status.Bounds(today, v.zone)
	if err != nil {
		return // today is a day
	}
	day := status.NewDay(today)
	if n := len(s.days); n > 0 && s.days[n-1].Date == today {
		day, s.days = s.days[n-1], s.days[:n-1]
	}
	s.days = append(s.days, day.SoFar(v.cfg, now, start))
}

// answer adds up the days of some components; the percentage is the average of theirs.
func (s span) answer(v view, components []string) uptimeJSON {
	var total status.Uptime
	var percent float64
	for _, id := range components {
		var one status.Uptime
		for _, day := range s.days {
			one = one.Plus(day.Uptime(id))
		}
		total = total.Plus(one)
		percent += one.Percentage()
	}
	return uptimeJSON{
		RangeStart: v.time(s.start), RangeEnd: v.time(s.end), Warnings: s.warnings,
		UptimePercentage: math.Round(percent/float64(len(components))*100) / 100,
		MajorOutage:      total.Major, PartialOutage: total.Partial,
	}
}

// related lists per component the incidents of the range that have it attached.
func (s span) related(c *call, v view, components []string) ([]relatedComponent, error) {
	related := make([]relatedComponent, len(components))
	for n, id := range components {
		related[n] = relatedComponent{ComponentID: id, Incidents: []relatedIncident{}}
	}
	list := store.List{Page: v.page.ID, Kind: store.Realtime, From: s.start, To: s.end, Limit: maxPerPage}
	for {
		incidents, next, err := c.store.Incidents(c.ctx(), list)
		if err != nil {
			return nil, err
		}
		for _, i := range incidents {
			for n, id := range components {
				if slices.Contains(i.Components, id) {
					related[n].Incidents = append(related[n].Incidents, relatedIncident{ID: i.ID})
				}
			}
		}
		if next == "" {
			return related, nil
		}
		list.After = next
	}
}
