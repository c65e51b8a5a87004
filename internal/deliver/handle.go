package deliver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

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
	return r.conclude(ctx, c, m, outcome, cause)
}

// conclude records what came of a message.
func (r *run[S]) conclude(ctx context.Context, c *ledger.Claim, m Message[S], outcome Outcome, cause error) error {
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
