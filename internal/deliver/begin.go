package deliver

import (
	"context"
	"errors"

	"allclear/internal/guard"
	"allclear/internal/ledger"
)

// begin reserves slots for as many subscribers as it can, and begins the sendings in them. It returns
// when all are begun that are to be; those go on. What it has no slots for is left in open.
func (r *run[S]) begin(ctx context.Context, sendings Crew, open []ledger.Target) (ledger.Grant, error) {
	l := r.line
	if l == nil {
		l = &line{reserve: r.crew(), start: r.crew()}
	}
	b := &beginning{pacer: pacer{clock: r.Clock}, Crew: r.crew(), sendings: sendings}
	var halt func()
	b.going, halt = context.WithCancel(ctx)
	defer halt()
	r.halt, r.left = halt, nil

	reserving := lock(l.reserve)
	defer reserving.unlock()
	var err error
	if b.grant, err = r.reserve(ctx, len(open)); err != nil || len(b.grant.Slots) == 0 {
		return b.grant, err
	}
	starting := lock(l.start)
	defer starting.unlock()
	reserving.unlock()
	l.takeOver(&b.pacer)
	if b.grant.Spacing == 0 {
		starting.unlock() // without a rate nobody need wait for others
	}
	for number, target := range open[:min(len(b.grant.Slots), len(open))] {
		r.beside(b, func() error { return r.one(ctx, b, number, target) })
	}
	b.Wait()
	switch {
	case b.grant.Spacing == 0:
	case r.line == nil:
		err = b.settle(ctx)
	default:
		err = l.handOver(ctx, &b.pacer)
	}
	return b.grant, errors.Join(ctx.Err(), err)
}

// reserve asks for slots. Without any, r.stop says until when.
func (r *run[S]) reserve(ctx context.Context, n int) (ledger.Grant, error) {
	if r.halted(ctx) {
		return ledger.Grant{}, nil
	}
	quota, err := r.Quotas.Quota(ctx)
	if err != nil {
		return ledger.Grant{}, err
	}
	g, err := r.Pace.Reserve(ctx, n, r.ClockName, quota)
	if err == nil && len(g.Slots) == 0 {
		if g.Daily {
			r.alarm(ctx, QuotaExhausted)
		}
		r.stop = g.Until
	}
	return g, err
}

// beside runs f beside others. A panic in it is an error, as it is in a handler.
func (r *run[S]) beside(c Crew, f func() error) {
	c.Go(func() { r.fail(guard.Call(f)) })
}

// beginning is a grant whose slots are being spent, by a crew.
type beginning struct {
	pacer
	Crew
	going    context.Context // ends when nothing more is to be begun
	sendings Crew            // what was begun
}

// one begins to deliver to one subscriber: it is claimed and read shortly before the slot of that
// number, and then takes the next slot that is free.
func (r *run[S]) one(ctx context.Context, b *beginning, number int, target ledger.Target) error {
	if !b.approach(b.going, number) || r.halted(ctx) {
		r.leave(target)
		return nil
	}
	claim, err := r.claim(ctx, target)
	if err != nil || claim == nil {
		return err
	}
	err = guard.Call(func() error { return r.tell(ctx, b, claim, target) })
	if err != nil {
		// Whatever it was, a panic too, nothing was sent. What is recorded already stands. It is not left
		// over as well: of two ways back each would make two, at every failure.
		return errors.Join(err, r.release(ctx, claim))
	}
	return nil
}

// tell sends under a claim, or ends it. After an error certainly nothing was sent, nor will be.
func (r *run[S]) tell(ctx context.Context, b *beginning, claim *ledger.Claim, target ledger.Target) error {
	m := Message[S]{Page: r.chunk.Page, Subject: r.chunk.Subject, Version: r.versions[target.Seq], Subscriber: target.Subscriber}
	details, _, wanted, err := r.Subscribers.Wants(ctx, m.Page, m.Subject, m.Subscriber, []Version{m.Version})
	switch {
	case err != nil:
		return err
	case !wanted:
		r.count(&r.report.Skipped)
		return r.finish(ctx, claim, ledger.Skipped)
	}
	m.Details = details
	if outcome, err := r.prepare(ctx, m); err != nil {
		return r.conclude(ctx, claim, m, outcome, err)
	}
	if !r.start(ctx, b) {
		r.leave(target)
		return r.release(ctx, claim)
	}
	r.beside(b.sendings, func() error { return r.send(ctx, claim, m) })
	return nil
}

// claim claims a subscriber, nil if it is not to be told now.
func (r *run[S]) claim(ctx context.Context, target ledger.Target) (*ledger.Claim, error) {
	c, err := r.Ledger.Claim(ctx, r.chunk.Subject, target, r.worker)
	if err != nil { // it may have been made all the same
		made := ledger.Claim{Subject: r.chunk.Subject, Subscriber: target.Subscriber, Seq: target.Seq, Worker: r.worker}
		return nil, errors.Join(err, r.release(ctx, &made))
	}
	switch c.Result {
	case ledger.Taken:
		return &c, nil
	case ledger.Leased:
		// The lease may be read by a clock that is slow.
		return nil, r.park(ctx, c.Until.Add(ledger.Skew), target)
	default:
		r.count(&r.report.Covered)
		return nil, nil
	}
}

// prepare lets a Sender that can do so prepare a message.
func (r *run[S]) prepare(ctx context.Context, m Message[S]) (Outcome, error) {
	s, ok := r.Sender.(Preparer[S])
	if !ok {
		return "", nil
	}
	limited, cancel := context.WithTimeout(ctx, SendTimeout)
	defer cancel()
	return s.Prepare(limited, m)
}

// start waits for the next slot, each subscriber in its turn, and tells whether to send in it.
func (r *run[S]) start(ctx context.Context, b *beginning) bool {
	b.Lock()
	defer b.Unlock()
	if r.halted(ctx) {
		return false
	}
	ok, err := b.pacer.start(b.going)
	return err == nil && ok && !r.halted(ctx)
}

// halted tells whether nothing more is to be begun. That is so, too, when the invocation is near its
// end.
func (r *run[S]) halted(ctx context.Context) bool {
	now := r.Clock.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if deadline, ok := ctx.Deadline(); ok && r.stop.IsZero() && deadline.Sub(now) < timeLeft {
		r.stop = now
		r.halt()
	}
	return !r.stop.IsZero() || ctx.Err() != nil
}
