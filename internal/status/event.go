package status

import (
	"slices"
	"time"
	"unicode/utf8"
)

// EventType says what happened.
type EventType string

// The types of event.
const (
	PageCreated        EventType = "page.created"
	PageUpdated        EventType = "page.updated"
	ComponentCreated   EventType = "component.created"
	ComponentUpdated   EventType = "component.updated"
	ComponentDeleted   EventType = "component.deleted"
	GroupCreated       EventType = "group.created"
	GroupUpdated       EventType = "group.updated"
	GroupDeleted       EventType = "group.deleted"
	IncidentCreated    EventType = "incident.created"
	IncidentUpdated    EventType = "incident.updated"
	IncidentDeleted    EventType = "incident.deleted"
	MaintenanceCreated EventType = "maintenance.created"
	MaintenanceUpdated EventType = "maintenance.updated"
	MaintenanceDeleted EventType = "maintenance.deleted"
	DayClosed          EventType = "day.closed"    // uptime of a day was rolled up
	PageRendered       EventType = "page.rendered" // every document is to be rendered anew
	Imported           EventType = "page.imported"
	Recovered          EventType = "page.recovered"
)

// ActorKind says what kind of author a change has.
type ActorKind string

// The kinds of author.
const (
	ActorKey      ActorKind = "api_key"
	ActorSchedule ActorKind = "schedule"
	ActorImport   ActorKind = "import"
	ActorSystem   ActorKind = "system"
)

// Actor is the author of a change: every public change has one. Name is that of the key or
// program, never an address or a secret.
type Actor struct {
	Kind ActorKind `json:"kind"`
	Name string    `json:"name"`
}

// Event records one public change of a page. It is outbox, audit trail and source of uptime in
// one; readers fetch the documents that it names themselves. Its place in the order is Seq.
type Event struct {
	Page     string        `json:"page"`
	Seq      int64         `json:"seq"`
	At       time.Time     `json:"at"`
	Type     EventType     `json:"type"`
	Actor    Actor         `json:"actor"`
	Origin   Origin        `json:"origin,omitempty"`
	Incident string        `json:"incident,omitempty"` // id of the incident or maintenance it is about
	Summary  *Summary      `json:"summary,omitempty"`  // of that; nil in events from before there was one
	Update   *Update       `json:"update,omitempty"`   // the new or edited update; its body may be cut
	States   []StateChange `json:"states,omitempty"`
	Changes  []FieldChange `json:"changes,omitempty"`
	Touched  Touched       `json:"touched"`
	Notify   bool          `json:"notify"` // subscribers are to hear of it
}

// Summary says of an incident or maintenance what an event left it as, for those who read no
// table. Of a deleted one it is what it was.
type Summary struct {
	Name   string         `json:"name"`
	Status IncidentStatus `json:"status"`
	Impact Impact         `json:"impact"` // the one that is shown
}

// FieldChange is one field of one object, before and after, as JSON text cut to MaxFieldText.
type FieldChange struct {
	Object string `json:"object"` // "page", "component:<id>", "group:<id>", "incident:<id>", "update:<id>"
	Field  string `json:"field"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// Touched says which published documents an event makes out of date, besides the lists, which
// every event does.
type Touched struct {
	All        bool     `json:"all,omitempty"`        // everything: name, time zone, theme
	Incidents  []string `json:"incidents,omitempty"`  // incidents and maintenances, also deleted ones
	Components []string `json:"components,omitempty"` // components and groups whose shown fields changed
	States     []string `json:"states,omitempty"`     // components whose state changed
	Months     []string `json:"months,omitempty"`     // months of the history, "YYYY-MM" in the page's zone
}

// Limits of what an event holds, in bytes, so that it stays under MaxEvent.
const (
	MaxEvent     = 64 << 10
	MaxFieldText = 1 << 10
	maxEventBody = 16 << 10
)

// SetUpdate takes over an update with its body cut to what fits.
func (e *Event) SetUpdate(u *Update) {
	if u == nil {
		return
	}
	c := *u
	c.Body = Cut(c.Body, maxEventBody)
	if len(c.Affected) > 100 { // the incident has them all
		c.Affected = slices.Clone(c.Affected[:100])
	}
	e.Update = &c
}

// Cut shortens a text to at most limit bytes without breaking a character.
func Cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	s = s[:limit-len("…")]
	for len(s) > 0 {
		if r, size := utf8.DecodeLastRuneInString(s); r != utf8.RuneError || size > 1 {
			break
		}
		s = s[:len(s)-1]
	}
	return s + "…"
}
