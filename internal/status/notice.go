package status

import (
	"slices"
	"time"
)

// NoticeKind is a kind of news that subscribers can choose.
type NoticeKind string

// The kinds.
const (
	IncidentNotices    NoticeKind = "incidents"
	MaintenanceNotices NoticeKind = "maintenances"
	ComponentNotices   NoticeKind = "components" // a component's state, with no word about why; webhooks only
)

// NoticeKinds are all there are.
func NoticeKinds() []NoticeKind {
	return []NoticeKind{IncidentNotices, MaintenanceNotices, ComponentNotices}
}

// Valid tells whether k is a known kind.
func (k NoticeKind) Valid() bool { return slices.Contains(NoticeKinds(), k) }

// Notice is one piece of news: what the ledger keeps one delivery per subscriber of.
type Notice struct {
	Kind     NoticeKind
	At       time.Time // of the event
	Incident string    // id of the incident or maintenance; "" for ComponentNotices
	// Components are the ids of those that it concerns: all that ever belonged to the incident, so
	// that who heard of its beginning hears of its end; or the one whose state changed.
	Components []string
}

// Subject is what a notice is about, and what the ledger files it under: the id of the incident or
// maintenance, or of the component whose state changed.
func (n Notice) Subject() string {
	if n.Kind == ComponentNotices {
		return n.Components[0]
	}
	return n.Incident
}

// Notifies tells whether subscribers may have to hear of an event, from the event alone: what it
// says of an incident is to be told, or components changed their states without one. Who is to
// hear of it follows from NoticesOf.
func (e *Event) Notifies() bool {
	if e.Origin == OriginImport {
		return false
	}
	if e.Incident != "" {
		return e.Notify
	}
	return len(e.States) > 0
}

// NoticesOf says what an event has for subscribers: nothing when it is imported, backfilled or not
// to be told. i is the incident or maintenance that it names, as it is now; nil when it names
// none, or when that is gone.
func NoticesOf(e *Event, i *Incident) []Notice {
	if !e.Notifies() {
		return nil
	}
	var notices []Notice
	if e.Incident != "" {
		if i == nil || i.Backfilled {
			return nil
		}
		n := Notice{Kind: IncidentNotices, At: e.At, Incident: i.ID, Components: concerned(e, i)}
		if i.IsMaintenance() {
			n.Kind = MaintenanceNotices
		}
		notices = append(notices, n)
	}
	for _, c := range e.States {
		notices = append(notices, Notice{Kind: ComponentNotices, At: e.At, Components: []string{c.Component}})
	}
	return notices
}

// concerned lists the components that are attached to an incident or were.
func concerned(e *Event, i *Incident) []string {
	ids := slices.Clone(i.Components)
	for n := range i.Updates {
		for _, a := range i.Updates[n].Affected {
			ids = append(ids, a.Code)
		}
	}
	for _, c := range e.States {
		ids = append(ids, c.Component)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// Wants decides whether a notice is for a subscriber: it is active, was confirmed before the event
// happened, hears of such a kind, and the notice is of the incident or of one of the components
// that it chose. A chosen group stands for the components that are in it now. As on Statuspage,
// an incident without components is told only to subscribers of the whole page or of itself, and
// component states only to webhooks.
func (s *Subscriber) Wants(n Notice, cfg *Configuration) bool {
	if s.State != Active || s.ConfirmedAt == nil || !s.ConfirmedAt.Before(n.At) {
		return false
	}
	if s.Incident != "" {
		return n.Kind != ComponentNotices && n.Incident == s.Incident
	}
	if n.Kind == ComponentNotices && s.Mode != ModeWebhook {
		return false
	}
	if len(s.Kinds) > 0 && !slices.Contains(s.Kinds, n.Kind) {
		return false
	}
	return len(s.Components) == 0 || slices.ContainsFunc(n.Components, func(id string) bool {
		return slices.Contains(s.Components, id) || slices.Contains(s.Components, cfg.Layout[id].Group)
	})
}
