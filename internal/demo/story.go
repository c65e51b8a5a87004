package demo

import (
	"time"

	"allclear/internal/status"
)

// story is one incident of the script. Those of the past begin on a day before now at a time of
// that day; bodies may therefore name hours. One that is going on begins some minutes ago.
type story struct {
	daysAgo int
	clock   clock
	ago     int // minutes; instead of daysAgo and clock
	name    string
	impact  status.Impact // chosen by hand, "" to leave it to the components
	posts   []post
}

// post is one update.
type post struct {
	minute int // since the incident began
	status status.IncidentStatus
	states states
	body   string
}

// clock is a time of day in UTC.
type clock struct{ hour, minute int }

type states map[part]status.ComponentState

// backfill is an incident that was entered after the fact.
type backfill struct {
	daysAgo int
	clock   clock // when it happened
	entered int   // days ago
	name    string
	body    string
}

// work is one scheduled maintenance.
type work struct {
	announced int // days ago
	days      int // from today to its start, negative for the past
	clock     clock
	minutes   int // planned length
	name      string
	parts     []part
	body      string
	byHand    bool   // its end is announced by a person, not by the clock
	posts     []post // minutes since the planned start
}

// The words of the script, short.
const (
	investigating = status.Investigating
	identified    = status.Identified
	monitoring    = status.Monitoring
	resolved      = status.Resolved
	inProgress    = status.InProgress
	verifying     = status.Verifying
	completed     = status.Completed

	fine     = status.Operational
	degraded = status.DegradedPerformance
	partial  = status.PartialOutage
	major    = status.MajorOutage
)

// moment is a time of day, some days from the day of now.
func moment(now time.Time, days int, at clock) time.Time {
	return time.Date(now.Year(), now.Month(), now.Day()+days, at.hour, at.minute, 0, 0, time.UTC)
}
