package api

import (
	"iter"

	"allclear/internal/status"
	"allclear/internal/store"
)

// newest walks over all incidents and maintenances of a page, newest first, in steps of so many:
// it holds a step of each at most, however far it goes.
func (c *call) newest(page string, step int) iter.Seq2[*status.Incident, error] {
	return func(yield func(*status.Incident, error) bool) {
		realtime := walk{List: store.List{Page: page, Kind: store.Realtime, Limit: step}}
		maintenance := walk{List: store.List{Page: page, Kind: store.Maintenance, Limit: step}}
		for {
			a, err := realtime.peek(c)
			if err != nil {
				yield(nil, err)
				return
			}
			b, err := maintenance.peek(c)
			if err != nil {
				yield(nil, err)
				return
			}
			next := &realtime
			if a == nil || (b != nil && store.NewestFirst(b, a) < 0) {
				next, a = &maintenance, b
			}
			if a == nil {
				return
			}
			next.ahead = next.ahead[1:]
			if !yield(a, nil) {
				return
			}
		}
	}
}

// walk is a place in one list.
type walk struct {
	store.List
	ahead   []*status.Incident
	started bool
}

// peek is what comes next, nil at the end.
func (w *walk) peek(c *call) (*status.Incident, error) {
	if len(w.ahead) == 0 && (!w.started || w.After != "") {
		var err error
		w.started = true
		if w.ahead, w.After, err = c.store.Incidents(c.ctx(), w.List); err != nil {
			return nil, err
		}
	}
	if len(w.ahead) == 0 {
		return nil, nil
	}
	return w.ahead[0], nil
}
