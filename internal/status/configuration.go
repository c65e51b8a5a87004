package status

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Configuration is everything about a page's components: what they are, where they stand in
// the list and what state they are in. It is read and written as one.
type Configuration struct {
	Components map[string]Component
	Groups     map[string]Group
	Layout     map[string]Place // by component or group id
	States     map[string]State // by component id; a component without one is operational
}

// NewConfiguration is the configuration of an empty page.
func NewConfiguration() *Configuration {
	return &Configuration{
		Components: map[string]Component{}, Groups: map[string]Group{},
		Layout: map[string]Place{}, States: map[string]State{},
	}
}

// Clone copies it, so that one copy can be changed and compared with the other.
func (c *Configuration) Clone() *Configuration {
	return &Configuration{
		Components: maps.Clone(c.Components), Groups: maps.Clone(c.Groups),
		Layout: maps.Clone(c.Layout), States: maps.Clone(c.States),
	}
}

// Status is the current state of a component.
func (c *Configuration) Status(id string) ComponentState {
	if s, ok := c.States[id]; ok {
		return s.Status
	}
	return Operational
}

// UpdatedAt is when a component or its state last changed, whichever is later.
func (c *Configuration) UpdatedAt(id string) time.Time {
	component := c.Components[id].UpdatedAt
	if s, ok := c.States[id]; ok && s.UpdatedAt.After(component) {
		return s.UpdatedAt
	}
	return component
}

// GroupOf is the group that a component is in, if there is such a group.
func (c *Configuration) GroupOf(id string) (Group, bool) {
	g, ok := c.Groups[c.Layout[id].Group]
	return g, ok
}

// QualifiedName is "Group - Child" for a grouped component and the plain name for another, as in
// Statuspage's affected_components.
func (c *Configuration) QualifiedName(id string) string {
	name := c.Components[id].Name
	if g, ok := c.GroupOf(id); ok {
		return g.Name + " - " + name
	}
	return name
}

// Order compares two components or groups by their place: position, then rank, then id.
func (c *Configuration) Order(a, b string) int {
	p, q := c.Layout[a], c.Layout[b]
	return cmp.Or(cmp.Compare(p.Position, q.Position), cmp.Compare(p.Rank, q.Rank), cmp.Compare(a, b))
}

// List gives the ids of all components and groups in the order of Statuspage's components.json:
// one array sorted by position, groups and members mixed.
func (c *Configuration) List() []string {
	ids := slices.AppendSeq(slices.Collect(maps.Keys(c.Components)), maps.Keys(c.Groups))
	slices.SortFunc(ids, c.Order)
	return ids
}

// Existing gives those of some ids that still name a component or group, each once, in the order of
// List: what an incident has attached, without what was deleted meanwhile.
func (c *Configuration) Existing(ids []string) []string {
	existing := make([]string, 0, len(ids))
	for _, id := range ids {
		_, component := c.Components[id]
		_, group := c.Groups[id]
		if component || group {
			existing = append(existing, id)
		}
	}
	slices.SortFunc(existing, c.Order)
	return slices.Compact(existing)
}

// Members gives the ids of a group's components in order.
func (c *Configuration) Members(group string) []string {
	var ids []string
	for id := range c.Components {
		if c.Layout[id].Group == group {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, c.Order)
	return ids
}

// TopLevel gives the ids of groups and of components outside any existing group, in order.
func (c *Configuration) TopLevel() []string {
	var ids []string
	for _, id := range c.List() {
		if _, grouped := c.GroupOf(id); !grouped {
			ids = append(ids, id)
		}
	}
	return ids
}

// GroupStatus is the worst state of a group's components.
func (c *Configuration) GroupStatus(group string) ComponentState {
	worst := Operational
	for id := range c.Components {
		if s := c.Status(id); c.Layout[id].Group == group && s.Worse(worst) {
			worst = s
		}
	}
	return worst
}

// Overall is the status of the whole page.
func (c *Configuration) Overall() Overall {
	states := make([]ComponentState, 0, len(c.Components))
	for id := range c.Components {
		states = append(states, c.Status(id))
	}
	return OverallOf(states)
}

// SetStatus moves a component to a state. It answers nil when the component was in it already.
func (c *Configuration) SetStatus(id string, to ComponentState, now time.Time) *StateChange {
	old, ok := c.States[id]
	if !ok {
		old = State{Status: Operational, Since: c.Components[id].CreatedAt}
	}
	if old.Status == to {
		return nil
	}
	c.States[id] = State{Status: to, Since: now, UpdatedAt: now}
	return &StateChange{Component: id, Name: c.Components[id].Name, Old: old.Status, New: to, Since: old.Since}
}

// AddComponent puts a new component at the end of a group, or of the top level for "".
func (c *Configuration) AddComponent(component Component, group string) {
	c.Components[component.ID] = component
	c.Layout[component.ID] = c.lastPlace(group)
	c.States[component.ID] = State{Status: Operational, Since: component.CreatedAt, UpdatedAt: component.CreatedAt}
}

// AddGroup puts a new group at the end of the top level.
func (c *Configuration) AddGroup(group Group) {
	c.Groups[group.ID] = group
	c.Layout[group.ID] = c.lastPlace("")
}

// MoveComponent puts a component at the end of a group, or of the top level for "". Being there
// already changes nothing.
func (c *Configuration) MoveComponent(id, group string) {
	if c.Layout[id].Group != group {
		c.Layout[id] = c.lastPlace(group)
	}
}

// SetMembers makes exactly these components the members of a group, in this order. Components
// that leave go to the end of the top level.
func (c *Configuration) SetMembers(group string, ids []string) {
	for _, id := range c.Members(group) {
		if !slices.Contains(ids, id) {
			c.Layout[id] = c.lastPlace("")
		}
	}
	for i, id := range ids {
		c.Layout[id] = Place{Group: group, Position: i + 1}
	}
}

// RemoveComponent takes a component out, with its state and place.
func (c *Configuration) RemoveComponent(id string) {
	delete(c.Components, id)
	delete(c.Layout, id)
	delete(c.States, id)
}

// RemoveGroup takes a group out; its components move to the end of the top level.
func (c *Configuration) RemoveGroup(id string) {
	members := c.Members(id)
	delete(c.Groups, id)
	delete(c.Layout, id)
	for _, member := range members {
		c.Layout[member] = c.lastPlace("")
	}
}

func (c *Configuration) lastPlace(group string) Place {
	place := Place{Group: group, Position: 1}
	for _, p := range c.Layout {
		if p.Group != group {
			continue
		}
		place.Position = max(place.Position, p.Position+1)
		place.Rank = max(place.Rank, p.Rank+1)
	}
	return place
}
