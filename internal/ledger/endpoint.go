package ledger

import (
	"context"
	"fmt"
	"time"

	"allclear/internal/status"
	"allclear/internal/table"
)

// Failing says how long an endpoint has not taken a message, or how long a message to it may still
// take. The zero value is that of one that works, as far as is known.
type Failing struct {
	Since     time.Time `json:"since"`               // the first failure after it last took a message; while there is none, when it was found slow
	Failures  int       `json:"failures"`            // since then, of all messages together
	Reason    string    `json:"reason"`              // of the last one; no address
	NotBefore time.Time `json:"not_before,omitzero"` // until then it asked to be left alone
	BusyUntil time.Time `json:"busy_until,omitzero"` // a post to it takes long, and ends by then
}

// Rest is until when nothing new is to be posted, the zero time or one that is past if something is.
func (f Failing) Rest() time.Time {
	if f.BusyUntil.After(f.NotBefore) {
		return f.BusyUntil
	}
	return f.NotBefore
}

// Failing reads how it stands with a subscriber's endpoint.
func (l *Ledger) Failing(ctx context.Context, subscriber string) (Failing, error) {
	r, err := read[Failing](ctx, l.table, endpointKey(subscriber))
	return r.value, err
}

// Fail counts a failure of a subscriber's endpoint and answers how it stands now. notBefore is zero
// where it did not ask for anything; what it asked for before stands.
func (l *Ledger) Fail(ctx context.Context, subscriber, reason string, notBefore time.Time) (Failing, error) {
	now, notBefore := l.time(), status.Millis(notBefore)
	r, err := swap(ctx, l, endpointKey(subscriber), nil, func(f Failing) (Failing, bool) {
		if f.Failures == 0 {
			f.Since = now
		}
		f.Failures++
		f.Reason, f.BusyUntil = reason, time.Time{}
		if notBefore.After(f.NotBefore) {
			f.NotBefore = notBefore
		}
		return f, true
	})
	if err != nil {
		return Failing{}, fmt.Errorf("count a failure of endpoint %s: %w", subscriber, err)
	}
	return r.value, nil
}

// Busy notes that a post to a subscriber's endpoint takes long, and by when it will have ended. It is no
// failure.
func (l *Ledger) Busy(ctx context.Context, subscriber string, until time.Time) error {
	now, until := l.time(), status.Millis(until)
	_, err := swap(ctx, l, endpointKey(subscriber), nil, func(f Failing) (Failing, bool) {
		if f.Failures == 0 {
			f.Since, f.Reason = now, "is slow"
		}
		f.BusyUntil = until
		return f, true
	})
	if err != nil {
		return fmt.Errorf("note that endpoint %s is slow: %w", subscriber, err)
	}
	return nil
}

// Forget ends the count of failures of a subscriber's endpoint: it took a message, or is posted to
// no more.
func (l *Ledger) Forget(ctx context.Context, subscriber string) error {
	if err := l.table.Write(ctx, table.Delete(endpointKey(subscriber))); err != nil {
		return fmt.Errorf("delete %s: %w", endpointKey(subscriber), err)
	}
	return nil
}
