package tick

import (
	"context"

	"allclear/internal/deliver"
	"allclear/internal/store"
)

// Waiting brings work back into its queue when its time has come: what waited for the account's
// quota, for another worker's lease, or to be tried again. All fields are needed.
type Waiting struct {
	Work   deliver.Waiting
	Queues deliver.Enqueuer
	NewID  func() string // a new random name at each call
}

// Audience asks for the confirmation mails that the daily cap has held back. *store.Audience is one.
type Audience interface {
	ServeWaiting(ctx context.Context, page string, capacity store.Limit, most int) (asked int, err error)
}

// Confirmations serves who waits to be asked for a confirmation. Both fields are needed.
type Confirmations struct {
	Audience Audience
	PerDay   int64 // the cap of a page
}

// Bounds of one run, as in tick.go.
const (
	requeuedPerRun  = 1000 // pieces of work
	confirmedPerRun = 200  // subscribers per page that are looked at
)

func (t *Ticker) requeue(ctx context.Context) error {
	if t.Waiting == nil {
		return nil
	}
	n, err := deliver.Requeue(ctx, t.Waiting.Work, t.Waiting.Queues, t.Waiting.NewID(), requeuedPerRun)
	if n > 0 {
		t.Logger.InfoContext(ctx, "waiting work enqueued", "chunks", n)
	}
	return err
}

func (t *Ticker) confirmations(ctx context.Context, pageID string) error {
	if t.Confirmations == nil {
		return nil
	}
	n, err := t.Confirmations.Audience.ServeWaiting(ctx, pageID, store.DailyConfirmations(pageID, t.Confirmations.PerDay), confirmedPerRun)
	if n > 0 {
		t.Logger.InfoContext(ctx, "confirmations asked for", "page", pageID, "subscribers", n)
	}
	return err
}
