package ledger

import (
	"context"
	"fmt"
	"time"

	"allclear/internal/status"
	"allclear/internal/table"
)

// Result says how an attempt to claim ended.
type Result string

// The results.
const (
	Taken   Result = "taken"   // the caller may send, until Claim.Until
	Covered Result = "covered" // the subscriber is told, or may be, of Claim.Seq, this event or a newer one
	Leased  Result = "leased"  // another has a claim of which nothing is known yet; ask again after Claim.Until
	Later   Result = "later"   // of Attempt: it was tried in vain; ask again at Claim.Until
)

// Claim is the right to tell one subscriber of one event of a subject, or the reason why not.
type Claim struct {
	Result     Result
	Subject    string
	Subscriber string
	Seq        int64 // of the event; for Covered that of the newest one
	Worker     string
	Until      time.Time // end of the lease, for Taken and Leased; when the next try is due, for Later
	Attempts   int       // for Taken by Attempt: how often it was tried in vain
	Told       int64     // for Taken by Attempt: the newest event before that the receiving side has; 0 for none

	row held[row]
}

// Target is one subscriber and the event it is to be told of.
type Target struct {
	Subscriber string
	Seq        int64

	seen *held[row] // by Outstanding; saves the claim a read
}

// Outstanding leaves out the targets that are told, or may be, of their event or a newer one. It
// reads only: whether a claim succeeds shows at the claim, which starts from what was read here.
func (l *Ledger) Outstanding(ctx context.Context, subject string, targets []Target) ([]Target, error) {
	keys := make([]table.Key, len(targets))
	for i, t := range targets {
		keys[i] = rowKey(subject, t.Subscriber)
	}
	items, err := l.table.Get(ctx, keys...)
	if err != nil {
		return nil, fmt.Errorf("get deliveries of %s: %w", subject, err)
	}
	var open []Target
	for i, item := range items {
		r := held[row]{}
		if item != nil {
			if r, err = decodeRow[row](item); err != nil {
				open = append(open, targets[i]) // its claim will tell, and keep nobody else
				continue
			}
		}
		if n := r.value.newest(); n != nil && n.Seq >= targets[i].Seq && n.State != Claimed {
			continue
		}
		open = append(open, Target{Subscriber: targets[i].Subscriber, Seq: targets[i].Seq, seen: &r})
	}
	return open, nil
}

// Claim asks for the right to tell a subscriber of the event seq of a subject: one conditional
// write. A worker's name is its own alone, and a new one at each invocation. Claiming twice under
// the same name while the lease lives gives the same claim, so a lost answer can be asked for again.
func (l *Ledger) Claim(ctx context.Context, subject string, target Target, worker string) (Claim, error) {
	return l.ask(ctx, subject, target, worker, row.claim)
}

// ask asks for a claim by a rule, which says what becomes of the row: one conditional write.
func (l *Ledger) ask(
	ctx context.Context, subject string, target Target, worker string,
	rule func(r row, seq int64, worker string, now time.Time) (row, Claim, bool),
) (Claim, error) {
	var c Claim
	now := l.time()
	r, err := swap(ctx, l, rowKey(subject, target.Subscriber), target.seen, func(r row) (row, bool) {
		next, result, write := rule(r, target.Seq, worker, now)
		c = result
		return next, write
	})
	if err != nil {
		return Claim{}, fmt.Errorf("claim event %d of %s: %w", target.Seq, subject, err)
	}
	c.Subject, c.Subscriber, c.Worker, c.row = subject, target.Subscriber, worker, r
	if c.Result == Taken {
		c.Seq = target.Seq
	}
	return c, nil
}

// Finish records what came of a claim: Sent, Delivered (where the receiving side answers itself),
// Failed (refused for good), Skipped (not wanted after all) or Unknown (no answer). It is one
// conditional write. What feedback has reported meanwhile stands. Done twice it changes nothing.
func (l *Ledger) Finish(ctx context.Context, c Claim, state State) error {
	now := l.time()
	_, err := swap(ctx, l, rowKey(c.Subject, c.Subscriber), &c.row, func(r row) (row, bool) {
		return r.finish(c.Seq, c.Worker, state, now)
	})
	if err != nil {
		return fmt.Errorf("record event %d of %s as %s: %w", c.Seq, c.Subject, state, err)
	}
	return nil
}

// Release gives a claim back because certainly nothing was sent: then anybody may claim it again.
func (l *Ledger) Release(ctx context.Context, c Claim) error {
	_, err := swap(ctx, l, rowKey(c.Subject, c.Subscriber), &c.row, func(r row) (row, bool) {
		return r.release(c.Seq, c.Worker)
	})
	if err != nil {
		return fmt.Errorf("release event %d of %s: %w", c.Seq, c.Subject, err)
	}
	return nil
}

// Settle takes in what the mail service reports of a notification (Sent, Delayed, Delivered, Failed,
// Bounced or Complained) that happened at a time. It may come before the worker's own record, twice,
// late, and in any order: the end is the same. It reports whether the ledger knows the notification.
func (l *Ledger) Settle(ctx context.Context, subject string, target Target, state State, at time.Time) (known bool, err error) {
	if !state.left() && state != Failed {
		return false, status.Invalidf("state", "%q is nothing that a mail service reports", state)
	}
	at = status.Millis(at)
	_, err = swap(ctx, l, rowKey(subject, target.Subscriber), nil, func(r row) (row, bool) {
		known = r.find(target.Seq) != nil
		return r.report(target.Seq, state, at)
	})
	if err != nil {
		return false, fmt.Errorf("settle event %d of %s as %s: %w", target.Seq, subject, state, err)
	}
	return known, nil
}
