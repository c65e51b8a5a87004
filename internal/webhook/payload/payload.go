// Package payload writes what plain webhooks get: the two messages of Statuspage, with its keys in
// its order, so that receivers written for it go on working. They tell the messages apart by the
// presence of "incident" or "component". It is pure; the webhook function signs and sends the bytes.
// https://support.atlassian.com/statuspage/docs/enable-webhook-notifications
package payload

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	"allclear/internal/page"
	"allclear/internal/status"
)

// Input is what a message needs beside its subject. Page and Configuration are of one snapshot.
type Input struct {
	Page          status.Page
	Configuration *status.Configuration
	PublicURL     string // of the page, without a trailing slash
	Unsubscribe   string // the address where this subscriber unsubscribes
	Documentation string // the address where these messages are explained
	GeneratedAt   time.Time
}

// IncidentUpdate is the message about an incident or maintenance, with its whole timeline. One
// without updates is an error: receivers read the first without looking.
func IncidentUpdate(in Input, i *status.Incident) ([]byte, error) {
	if len(i.Updates) == 0 {
		return nil, fmt.Errorf("write webhook of incident %s: it has no update", i.ID)
	}
	p := newProjection(in)
	return p.encode(incidentMessage{Meta: p.meta(), Page: p.page(), Incident: p.incident(i)})
}

// ComponentUpdate is the message about one component that went from one state to another, as an
// event says. The same event gives the same component_update.id every time. A component that was
// deleted meanwhile is an error of code status.NotFound.
func ComponentUpdate(in Input, event *status.Event, change status.StateChange) ([]byte, error) {
	if _, ok := in.Configuration.Components[change.Component]; !ok {
		return nil, fmt.Errorf("write webhook of event %d: %w", event.Seq, status.NotFoundf("component %s was deleted", change.Component))
	}
	p := newProjection(in)
	return p.encode(componentMessage{
		Meta: p.meta(), Page: p.page(), Component: p.component(change.Component),
		Update: componentUpdate{
			OldStatus: change.Old, NewStatus: change.New, CreatedAt: p.at(event.At), ComponentType: "Component",
			ID: updateID(event, change.Component), ComponentID: change.Component,
		},
	})
}

// updateID is an id like all others, made of what it names.
func updateID(event *status.Event, component string) string {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	sum := sha256.Sum256(fmt.Appendf(nil, "%s#%d#%s", event.Page, event.Seq, component))
	id := make([]byte, 12)
	for n := range id {
		id[n] = letters[int(sum[n])%len(letters)]
	}
	return string(id)
}

// projection turns the domain into the wire's objects, times in the page's zone.
type projection struct {
	Input
	zone *time.Location
}

func newProjection(in Input) projection { return projection{in, in.Page.Location()} }

func (p projection) encode(message any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(message); err != nil {
		return nil, fmt.Errorf("write webhook: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func (p projection) at(t time.Time) string { return page.Timestamp(t, p.zone) }

func (p projection) atOrNull(t *time.Time) *string {
	if t == nil {
		return nil
	}
	return new(p.at(*t))
}

func (p projection) meta() meta {
	return meta{Unsubscribe: p.Unsubscribe, Documentation: p.Documentation, GeneratedAt: p.at(p.GeneratedAt)}
}

func (p projection) page() pageStatus {
	overall := p.Configuration.Overall()
	return pageStatus{ID: p.Page.ID, Indicator: overall.Indicator, Description: overall.Description}
}

// component is a component, or a group that an import attached to an incident.
func (p projection) component(id string) component {
	place := p.Configuration.Layout[id]
	wire := component{ID: id, Position: place.Position, PageID: p.Page.ID}
	if place.Group != "" {
		wire.GroupID = &place.Group
	}
	if g, ok := p.Configuration.Groups[id]; ok {
		wire.Name, wire.Description, wire.Status = g.Name, g.Description, p.Configuration.GroupStatus(id)
		wire.CreatedAt, wire.UpdatedAt = p.at(g.CreatedAt), p.at(g.UpdatedAt)
		return wire
	}
	c := p.Configuration.Components[id]
	wire.Name, wire.Description, wire.Status, wire.Showcase = c.Name, c.Description, p.Configuration.Status(id), c.Showcase
	wire.CreatedAt, wire.UpdatedAt = p.at(c.CreatedAt), p.at(p.Configuration.UpdatedAt(id))
	return wire
}

func (p projection) incident(i *status.Incident) incident {
	wire := incident{
		Name: i.Name, Status: i.Status, CreatedAt: p.at(i.CreatedAt), UpdatedAt: p.at(i.UpdatedAt),
		MonitoringAt: p.atOrNull(i.MonitoringAt), ResolvedAt: p.atOrNull(i.ResolvedAt),
		Impact: i.PublicImpact(), Shortlink: i.Shortlink, Backfilled: i.Backfilled, ID: i.ID, PageID: p.Page.ID,
		Updates: make([]update, len(i.Updates)), Components: []component{},
	}
	if wire.Shortlink == "" {
		wire.Shortlink = page.IncidentAddress(p.PublicURL, i.ID)
	}
	if i.ImpactOverride != "" {
		wire.ImpactOverride = &i.ImpactOverride
	}
	if s := i.Schedule; s != nil {
		wire.ScheduledFor, wire.ScheduledUntil = p.atOrNull(&s.For), p.atOrNull(&s.Until)
		wire.ScheduledRemindPrior, wire.ScheduledRemindedAt = s.RemindPrior, p.atOrNull(s.RemindedAt)
		wire.ScheduledAutoInProgress, wire.ScheduledAutoCompleted = s.AutoInProgress, s.AutoCompleted
	}
	for n := range i.Updates {
		wire.Updates[n] = p.update(i.ID, &i.Updates[n])
	}
	for _, id := range p.Configuration.Existing(i.Components) {
		wire.Components = append(wire.Components, p.component(id))
	}
	return wire
}

func (p projection) update(incident string, u *status.Update) update {
	wire := update{
		Status: u.Status, Body: page.BodyText(u), CreatedAt: p.at(u.CreatedAt), UpdatedAt: p.at(u.UpdatedAt),
		DisplayAt: p.at(u.DisplayAt), CustomTweet: u.CustomTweet, DeliverNotifications: u.DeliverNotifications,
		ID: u.ID, IncidentID: incident,
	}
	for _, a := range u.Affected {
		wire.Affected = append(wire.Affected, page.V2Affected(a))
	}
	return wire
}
