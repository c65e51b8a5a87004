package deliver

import (
	"context"
	"time"

	"allclear/internal/ledger"
)

// pacer walks through the slots of a grant. A sending that begins late moves all that follow, so
// that their distances are kept; who is later than ledger.Late has lost the rest of the slots.
type pacer struct {
	clock Clock
	grant ledger.Grant
	next  int
	shift time.Duration
	last  time.Time // when the last sending began
	lost  bool
}

func (p *pacer) slot() time.Time { return p.grant.Slots[p.next].Add(p.shift) }

// approach waits until the slot of that number is near, but not past the time at which nothing more is
// begun: who slept until the invocation ends could not park any more. False if ctx ended before. It needs
// no lock.
func (p *pacer) approach(ctx context.Context, number int) bool {
	until := p.grant.Slots[number].Add(-claimAhead)
	if deadline, ok := ctx.Deadline(); ok && until.After(deadline.Add(-timeLeft)) {
		until = deadline.Add(-timeLeft + time.Nanosecond)
	}
	return p.clock.Sleep(ctx, until) == nil
}

// start waits for the next slot and takes it; false if it is too late, for this one and all others. A
// slot that nobody starts in stays the next one.
func (p *pacer) start(ctx context.Context) (bool, error) {
	if p.lost {
		return false, nil
	}
	if err := p.clock.Sleep(ctx, p.slot()); err != nil {
		return false, err
	}
	now := p.clock.Now()
	late := now.Sub(p.grant.Slots[p.next])
	if late > ledger.Late {
		p.lost = true
		return false, nil
	}
	if p.grant.Spacing > 0 {
		p.shift = max(p.shift, late)
	}
	p.last = now
	p.next++
	return true, nil
}

// settle waits, if the last sending was late, until it is as far from what may come next as its slot
// was.
func (p *pacer) settle(ctx context.Context) error {
	if p.shift == 0 || p.last.IsZero() {
		return nil
	}
	return p.clock.Sleep(ctx, p.last.Add(p.grant.Spacing))
}
