package recovery

import (
	"context"
	"maps"
	"slices"
	"time"

	"allclear/internal/status"
	"allclear/internal/store"
)

// Window is a span of time, both ends included.
type Window struct{ Since, Until time.Time }

// Redriven says what of one page is rendered again, and what is announced again.
type Redriven struct {
	Page      string
	Events    []status.Event // of the window, oldest first
	Touched   status.Touched // what they name, together
	Seq       int64          // the new version; 0 when nothing was asked for
	Notifying int            // events that subscribers are to hear of
	Announced int            // of those, how many were announced again
}

// Announcer publishes an event on the topic. *announce.Announcer is one.
type Announcer interface {
	Announce(ctx context.Context, e status.Event) error
}

// Redrive renders again what the events of a window name, at a new version. It reads the events
// of the table and no stream, which forgets within a day. dry only looks. No event in the window
// means that there is nothing to do.
//
// With an announcer it also announces those again that subscribers are to hear of, the oldest
// first; with nil it announces nothing, since the schedule does that for two days by itself. Who
// was told already is not told again: the ledger knows.
func Redrive(ctx context.Context, st *store.Store, w Window, again Announcer, dry bool) ([]Redriven, error) {
	if w.Until.Before(w.Since) {
		return nil, status.Invalidf("--until", "must not be before --since")
	}
	pages, err := st.Pages(ctx)
	if err != nil {
		return nil, err
	}
	var done []Redriven
	for _, id := range pages {
		r := Redriven{Page: id}
		if r.Events, err = st.EventsBetween(ctx, id, w.Since, w.Until); err != nil {
			return done, err
		}
		r.Touched = union(r.Events)
		if !dry && len(r.Events) > 0 {
			if r.Seq, err = touch(ctx, st, id, r.Touched); err != nil {
				return done, err
			}
		}
		err = r.announce(ctx, again, dry)
		done = append(done, r)
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

// announce announces again what subscribers are to hear of, or only counts it.
func (r *Redriven) announce(ctx context.Context, again Announcer, dry bool) error {
	for _, e := range r.Events {
		if !e.Notifies() {
			continue
		}
		r.Notifying++
		if again == nil || dry {
			continue
		}
		if err := again.Announce(ctx, e); err != nil {
			return err
		}
		r.Announced++
	}
	return nil
}

// touch makes documents out of date, by as many changes of the page as hold all their names.
func touch(ctx context.Context, st *store.Store, pageID string, touched status.Touched) (seq int64, err error) {
	for _, part := range split(touched) {
		after, err := st.Commit(ctx, pageID, func(tx *store.Tx) error {
			tx.Record(status.Event{
				Type: status.PageRendered, Actor: status.Actor{Kind: status.ActorSystem, Name: "redrive"}, Touched: part,
			})
			return nil
		})
		if err != nil {
			return seq, err
		}
		seq = after.Seq
	}
	return seq, nil
}

// union is all that some events name, sorted.
func union(events []status.Event) status.Touched {
	var all bool
	sets := [4]map[string]bool{{}, {}, {}, {}}
	for i := range events {
		t := &events[i].Touched
		all = all || t.All
		for n, names := range [4][]string{t.Incidents, t.Components, t.States, t.Months} {
			for _, name := range names {
				sets[n][name] = true
			}
		}
	}
	var lists [4][]string
	for n, set := range sets {
		lists[n] = slices.Sorted(maps.Keys(set))
	}
	return status.Touched{All: all, Incidents: lists[0], Components: lists[1], States: lists[2], Months: lists[3]}
}

// split cuts what is touched into parts that one event can hold. There is always one.
func split(t status.Touched) []status.Touched {
	parts := []status.Touched{{All: t.All}}
	room := namedAtMost
	add := func(names []string, list func(*status.Touched) *[]string) {
		for len(names) > 0 {
			if room == 0 {
				parts, room = append(parts, status.Touched{}), namedAtMost
			}
			n := min(room, len(names))
			field := list(&parts[len(parts)-1])
			*field = append(*field, names[:n]...)
			names, room = names[n:], room-n
		}
	}
	add(t.Incidents, func(t *status.Touched) *[]string { return &t.Incidents })
	add(t.Components, func(t *status.Touched) *[]string { return &t.Components })
	add(t.States, func(t *status.Touched) *[]string { return &t.States })
	add(t.Months, func(t *status.Touched) *[]string { return &t.Months })
	return parts
}
