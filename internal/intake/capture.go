package intake

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"allclear/internal/status"
)

// capture is what one file or answer says, checked field by field.
type capture struct {
	source       string
	page         *pageFacts // nil for a feed
	hasList      bool       // it has a list of components
	components   []component
	incidents    []incident
	hasIncidents bool            // it has the list of recent incidents, not just the open ones
	overall      *status.Overall // the rollup, if it has one
	feed         *feed           // nil for JSON
	unknown      map[string]int
}

// pageFacts is the page object that every JSON capture opens with.
type pageFacts struct {
	id, name, zone, url string
	updatedAt           time.Time // the moment of the capture, within a few milliseconds
}

// Refusal says why nothing was taken. Problems are sentences that name file and field.
type Refusal struct {
	Problems []string
}

func (r *Refusal) Error() string { return strings.Join(r.Problems, "\n") }

func refuse(source, format string, args ...any) *Refusal {
	return &Refusal{Problems: []string{source + ": " + fmt.Sprintf(format, args...)}}
}

// notCapture is a file that is whole but of another kind: an error when it was named, a note
// when it only lay in a folder.
type notCapture struct {
	source, what string
}

func (e *notCapture) Error() string { return e.source + ": " + e.what }

// decode recognises a capture by its shape, never by its name.
func decode(source string, data []byte) (*capture, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	trimmed := bytes.TrimLeft(data, " \t\r\n")
	switch {
	case len(trimmed) == 0:
		return nil, refuse(source, "is empty")
	case trimmed[0] == '<':
		return decodeFeed(source, trimmed)
	}
	v, err := parse(data)
	if err != nil {
		return nil, refuse(source, "%s", err)
	}
	root, ok := v.(*object)
	if !ok {
		return nil, &notCapture{source, "is " + describe(v) + ", not the public JSON of a status page"}
	}
	if err := recognise(source, root); err != nil {
		return nil, err
	}
	d := &decoder{source: source, told: map[string]bool{}, unknown: map[string]int{}}
	c := d.capture(root)
	if len(d.problems) > 0 {
		return nil, &Refusal{Problems: d.problems}
	}
	return c, nil
}

// envelope are the keys of which a capture has at least one beside "page".
var envelope = []string{"components", "incidents", "scheduled_maintenances", "incident", "status"}

func recognise(source string, root *object) error {
	if _, webhook := root.values["meta"]; webhook {
		return &notCapture{source, "is a webhook message, not the public JSON of a status page"}
	}
	if _, ok := root.values["page"].(*object); !ok {
		return &notCapture{source, `has no "page" object, so it is not the public JSON of a status page`}
	}
	for _, key := range envelope {
		if _, ok := root.values[key]; ok {
			return nil
		}
	}
	return &notCapture{source, "has a page but none of " + strings.Join(envelope, ", ")}
}

func (d *decoder) capture(root *object) *capture {
	c := &capture{source: d.source, page: &pageFacts{}, unknown: d.unknown}
	s, _ := d.scope("document", "", root)
	defer s.close()
	page, _ := s.get("page")
	d.page(c.page, page)
	if v, present := s.get("components"); present {
		c.hasList = true
		for i, v := range d.list("components", v) {
			c.components = append(c.components, d.component(fmt.Sprintf("components[%d]", i), v, c.page.id))
		}
	}
	_, summary := root.values["components"]
	if v, present := s.get("incidents"); present {
		c.hasIncidents = !summary
		d.incidents(c, "incidents", v)
	}
	if v, present := s.get("scheduled_maintenances"); present {
		d.incidents(c, "scheduled_maintenances", v)
	}
	if v, present := s.get("incident"); present {
		c.incidents = append(c.incidents, d.incident("incident", v, c.page.id))
	}
	if v, present := s.get("status"); present {
		c.overall = d.overall(v)
	}
	d.twice("components", ids(c.components, func(c component) string { return c.id }))
	d.twice("incidents", ids(c.incidents, func(i incident) string { return i.ID }))
	return c
}

// list complains about anything but a list.
func (d *decoder) list(path string, v any) []any {
	l, ok := v.([]any)
	if !ok {
		d.problem(path, "is %s, want %s", describe(v), wantList)
	}
	return l
}

func (d *decoder) incidents(c *capture, key string, v any) {
	for i, v := range d.list(key, v) {
		c.incidents = append(c.incidents, d.incident(fmt.Sprintf("%s[%d]", key, i), v, c.page.id))
	}
}

func ids[T any](list []T, id func(T) string) []string {
	ids := make([]string, len(list))
	for i := range list {
		ids[i] = id(list[i])
	}
	return ids
}

// twice complains about an id that one list has twice.
func (d *decoder) twice(path string, ids []string) {
	seen := map[string]bool{}
	for _, id := range ids {
		if id != "" && seen[id] {
			d.problem(path, "has the id %s twice", id)
		}
		seen[id] = true
	}
}

func (d *decoder) page(p *pageFacts, v any) {
	s, ok := d.scope("page", "page", v)
	if !ok {
		return
	}
	defer s.close()
	p.id = s.id("id")
	p.name = s.text("name")
	s.check("name", status.CheckName("", p.name))
	if url := s.optionalText("url"); url != nil {
		p.url = *url
	}
	if zone := s.optionalText("time_zone"); zone != nil {
		p.zone = *zone
		s.check("time_zone", status.CheckTimeZone("", p.zone))
	}
	p.updatedAt = s.time("updated_at")
}

func (d *decoder) overall(v any) *status.Overall {
	s, ok := d.scope("status", "status", v)
	if !ok {
		return nil
	}
	defer s.close()
	return &status.Overall{Indicator: status.Indicator(s.text("indicator")), Description: s.text("description")}
}
