package ledger

import (
	"context"
	"fmt"
	"time"

	"allclear/internal/status"
	"allclear/internal/table"
)

// Failing says how long an endpoint has not taken a message. The zero value is that of one that
// works, as far as is known.
type Failing struct {
	Since     time.Time `json:"since"`               // the first failure after it last took a message
	Failures  int       `json:"failures"`            // since then, of all messages together
	Reason    string    `json:"reason"`              // of the last one; no address
	NotBefore time.Time `json:"not_before,omitzero"` // until then it asked to be left alone
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
		f.Reason = reason
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

// Forget ends the count of failures of a subscriber's endpoint: it took a message, or is posted to
// no more.
func (l *Ledger) Forget(ctx context.Context, subscriber string) error {
	if err := l.table.Write(ctx, table.Delete(endpointKey(subscriber))); err != nil {
		return fmt.Errorf("delete %s: %w", endpointKey(subscriber), err)
	}
	return nil
}
