package page

import (
	"strconv"
	"strings"
	"time"

	"allclear/internal/status"
	"allclear/internal/words"
)

// clock writes times in the page's zone.
type clock struct {
	zone  *time.Location
	names map[string]string // see Masthead.Zones
}

func newClock(zone *time.Location, at time.Time) clock {
	c := clock{zone: zone, names: map[string]string{}}
	for month := time.January; month <= time.December; month++ { // daylight saving need not be in January and July
		name, offset := time.Date(at.In(zone).Year(), month, 1, 12, 0, 0, 0, zone).Zone()
		if strings.ContainsAny(name, "+-") { // "+03" is no name
			name = ""
		}
		if key := strconv.Itoa(offset / 60); name != "" && c.names[key] == "" {
			c.names[key] = name
		}
	}
	return c
}

func (c clock) moment(t time.Time) Moment { return Moment{t.In(c.zone), c.names} }

func (c clock) momentOf(t *time.Time) *Moment {
	if t == nil {
		return nil
	}
	m := c.moment(*t)
	return &m
}

// Moment is a time that people see. Its JSON is the time in the page's zone, as in v2.
type Moment struct {
	time  time.Time
	names map[string]string
}

// ISO is the time for machines.
func (m Moment) ISO() string { return Timestamp(m.time, m.time.Location()) }

// MarshalJSON writes ISO.
func (m Moment) MarshalJSON() ([]byte, error) { return []byte(`"` + m.ISO() + `"`), nil }

// String is the time for people: "Nov 23, 2026, 09:00 UTC". site/src/page/time.ts writes the
// same from ISO.
func (m Moment) String() string { return m.time.Format("Jan 2, 2006, 15:04 ") + m.abbreviation() }

func (m Moment) abbreviation() string {
	_, offset := m.time.Zone()
	if name := m.names[strconv.Itoa(offset/60)]; name != "" {
		return name
	}
	return words.Offset(offset / 60)
}

// dayText is a day "YYYY-MM-DD" for people: "Nov 23, 2026".
func dayText(date string) string {
	t, err := time.Parse(status.DateLayout, date)
	if err != nil {
		return date
	}
	return t.Format("Jan 2, 2006")
}

// monthText is a month "YYYY-MM" for people: "November 2026".
func monthText(month string) string {
	t, err := time.Parse(monthLayout, month)
	if err != nil {
		return month
	}
	return t.Format("January 2006")
}

const monthLayout = "2006-01"

// nextMonth is the month n months after one "YYYY-MM".
func nextMonth(month string, n int) string {
	t, err := time.Parse(monthLayout, month)
	if err != nil {
		return month
	}
	return t.AddDate(0, n, 0).Format(monthLayout)
}
