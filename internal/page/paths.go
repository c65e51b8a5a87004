package page

import "strings"

// Every published path is made in this file. A path whose last segment has no dot is asked for
// without ".html" by browsers: /incidents/<id> is incidents/<id>.html.
const (
	PathIndex        = "index.html"
	PathNotFound     = "404.html"
	PathHistory      = "history.html"
	PathView         = "page.json"      // what the site's scripts show
	PathUptime       = "uptime.json"    // 90 days of every component
	PathHistoryView  = "history.json"   // what the site's scripts show of history.html
	PathHeartbeat    = "heartbeat.json" // when the published documents were last known to be current
	PathPointer      = "published.json" // the version that is published
	PathAtom         = "history.atom"
	PathRSS          = "history.rss"
	PathCalendar     = "history.ics"
	PathSummary      = "api/v2/summary.json"
	PathStatus       = "api/v2/status.json"
	PathComponents   = "api/v2/components.json"
	PathIncidents    = "api/v2/incidents.json"
	PathUnresolved   = "api/v2/incidents/unresolved.json"
	PathResolved     = "api/v2/incidents/resolved.json"
	PathMaintenances = "api/v2/scheduled-maintenances.json"
	PathUpcoming     = "api/v2/scheduled-maintenances/upcoming.json"
	PathActive       = "api/v2/scheduled-maintenances/active.json"
	PrefixIncidentV2 = "api/v2/incidents/"
	PrefixIncident   = "incidents/"
	prefixMonth      = "history/"
	extensionHTML    = ".html"
	extensionJSON    = ".json"
)

// PathIncidentV2 is Statuspage's document of one incident or maintenance.
func PathIncidentV2(id string) string { return PrefixIncidentV2 + id + extensionJSON }

// PathIncidentHTML is the HTML page of one.
func PathIncidentHTML(id string) string { return PrefixIncident + id + extensionHTML }

// PathIncidentView is what the site's scripts show of one.
func PathIncidentView(id string) string { return PrefixIncident + id + extensionJSON }

// PathMonthHTML is the HTML page of a month "YYYY-MM" of the history.
func PathMonthHTML(month string) string { return prefixMonth + month + extensionHTML }

// PathMonthView is the same for the site's scripts.
func PathMonthView(month string) string { return prefixMonth + month + extensionJSON }

// OptionalPaths are those that a setting can switch off.
func OptionalPaths() []string { return []string{PathAtom, PathRSS} }

// IncidentPaths are all paths of one incident, for when it is deleted.
func IncidentPaths(id string) []string {
	return []string{PathIncidentV2(id), PathIncidentHTML(id), PathIncidentView(id)}
}

// MonthPaths are all paths of one month.
func MonthPaths(month string) []string { return []string{PathMonthHTML(month), PathMonthView(month)} }

// Address is the address that a browser shows for a path: without "index.html" and ".html".
func Address(publicURL, path string) string {
	path = strings.TrimSuffix(path, PathIndex)
	return publicURL + "/" + strings.TrimSuffix(path, extensionHTML)
}

// IncidentAddress is where people read about one incident or maintenance.
func IncidentAddress(publicURL, id string) string { return Address(publicURL, PathIncidentHTML(id)) }

// IncidentOf is the id of the incident whose document a path is, if it is one.
func IncidentOf(path string) (id string, ok bool) {
	switch path {
	case PathUnresolved, PathResolved:
		return "", false
	}
	name, ok := strings.CutPrefix(path, PrefixIncidentV2)
	if !ok {
		name, ok = strings.CutPrefix(path, PrefixIncident)
	}
	id, _, _ = strings.Cut(name, ".")
	return id, ok && id != ""
}

// MonthOf is the month "YYYY-MM" whose document a path is, if it is one.
func MonthOf(path string) (month string, ok bool) {
	name, ok := strings.CutPrefix(path, prefixMonth)
	month, _, _ = strings.Cut(name, ".")
	return month, ok && month != ""
}
