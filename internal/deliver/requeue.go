package deliver

import (
	"context"
	"errors"
	"fmt"

	"allclear/internal/ledger"
	"allclear/internal/queue"
)

// Waiting hands out work whose time has come. *ledger.Ledger is one.
type Waiting interface {
	Take(ctx context.Context, taker string, limit int) ([]ledger.Due, error)
	Drop(ctx context.Context, d ledger.Due) error
}

// Enqueuer puts a message into the queue of that name.
type Enqueuer interface {
	Enqueue(ctx context.Context, queue, body string) error
}

// Queues are queues by the names that waiting work has for them.
type Queues map[string]queue.Queue

// Enqueue implements Enqueuer.
func (q Queues) Enqueue(ctx context.Context, name, body string) error {
	to, ok := q[name]
	if !ok {
		return fmt.Errorf("there is no queue %q", name)
	}
	return to.Send(ctx, queue.Message{Body: body})
}

// Requeue puts up to limit pieces of waiting work back into their queues and answers how many. taker
// is a new random name at each call. What cannot be enqueued now does not keep the rest, and is
// tried again by a later run.
//
// Running it twice, also at once, is harmless: each piece is taken by one run at a time, and what is
// enqueued a second time, because a run died before it dropped it, is absorbed by the claims.
func Requeue(ctx context.Context, waiting Waiting, queues Enqueuer, taker string, limit int) (int, error) {
	taken, err := waiting.Take(ctx, taker, limit)
	failures := []error{err}
	n := 0
	for _, d := range taken {
		if err := queues.Enqueue(ctx, d.Queue, d.Body); err != nil {
			failures = append(failures, fmt.Errorf("enqueue waiting work into %s: %w", d.Queue, err))
			continue
		}
		n++
		if err := waiting.Drop(ctx, d); err != nil {
			failures = append(failures, err)
		}
	}
	return n, errors.Join(failures...)
}
