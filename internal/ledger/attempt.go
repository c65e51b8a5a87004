package ledger

import (
	"context"
	"fmt"
	"slices"
	"time"

	"allclear/internal/status"
)

// AttemptLease is how long a claim by Attempt keeps others away: the receiving side has time to
// answer, and all that happens under the claim ends before.
const AttemptLease = time.Minute

// Attempt asks for the right to try once to tell a subscriber of an event, for what is repeated until
// the receiving side says that it has it (webhooks). It differs from Claim in what is not known: a
// claim that ended without a record is taken over, not counted as told. What was tried in vain waits
// for its time (Later); a newer event does not, and takes the place of the older one.
func (l *Ledger) Attempt(ctx context.Context, subject string, target Target, worker string) (Claim, error) {
	return l.ask(ctx, subject, target, worker, row.attempt)
}

// Postpone ends a claim by Attempt that was to no avail: attempts are the tries so far, and the next
// one is due at a time. It is one conditional write; done twice it changes nothing.
func (l *Ledger) Postpone(ctx context.Context, c Claim, attempts int, until time.Time) error {
	until = status.Millis(until)
	_, err := swap(ctx, l, rowKey(c.Subject, c.Subscriber), &c.row, func(r row) (row, bool) {
		return r.postpone(c.Seq, c.Worker, attempts, until)
	})
	if err != nil {
		return fmt.Errorf("postpone event %d of %s: %w", c.Seq, c.Subject, err)
	}
	return nil
}

// attempt is the rule of Attempt. While another's claim is live nobody else begins, so nothing older
// can follow something newer. A newer event than asked for that is not told yet is brought by the
// message that claimed it, which comes again for as long as it has no outcome.
func (r row) attempt(seq int64, worker string, now time.Time) (row, Claim, bool) {
	n := r.newest()
	open := n != nil && (n.State == Claimed || n.State == Retrying)
	switch {
	case open && n.State == Claimed && n.Worker == worker && n.Seq == seq && now.Before(r.FreeAt):
		return r, Claim{Result: Taken, Until: r.FreeAt, Attempts: n.Attempts, Told: r.told(seq)}, false // it had no answer
	case n != nil && n.Seq >= seq && !open:
		return r, Claim{Result: Covered, Seq: n.Seq}, false
	case now.Before(r.FreeAt):
		return r, Claim{Result: Leased, Until: r.FreeAt}, false
	case n != nil && n.Seq > seq:
		return r, Claim{Result: Covered, Seq: n.Seq}, false
	case n != nil && n.Seq == seq && n.State == Retrying && now.Add(Skew).Before(n.AgainAt):
		return r, Claim{Result: Later, Until: n.AgainAt}, false
	}
	r = r.clone()
	if n == nil || n.Seq < seq {
		r.overtake()
		r = r.add(notice{Seq: seq})
	}
	n = r.newest()
	n.State, n.Worker, n.ClaimedAt, n.AgainAt = Claimed, worker, now, time.Time{}
	r.FreeAt = now.Add(AttemptLease)
	return r, Claim{Result: Taken, Until: r.FreeAt, Attempts: n.Attempts, Told: r.told(seq)}, true
}

// told is the newest event before another that is known to have left, 0 for none.
func (r row) told(before int64) int64 {
	for _, n := range slices.Backward(r.Notices) {
		if n.Seq < before && n.State.left() {
			return n.Seq
		}
	}
	return 0
}

// overtake ends the newest notice of a row that is the caller's own, if it is open: a newer one
// follows. Of a claim without a record nobody knows.
func (r row) overtake() {
	switch n := r.newest(); {
	case n == nil:
	case n.State == Retrying:
		n.State, n.AgainAt = Skipped, time.Time{}
	case n.State == Claimed:
		n.State, n.Worker = Unknown, ""
	}
}

// postpone is the rule of Postpone.
func (r row) postpone(seq int64, worker string, attempts int, until time.Time) (row, bool) {
	n := r.find(seq)
	if n == nil || n.State != Claimed || n.Worker != worker {
		return r, false // recorded already, or taken over since
	}
	r = r.clone()
	n = r.find(seq)
	n.State, n.Worker, n.Attempts, n.AgainAt = Retrying, "", attempts, until
	if n == r.newest() {
		r.FreeAt = time.Time{}
	}
	return r, true
}
