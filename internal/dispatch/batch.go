package dispatch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"allclear/internal/deliver"
	"allclear/internal/queue"
)

// attempts is how often messages are offered that a queue does not take while it takes others.
const attempts = 3

// batch collects messages for one queue until they are worth a call. Ten chunks are a few
// kilobytes, far under the most that one call may have.
type batch struct {
	queue   queue.Queue
	waiting []queue.Message
}

func (b *batch) add(ctx context.Context, c deliver.Chunk) error {
	body, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("encode a chunk: %w", err)
	}
	if b.waiting = append(b.waiting, queue.Message{Body: string(body)}); len(b.waiting) < queue.MaxMessages {
		return nil
	}
	return b.send(ctx)
}

// send sends what waits. Those that the queue did not take are offered again; the others are not,
// which would be harmless and dear.
func (b *batch) send(ctx context.Context) error {
	left := b.waiting
	b.waiting = nil
	var err error
	for range attempts {
		if len(left) == 0 {
			return nil
		}
		err = b.queue.Send(ctx, left...)
		partial := (*queue.PartialError)(nil)
		if !errors.As(err, &partial) {
			return err
		}
		failed := make([]queue.Message, 0, len(partial.Failed))
		for _, i := range partial.Failed {
			failed = append(failed, left[i])
		}
		left = failed
	}
	return err
}
