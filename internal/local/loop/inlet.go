package loop

import (
	"context"
	"time"

	"allclear/internal/local/broker"
)

// inlet takes messages out of one queue of the broker until the loop drains. What waits then, waits
// in the file for the next run: unlike a table's records, which are few, a queue can hold hours of work.
type inlet struct {
	function string // for the log
	name     string // of the queue, for the log
	queue    *broker.Queue
	rules    broker.Rules
	options  *Options
	draining <-chan struct{}
	woken    chan struct{}
}

func (l *Loop) newInlet(function, name string, queue *broker.Queue, rules broker.Rules) *inlet {
	return &inlet{
		function: function, name: name, queue: queue, rules: rules,
		options: &l.options, draining: l.draining, woken: make(chan struct{}, 1),
	}
}

// wake makes the inlet look at its queue soon.
func (n *inlet) wake() {
	select {
	case n.woken <- struct{}{}:
	default: // it will look anyway
	}
}

// stopped tells whether no more messages are to be taken.
func (n *inlet) stopped(ctx context.Context) bool { return ctx.Err() != nil || isClosed(n.draining) }

// release puts back into sight what a run that died had received. It is false when ctx ended first.
func (n *inlet) release(ctx context.Context) bool {
	for failures := 1; ; failures++ {
		err := n.queue.Release(ctx)
		if err == nil {
			return true
		}
		n.complain(ctx, "not released", err, failures)
		if !n.rest(ctx, failures) {
			return false
		}
	}
}

// take waits for messages, until the channel until yields, or until nothing more is to be taken: then
// ok is false.
func (n *inlet) take(ctx context.Context, limit int, until <-chan time.Time) (messages []broker.Message, ok bool) {
	for failures := 0; !n.stopped(ctx); {
		// Taken before the queue is looked at, so that no message falls in between.
		changed := n.queue.Changed()
		messages, dead, err := n.queue.Receive(ctx, limit, n.rules)
		if err != nil {
			failures++
			n.complain(ctx, "not received", err, failures)
			n.rest(ctx, failures)
			continue
		}
		for _, m := range dead {
			n.options.Logger.ErrorContext(ctx, "message given up", "function", n.function, "queue", n.name,
				"message", m.ID, "receives", m.Receives, "dead_letter_queue", n.rules.DeadLetter)
		}
		if len(messages) > 0 {
			return messages, true
		}
		if len(dead) > 0 {
			continue // there may be more behind them
		}
		failures = 0
		if !n.wait(ctx, changed, until) {
			return nil, true
		}
	}
	return nil, false
}

// wait blocks until there may be a message; false when until yielded instead.
func (n *inlet) wait(ctx context.Context, changed <-chan struct{}, until <-chan time.Time) bool {
	var insight <-chan time.Time
	due, ok, err := n.queue.Next(ctx)
	if err != nil {
		n.complain(ctx, "not looked at", err, 1)
		due, ok = n.options.Now().Add(n.options.FirstRetry), true
	}
	if ok {
		timer := time.NewTimer(max(due.Sub(n.options.Now()), time.Millisecond))
		defer timer.Stop()
		insight = timer.C
	}
	select {
	case <-ctx.Done():
	case <-n.draining:
	case <-changed:
	case <-n.woken:
	case <-insight:
	case <-until:
		return false
	}
	return true
}

// rest is a pause after a failure that a drain cuts short; false when nothing more is to be taken.
func (n *inlet) rest(ctx context.Context, failures int) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		select {
		case <-n.draining:
			cancel()
		case <-ended:
		}
	}()
	return n.options.pause(ctx, failures)
}

// remove deletes messages that are done with, also when the loop was interrupted meanwhile. Should it
// fail they are received again.
func (n *inlet) remove(ctx context.Context, messages []broker.Message) {
	if len(messages) == 0 {
		return
	}
	handles := make([]string, len(messages))
	for i, m := range messages {
		handles[i] = m.Handle
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	if err := n.queue.Delete(limited, handles...); err != nil {
		n.complain(ctx, "not deleted", err, 1)
	}
}

func (n *inlet) complain(ctx context.Context, what string, err error, failures int) {
	if ctx.Err() == nil {
		n.options.Logger.ErrorContext(ctx, "queue out of reach", "what", what, "function", n.function,
			"queue", n.name, "failures", failures, "error", err)
	}
}
