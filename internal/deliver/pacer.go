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

// more tells whether there is a slot to be used.
func (p *pacer) more() bool { return !p.lost && p.next < len(p.grant.Slots) }

func (p *pacer) slot() time.Time { return p.grant.Slots[p.next].Add(p.shift) }

// approach waits until the slot is near. A slot that is passed over stays the next one.
func (p *pacer) approach(ctx context.Context) error {
	return p.clock.Sleep(ctx, p.slot().Add(-claimAhead))
}

// start waits for the slot and takes it; false if it is too late.
func (p *pacer) start(ctx context.Context) (bool, error) {
	if err := p.clock.Sleep(ctx, p.slot()); err != nil {
		return false, err
	}
	now := p.clock.Now()
	late := now.Sub(p.grant.Slots[p.next])
	if late > ledger.Late {
		p.lost = true
		return false, nil
	}
	p.shift = max(p.shift, late)
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
