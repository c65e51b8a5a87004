package recovery

import (
	"context"
	"errors"
	"fmt"

	"allclear/internal/bucket"
	"allclear/internal/status"
	"allclear/internal/store"
)

// ErrDeclined says that the operator did not want what Restore would do. Nothing was changed.
var ErrDeclined = errors.New("nothing was changed")

// Restorer puts the data of another Status table into the live one. All fields are needed.
type Restorer struct {
	From     *store.Store // what a restore to a point in time made
	Live     *store.Store
	Bucket   bucket.Bucket
	Confirm  func(*store.Restore) (bool, error) // sees what would be replaced
	Progress Progress
}

// Restore replaces pages and API keys by those of the other table, and lets the pages go on above
// all that is published. While it writes, the pages are away: the API answers 404 and nothing is
// published, so nobody ever sees half of it; what is published stays. An interrupted Restore is
// ended by doing it again.
func (r *Restorer) Restore(ctx context.Context) ([]Recovered, error) {
	plan, err := store.PlanRestore(ctx, r.From, r.Live)
	if err != nil {
		return nil, err
	}
	if ok, err := r.Confirm(plan); err != nil || !ok {
		return nil, errors.Join(err, ErrDeclined)
	}
	if err := plan.TakeAway(ctx); err != nil {
		return nil, err
	}
	// What was written between the look and now is replaced as well.
	if plan, err = store.PlanRestore(ctx, r.From, r.Live); err != nil {
		return nil, err
	}
	total := plan.Actions()
	if err := plan.Write(ctx, func(done int) { r.Progress("items written", done, total) }); err != nil {
		return nil, err
	}
	published, err := look(ctx, r.Bucket, func(n int) { r.Progress("published documents looked at", n, 0) })
	if err != nil {
		return nil, err
	}
	var done []Recovered
	for _, p := range plan.Pages {
		recovered, err := r.putBack(ctx, plan, p, published)
		if err != nil {
			return done, fmt.Errorf("recover page %s: %w", p.ID, err)
		}
		done = append(done, recovered)
	}
	return done, nil
}

func (r *Restorer) putBack(ctx context.Context, plan *store.Restore, p *store.PageRestore, published *survey) (Recovered, error) {
	recovered := Recovered{Page: p.ID}
	var event status.Event
	if p.Restored != nil {
		recovered.Before = p.Restored.Version()
		var err error
		if event, err = recovered.event(ctx, r.Live, published); err != nil {
			return recovered, err
		}
	}
	page, err := plan.PutBack(ctx, p, published.version, event)
	recovered.After = page.Version()
	return recovered, err
}
