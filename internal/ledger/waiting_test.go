package ledger_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/ledger"
	"allclear/internal/memory"
	"allclear/internal/status"
	"allclear/internal/table"
)

// bodies are what a taker gets.
func (b *book) take(taker string, limit int) (taken []ledger.Due, bodies []string) {
	b.t.Helper()
	taken, err := b.Take(b.t.Context(), taker, limit)
	b.must(err)
	for _, d := range taken {
		bodies = append(bodies, d.Body)
	}
	return taken, bodies
}

func (b *book) takes(taker string, limit int, want ...string) []ledger.Due {
	b.t.Helper()
	taken, got := b.take(taker, limit)
	if diff := cmp.Diff(want, got); diff != "" {
		b.t.Errorf("%s takes (-want +got):\n%s", taker, diff)
	}
	return taken
}

func (b *book) park(after time.Duration, body string) {
	b.t.Helper()
	b.must(b.Park(b.t.Context(), ledger.Due{At: begin.Add(after), Queue: "mail", Body: body}))
}

func TestWaitingWorkIsHandedOutWhenItsTimeHasComeToOneTakerAtATime(t *testing.T) {
	b := newBook(t)
	b.park(2*time.Second, "later")
	b.park(time.Second, "first")
	b.park(time.Second, "first") // the answer was lost
	b.park(time.Second+time.Millisecond, "second")
	b.takes("one", 10)
	b.now = begin.Add(time.Second)
	first := b.takes("one", 10, "first")
	if got := first[0]; got.Queue != "mail" || !got.At.Equal(b.now) {
		t.Errorf("got %+v", got)
	}
	b.now = begin.Add(2 * time.Second)
	b.takes("two", 1, "second")
	b.takes("three", 1, "later")
	b.takes("one", 10)
	b.must(b.Drop(t.Context(), first[0]))
	b.must(b.Drop(t.Context(), first[0]))
	b.now = b.now.Add(2 * time.Minute)
	again := b.takes("four", 10, "second", "later") // two and three died
	b.now = b.now.Add(2 * time.Minute)
	b.takes("five", 10, "second", "later")
	b.must(b.Drop(t.Context(), again[0])) // no longer its own
	b.now = b.now.Add(2 * time.Minute)
	b.takes("six", 10, "second", "later")
}

func TestMuchWaitingWorkIsReadInBatches(t *testing.T) {
	b := newBook(t)
	const n = 250
	for i := range n {
		b.park(time.Duration(i)*time.Millisecond, fmt.Sprint(i))
	}
	b.now = begin.Add(time.Minute)
	for i := 0; i < n; i += 50 {
		_, bodies := b.take(fmt.Sprint("taker", i), 50)
		if len(bodies) != 50 || bodies[0] != fmt.Sprint(i) {
			t.Errorf("after %d: got %d from %v", i, len(bodies), bodies[:1])
		}
	}
	b.takes("last", 50)
}

func TestABadRecordDoesNotKeepTheWorkBehindIt(t *testing.T) {
	b := newBook(t)
	for _, sort := range []string{"DUE#2026-03-04T05:06:07.000Z#", "DUE#0"} {
		b.must(b.table.Write(t.Context(), table.Put(table.Item{Key: table.Key{Partition: "DUE", Sort: sort}, Attributes: table.Attributes{"queue": int64(1)}})))
	}
	b.park(time.Second, "good")
	b.now = begin.Add(time.Minute)
	taken, err := b.Take(t.Context(), "one", 10)
	if err == nil || len(taken) != 1 || taken[0].Body != "good" {
		t.Errorf("got %v, %v, want the good one and an error", taken, err)
	}
}

func TestATakerWhoseAnswerIsLostLeavesTheWorkToTheNext(t *testing.T) {
	b := newBook(t)
	b.park(0, "work")
	b.fault = func(c memory.Call) error {
		if c.Moment == memory.AfterWrite {
			return errors.New("no answer")
		}
		return nil
	}
	if taken, err := b.Take(t.Context(), "one", 10); err == nil || len(taken) != 0 {
		t.Errorf("got %v, %v, want an error", taken, err)
	}
	b.fault = nil
	b.takes("two", 10)
	b.now = b.now.Add(2 * time.Minute)
	b.takes("two", 10, "work")
}

func TestEventsThatShouldHaveBeenDispatchedAreFound(t *testing.T) {
	b := newBook(t)
	event := func(seq int64, age time.Duration, notify bool) status.Event {
		return status.Event{Seq: seq, At: begin.Add(-age), Incident: "incident", Notify: notify}
	}
	moved := status.Event{Seq: 7, At: begin.Add(-time.Hour), States: []status.StateChange{{Component: "api"}}}
	events := []status.Event{
		event(1, 48*time.Hour, true),
		event(2, 47*time.Hour, true),
		event(3, 6*time.Minute, false),
		event(4, 6*time.Minute, true),
		event(5, 6*time.Minute, true),
		event(6, 5*time.Minute, true),
		moved, // of no incident: webhooks hear of it
	}
	b.must(b.Dispatched(t.Context(), "page", 4, 12))
	b.must(b.Dispatched(t.Context(), "other", 5, 1))
	missing := func(want ...int64) {
		t.Helper()
		found, err := b.Undispatched(t.Context(), "page", events)
		b.must(err)
		var got []int64
		for _, e := range found {
			got = append(got, e.Seq)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	missing(2, 5, 7)
	b.now = b.now.Add(time.Second)
	missing(2, 5, 6, 7)
	b.must(b.Dispatched(t.Context(), "page", 4, 99)) // run again: the first record stands
	got, err := b.Dispatch(t.Context(), "page", 4)
	b.must(err)
	if diff := cmp.Diff(&ledger.Dispatch{At: begin, Recipients: 12}, got); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
	if d, err := b.Dispatch(t.Context(), "page", 5); d != nil || err != nil {
		t.Errorf("one that is not there: got %v, %v", d, err)
	}
}
