package deliver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"allclear/internal/guard"
	"allclear/internal/ledger"
)

// The times of one delivery.
const (
	// SendTimeout ends one sending; its outcome is then Lost.
	SendTimeout = 5 * time.Second
	// claimAhead is how long before its slot a subscriber is claimed and read. None is begun later than
	// ledger.Late after its slot, so nearly the whole lease is left then, and a sending has long ended
	// when the next worker may claim, by whatever clock.
	claimAhead = 250 * time.Millisecond
	// timeLeft is the least of an invocation's time with which a subscriber is begun.
	timeLeft = 15 * time.Second
	// How soon to try again after each kind of refusal.
	afterThrottling = time.Minute
	afterStop       = 15 * time.Minute
	// reservations bounds how often a chunk asks for slots: it does so again when it comes too late
	// for those it has.
	reservations = 20
)

// Handle delivers one chunk. An error means that some of it is neither done nor parked: the queue
// is to bring it again. One subscriber's failure does not keep the others of the chunk from being
// served.
//
// Running it twice, also at once, is harmless: a subscriber is claimed in the ledger before anything
// is sent, by one conditional write that succeeds once for an event; a claim ends by being recorded,
// or released where certainly nothing was sent. Who meets a live claim of another parks and looks
// again. A worker that dies between claim and record leaves a claim that nobody repeats: feedback
// settles it, or it is reported as unknown after an hour.
func (w *Worker[S]) Handle(ctx context.Context, c Chunk) (Report, error) {
	if err := c.check(); err != nil {
		return Report{}, err
	}
	r := &run[S]{Worker: w, chunk: c, worker: w.NewID(), versions: map[int64]Version{}}
	err := r.deliver(ctx)
	return r.report, errors.Join(append(r.failures, err)...)
}

// run is one chunk under way.
type run[S any] struct {
	*Worker[S]
	chunk    Chunk
	worker   string            // whose the claims are
	versions map[int64]Version // that targets are told of, by seq

	mu     sync.Mutex // for what several subscribers change at the same time
	report Report
	stop   time.Time       // not zero: nothing is to be sent before
	left   []ledger.Target // not told yet, and certainly nothing was sent
	halt   func()          // wakes who waits for a slot, because nothing more is to be begun

	failures []error // of subscribers that the queue is to bring again
}

func (r *run[S]) deliver(ctx context.Context) error {
	open, err := r.targets(ctx)
	if err != nil {
		return err
	}
	for range reservations {
		if len(open) == 0 {
			return nil
		}
		sendings := r.crew()
		grant, err := r.begin(ctx, sendings, open)
		sendings.Wait()
		if err != nil {
			return err
		}
		open = slices.Concat(r.left, open[min(len(grant.Slots), len(open)):])
		if !r.stop.IsZero() {
			return r.parkRest(ctx, r.stop, open)
		}
	}
	return r.parkRest(ctx, r.Clock.Now().Add(afterThrottling), open)
}

// targets finds out what each subscriber is to be told: the newest event that it wants, so that an
// overtaken chunk brings the newer message instead of one message more. Those who are told already
// are left out.
func (r *run[S]) targets(ctx context.Context) ([]ledger.Target, error) {
	versions, err := r.Incidents.Notifying(ctx, r.chunk.Page, r.chunk.Subject, r.chunk.Seq)
	if err != nil {
		return nil, err
	}
	if len(versions) == 0 {
		r.report.Skipped = len(r.chunk.Subscribers)
		return nil, nil
	}
	var targets []ledger.Target
	for _, id := range r.chunk.Subscribers {
		newest := versions[0]
		if len(versions) > 1 {
			var wanted bool
			if _, newest, wanted, err = r.Subscribers.Wants(ctx, r.chunk.Page, r.chunk.Subject, id, versions); err != nil {
				r.failures = append(r.failures, err)
				continue
			}
			if !wanted {
				r.report.Skipped++
				continue
			}
		}
		r.versions[newest.Seq] = newest
		targets = append(targets, ledger.Target{Subscriber: id, Seq: newest.Seq})
	}
	open, err := r.Ledger.Outstanding(ctx, r.chunk.Subject, targets)
	if err != nil {
		return nil, err
	}
	r.report.Covered += len(targets) - len(open)
	return open, nil
}

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
		return r.settle(ctx, claim, m, outcome, err)
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

