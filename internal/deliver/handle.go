package deliver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"allclear/internal/ledger"
)

// The times of one delivery.
const (
	// SendTimeout ends one sending; its outcome is then Lost.
	SendTimeout = 5 * time.Second
	// leaseLeft is the least of a lease with which a sending is begun, so that it has ended when the
	// next worker may claim.
	leaseLeft = 10 * time.Second
	// claimAhead is how long before its slot a subscriber is claimed and read.
	claimAhead = time.Second
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
	return r.report, errors.Join(append(r.failures, err, r.release(ctx))...)
}

// run is one chunk under way.
type run[S any] struct {
	*Worker[S]
	chunk    Chunk
	worker   string            // whose the claims are
	versions map[int64]Version // that targets are told of, by seq
	held     *ledger.Claim     // on the next subscriber, if it is claimed and nothing was sent yet
	failures []error           // of subscribers that the queue is to bring again
	report   Report
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
		quota, err := r.Quotas.Quota(ctx)
		if err != nil {
			return err
		}
		grant, err := r.Pace.Reserve(ctx, len(open), r.ClockName, quota)
		if err != nil {
			return err
		}
		if len(grant.Slots) == 0 {
			if grant.Daily {
				r.alarm(ctx, QuotaExhausted)
			}
			return r.parkRest(ctx, grant.Until, open)
		}
		var stop time.Time
		if open, stop, err = r.use(ctx, grant, open); err != nil {
			return err
		}
		if !stop.IsZero() {
			return r.parkRest(ctx, stop, open)
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

// use spends the slots of a grant. It answers who is left over, and, if sending is to stop, until
// when. A subscriber with whom something fails does not keep those behind it.
func (r *run[S]) use(ctx context.Context, g ledger.Grant, open []ledger.Target) (left []ledger.Target, stop time.Time, err error) {
	p := pacer{clock: r.Clock, grant: g}
	for len(open) > 0 && p.more() && stop.IsZero() && ctx.Err() == nil {
		if deadline, ok := ctx.Deadline(); ok && deadline.Sub(r.Clock.Now()) < timeLeft {
			stop = r.Clock.Now()
			break
		}
		var done bool
		if done, stop, err = r.one(ctx, &p, open[0]); err != nil {
			// It is not parked as well: of two ways back each would make two, at every failure.
			r.failures = append(r.failures, err, r.release(ctx))
			done = true
		}
		if done {
			open = open[1:]
		}
	}
	return open, stop, errors.Join(ctx.Err(), p.settle(ctx))
}

// one delivers to one subscriber. If that is not done, its claim is held where it has one; stop, if
// set, is until when nothing is to be sent.
func (r *run[S]) one(ctx context.Context, p *pacer, target ledger.Target) (done bool, stop time.Time, err error) {
	if err := p.approach(ctx); err != nil {
		return false, stop, err
	}
	if r.held == nil {
		if waits, err := r.claim(ctx, target); err != nil || !waits {
			return err == nil, stop, err
		}
	}
	version := r.versions[target.Seq]
	details, _, wanted, err := r.Subscribers.Wants(ctx, r.chunk.Page, r.chunk.Subject, target.Subscriber, []Version{version})
	if err != nil {
		return false, stop, err
	}
	if !wanted {
		r.report.Skipped++
		return true, stop, r.finish(ctx, ledger.Skipped)
	}
	if ok, err := p.start(ctx); err != nil || !ok {
		return false, stop, err
	}
	if r.held.Until.Sub(r.Clock.Now()) < leaseLeft {
		return true, stop, r.giveBack(ctx)
	}
	return r.send(ctx, Message[S]{
		Page: r.chunk.Page, Subject: r.chunk.Subject, Version: version, Subscriber: target.Subscriber, Details: details,
	})
}

// claim claims a subscriber. It answers whether it now waits for its message.
func (r *run[S]) claim(ctx context.Context, target ledger.Target) (waits bool, err error) {
	c, err := r.Ledger.Claim(ctx, r.chunk.Subject, target, r.worker)
	if err != nil { // it may have been made all the same
		r.held = &ledger.Claim{Subject: r.chunk.Subject, Subscriber: target.Subscriber, Seq: target.Seq, Worker: r.worker}
		return false, errors.Join(err, r.release(ctx))
	}
	switch c.Result {
	case ledger.Taken:
		r.held = &c
		return true, nil
	case ledger.Leased:
		// The lease may be read by a clock that is slow.
		return false, r.park(ctx, c.Until.Add(ledger.Skew), target)
	default:
		r.report.Covered++
		return false, nil
	}
}

// send sends and records what came of it.
func (r *run[S]) send(ctx context.Context, m Message[S]) (done bool, stop time.Time, err error) {
	limited, cancel := context.WithTimeout(ctx, SendTimeout)
	outcome, cause := r.Sender.Send(limited, m)
	cancel()
	if cause != nil {
		r.Logger.WarnContext(ctx, "sending", "incident", m.Subject, "sequence", m.Version.Seq, "subscriber", m.Subscriber, "outcome", string(outcome), "error", cause)
	}
	now := r.Clock.Now()
	switch outcome {
	case Sent:
		r.report.Sent++
		return true, stop, r.finish(ctx, ledger.Sent)
	case Refused:
		r.report.Failed++
		return true, stop, r.finish(ctx, ledger.Failed)
	case Throttled:
		stop = now.Add(afterThrottling)
	case OverQuota:
		r.alarm(ctx, QuotaExhausted)
		stop = now.Add(afterStop)
	case Stopped:
		r.alarm(ctx, AccountStopped)
		stop = now.Add(afterStop)
	default: // never again, whatever it was
		r.report.Lost++
		return true, stop, r.finish(ctx, ledger.Unknown)
	}
	r.Quotas.Forget()
	return false, stop, nil
}

// finish records what came of the claim that is held. It does so also when the invocation is being
// ended: what has happened is to be known.
func (r *run[S]) finish(ctx context.Context, state ledger.State) error {
	c := *r.held
	r.held = nil
	return r.Ledger.Finish(context.WithoutCancel(ctx), c, state)
}

// giveBack releases the claim that is held, if any, and parks its subscriber.
func (r *run[S]) giveBack(ctx context.Context) error {
	if r.held == nil {
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	target := ledger.Target{Subscriber: r.held.Subscriber, Seq: r.held.Seq}
	return errors.Join(r.release(ctx), r.park(ctx, r.Clock.Now(), target))
}

// release takes back the claim that is held, if any, also when the invocation is being ended.
func (r *run[S]) release(ctx context.Context) error {
	if r.held == nil {
		return nil
	}
	c := *r.held
	r.held = nil
	return r.Ledger.Release(context.WithoutCancel(ctx), c)
}

func (r *run[S]) alarm(ctx context.Context, a Alarm) {
	r.report.Alarm = a
	r.Logger.ErrorContext(ctx, "sending waits", "page", r.chunk.Page, "incident", r.chunk.Subject, "alarm", string(a))
}

// parkRest releases the claim that is held and parks all who are left over, if any.
func (r *run[S]) parkRest(ctx context.Context, until time.Time, open []ledger.Target) error {
	if len(open) == 0 {
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	return errors.Join(r.release(ctx), r.park(ctx, until, open...))
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
	r.report.Parked += len(targets)
	return nil
}
