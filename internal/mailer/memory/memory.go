// Package memory is a mailer that only remembers what was sent, for the tests and simulations of who
// sends. It can be told to refuse, to lose an answer after the message was taken, and to have a
// quota. People never read what it holds; internal/mailer/inbox is for that.
package memory

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"sync"

	"allclear/internal/mailer"
)

// Mailer is one account. Its zero value is ready for use and has no limits.
type Mailer struct {
	// Before, if set, is asked before a message is taken and After when it is; an error is the answer
	// of the call. No lock is held meanwhile.
	Before, After func(ctx context.Context, m mailer.Message) error
	// Limits, if set, is asked for the quota.
	Limits func(ctx context.Context) (mailer.Quota, error)

	mu   sync.Mutex
	sent []mailer.Message
}

// Send implements mailer.Mailer. The ids are 1, 2, 3 and so on.
func (m *Mailer) Send(ctx context.Context, message mailer.Message) (string, error) {
	if err := mailer.Validate(message); err != nil {
		return "", err
	}
	if err := ctx.Err(); err != nil {
		return "", &mailer.Error{Outcome: mailer.Deferred, Err: err}
	}
	if m.Before != nil {
		if err := m.Before(ctx, message); err != nil {
			return "", err
		}
	}
	message.Raw, message.Tags = slices.Clone(message.Raw), maps.Clone(message.Tags)
	m.mu.Lock()
	m.sent = append(m.sent, message)
	id := strconv.Itoa(len(m.sent))
	m.mu.Unlock()
	if m.After != nil {
		if err := m.After(ctx, message); err != nil {
			return "", err
		}
	}
	return id, nil
}

// Quota implements mailer.Mailer.
func (m *Mailer) Quota(ctx context.Context) (mailer.Quota, error) {
	if m.Limits != nil {
		return m.Limits(ctx)
	}
	return mailer.Quota{Rate: mailer.Unlimited, Max24h: mailer.Unlimited}, nil
}

// Sent is what was sent so far, in order.
func (m *Mailer) Sent() []mailer.Message {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.sent)
}
