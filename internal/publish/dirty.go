package publish

import (
	"context"
	"fmt"
	"slices"

	"allclear/internal/status"
	"allclear/internal/store"
)

// dirty is what has to be rendered besides the lists, which always are.
type dirty struct {
	everything bool            // nothing is published yet
	all        bool            // every document shows something that changed; old ones follow by the sweep
	incidents  map[string]bool // ids, also of deleted ones
	components map[string]bool
	states     map[string]bool // components whose state changed
	shown      map[string]bool // incidents that show such a state
	months     map[string]bool
}

func newDirty() *dirty {
	return &dirty{
		incidents: map[string]bool{}, components: map[string]bool{}, states: map[string]bool{},
		shown: map[string]bool{}, months: map[string]bool{},
	}
}

func (d *dirty) empty() bool {
	return !d.everything && !d.all && len(d.incidents)+len(d.components)+len(d.states)+len(d.shown)+len(d.months) == 0
}

func (d *dirty) add(t status.Touched) {
	d.all = d.all || t.All
	for _, id := range t.Incidents {
		d.incidents[id] = true
	}
	for _, id := range t.Components {
		d.components[id] = true
	}
	for _, id := range t.States {
		d.states[id] = true
	}
	for _, m := range t.Months {
		d.months[m] = true
	}
}

// eventsAtOnce bounds one query; a longer backlog takes several.
const eventsAtOnce = 500

// addEvents adds what the events after the published version name, up to that of the snapshot. The
// event of the published version itself has to be there: else the data are not those that were
// published, but older ones that were put back, and what they lack is named by no event. Only a
// recovery may follow on that.
func (p *Publisher) addEvents(ctx context.Context, d *dirty, pageID string, published *Pointer, upTo int64) error {
	after, known := published.Seq-1, false
	for after < upTo {
		events, err := p.Store.EventsUpTo(ctx, pageID, after, upTo, eventsAtOnce)
		if err != nil {
			return err
		}
		for i := range events {
			e := &events[i]
			after = max(after, e.Seq)
			if e.Seq == published.Seq {
				known = e.At.Equal(published.version().At) || e.Type == "" // one that cannot be read any more
				continue
			}
			known = known || e.Type == status.Recovered
			d.add(e.Touched)
		}
		if len(events) == 0 {
			break
		}
	}
	if !known {
		return fmt.Errorf("follow on version %d: %w", published.Seq, store.ErrBehind)
	}
	return nil
}

// addShown adds the incidents in the lists that name a component which changed, or show its
// state. Finished incidents outside the lists stay as they are.
func (d *dirty) addShown(s *status.Snapshot) {
	if len(d.components)+len(d.states) == 0 && !d.all {
		return
	}
	zone := s.Page.Location()
	for _, list := range [][]*status.Incident{s.Incidents, s.Maintenances, s.Open} {
		for _, i := range list {
			if d.all {
				d.months[i.Month(zone)] = true
			}
			switch {
			case d.all || containsAny(d.components, i.Components):
				d.incidents[i.ID] = true
			case containsAny(d.states, i.Components):
				d.shown[i.ID] = true
			}
		}
	}
	if d.all {
		d.months[status.Month(s.Page.At, zone)] = true
	}
}

func containsAny(set map[string]bool, ids []string) bool {
	return slices.ContainsFunc(ids, func(id string) bool { return set[id] })
}