// fail notes that a subscriber is to come again, if there is an error.
func (r *run[S]) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.failures = append(r.failures, err)
	}
}

// count counts in the report.
func (r *run[S]) count(what *int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	*what++
}

// leave leaves a subscriber over.
func (r *run[S]) leave(target ledger.Target) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.left = append(r.left, target)
}

// release takes back a claim under which certainly nothing was sent, also when the invocation is being
// ended.
func (r *run[S]) release(ctx context.Context, c *ledger.Claim) error {
	return r.Ledger.Release(context.WithoutCancel(ctx), *c)
}

// send sends and records what came of it.
func (r *run[S]) send(ctx context.Context, c *ledger.Claim, m Message[S]) error {
	limited, cancel := context.WithTimeout(ctx, SendTimeout)
	outcome, cause := r.Sender.Send(limited, m)
	cancel()
	return r.settle(ctx, c, m, outcome, cause)
}

// settle records what came of a message.
func (r *run[S]) settle(ctx context.Context, c *ledger.Claim, m Message[S], outcome Outcome, cause error) error {
	if cause != nil {
		r.Logger.WarnContext(ctx, "sending", "incident", m.Subject, "sequence", m.Version.Seq, "subscriber", m.Subscriber, "outcome", string(outcome), "error", cause)
	}
	now := r.Clock.Now()
	switch outcome {
	case Sent:
		r.count(&r.report.Sent)
		return r.finish(ctx, c, ledger.Sent)
	case Refused:
		r.count(&r.report.Failed)
		return r.finish(ctx, c, ledger.Failed)
	case Throttled:
		r.wait(now.Add(afterThrottling))
	case OverQuota:
		r.alarm(ctx, QuotaExhausted)
		r.wait(now.Add(afterStop))
	case Stopped:
		r.alarm(ctx, AccountStopped)
		r.wait(now.Add(afterStop))
	default: // never again, whatever it was
		r.count(&r.report.Lost)
		return r.finish(ctx, c, ledger.Unknown)
	}
	r.leave(ledger.Target{Subscriber: m.Subscriber, Seq: m.Version.Seq})
	return r.release(ctx, c)
}

// wait lets nothing more begin until a time.
func (r *run[S]) wait(until time.Time) {
	r.Quotas.Forget()
	r.mu.Lock()
	defer r.mu.Unlock()
	if until.After(r.stop) {
		r.stop = until
	}
	r.halt()
}

// finish records what came of a claim. It does so also when the invocation is being ended: what has
// happened is to be known.
func (r *run[S]) finish(ctx context.Context, c *ledger.Claim, state ledger.State) error {
	return r.Ledger.Finish(context.WithoutCancel(ctx), *c, state)
}

func (r *run[S]) alarm(ctx context.Context, a Alarm) {
	r.mu.Lock()
	r.report.Alarm = a
	r.mu.Unlock()
	r.Logger.ErrorContext(ctx, "sending waits", "page", r.chunk.Page, "incident", r.chunk.Subject, "alarm", string(a))
}

// parkRest parks all who are left over, if any.
func (r *run[S]) parkRest(ctx context.Context, until time.Time, open []ledger.Target) error {
	if len(open) == 0 {
		return nil
	}
	return r.park(context.WithoutCancel(ctx), until, open...)
}

// park keeps subscribers in the ledger until a time. tick brings them back as a chunk.
func (r *run[S]) park(ctx context.Context, until time.Time, targets ...ledger.Target) error {
	rest := r.chunk
	rest.Subscribers = nil
	for _, t := range targets {
		rest.Subscribers = append(rest.Subscribers, t.Subscriber)
	}
	body, err := json.Marshal(rest)
	if err != nil {
		return fmt.Errorf("encode a chunk: %w", err)
	}
	if err := r.Pace.Park(ctx, ledger.Due{At: until, Queue: r.Queue, Body: string(body)}); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Parked += len(targets)
	return nil
}
