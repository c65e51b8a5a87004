package hooks

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"allclear/internal/deliver"
	"allclear/internal/ledger"
	"allclear/internal/status"
	"allclear/internal/webhook"
	"allclear/internal/webhook/sender"
)

// Each handles one message of the queue: a deliver.Chunk with one subscriber. An error means that it
// is neither done nor parked: the queue is to bring it again.
//
// Running it twice, also at once, is harmless: an attempt is claimed in the ledger by one conditional
// write, what an endpoint took is never posted again, and a message that finds its event waiting for
// the next attempt parks for that moment, where the same work is kept once. A worker that dies between
// post and record leaves a claim that the next one takes over: the endpoint then gets the message a
// second time, under the same webhook-id.
func (w *Worker) Each(ctx context.Context, body string) error {
	chunk, err := deliver.DecodeChunk([]byte(body))
	if err != nil {
		return err
	}
	if n := len(chunk.Subscribers); n != 1 {
		return status.Invalidf("subscribers", "must be 1, not %d", n)
	}
	m := &message{Worker: w, page: chunk.Page, subject: chunk.Subject, subscriber: chunk.Subscribers[0]}
	wanted, err := m.choose(ctx, chunk.Seq)
	if err != nil || !wanted {
		return err
	}
	claim, err := w.Ledger.Attempt(ctx, m.subject, ledger.Target{Subscriber: m.subscriber, Seq: m.version.Seq}, w.NewID())
	if err != nil {
		return err
	}
	switch claim.Result {
	case ledger.Taken:
		m.claim = claim
		return m.try(ctx)
	case ledger.Leased:
		// The lease may be read by a clock that is slow.
		return m.park(ctx, claim.Until.Add(ledger.Skew))
	case ledger.Later:
		return m.park(ctx, claim.Until)
	case ledger.Covered:
		return nil
	default:
		return fmt.Errorf("claim event %d of %s: unknown result %q", m.version.Seq, m.subject, claim.Result)
	}
}

// message is one event on its way to one subscriber.
type message struct {
	*Worker
	page, subject, subscriber string
	version                   deliver.Version
	claim                     ledger.Claim
}

// choose finds the version to tell: the newest that the subscriber wants, so that an endpoint that was
// down hears the newest and nothing older after it. Where it wants none, the message goes on with the
// one it came for: the claim ends what may be waiting. False is for a subject that is gone.
func (m *message) choose(ctx context.Context, seq int64) (bool, error) {
	versions, err := m.Incidents.Notifying(ctx, m.page, m.subject, seq)
	if err != nil || len(versions) == 0 {
		return false, err
	}
	m.version = versions[0]
	if len(versions) > 1 {
		_, newest, wanted, err := m.Subscribers.Wants(ctx, m.page, m.subject, m.subscriber, versions)
		if err != nil {
			return false, err
		}
		if wanted {
			m.version = newest
		}
	}
	return true, nil
}

// try makes one attempt under a claim. The subscriber is read after the claim: who has left before it
// gets nothing.
func (m *message) try(ctx context.Context) error {
	s, _, wanted, err := m.Subscribers.Wants(ctx, m.page, m.subject, m.subscriber, []deliver.Version{m.version})
	if err != nil {
		return err
	}
	if !wanted {
		return m.skip(ctx)
	}
	failing, err := m.Ledger.Failing(ctx, m.subscriber)
	if err != nil {
		return err
	}
	if until := failing.Rest(); until.After(m.Now()) {
		return m.later(ctx, m.claim.Attempts, until)
	}
	post, err := m.compose(ctx, s)
	if errors.Is(err, errGone) {
		return m.finish(ctx, ledger.Skipped)
	}
	if err != nil {
		return errors.Join(err, m.Ledger.Postpone(context.WithoutCancel(ctx), m.claim, m.claim.Attempts, m.Now()))
	}
	if !m.inTime(ctx) {
		return m.later(ctx, m.claim.Attempts, m.Now())
	}
	result, slow := m.send(ctx, post)
	return m.settle(ctx, s, failing, slow, result)
}

