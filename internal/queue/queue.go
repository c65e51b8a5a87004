// Package queue is the port to queues of work: SQS on AWS, internal/local/broker on a laptop. It
// sends and knows nothing of what a message says. Who receives is a matter of the event source: a
// function gets batches of messages as events, and nothing here reads a queue.
package queue

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

// Limits of one call. They are those of SQS, or below:
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html.
// Every adapter enforces them, so that nothing works on a laptop only.
const (
	MaxMessages = 10               // in one call
	MaxBody     = 256 << 10        // bytes, of one message and of all messages of one call together
	MaxDelay    = 15 * time.Minute // whole seconds
)

// Message is one message. Body is opaque text: at least one byte, valid UTF-8 and, but for tab,
// line feed and carriage return, no control characters. Delay is how long nobody receives it yet.
type Message struct {
	Body  string
	Delay time.Duration
}

// Queue is what an adapter offers. Implementations are safe for concurrent use.
type Queue interface {
	// Send sends 1 to MaxMessages messages. Nil means that the queue durably has them all. A
	// *PartialError says which it does not have. After any other error it may have some or all of
	// them, so who sends again must expect that they are received twice; after ErrInvalid it has
	// none, and the same call never succeeds.
	Send(ctx context.Context, messages ...Message) error
}

// ErrInvalid wraps every refusal of a call that breaks a limit.
var ErrInvalid = errors.New("queue: invalid message")

// PartialError says that the queue took some messages of a call and not the others.
type PartialError struct {
	Failed []int // indexes of the messages that it did not take, in order
	Err    error // what it said of the first of them
}

func (e *PartialError) Error() string {
	return fmt.Sprintf("queue: %d messages not taken, the first at index %d: %v", len(e.Failed), e.Failed[0], e.Err)
}

func (e *PartialError) Unwrap() error { return e.Err }

// Validate refuses messages that no adapter takes. The error wraps ErrInvalid and names the message
// by its index.
func Validate(messages []Message) error {
	if len(messages) == 0 || len(messages) > MaxMessages {
		return fmt.Errorf("%w: %d messages, want 1 to %d", ErrInvalid, len(messages), MaxMessages)
	}
	total := 0
	for i, m := range messages {
		if err := m.validate(); err != nil {
			return fmt.Errorf("%w: message %d: %w", ErrInvalid, i, err)
		}
		total += len(m.Body)
	}
	if total > MaxBody {
		return fmt.Errorf("%w: bodies of %d bytes together, at most %d", ErrInvalid, total, MaxBody)
	}
	return nil
}

func (m Message) validate() error {
	switch {
	case m.Body == "":
		return errors.New("body is empty")
	case len(m.Body) > MaxBody:
		return fmt.Errorf("body of %d bytes, at most %d", len(m.Body), MaxBody)
	case m.Delay < 0 || m.Delay > MaxDelay:
		return fmt.Errorf("delay of %s, want 0 to %s", m.Delay, MaxDelay)
	case m.Delay%time.Second != 0:
		return fmt.Errorf("delay of %s, want whole seconds", m.Delay)
	}
	return checkText(m.Body)
}

// checkText refuses text that SQS does not carry: what XML 1.0 has no characters for.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
func checkText(s string) error {
	for i, r := range s {
		switch {
		case r == utf8.RuneError:
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				return fmt.Errorf("body is not UTF-8 at byte %d", i)
			}
		case r < ' ' && r != '\t' && r != '\n' && r != '\r', r == 0xFFFE, r == 0xFFFF:
			return fmt.Errorf("body has the character %U at byte %d, which a queue does not carry", r, i)
		}
	}
	return nil
}
