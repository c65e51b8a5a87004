package announce

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"allclear/internal/page"
	"allclear/internal/status"
	"allclear/internal/topic"
)

// Document is one event as the topic carries it: schema/event/event.schema.json explains its
// members. It tells other teams' programs what happened without a look into the table.
type Document struct {
	Page       string           `json:"page"`
	Seq        int64            `json:"seq"`
	At         string           `json:"at"`
	Type       status.EventType `json:"type"`
	Actor      status.Actor     `json:"actor"`
	Origin     status.Origin    `json:"origin,omitempty"`
	Notify     bool             `json:"notify"`
	Incident   *Incident        `json:"incident,omitempty"`
	Update     *Update          `json:"update,omitempty"`
	Components []string         `json:"components"`
	States     []State          `json:"states"`
}

// Incident is the incident or maintenance that an event is about, as the event left it.
type Incident struct {
	ID     string                `json:"id"`
	Name   string                `json:"name,omitempty"`
	Status status.IncidentStatus `json:"status,omitempty"`
	Impact status.Impact         `json:"impact,omitempty"`
	URL    string                `json:"url,omitempty"`
}

// Update is the message that an event added or edited.
type Update struct {
	ID        string                `json:"id"`
	Status    status.IncidentStatus `json:"status"`
	Body      string                `json:"body"`
	Format    status.Format         `json:"format"`
	CreatedAt string                `json:"created_at"`
}

// State is a component going from one state to another.
type State struct {
	Component string                `json:"component_id"`
	Name      string                `json:"name"`
	Old       status.ComponentState `json:"old_status"`
	New       status.ComponentState `json:"new_status"`
}

// NewDocument makes the document of an event. publicURL is where the page is, without a slash at
// the end.
func NewDocument(e *status.Event, publicURL string) Document {
	d := Document{
		Page: e.Page, Seq: e.Seq, At: timestamp(e.At), Type: e.Type, Actor: e.Actor, Origin: e.Origin,
		Notify: e.Notifies(), Components: components(e), States: []State{},
	}
	for _, c := range e.States {
		d.States = append(d.States, State{Component: c.Component, Name: c.Name, Old: c.Old, New: c.New})
	}
	if e.Incident != "" {
		d.Incident = &Incident{ID: e.Incident}
		if e.Summary != nil {
			d.Incident.Name, d.Incident.Status, d.Incident.Impact = e.Summary.Name, e.Summary.Status, e.Summary.Impact
		}
		if e.Type != status.IncidentDeleted && e.Type != status.MaintenanceDeleted {
			d.Incident.URL = page.IncidentAddress(publicURL, e.Incident)
		}
	}
	if u := e.Update; u != nil {
		d.Update = &Update{ID: u.ID, Status: u.Status, Body: u.Body, Format: u.Format, CreatedAt: timestamp(u.CreatedAt)}
	}
	return d
}

func timestamp(t time.Time) string { return page.Timestamp(t, time.UTC) }

// components are the ids of the components that an event names, sorted.
func components(e *status.Event) []string {
	ids := append([]string{}, e.Touched.Components...) // a list, also when it is empty
	ids = append(ids, e.Touched.States...)
	for _, c := range e.States {
		ids = append(ids, c.Component)
	}
	if e.Update != nil {
		for _, a := range e.Update.Affected {
			ids = append(ids, a.Code)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// The message attributes, which filter policies look at.
const (
	AttributePage       = "page"
	AttributeType       = "type"
	AttributeNotify     = "notify"     // "true" or "false"
	AttributeImpact     = "impact"     // of the incident; left out when it is not known
	AttributeComponents = "components" // a list; left out when there is none
	AttributeOrigin     = "origin"     // left out for what happened here
)

// Message makes the message that carries the document, and cuts what makes it larger than a topic
// takes: first the text, then the states, then the components. Readers have the page for all of it.
func (d Document) Message() (topic.Message, error) {
	for {
		body, err := encode(d)
		if err != nil {
			return topic.Message{}, err
		}
		m := topic.Message{Body: body, Attributes: d.attributes()}
		invalid := topic.Validate(m)
		switch {
		case invalid == nil:
			return m, nil
		case d.Update != nil && len(d.Update.Body) > shortest:
			u := *d.Update
			u.Body = status.Cut(u.Body, len(u.Body)/2)
			d.Update = &u
		case len(d.States) > 0:
			d.States = d.States[:len(d.States)/2]
		case len(d.Components) > 0:
			d.Components = d.Components[:len(d.Components)/2]
		default:
			return topic.Message{}, fmt.Errorf("make message of event %d: %w", d.Seq, invalid)
		}
	}
}

// shortest is the length in bytes that a text is not cut below.
const shortest = 1 << 10

func (d Document) attributes() map[string]topic.Attribute {
	attributes := map[string]topic.Attribute{
		AttributePage:   topic.Text(d.Page),
		AttributeType:   topic.Text(string(d.Type)),
		AttributeNotify: topic.Text(fmt.Sprint(d.Notify)),
	}
	if d.Incident != nil && d.Incident.Impact != "" {
		attributes[AttributeImpact] = topic.Text(string(d.Incident.Impact))
	}
	if len(d.Components) > 0 {
		attributes[AttributeComponents] = topic.List(d.Components...)
	}
	if d.Origin != "" {
		attributes[AttributeOrigin] = topic.Text(string(d.Origin))
	}
	return attributes
}

func encode(d Document) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(d); err != nil {
		return "", fmt.Errorf("encode event %d: %w", d.Seq, err)
	}
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}
