package deliver

import (
	"context"
	"sync"
	"time"

	"allclear/internal/ledger"
)

// Pool lets several chunks be under way in one process, which is still one sender with one clock: they
// reserve slots and begin their sendings one chunk after the other. But while one begins, the next has
// its slots already, and sendings go on beside them all. So the sender need not rest between two
// chunks, and where a database makes the writes of many durable together, as a laptop's does, there
// are many.
type Pool[S any] struct {
	worker *Worker[S]
	idle   chan struct{}
}

// NewPool makes a pool for n chunks at a time, n >= 1. What w holds must be safe for concurrent use; its
// clock gets a name if it has none.
func NewPool[S any](w Worker[S], n int) *Pool[S] {
	if w.ClockName == "" {
		w.ClockName = w.NewID()
	}
	w.line = &line{reserve: w.crew(), start: w.crew()}
	return &Pool[S]{worker: &w, idle: make(chan struct{}, n)}
}

// Handle delivers one chunk as Worker.Handle does, as soon as fewer than n are under way.
func (p *Pool[S]) Handle(ctx context.Context, c Chunk) (Report, error) {
	select {
	case p.idle <- struct{}{}:
		defer func() { <-p.idle }()
		return p.worker.Handle(ctx, c)
	case <-ctx.Done():
		return Report{}, ctx.Err()
	}
}

// line is where the chunks of a process stand in line. Who reserves slots keeps that lock until it has
// the other one, to begin its sendings: so they begin in the order of their slots, and slots are
// reserved ahead for one chunk only. Nobody is claimed before, since a lease runs out while one waits.
type line struct {
	reserve, start sync.Locker
	// Of the chunk that began before, under the lock start.
	shift   time.Duration
	last    time.Time
	spacing time.Duration
}

// maxShift is the most lateness that the next chunk takes over: it may not come to ledger.Late.
const maxShift = ledger.Late / 2

// takeOver lets the first sendings of a grant keep their distance from those of the chunk before,
// which were late: they are just as late. It is not needed after a rest. Where there is no rate there
// is no distance, and the slots are those of this moment, however long they were waited for.
func (l *line) takeOver(p *pacer) {
	switch {
	case p.grant.Spacing == 0:
		for i := range p.grant.Slots {
			p.grant.Slots[i] = p.clock.Now()
		}
	case p.grant.Slots[0].Before(l.last.Add(l.spacing)):
		p.shift = l.shift
	}
}

// handOver leaves what the next chunk needs for that.
func (l *line) handOver(ctx context.Context, p *pacer) error {
	if p.last.IsZero() {
		return nil // l.shift was not taken over, or still stands
	}
	l.shift, l.last, l.spacing = p.shift, p.last, p.grant.Spacing
	if p.lost || p.shift > maxShift {
		l.shift = 0
		return p.settle(ctx)
	}
	return nil
}
