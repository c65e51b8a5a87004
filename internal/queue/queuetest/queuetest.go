// Package queuetest is what every adapter of the queue port is held to: one body of tests, run by
// the adapter's own test against queues that it opens. It asks for nothing that SQS does not do: not
// for order, and it takes a message that comes twice for one.
package queuetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/queue"
)

// Harness is a new queue with a way to see what it holds.
type Harness struct {
	Queue queue.Queue
	// Receive gives the bodies of messages that are in sight, at least one if there is one. What it
	// gave once it does not give again.
	Receive func(t *testing.T) []string
	// Delayed gives bodies of messages with their delays that are not in sight yet; nil where the
	// queue does not tell.
	Delayed func(t *testing.T) map[string]time.Duration
}

// Run tests the queues that open returns; each must be empty and is used by one test.
func Run(t *testing.T, open func(t *testing.T) Harness) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(t *testing.T, h Harness)
	}{
		{"a message is received as it was sent", comesAsSent},
		{"a batch of ten is received whole", batch},
		{"the largest message and the largest batch are taken", largest},
		{"a delayed message is out of sight", delayed},
		{"what breaks a limit is refused whole", refusals},
		{"a cancelled context sends nothing", cancelled},
		{"many senders lose nothing", senders},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

func send(t *testing.T, q queue.Queue, messages ...queue.Message) {
	t.Helper()
	if err := q.Send(t.Context(), messages...); err != nil {
		t.Fatalf("Send: %v", err)
	}
}

// expect receives until everything that is wanted came, and no more comes.
func expect(t *testing.T, h Harness, want ...string) {
	t.Helper()
	got := map[string]bool{}
	for {
		bodies := h.Receive(t)
		if len(bodies) == 0 {
			break
		}
		for _, body := range bodies {
			got[body] = true
		}
	}
	wanted := map[string]bool{}
	for _, body := range want {
		wanted[body] = true
	}
	if diff := cmp.Diff(abridged(wanted), abridged(got)); diff != "" {
		t.Errorf("received (-want +got):\n%s", diff)
	}
}

// abridged are bodies in order, so that a difference in a long one can be read.
func abridged(bodies map[string]bool) []string {
	short := []string{}
	for body := range bodies {
		if len(body) > 100 {
			body = fmt.Sprintf("%.60s … %d bytes", body, len(body))
		}
		short = append(short, body)
	}
	slices.Sort(short)
	return short
}

func comesAsSent(t *testing.T, h Harness) {
	bodies := []string{
		"a", `{"event":"0kx1","ids":["a","b"]}`, "<&>\"'", " two\tlines\r\nand spaces ",
		"Ünïcödé \U0001F6A6 \u00a0\u2028\ufffd", "\x7f",
	}
	for _, body := range bodies {
		send(t, h.Queue, queue.Message{Body: body})
	}
	expect(t, h, bodies...)
}

func batch(t *testing.T, h Harness) {
	var messages []queue.Message
	var want []string
	for i := range queue.MaxMessages {
		want = append(want, fmt.Sprintf("message %d", i))
		messages = append(messages, queue.Message{Body: want[i]})
	}
	send(t, h.Queue, messages...)
	messages[0].Body = "changed later"
	expect(t, h, want...)
}

func largest(t *testing.T, h Harness) {
	one := strings.Repeat("x", queue.MaxBody)
	send(t, h.Queue, queue.Message{Body: one})
	expect(t, h, one)
	var messages []queue.Message
	var want []string
	for i := range queue.MaxMessages {
		body := strings.Repeat(string(rune('a'+i)), queue.MaxBody/queue.MaxMessages)
		messages = append(messages, queue.Message{Body: body})
		want = append(want, body)
	}
	send(t, h.Queue, messages...)
	expect(t, h, want...)
}

func delayed(t *testing.T, h Harness) {
	send(t, h.Queue, queue.Message{Body: "now"}, queue.Message{Body: "later", Delay: queue.MaxDelay}, queue.Message{Body: "soon", Delay: 10 * time.Minute})
	expect(t, h, "now")
	if h.Delayed == nil {
		return
	}
	want := map[string]time.Duration{"later": queue.MaxDelay, "soon": 10 * time.Minute}
	if diff := cmp.Diff(want, h.Delayed(t)); diff != "" {
		t.Errorf("delayed (-want +got):\n%s", diff)
	}
}

func refusals(t *testing.T, h Harness) {
	good := queue.Message{Body: "good"}
	for name, messages := range map[string][]queue.Message{
		"no message":            {},
		"eleven messages":       slices.Repeat([]queue.Message{good}, queue.MaxMessages+1),
		"an empty body":         {good, {}},
		"a body that is large":  {good, {Body: strings.Repeat("x", queue.MaxBody+1)}},
		"large bodies together": {{Body: strings.Repeat("x", queue.MaxBody)}, good},
		"a body not in UTF-8":   {good, {Body: "\xff"}},
		"a NUL":                 {good, {Body: "a\x00"}},
		"an escape":             {good, {Body: "\x1b[0m"}},
		"no character":          {good, {Body: "\uffff"}},
		"a negative delay":      {good, {Body: "x", Delay: -time.Second}},
		"a delay too long":      {good, {Body: "x", Delay: queue.MaxDelay + time.Second}},
		"a split second":        {good, {Body: "x", Delay: 1500 * time.Millisecond}},
	} {
		if err := h.Queue.Send(t.Context(), messages...); !errors.Is(err, queue.ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", name, err)
		}
	}
	expect(t, h)
}

func cancelled(t *testing.T, h Harness) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.Queue.Send(ctx, queue.Message{Body: "x"}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	expect(t, h)
}

func senders(t *testing.T, h Harness) {
	const number, each = 5, 4
	var want []string
	var group sync.WaitGroup
	for i := range number {
		for j := range each {
			want = append(want, fmt.Sprintf("%d of %d", j, i))
		}
		group.Go(func() {
			for j := range each {
				if err := h.Queue.Send(t.Context(), queue.Message{Body: fmt.Sprintf("%d of %d", j, i)}); err != nil {
					t.Errorf("Send: %v", err)
				}
			}
		})
	}
	group.Wait()
	expect(t, h, want...)
}
