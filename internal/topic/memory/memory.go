// Package memory is a topic that only remembers what was published, for the tests and simulations of
// who publishes. It can be told to fail before a call or to lose its answer. Where functions
// subscribe, internal/local/broker on a table in memory hands the messages on, too.
package memory

import (
	"context"
	"maps"
	"slices"
	"sync"

	"allclear/internal/topic"
)

// Topic is one topic. Its zero value is ready for use.
type Topic struct {
	// Before, if set, is asked before a message is taken and After when it is; an error is the answer
	// of the call. No lock is held meanwhile.
	Before, After func(ctx context.Context, m topic.Message) error

	mu        sync.Mutex
	published []topic.Message
}

// Publish implements topic.Topic.
func (t *Topic) Publish(ctx context.Context, m topic.Message) error {
	if err := topic.Validate(m); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if t.Before != nil {
		if err := t.Before(ctx, m); err != nil {
			return err
		}
	}
	m.Attributes = maps.Clone(m.Attributes)
	t.mu.Lock()
	t.published = append(t.published, m)
	t.mu.Unlock()
	if t.After != nil {
		return t.After(ctx, m)
	}
	return nil
}

// Published is what was published so far, in order.
func (t *Topic) Published() []topic.Message {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.published)
}

// Take is Published, and forgets it.
func (t *Topic) Take() []topic.Message {
	t.mu.Lock()
	defer t.mu.Unlock()
	taken := t.published
	t.published = nil
	return taken
}
