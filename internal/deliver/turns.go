package deliver

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Turns lets a sender of single messages, such as a confirmation, keep the account's rate together
// with the workers. It is safe for concurrent use: one turn at a time.
type Turns struct {
	pace   Pace
	quotas Quotas
	clock  Clock
	name   string
	one    chan struct{} // held by who has or awaits a turn
}

// NewTurns makes turns of a clock. Its name is of this process, made anew at its start, and used for
// nothing else.
func NewTurns(pace Pace, quotas Quotas, clock Clock, clockName string) *Turns {
	return &Turns{pace: pace, quotas: quotas, clock: clock, name: clockName, one: make(chan struct{}, 1)}
}

// Forget tells that the mail service has just refused what its quota allows.
func (t *Turns) Forget() { t.quotas.Forget() }

// WaitError says that there is no turn now. Nothing was sent.
type WaitError struct {
	Until time.Time // when to ask again
	Daily bool      // it is the quota of the day that is used up
}

func (e *WaitError) Error() string {
	what := "rate"
	if e.Daily {
		what = "quota of the day"
	}
	return fmt.Sprintf("the sending %s is used up until %s", what, e.Until.UTC().Format(time.RFC3339))
}

// Take waits for the next turn and calls send in it. An error is that of send, or a *WaitError.
func (t *Turns) Take(ctx context.Context, send func() error) error {
	select {
	case t.one <- struct{}{}:
		defer func() { <-t.one }()
	case <-ctx.Done():
		return ctx.Err()
	}
	for range reservations {
		quota, err := t.quotas.Quota(ctx)
		if err != nil {
			return err
		}
		grant, err := t.pace.Reserve(ctx, 1, t.name, quota)
		if err != nil {
			return err
		}
		if len(grant.Slots) == 0 {
			return &WaitError{Until: grant.Until, Daily: grant.Daily}
		}
		p := pacer{clock: t.clock, grant: grant}
		ok, err := p.start(ctx)
		if err != nil {
			return err
		}
		if ok {
			err := send()
			return errors.Join(err, p.settle(context.WithoutCancel(ctx)))
		}
	}
	return &WaitError{Until: t.clock.Now().Add(afterThrottling)}
}
