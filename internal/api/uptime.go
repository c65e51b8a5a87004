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
	MajorOutage      int64    `json:"major_outage"`      // seconds; of a group: of its components together
	PartialOutage    int64    `json:"partial_outage"`    // the same
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
		return reply{}, errNoComponent()
	}
	if !component.Showcase {
		return reply{}, status.Invalidf("component.showcase", "must be on for uptime to be shown")
	}
	since := ""
	if component.StartDate != nil {
		since = *component.StartDate
	}
	span, err := c.readSpan(v, since)
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
		return reply{}, errNoGroup()
	}
	members := slices.DeleteFunc(v.cfg.Members(group.ID), func(id string) bool { return !v.cfg.Components[id].Showcase })
	if len(members) == 0 {
		return reply{}, status.Invalidf("component_group.components", "must include one with showcase on for uptime to be shown")
	}
	span, err := c.readSpan(v, "")
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
	start, end time.Time // end is the moment after the last that counts
	days       []*status.Day
	warnings   []string
}

// maxUptimeDays bounds a range, and with it the work of one request.
const maxUptimeDays = 366

// readSpan reads start and end, both days included: without them it is the last 90 days, and
// never before since, a date, when that is not "".
func (c *call) readSpan(v view, since string) (span, error) {
	now := c.store.Now().In(v.zone)
	today := now.Format(status.DateLayout)
	first, err := c.day("start", v.zone, now.AddDate(0, 0, 1-status.UptimeDays), false)
	if err != nil {
		return span{}, err
	}
	last, err := c.day("end", v.zone, now, true)
	if err != nil {
		return span{}, err
	}
	s := span{warnings: []string{}}
	if last > today {
		last = today
		s.warnings = append(s.warnings, "End date was adjusted to today. See range_end field in response for end date used.")
	}
	if first > last {
		return span{}, status.Invalidf("start", "must not be after end or in the future")
	}
	if since > first {
		if since > last {
			return span{}, status.Invalidf("end", "must not be before the start date of the component, %s", since)
		}
		if c.r.URL.Query().Get("start") != "" {
			s.warnings = append(s.warnings, "Start date was adjusted to the start date of the component. See range_start field in response for start date used.")
		}
		first = since
	}
	if s.start, _, err = status.Bounds(first, v.zone); err != nil {
		return span{}, err
	}
	if _, s.end, err = status.Bounds(last, v.zone); err != nil {
		return span{}, err
	}
	if s.end.After(s.start.AddDate(0, 0, maxUptimeDays)) {
		return span{}, status.Invalidf("start", "must be at most %d days before end", maxUptimeDays)
	}
	if s.days, err = c.store.Days(c.ctx(), v.page.ID, first, last); err != nil {
		return span{}, err
	}
	if last == today {
		s.addToday(v, today, now)
	}
	return s, nil
}

// day reads a date of the query. As on Statuspage a month or a year is one, too: its first day,
// or its last one.
func (c *call) day(name string, zone *time.Location, otherwise time.Time, last bool) (string, error) {
	text := c.r.URL.Query().Get(name)
	if text == "" {
		return otherwise.Format(status.DateLayout), nil
	}
	for _, layout := range []string{status.DateLayout, time.RFC3339, "2006-01", "2006"} {
		t, err := time.ParseInLocation(layout, text, zone)
		switch {
		case err != nil:
			continue
		case layout == time.RFC3339:
			t = t.In(zone)
		case layout == "2006-01" && last:
			t = t.AddDate(0, 1, -1)
		case layout == "2006" && last:
			t = t.AddDate(1, 0, -1)
		}
		if t.Year() < 1970 || t.Year() > 2999 {
			break
		}
		return t.Format(status.DateLayout), nil
	}
	return "", status.Invalidf(name, "must be a date such as 2006-01-02")
}

// addToday counts today up to now.
func (s *span) addToday(v view, today string, now time.Time) {
	s.end = now
	start, _, err := status.Bounds(today, v.zone)
	if err != nil {
		return // today is a day
	}
	day := status.NewDay(today)
	if n := len(s.days); n > 0 && s.days[n-1].Date == today {
		day, s.days = s.days[n-1], s.days[:n-1]
	}
	if !day.Closed {
		day = day.SoFar(v.cfg, now, start)
		day.Closed = true
	}
	s.days = append(s.days, day)
}

// answer adds up the days of some components; the percentage is the average of theirs. A day that
// is over counts once the clock has closed it, and none before a component's start date does.
func (s span) answer(v view, components []string) uptimeJSON {
	var total status.Uptime
	sum, flawless := 0.0, true
	for _, id := range components {
		var one status.Uptime
		since := v.cfg.Components[id].StartDate
		for _, day := range s.days {
			if day.Closed && (since == nil || day.Date >= *since) {
				one = one.Plus(day.Uptime(id))
			}
		}
		total = total.Plus(one)
		sum += one.Percentage()
		flawless = flawless && one.Percentage() == 100
	}
	percentage := math.Round(sum/float64(len(components))*100) / 100
	if !flawless {
		percentage = min(percentage, 99.99)
	}
	return uptimeJSON{
		RangeStart: v.time(s.start), RangeEnd: v.time(s.end), Warnings: s.warnings,
		UptimePercentage: percentage, MajorOutage: total.Major, PartialOutage: total.Partial,
	}
}

// overhang is how long after the range an incident of it can have been resolved to be listed still.
const overhang = 31 * 24 * time.Hour

// related lists per component the incidents that began before the end of the range, were not over
// before its start, and have the component attached.
func (s span) related(c *call, v view, components []string) ([]relatedComponent, error) {
	related := make([]relatedComponent, len(components))
	for n, id := range components {
		related[n] = relatedComponent{ComponentID: id, Incidents: []relatedIncident{}}
	}
	if skip := c.r.URL.Query().Get("skip_related_events"); skip == "true" || skip == "1" {
		return related, nil
	}
	list := store.List{Page: v.page.ID, Kind: store.Realtime, From: s.start, To: s.end.Add(overhang), Limit: maxPerPage}
	for {
		incidents, next, err := c.store.Incidents(c.ctx(), list)
		if err != nil {
			return nil, err
		}
		for _, i := range incidents {
			if !i.CreatedAt.Before(s.end) {
				continue
			}
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
