// Package recovery is what an operator does after an accident: Recover makes the page go on, at a
// higher version than anything public, after its data were put back; Restore puts them back from
// a table of an earlier moment; Redrive renders, and if asked to announces, again what changed in a
// window of time. Each changes the tables only, by an event like any other change, and the ordinary
// publisher follows. cmd/allclear and internal/local call it.
package recovery

import (
	"context"
	"fmt"

	"allclear/internal/bucket"
	"allclear/internal/status"
	"allclear/internal/store"
)

// Recovered says what became of one page.
type Recovered struct {
	Page   string
	Before status.Version // of the data that were put back
	After  status.Version // from now on; zero when the page is gone
	Gone   int            // incidents whose documents are deleted
	Anew   int            // incidents and months whose documents are rendered at once; the rest follow
	Mended int            // items that the restore had cut off from each other
}

// Progress hears how far a step is; total is 0 when it is not known.
type Progress func(step string, done, total int)

var recoverer = status.Actor{Kind: status.ActorSystem, Name: "recover"}

// namedAtMost bounds how many incidents one event names. It leaves room under status.MaxEvent; the
// rest is found by the publisher's sweep, since the event makes everything out of date.
const namedAtMost = 2000

// Recover raises every page above all that is published, after the table itself was put back, and
// makes everything out of date. Nothing is announced. Twice is harmless: the page moves on again.
func Recover(ctx context.Context, st *store.Store, b bucket.Bucket, progress Progress) ([]Recovered, error) {
	if away, err := st.Restoring(ctx); err != nil {
		return nil, err
	} else if len(away) > 0 {
		return nil, &status.Error{Code: status.Conflict, Message: fmt.Sprintf(
			"page %s is being restored from another table: run the same allclear recover --from again, which ends it", away[0])}
	}
	pages, err := st.Pages(ctx)
	if err != nil {
		return nil, err
	}
	if len(pages) == 0 {
		return nil, status.NotFoundf("there is no page to recover")
	}
	published, err := look(ctx, b, func(n int) { progress("published documents looked at", n, 0) })
	if err != nil {
		return nil, err
	}
	var done []Recovered
	for _, id := range pages {
		r := Recovered{Page: id}
		if r.Mended, err = st.Mend(ctx, id); err != nil {
			return done, err
		}
		after, err := st.Commit(ctx, id, func(tx *store.Tx) error {
			current, err := st.Page(ctx, id)
			if err != nil {
				return err
			}
			r.Before = current.Version()
			event, err := r.event(ctx, st, published)
			if err != nil {
				return err
			}
			tx.Overtake(published.version)
			tx.Record(event)
			return nil
		})
		if err != nil {
			return done, fmt.Errorf("recover page %s: %w", id, err)
		}
		r.After = after.Version()
		done = append(done, r)
	}
	return done, nil
}

// event says that the page was recovered: everything is out of date, and at once what may show
// what is not true. Subscribers hear nothing of it.
func (r *Recovered) event(ctx context.Context, st *store.Store, published *survey) (status.Event, error) {
	gone, incidents, months, err := published.stale(ctx, st, r.Page, r.Before.Seq)
	if err != nil {
		return status.Event{}, err
	}
	named := append(gone, incidents...)
	named = named[:min(len(named), namedAtMost)]
	r.Gone, r.Anew = len(gone), len(incidents)+len(months)
	return status.Event{
		Type: status.Recovered, Actor: recoverer,
		Touched: status.Touched{All: true, Incidents: named, Months: months},
	}, nil
}
