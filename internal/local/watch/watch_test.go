package watch_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/local/broker"
	"allclear/internal/local/watch"
	"allclear/internal/memory"
	"allclear/internal/topic"
)

var begin = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

type fixture struct {
	t     *testing.T
	now   time.Time
	topic *broker.Topic
	out   strings.Builder
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, now: begin}
	clock := func() time.Time { return f.now }
	f.topic = broker.New(memory.New(memory.Options{Now: clock}).Table("messages"), broker.Options{Now: clock}).Topic("EventTopic")
	return f
}

func (f *fixture) publish(from, to int) {
	f.t.Helper()
	for n := from; n <= to; n++ {
		f.now = f.now.Add(time.Second)
		if err := f.topic.Publish(f.t.Context(), topic.Message{Body: fmt.Sprintf(`{"seq":%d}`, n)}); err != nil {
			f.t.Fatal(err)
		}
	}
}

func (f *fixture) expect(from, to int) {
	f.t.Helper()
	var want strings.Builder
	for n := from; n <= to; n++ {
		fmt.Fprintf(&want, "{\"seq\":%d}\n", n)
	}
	if diff := cmp.Diff(want.String(), f.out.String()); diff != "" {
		f.t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhatWasPublishedSinceATimeIsShownInItsOrder(t *testing.T) {
	f := newFixture(t)
	f.publish(1, 350)
	if err := watch.Events(t.Context(), f.topic, &f.out, watch.Options{Since: begin.Add(101 * time.Second)}); err != nil {
		t.Fatal(err)
	}
	f.expect(101, 350)
}

func TestAWatchShowsWhatIsPublishedFromNowOnUntilItEnds(t *testing.T) {
	f := newFixture(t)
	f.publish(1, 3)
	ctx, stop := context.WithCancel(t.Context())
	looks := 0
	err := watch.Events(ctx, f.topic, &f.out, watch.Options{Follow: true, Pause: func(ctx context.Context) error {
		switch looks++; looks {
		case 1:
			f.publish(4, 4)
		case 3:
			f.publish(5, 210)
		case 4:
			stop()
		}
		return ctx.Err()
	}})
	if err != nil {
		t.Errorf("got %v, want none: somebody wanted to stop", err)
	}
	f.expect(4, 210)
}

func TestAWatchThatIsNotToldHowToWaitDoesNotHurry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		ctx, stop := context.WithTimeout(t.Context(), time.Minute-time.Millisecond)
		defer stop()
		counted := &counted{Topic: f.topic}
		if err := watch.Events(ctx, counted, &f.out, watch.Options{Follow: true}); err != nil {
			t.Error(err)
		}
		if counted.looks != 120 {
			t.Errorf("got %d looks within a minute, want 120", counted.looks)
		}
	})
}

type counted struct {
	watch.Topic
	looks int
}

func (c *counted) Since(ctx context.Context, after string, limit int) ([]broker.Message, error) {
	c.looks++
	return c.Topic.Since(ctx, after, limit)
}

// closed takes nothing.
type closed struct{}

func (closed) Write([]byte) (int, error) { return 0, errors.New("closed") }

func TestAFileOrATopicThatFailsIsAnError(t *testing.T) {
	f := newFixture(t)
	f.publish(1, 1)
	if err := watch.Events(t.Context(), f.topic, closed{}, watch.Options{Since: begin}); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("got %v, want that nothing can be written", err)
	}
	broken := broker.New(memory.New(memory.Options{Fault: func(context.Context, memory.Call) error { return errors.New("disk full") }}).Table("messages"), broker.Options{})
	if err := watch.Events(t.Context(), broken.Topic("EventTopic"), &f.out, watch.Options{Follow: true}); err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("got %v, want that nothing can be read", err)
	}
}
