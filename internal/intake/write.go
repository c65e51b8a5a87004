package intake

import (
	"context"
	"fmt"
	"slices"
	"time"

	"allclear/internal/status"
	"allclear/internal/store"
)

// writer writes a merged import in steps. Each step is one transaction that reads what is there
// and writes only what is newer, so running any of them again is harmless.
type writer struct {
	store   *store.Store
	options Options
	merged  *merged
	report  *Report

	page  string
	fresh bool // the page had nothing on it: its name and zone are taken over
	now   time.Time
	lines map[string]timeline
	due   map[string]bool // components and groups that are to be written
	dirty map[string]span // by component: the days on which incidents to be written touch it
}

// Sizes of a step: at most 100 actions of which two are the page and the event, and well below
// the 4 MB of a transaction.
const (
	itemsPerStep     = 80 // components and groups; layout, states and today come on top
	incidentsPerStep = 20 // up to four actions each
	daysPerStep      = 40
	bytesPerStep     = 2 << 20
)

// step is one transaction.
type step struct {
	what string
	do   func(context.Context) error
}

func (w *writer) write(ctx context.Context) error {
	if err := w.settle(ctx); err != nil {
		return err
	}
	w.now = w.store.Now()
	w.lines = timelines(w.merged.incidents, w.now)
	for id, c := range w.merged.components {
		w.lines[id] = w.lines[id].until(c, w.now)
	}
	days, err := w.daySteps(ctx)
	if err != nil {
		return err
	}
	// Uptime comes first: after a crash the components and incidents not yet written still call
	// for it. Components come before the incidents that show them.
	steps := slices.Concat(days, w.componentSteps(), w.incidentSteps())
	for n, s := range steps {
		w.options.Progress(n, len(steps), s.what)
		if err := s.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", s.what, err)
		}
	}
	w.options.Progress(len(steps), len(steps), "done")
	return nil
}

// commit makes one step's transaction; change tells whether there is anything to write.
func (w *writer) commit(ctx context.Context, change func(*store.Tx) (bool, error)) error {
	wrote := false
	_, err := w.store.Commit(ctx, w.page, func(tx *store.Tx) error {
		var err error
		wrote, err = change(tx)
		if err != nil {
			return err
		}
		event := status.Event{Type: status.Imported, Actor: author(), Origin: status.OriginImport}
		if w.takeSettings(tx) {
			event.Touched.All, wrote = true, true
		}
		if wrote {
			tx.Record(event)
		}
		return nil
	})
	if err == nil && wrote {
		w.report.Steps++
	}
	return err
}

// takeSettings gives a page that had nothing on it the captured name and zone.
func (w *writer) takeSettings(tx *store.Tx) bool {
	p, settings := w.merged.page, &tx.Page.Settings
	if !w.fresh || (settings.Name == p.name && settings.TimeZone == p.zone) {
		return false
	}
	settings.Name, settings.TimeZone = p.name, p.zone
	return true
}

// componentSteps write what is newer of the components, groups, their places and states.
func (w *writer) componentSteps() []step {
	if len(w.merged.order) == 0 {
		return []step{{"page", func(ctx context.Context) error {
			return w.commit(ctx, func(*store.Tx) (bool, error) { return false, nil })
		}}}
	}
	var steps []step
	for first := 0; first < len(w.merged.order); {
		last, size := first, 0
		for last < len(w.merged.order) && last-first < itemsPerStep && size < bytesPerStep {
			c := w.merged.components[w.merged.order[last]]
			size += 1000 + len(c.name) + len(said(c.description))
			last++
		}
		from, to := first, last
		steps = append(steps, step{"components", func(ctx context.Context) error { return w.writeComponents(ctx, from, to) }})
		first = last
	}
	return steps
}

func (w *writer) writeComponents(ctx context.Context, from, to int) error {
	var took, updated, skipped Counts
	err := w.commit(ctx, func(tx *store.Tx) (bool, error) {
		took, updated, skipped = Counts{}, Counts{}, Counts{}
		cfg, err := tx.Configuration()
		if err != nil {
			return false, err
		}
		today := newToday(tx, w)
		for rank := from; rank < to; rank++ {
			id := w.merged.order[rank]
			c := w.merged.components[id]
			there, at := known(cfg, id)
			switch {
			case there && !c.updatedAt.After(at):
				skipped.count(&c)
				continue
			case there:
				updated.count(&c)
			default:
				took.count(&c)
			}
			w.merged.place(cfg, id, rank)
			if c.isGroup() {
				continue
			}
			state := cfg.States[id]
			state.Since = w.lines[id].since(c, w.now)
			cfg.States[id] = state
			if err := today.replace(&c); err != nil {
				return false, err
			}
		}
		today.put()
		return took.Total()+updated.Total() > 0, nil
	})
	if err == nil {
		w.report.Took.add(took)
		w.report.Updated.add(updated)
		w.report.Skipped.add(skipped)
	}
	return err
}

// known tells whether a component or group is on the page, and when it was last changed there.
func known(cfg *status.Configuration, id string) (bool, time.Time) {
	if g, ok := cfg.Groups[id]; ok {
		return true, g.UpdatedAt
	}
	_, ok := cfg.Components[id]
	return ok, cfg.UpdatedAt(id)
}

func (c *Counts) count(item *component) {
	if item.isGroup() {
		c.Groups++
	} else {
		c.Components++
	}
}

func (c *Counts) add(d Counts) {
	c.Components += d.Components
	c.Groups += d.Groups
	c.Incidents += d.Incidents
	c.Maintenances += d.Maintenances
}
