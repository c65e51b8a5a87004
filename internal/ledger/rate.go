package ledger

import (
	"context"
	"fmt"
)

// Reserve hands out up to n send slots to the sender whose clock is named: one conditional write,
// however many slots. All senders of the account ask here, so that together they keep the quota. A
// clock's name is that of one process that sends one message at a time, not empty, made anew when it
// starts. A reservation whose answer is lost is made again: the lost slots stay empty.
func (l *Ledger) Reserve(ctx context.Context, n int, clock string, q Quota) (Grant, error) {
	now := l.now().UTC()
	var g Grant
	if q.unlimited() {
		for range n {
			g.Slots = append(g.Slots, now)
		}
		return g, nil
	}
	_, err := swap(ctx, l, rateKey(), nil, func(s schedule) (schedule, bool) {
		s, g = s.reserve(n, clock, now, q)
		return s, len(g.Slots) > 0
	})
	if err != nil {
		return Grant{}, fmt.Errorf("reserve %d send slots: %w", n, err)
	}
	return g, nil
}
