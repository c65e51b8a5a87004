package intake

import (
	"fmt"
	"time"

	"allclear/internal/status"
)

// component is a component or group as one place of a capture shows it. Pointers are nil where
// the key was absent, as start_date, group and only_show_if_degraded are in old captures.
type component struct {
	where       string // "summary.json components[3]"
	id, name    string
	status      status.ComponentState
	createdAt   time.Time
	updatedAt   time.Time
	position    *int
	description *string // null and absent are one
	showcase    *bool
	onlyBad     *bool // only_show_if_degraded
	startDate   *string
	groupID     string
	group       *bool
	members     []string // of a group, as it lists them; nil for an absent key
}

func (d *decoder) component(path string, v any, page string) component {
	c := component{where: d.source + " " + path}
	s, ok := d.scope("component", path, v)
	if !ok {
		return c
	}
	defer s.close()
	c.id = s.id("id")
	c.name = s.text("name")
	s.check("name", status.CheckName("", c.name))
	c.status = s.state("status")
	c.createdAt, c.updatedAt = s.time("created_at"), s.time("updated_at")
	c.position = s.number("position")
	if c.description = s.optionalText("description"); c.description != nil {
		s.check("description", status.CheckText("", *c.description, status.MaxDescription))
	}
	c.showcase, c.onlyBad, c.group = s.flag("showcase"), s.flag("only_show_if_degraded"), s.flag("group")
	if c.startDate = s.optionalText("start_date"); c.startDate != nil {
		if _, err := time.Parse(status.DateLayout, *c.startDate); err != nil {
			s.problem("start_date", "is not a date such as 2026-07-30: %q", status.Cut(*c.startDate, 40))
		}
	}
	if group := s.optionalText("group_id"); group != nil {
		c.groupID = *group
		if !status.ValidID(c.groupID) || c.groupID == c.id {
			s.problem("group_id", "is not the id of a group: %q", status.Cut(c.groupID, 80))
		}
	}
	s.belongs("page_id", page)
	if _, present := s.get("components"); present {
		c.members = []string{}
		for i, v := range s.list("components") {
			c.members = append(c.members, s.asText(fmt.Sprintf("components[%d]", i), v))
		}
	}
	return c
}

func (s *scope) state(key string) status.ComponentState {
	state := status.ComponentState(s.text(key))
	if state != "" && !state.Valid() {
		s.problem(key, "is not a known component status: %q", status.Cut(string(state), 40))
	}
	return state
}

// belongs complains when an object says that it belongs to something else than what it is in.
func (s *scope) belongs(key, to string) {
	if id := s.optionalText(key); id != nil && to != "" && *id != to {
		s.problem(key, "is %q, but it stands in %q", status.Cut(*id, 80), to)
	}
}

// isGroup tells a group from a component, also in captures older than the key "group".
func (c *component) isGroup() bool {
	if c.group != nil {
		return *c.group
	}
	return c.members != nil
}

// shown are the fields that two places can contradict each other about.
func (c *component) shown() []fact {
	facts := []fact{
		{"name", c.name},
		{"status", string(c.status)},
		{"created_at", moment(c.createdAt)},
		{"updated_at", moment(c.updatedAt)},
		{"group_id", c.groupID},
		{"description", said(c.description)},
	}
	for _, f := range []struct {
		name  string
		value *bool
	}{{"showcase", c.showcase}, {"only_show_if_degraded", c.onlyBad}, {"group", c.group}} {
		if f.value != nil {
			facts = append(facts, fact{f.name, fmt.Sprint(*f.value)})
		}
	}
	if c.position != nil {
		facts = append(facts, fact{"position", fmt.Sprint(*c.position)})
	}
	if c.startDate != nil {
		facts = append(facts, fact{"start_date", *c.startDate})
	}
	return facts
}

// fill takes over what the key was absent for from another place.
func (c *component) fill(from component) {
	if c.position == nil {
		c.position = from.position
	}
	if c.showcase == nil {
		c.showcase = from.showcase
	}
	if c.onlyBad == nil {
		c.onlyBad = from.onlyBad
	}
	if c.startDate == nil {
		c.startDate = from.startDate
	}
	if c.group == nil {
		c.group = from.group
	}
	if c.members == nil {
		c.members = from.members
	}
}

// fact is one field of an object, as text.
type fact struct{ name, value string }

func moment(t time.Time) string { return t.Format(time.RFC3339Nano) }

func said(text *string) string {
	if text == nil {
		return "null"
	}
	return fmt.Sprintf("%q", *text)
}
