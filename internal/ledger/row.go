package ledger

import (
	"slices"
	"time"
)

// State is what is known of one notification to one subscriber.
type State string

// The states, by how much is known. Where reports of the same notification differ, the later state
// in this list is true: reports come twice, late and in any order.
const (
	Claimed    State = "claimed"    // a worker has it; it may have been sent if the worker died
	Retrying   State = "retrying"   // not taken, or no answer; what is repeated until it is taken is tried again
	Skipped    State = "skipped"    // not wanted any more: nothing was sent
	Unknown    State = "unknown"    // the answer to the sending was lost
	Sent       State = "sent"       // accepted for delivery
	Delayed    State = "delayed"    // the receiving side asks for patience
	Delivered  State = "delivered"  // accepted by the receiving side
	Failed     State = "failed"     // refused for good; nothing was or will be sent
	Bounced    State = "bounced"    // returned, also after a delivery
	Complained State = "complained" // delivered, and called spam
)

var states = []State{Claimed, Retrying, Skipped, Unknown, Sent, Delayed, Delivered, Failed, Bounced, Complained}

// Valid tells whether s is one of the states.
func (s State) Valid() bool { return slices.Contains(states, s) }

// left tells whether the notification is known to have left.
func (s State) left() bool {
	switch s {
	case Sent, Delayed, Delivered, Bounced, Complained:
		return true
	default:
		return false
	}
}

// Lease is how long a claim keeps others away. All that happens under a claim ends before.
const Lease = 30 * time.Second

// maxNotices bounds a row: the first notice and the newest ones are kept.
const maxNotices = 32

// notice is one event that a subscriber was, or is being, told of.
type notice struct {
	Seq       int64     `json:"seq"`
	State     State     `json:"state"`
	Worker    string    `json:"worker,omitempty"` // who claimed it, until something is known
	ClaimedAt time.Time `json:"claimed_at"`
	SentAt    time.Time `json:"sent_at,omitzero"` // the earliest time at which it is known to have left
	// Of what is repeated until it is taken: how often it was tried in vain, and when it is due again.
	Attempts int       `json:"attempts,omitempty"`
	AgainAt  time.Time `json:"again_at,omitzero"`
}

// row is all that one subscriber was told of one subject. Notices stand in the order of their seq,
// which is also that of their claims.
type row struct {
	FreeAt  time.Time `json:"free_at,omitzero"` // until then nobody else claims; absent when it is free
	Notices []notice  `json:"notices"`
}

// newest is the last notice, nil for none.
func (r *row) newest() *notice {
	if len(r.Notices) == 0 {
		return nil
	}
	return &r.Notices[len(r.Notices)-1]
}

func (r *row) find(seq int64) *notice {
	for i := range r.Notices {
		if r.Notices[i].Seq == seq {
			return &r.Notices[i]
		}
	}
	return nil
}

func (r row) clone() row {
	r.Notices = slices.Clone(r.Notices)
	return r
}

// claim makes the newest notice a worker's, unless the subscriber is told of this or a newer event
// already. While another's claim is live nothing is certain: it may be released, or what it is about
// may yet leave and would arrive after something newer. When it is over and its worker is silent,
// the outcome is written down as unknown, so that who relies on that cannot be deceived by a worker
// that wakes up and releases.
func (r row) claim(seq int64, worker string, now time.Time) (row, Claim, bool) {
	n := r.newest()
	if n != nil && n.State == Claimed && n.Worker == worker && n.Seq == seq && now.Before(r.FreeAt) {
		return r, Claim{Result: Taken, Until: r.FreeAt}, false // its own, of which it had no answer
	}
	if n != nil && n.Seq >= seq && n.State != Claimed {
		return r, Claim{Result: Covered, Seq: n.Seq}, false
	}
	if now.Before(r.FreeAt) {
		return r, Claim{Result: Leased, Until: r.FreeAt}, false
	}
	if n != nil && n.Seq >= seq {
		r, _ = r.report(n.Seq, Unknown, now)
		return r, Claim{Result: Covered, Seq: n.Seq}, true
	}
	r = r.clone().add(notice{Seq: seq, State: Claimed, Worker: worker, ClaimedAt: now})
	r.FreeAt = now.Add(Lease)
	return r, Claim{Result: Taken, Until: r.FreeAt}, true
}

// add appends the newest notice to a row that is the caller's own.
func (r row) add(n notice) row {
	r.Notices = append(r.Notices, n)
	if len(r.Notices) > maxNotices {
		r.Notices = slices.Delete(r.Notices, 1, 2)
	}
	return r
}

// finish records what came of a worker's claim, unless a report of the mail service came before it.
// A worker that was silent for long may still know what others could not.
func (r row) finish(seq int64, worker string, state State, now time.Time) (row, bool) {
	if n := r.find(seq); n == nil || n.Worker != worker && n.State != Unknown {
		return r, false // recorded already; or released, and claimed by another since
	}
	return r.report(seq, state, now)
}

// report takes in what became known of a notice, in whatever order it comes. A lost answer keeps
// the lease: what it was about may still be on its way.
func (r row) report(seq int64, state State, at time.Time) (row, bool) {
	before := r.find(seq)
	if before == nil {
		return r, false
	}
	old := *before
	r = r.clone()
	n := r.find(seq)
	if slices.Index(states, state) > slices.Index(states, n.State) {
		n.State, n.Worker = state, ""
	}
	if state.left() && (n.SentAt.IsZero() || at.Before(n.SentAt)) {
		n.SentAt = at
	}
	if n.State == Failed { // accepted, and then rejected: it never left
		n.SentAt = time.Time{}
	}
	free := n == r.newest() && n.State != Claimed && n.State != Unknown && !r.FreeAt.IsZero()
	if free {
		r.FreeAt = time.Time{}
	}
	return r, free || *n != old
}

// release takes back a claim under which certainly nothing was sent, as if it had never been.
func (r row) release(seq int64, worker string) (row, bool) {
	n := r.find(seq)
	if n == nil || n.Worker != worker {
		return r, false
	}
	last := n == r.newest()
	r = r.clone()
	r.Notices = slices.DeleteFunc(r.Notices, func(n notice) bool { return n.Seq == seq })
	if last {
		r.FreeAt = time.Time{}
	}
	return r, true
}
