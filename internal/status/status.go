// Package status is the domain of a status page: components and their states, incidents and
// maintenances with their updates, impact, overall status, uptime, and the events that record
// every change. It is pure: no I/O, no clock, no randomness; times and ids come in as arguments.
// The rules follow Atlassian Statuspage; where one comes from there, its comment says so.
// internal/store keeps these values, internal/api and internal/tick change them, internal/page shows them.
package status

import "time"

// Stamp is what a change needs from outside: the moment it happens at (UTC, whole milliseconds)
// and a source of new ids (12 characters [a-z0-9]).
type Stamp struct {
	Now   time.Time
	NewID func() string
}

// Millis brings a time to the resolution and zone that everything here uses: UTC, milliseconds.
func Millis(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
