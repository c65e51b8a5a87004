package memory_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"allclear/internal/queue"
	"allclear/internal/queue/memory"
	"allclear/internal/queue/queuetest"
)

func TestMemoryIsAQueue(t *testing.T) {
	queuetest.Run(t, func(*testing.T) queuetest.Harness {
		q := new(memory.Queue)
		waiting := map[string]time.Duration{}
		return queuetest.Harness{
			Queue: q,
			Receive: func(*testing.T) []string {
				var bodies []string
				for _, m := range q.Take() {
					if m.Delay > 0 {
						waiting[m.Body] = m.Delay
						continue
					}
					bodies = append(bodies, m.Body)
				}
				return bodies
			},
			Delayed: func(*testing.T) map[string]time.Duration { return waiting },
		}
	})
}

func TestAFaultBeforeSendsNothingAndOneAfterLosesTheAnswer(t *testing.T) {
	cut := errors.New("cut")
	fault := func(context.Context, []queue.Message) error { return cut }
	before := memory.Queue{Before: fault}
	if err := before.Send(t.Context(), queue.Message{Body: "x"}); !errors.Is(err, cut) || len(before.Sent()) != 0 {
		t.Errorf("before: got %v and %d messages, want the fault and none", err, len(before.Sent()))
	}
	after := memory.Queue{After: fault}
	if err := after.Send(t.Context(), queue.Message{Body: "x"}); !errors.Is(err, cut) || len(after.Sent()) != 1 {
		t.Errorf("after: got %v and %d messages, want the fault and one", err, len(after.Sent()))
	}
}