// send posts. While that takes long the endpoint is noted to be slow, so that other messages to it wait
// elsewhere than in the functions that all endpoints share.
func (m *message) send(ctx context.Context, p sender.Post) (r sender.Result, slow bool) {
	until := m.Now().Add(PostTimeout)
	answered, noted := make(chan struct{}), make(chan bool, 1)
	go func() {
		timer := time.NewTimer(cmp.Or(m.SlowAfter, slowAfter))
		defer timer.Stop()
		select {
		case <-answered:
			noted <- false
		case <-timer.C:
			if err := m.Ledger.Busy(context.WithoutCancel(ctx), m.subscriber, until); err != nil {
				m.Logger.WarnContext(ctx, "slow endpoint not noted", "subscriber", m.subscriber, "error", err)
			}
			noted <- true
		}
	}()
	defer func() {
		close(answered)
		slow = <-noted
	}()
	return m.Poster.Send(ctx, p), false
}

// inTime tells whether a post that is begun now ends within the claim and the invocation.
func (m *message) inTime(ctx context.Context) bool {
	now := m.Now()
	deadline, limited := ctx.Deadline()
	return m.claim.Until.Sub(now) >= leaseLeft && (!limited || deadline.Sub(now) >= timeLeft)
}

// settle records what came of a post. It does so also when the invocation is being ended: what has
// happened is to be known.
func (m *message) settle(ctx context.Context, s *status.Subscriber, failing ledger.Failing, slow bool, r sender.Result) error {
	ctx = context.WithoutCancel(ctx)
	if r.Outcome == sender.Delivered {
		err := m.finish(ctx, ledger.Delivered)
		if failing.Failures > 0 || slow {
			err = errors.Join(err, m.Ledger.Forget(ctx, m.subscriber))
		}
		return err
	}
	attempts := m.claim.Attempts + 1
	m.Logger.WarnContext(ctx, "webhook not taken", "page", m.page, "subject", m.subject, "sequence", m.version.Seq,
		"subscriber", m.subscriber, "outcome", string(r.Outcome), "attempt", attempts, "error", r.Err)
	if r.Outcome == sender.Gone {
		return m.giveUp(ctx, s, status.Gone, failing)
	}
	failing, err := m.Ledger.Fail(ctx, m.subscriber, reason(r), r.NotBefore)
	if err != nil {
		return err
	}
	if failing.Failures >= failingTimes && m.Now().Sub(failing.Since) >= FailingFor {
		return m.giveUp(ctx, s, status.Failing, failing)
	}
	due, more := webhook.Next(attempts, m.id(), m.Now(), r.NotBefore)
	if !more { // it takes other messages, or has not failed for long enough
		return m.finish(ctx, ledger.Failed)
	}
	return m.later(ctx, attempts, due)
}

// giveUp quarantines the endpoint and ends the message, in this order: a message that comes again
// because one of them failed finds it either as it was or quarantined.
func (m *message) giveUp(ctx context.Context, s *status.Subscriber, why status.QuarantineReason, failing ledger.Failing) error {
	if err := m.quarantine(ctx, s, why, failing); err != nil {
		return err
	}
	return m.finish(ctx, ledger.Failed)
}

// skip ends a message that is not wanted, and the count of failures: nobody posts there at present,
// and who comes back begins anew.
func (m *message) skip(ctx context.Context) error {
	return errors.Join(m.finish(ctx, ledger.Skipped), m.Ledger.Forget(ctx, m.subscriber))
}

func (m *message) finish(ctx context.Context, state ledger.State) error {
	return m.Ledger.Finish(context.WithoutCancel(ctx), m.claim, state)
}

// later ends the claim and keeps the message until a time. The ledger comes first: a message that
// comes again meanwhile finds there when it is due, and parks for that moment itself.
func (m *message) later(ctx context.Context, attempts int, until time.Time) error {
	ctx = context.WithoutCancel(ctx)
	if err := m.Ledger.Postpone(ctx, m.claim, attempts, until); err != nil {
		return err
	}
	return m.park(ctx, until)
}

// park keeps the message until a time. tick brings it back. It is the same text whatever message it
// was, so several about one event become one.
func (m *message) park(ctx context.Context, until time.Time) error {
	body, err := json.Marshal(deliver.Chunk{
		Page: m.page, Subject: m.subject, Seq: m.version.Seq, Subscribers: []string{m.subscriber},
	})
	if err != nil {
		return fmt.Errorf("encode a message: %w", err)
	}
	return m.Ledger.Park(ctx, ledger.Due{At: until, Queue: m.Queue, Body: string(body)})
}

// id is the same at every attempt.
func (m *message) id() string {
	return webhook.MessageID(fmt.Sprintf("%s#%d", m.page, m.version.Seq), m.subject, m.subscriber)
}
