package publish

import (
	"context"
	"maps"
	"slices"

	"allclear/internal/status"
)

// dirty is what has to be rendered besides the lists, which always are.
type dirty struct {
	everything bool            // nothing is published yet
	all        bool            // every document shows something that changed; old ones follow by the sweep
	incidents  map[string]bool // ids, also of deleted ones
	components map[string]bool
	months     map[string]bool
}

func newDirty() *dirty {
	return &dirty{incidents: map[string]bool{}, components: map[string]bool{}, months: map[string]bool{}}
}

func (d *dirty) clone() *dirty {
	return &dirty{
		everything: d.everything, all: d.all,
		incidents: maps.Clone(d.incidents), components: maps.Clone(d.components), months: maps.Clone(d.months),
	}
}

func (d *dirty) merge(o *dirty) {
	d.everything = d.everything || o.everything
	d.all = d.all || o.all
	maps.Copy(d.incidents, o.incidents)
	maps.Copy(d.components, o.components)
	maps.Copy(d.months, o.months)
}

func (d *dirty) empty() bool {
	return !d.everything && !d.all && len(d.incidents)+len(d.components)+len(d.months) == 0
}

func (d *dirty) add(t status.Touched) {
	d.all = d.all || t.All
	for _, id := range t.Incidents {
		d.incidents[id] = true
	}
	for _, id := range t.Components {
		d.components[id] = true
	}
	for _, m := range t.Months {
		d.months[m] = true
	}
}

// eventsAtOnce bounds one query; a longer backlog takes several.
const eventsAtOnce = 500

// addEvents adds what the events after a published seq name.
func (p *Publisher) addEvents(ctx context.Context, d *dirty, pageID string, after int64) error {
	for {
		events, err := p.Store.Events(ctx, pageID, after, eventsAtOnce)
		if err != nil {
			return err
		}
		for i := range events {
			d.add(events[i].Touched)
			after = events[i].Seq
		}
		if len(events) < eventsAtOnce {
			return nil
		}
	}
}

// addShown adds the incidents in the lists that show a component which changed: their documents
// carry its current state. Finished incidents outside the lists stay as they are.
func (d *dirty) addShown(s *status.Snapshot) {
	if len(d.components) == 0 && !d.all {
		return
	}
	zone := s.Page.Location()
	for _, list := range [][]*status.Incident{s.Incidents, s.Maintenances, s.Open} {
		for _, i := range list {
			if d.all {
				d.months[i.Month(zone)] = true
			}
			if d.all || slices.ContainsFunc(i.Components, func(id string) bool { return d.components[id] }) {
				d.incidents[i.ID] = true
			}
		}
	}
	if d.all {
		d.months[status.Month(s.Page.At, zone)] = true
	}
}
