// Package tick is what happens by the clock: maintenances start and end, days are closed, what had
// to wait is sent on, subscriptions to incidents that are over end, and every gap that a lost
// invocation could have left in the published documents or on the way to subscribers is found and
// filled. It runs every minute; running it twice, or not for a while, changes nothing in the end,
// since each step looks at the state for what is due, commits under the page's version, and sends
// only what may be sent twice.
package tick

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"allclear/internal/publish"
	"allclear/internal/status"
	"allclear/internal/store"
)

// Ticker does all that is due. Store and Logger are needed, and Publisher by Run; what is not set
// of the others is not done.
type Ticker struct {
	Store     *store.Store
	Publisher *publish.Publisher
	Logger    *slog.Logger

	Announcing    *Announcing
	Waiting       *Waiting
	Confirmations *Confirmations
	Followers     Followers
}

// Bounds of one run, so that it ends well within its minute; the next goes on.
const (
	daysPerRun  = 31 // days closed per page
	sweepPerRun = 25 // incidents, or months, whose documents are checked per page
	sweepEvery  = 10 // minutes between two sweeps from the start
)

// Run does what is due on every page. Running it twice, also at once, is harmless: what is due is due
// once, as each commit of a step takes it from the state and holds only for the version that was
// looked at; and what is published, announced or enqueued twice ends in conditional writes and
// claims. One step's failure does not keep the others from being
// tried; all are answered together, so that the invocation fails and is seen.
func (t *Ticker) Run(ctx context.Context) error {
	var failures []error
	did := func(what string, err error) bool {
		if err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", what, err))
		}
		return err == nil
	}
	did("waiting work", t.requeue(ctx))
	pages, err := t.Store.Pages(ctx)
	did("pages", err)
	for _, id := range pages {
		did("maintenances of page "+id, t.Maintenances(ctx, id))
		did("days of page "+id, t.CloseDays(ctx, id))
		did("dispatches of page "+id, t.announce(ctx, id))
		did("confirmations of page "+id, t.confirmations(ctx, id))
	}
	// Last, so that a bucket that does not answer keeps nobody from being told.
	for _, id := range pages {
		if did("publishing of page "+id, t.publish(ctx, id)) {
			did("subscribers of incidents of page "+id, t.followers(ctx, id))
		}
	}
	return errors.Join(failures...)
}

// Maintenances takes the steps that open maintenances owe. A missed start and end are both
// taken, one after the other, each with its own update.
func (t *Ticker) Maintenances(ctx context.Context, pageID string) error {
	open, err := t.Store.Open(ctx, pageID)
	if err != nil {
		return err
	}
	for _, i := range open {
		for step := i.Due(t.Store.Now()); step != ""; {
			if step, err = t.take(ctx, pageID, i.ID, step); err != nil {
				return err
			}
		}
	}
	return nil
}

// take does one step in a transaction and answers the one that is due next.
func (t *Ticker) take(ctx context.Context, pageID, id string, step status.Step) (status.Step, error) {
	var next status.Step
	_, err := t.Store.Commit(ctx, pageID, func(tx *store.Tx) error {
		next = ""
		i, err := tx.Incident(id)
		if err != nil {
			return err
		}
		cfg, err := tx.Configuration()
		if err != nil {
			return err
		}
		applied := i.Take(step, cfg, tx.Stamp)
		if applied.Update == nil {
			return nil // somebody else did it
		}
		next = i.Due(tx.Stamp.Now)
		event := status.Event{
			Type: status.MaintenanceUpdated, Actor: status.Actor{Kind: status.ActorSchedule, Name: "tick"},
			Incident: id, States: applied.States, Notify: applied.Update.DeliverNotifications,
		}
		event.SetUpdate(applied.Update)
		tx.PutIncident(i)
		tx.Record(event)
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("%s maintenance %s: %w", step, id, err)
	}
	t.Logger.InfoContext(ctx, "maintenance step", "page", pageID, "incident", id, "step", string(step))
	return next, nil
}

// publish fills the gaps: what another rendering has published, which is how old code leaves it
// that publishes while a deployment replaces it; what is unpublished, what is spoilt, and the sign
// of life.
func (t *Ticker) publish(ctx context.Context, pageID string) error {
	if err := t.Publisher.Renew(ctx, pageID); err != nil {
		return err
	}
	if _, err := t.Publisher.CatchUp(ctx, pageID); err != nil {
		return err
	}
	return errors.Join(t.sweep(ctx, pageID), t.Publisher.Heartbeat(ctx, pageID))
}

func (t *Ticker) sweep(ctx context.Context, pageID string) error {
	cursor, err := t.Store.SweepCursor(ctx, pageID)
	if err != nil {
		return err
	}
	if cursor == "" && t.Store.Now().Minute()%sweepEvery != 0 {
		return nil
	}
	next, repaired, err := t.Publisher.Sweep(ctx, pageID, cursor, sweepPerRun)
	if err != nil {
		return err
	}
	if repaired > 0 {
		t.Logger.InfoContext(ctx, "published documents brought up to date", "page", pageID, "documents", repaired)
	}
	if next == cursor {
		return nil
	}
	return t.Store.SetSweepCursor(ctx, pageID, next)
}
