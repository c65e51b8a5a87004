package status

import "time"

// Snapshot is a page at one version: what the published documents are made from.
type Snapshot struct {
	Page          Page
	Configuration *Configuration
	Incidents     []*Incident // the newest realtime incidents, at most NewestIncidents, by OrderTime
	Maintenances  []*Incident // the newest maintenances, at most NewestIncidents, by OrderTime
	Open          []*Incident // all that are not over, incidents and maintenances, by OrderTime
	Days          []*Day      // the days kept of the last UptimeDays, oldest first; today last, if it has an item
	First         time.Time   // OrderTime of the oldest incident or maintenance; zero when there is none
}

// How much a snapshot holds.
const (
	NewestIncidents = 50 // as many as Statuspage's lists show
	UptimeDays      = 90 // as many as the uptime bars show, today included
)
