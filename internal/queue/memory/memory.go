// Package memory is a queue that only remembers what was sent, for the tests and simulations of who
// sends. It can be told to fail before a call or to lose its answer. Where messages have to be
// received, too, internal/local/broker on a table in memory does both.
package memory

import (
	"context"
	"slices"
	"sync"

	"allclear/internal/queue"
)

// Queue is one queue. Its zero value is ready for use.
type Queue struct {
	// Before, if set, is asked before messages are taken and After when they are; an error is the
	// answer of the call. No lock is held meanwhile.
	Before, After func(ctx context.Context, messages []queue.Message) error

	mu   sync.Mutex
	sent []queue.Message
}

// Send implements queue.Queue.
func (q *Queue) Send(ctx context.Context, messages ...queue.Message) error {
	if err := queue.Validate(messages); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if q.Before != nil {
		if err := q.Before(ctx, messages); err != nil {
			return err
		}
	}
	q.mu.Lock()
	q.sent = append(q.sent, messages...)
	q.mu.Unlock()
	if q.After != nil {
		return q.After(ctx, messages)
	}
	return nil
}

// Sent is what was sent so far, in order.
func (q *Queue) Sent() []queue.Message {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.sent)
}

// Take is Sent, and forgets it.
func (q *Queue) Take() []queue.Message {
	q.mu.Lock()
	defer q.mu.Unlock()
	taken := q.sent
	q.sent = nil
	return taken
}
