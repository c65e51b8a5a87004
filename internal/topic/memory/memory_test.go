package memory_test

import (
	"context"
	"errors"
	"testing"

	"allclear/internal/topic"
	"allclear/internal/topic/memory"
	"allclear/internal/topic/topictest"
)

func TestMemoryIsATopic(t *testing.T) {
	topictest.Run(t, func(*testing.T) topictest.Harness {
		m := new(memory.Topic)
		return topictest.Harness{Topic: m, Receive: func(*testing.T) []topic.Message { return m.Take() }}
	})
}

func TestAFaultBeforePublishesNothingAndOneAfterLosesTheAnswer(t *testing.T) {
	cut := errors.New("cut")
	fault := func(context.Context, topic.Message) error { return cut }
	before := memory.Topic{Before: fault}
	if err := before.Publish(t.Context(), topic.Message{Body: "x"}); !errors.Is(err, cut) || len(before.Published()) != 0 {
		t.Errorf("before: got %v and %d messages, want the fault and none", err, len(before.Published()))
	}
	after := memory.Topic{After: fault}
	if err := after.Publish(t.Context(), topic.Message{Body: "x"}); !errors.Is(err, cut) || len(after.Published()) != 1 {
		t.Errorf("after: got %v and %d messages, want the fault and one", err, len(after.Published()))
	}
}
