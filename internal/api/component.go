package api

import (
	"net/http"
	"reflect"

	"allclear/internal/status"
	"allclear/internal/store"
)

// maxListed is how many components and groups a page can have, so that the items which hold
// something of each of them stay far below the table's limit.
const maxListed = 1500

func errNoComponent() error { return status.NotFoundf("component not found") }

// listComponents lists components and, in their shape, groups: one list by position, as in the
// public components.json.
func (c *call) listComponents() (reply, error) {
	w, err := c.window()
	if err != nil {
		return reply{}, err
	}
	v, err := c.view()
	if err != nil {
		return reply{}, err
	}
	list := []componentJSON{}
	for _, id := range cut(v.cfg.List(), w) {
		if g, ok := v.cfg.Groups[id]; ok {
			list = append(list, v.groupAsComponent(g))
		} else {
			list = append(list, v.component(v.cfg.Components[id]))
		}
	}
	return found(list)
}

func (c *call) getComponent() (reply, error) {
	v, err := c.view()
	if err != nil {
		return reply{}, err
	}
	if g, ok := v.cfg.Groups[c.id("component")]; ok {
		return found(v.groupAsComponent(g))
	}
	component, ok := v.cfg.Components[c.id("component")]
	if !ok {
		return reply{}, errNoComponent()
	}
	return found(v.component(component))
}

func (c *call) createComponent() (reply, error) {
	return c.commit(func(tx *store.Tx) (outcome, error) {
		cfg, err := tx.Configuration()
		if err != nil {
			return outcome{}, err
		}
		if len(cfg.Layout) >= maxListed {
			return outcome{}, status.Invalidf("component", "can't be added: a page has at most %d components and groups", maxListed)
		}
		now := tx.Stamp.Now
		component := status.Component{ID: tx.Stamp.NewID(), CreatedAt: now, UpdatedAt: now}
		change := readComponent(c.object("component"), &component, cfg)
		if change.m["name"] == nil {
			change.fail("name", "can't be blank")
		}
		if change.err != nil {
			return outcome{}, change.err
		}
		group := ""
		if change.group != nil {
			group = *change.group
		}
		cfg.AddComponent(component, group)
		event := &status.Event{Type: status.ComponentCreated, States: change.setStatus(cfg, component.ID, tx.Stamp)}
		return outcome{status: http.StatusCreated, body: c.viewOf(tx.Page, cfg).component(component), event: event}, nil
	})
}

func (c *call) changeComponent() (reply, error) {
	return c.commit(func(tx *store.Tx) (outcome, error) {
		cfg, err := tx.Configuration()
		if err != nil {
			return outcome{}, err
		}
		component, ok := cfg.Components[c.id("component")]
		if !ok {
			return outcome{}, errNoComponent()
		}
		before, was := cfg.Clone(), component
		change := readComponent(c.object("component"), &component, cfg)
		if change.err != nil {
			return outcome{}, change.err
		}
		if !reflect.DeepEqual(was, component) {
			component.UpdatedAt = tx.Stamp.Now
			cfg.Components[component.ID] = component
		}
		if change.group != nil {
			cfg.MoveComponent(component.ID, *change.group)
			removeEmptied(before, cfg)
		}
		event := &status.Event{Type: status.ComponentUpdated, States: change.setStatus(cfg, component.ID, tx.Stamp)}
		event.Changes = configurationDiff(before, cfg)
		if len(event.States) == 0 && len(event.Changes) == 0 {
			event = nil
		}
		return outcome{status: http.StatusOK, body: c.viewOf(tx.Page, cfg).component(component), event: event}, nil
	})
}

func (c *call) deleteComponent() (reply, error) {
	return c.commit(func(tx *store.Tx) (outcome, error) {
		cfg, err := tx.Configuration()
		if err != nil {
			return outcome{}, err
		}
		id := c.id("component")
		if _, ok := cfg.Components[id]; !ok {
			return outcome{}, errNoComponent()
		}
		before := cfg.Clone()
		cfg.RemoveComponent(id)
		removeEmptied(before, cfg)
		event := &status.Event{Type: status.ComponentDeleted, Changes: configurationDiff(before, cfg)}
		return outcome{status: http.StatusNoContent, event: event}, nil
	})
}

// removeEmptied takes out the groups that a change has left without components: as Statuspage
// has it, a group cannot be empty.
func removeEmptied(before, cfg *status.Configuration) {
	for _, id := range keysOf(cfg.Groups) {
		if len(cfg.Members(id)) == 0 && len(before.Members(id)) > 0 {
			cfg.RemoveGroup(id)
		}
	}
}

// componentChange is what a request says of a component besides its plain fields.
type componentChange struct {
	*fields
	status *status.ComponentState
	group  *string // "" for none
}

// readComponent takes over the fields that were sent.
func readComponent(f *fields, to *status.Component, cfg *status.Configuration) componentChange {
	change := componentChange{fields: f}
	if name := f.text("name"); name != nil {
		f.check(status.CheckName(f.path("name"), *name))
		to.Name = *name
	}
	if description, sent := f.clearable("description"); sent {
		if description != nil {
			f.check(status.CheckText(f.path("description"), *description, status.MaxDescription))
		}
		to.Description = description
	}
	if showcase := f.flag("showcase"); showcase != nil {
		to.Showcase = *showcase
	}
	if only := f.flag("only_show_if_degraded"); only != nil {
		to.OnlyShowIfDegraded = *only
	}
	if date, sent := f.date("start_date"); sent {
		to.StartDate = date
	}
	if s := f.given("status"); s != nil {
		state := status.ComponentState(*s)
		if !state.Valid() {
			f.fail("status", "%s", choices(status.ComponentStates()))
		}
		change.status = &state
	}
	if group, sent := f.clearable("group_id"); sent {
		id := ""
		if group != nil && *group != "null" { // the word, as Statuspage has it
			id = *group
		}
		if _, ok := cfg.Groups[id]; !ok && id != "" {
			f.fail("group_id", "names an unknown component group: %q", status.Cut(id, 100))
		}
		change.group = &id
	}
	return change
}

func (c componentChange) setStatus(cfg *status.Configuration, id string, stamp status.Stamp) []status.StateChange {
	if c.status == nil {
		return nil
	}
	if moved := cfg.SetStatus(id, *c.status, stamp.Now); moved != nil {
		return []status.StateChange{*moved}
	}
	return nil
}
