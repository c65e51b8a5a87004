package api

import (
	"net/http"
	"slices"

	"allclear/internal/status"
	"allclear/internal/store"
)

func errNoGroup() error { return status.NotFoundf("component group not found") }

func (c *call) listGroups() (reply, error) {
	w, err := c.window()
	if err != nil {
		return reply{}, err
	}
	v, err := c.view()
	if err != nil {
		return reply{}, err
	}
	ids := keysOf(v.cfg.Groups)
	slices.SortFunc(ids, v.cfg.Order)
	list := []groupJSON{}
	for _, id := range cut(ids, w) {
		list = append(list, v.group(v.cfg.Groups[id]))
	}
	return found(list)
}

func (c *call) getGroup() (reply, error) {
	v, err := c.view()
	if err != nil {
		return reply{}, err
	}
	g, ok := v.cfg.Groups[c.id("group")]
	if !ok {
		return reply{}, errNoGroup()
	}
	return found(v.group(g))
}

func (c *call) createGroup() (reply, error) {
	return c.commit(func(tx *store.Tx) (outcome, error) {
		cfg, err := tx.Configuration()
		if err != nil {
			return outcome{}, err
		}
		if len(cfg.Layout) >= maxListed {
			return outcome{}, status.Invalidf("component_group", "can't be added: a page has at most %d components and groups", maxListed)
		}
		g := status.Group{ID: tx.Stamp.NewID(), CreatedAt: tx.Stamp.Now, UpdatedAt: tx.Stamp.Now}
		f := c.object("component_group")
		members := c.readGroup(f, &g, cfg)
		if f.m["name"] == nil {
			f.fail("name", "can't be blank")
		}
		if members == nil {
			f.fail("components", "can't be empty: a group needs components")
		}
		if f.err != nil {
			return outcome{}, f.err
		}
		before := cfg.Clone()
		cfg.AddGroup(g)
		cfg.SetMembers(g.ID, *members)
		removeEmptied(before, cfg)
		event := &status.Event{Type: status.GroupCreated, Changes: configurationDiff(before, cfg)}
		return outcome{status: http.StatusCreated, body: c.viewOf(tx.Page, cfg).group(g), event: event}, nil
	})
}

func (c *call) changeGroup() (reply, error) {
	return c.commit(func(tx *store.Tx) (outcome, error) {
		cfg, err := tx.Configuration()
		if err != nil {
			return outcome{}, err
		}
		g, ok := cfg.Groups[c.id("group")]
		if !ok {
			return outcome{}, errNoGroup()
		}
		f := c.object("component_group")
		members := c.readGroup(f, &g, cfg)
		if f.err != nil {
			return outcome{}, f.err
		}
		before := cfg.Clone()
		cfg.Groups[g.ID] = g
		if members != nil && !slices.Equal(*members, cfg.Members(g.ID)) {
			cfg.SetMembers(g.ID, *members)
			removeEmptied(before, cfg)
		}
		changes := configurationDiff(before, cfg)
		if len(changes) == 0 {
			return outcome{status: http.StatusOK, body: c.viewOf(tx.Page, before).group(before.Groups[g.ID])}, nil
		}
		g.UpdatedAt = tx.Stamp.Now
		cfg.Groups[g.ID] = g
		event := &status.Event{Type: status.GroupUpdated, Changes: changes}
		return outcome{status: http.StatusOK, body: c.viewOf(tx.Page, cfg).group(g), event: event}, nil
	})
}

// deleteGroup answers with what was deleted. Its components stay, outside any group.
func (c *call) deleteGroup() (reply, error) {
	return c.commit(func(tx *store.Tx) (outcome, error) {
		cfg, err := tx.Configuration()
		if err != nil {
			return outcome{}, err
		}
		g, ok := cfg.Groups[c.id("group")]
		if !ok {
			return outcome{}, errNoGroup()
		}
		before := cfg.Clone()
		cfg.RemoveGroup(g.ID)
		event := &status.Event{Type: status.GroupDeleted, Changes: configurationDiff(before, cfg)}
		return outcome{status: http.StatusOK, body: c.viewOf(tx.Page, before).group(g), event: event}, nil
	})
}

// readGroup takes over the fields that were sent and answers the members, nil if they were not.
// The description is documented outside the group's object; it is taken inside, too.
func (c *call) readGroup(f *fields, to *status.Group, cfg *status.Configuration) *[]string {
	if name := f.text("name"); name != nil {
		f.check(status.CheckName(f.path("name"), *name))
		to.Name = *name
	}
	described := f
	if !f.has("description") {
		described = &fields{name: f.name, m: c.body, err: f.err}
	}
	if description, sent := described.clearable("description"); sent {
		if description != nil {
			described.check(status.CheckText(f.path("description"), *description, status.MaxDescription))
		}
		to.Description = description
	}
	f.check(described.err)
	members := f.list("components")
	if members == nil {
		return nil
	}
	if len(*members) == 0 {
		f.fail("components", "can't be empty: a group needs components")
	}
	for _, id := range *members {
		if _, ok := cfg.Components[id]; !ok {
			f.fail("components", "names an unknown component: %q", status.Cut(id, 100))
			break
		}
	}
	return members
}
