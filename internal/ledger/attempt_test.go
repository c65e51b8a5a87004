package ledger_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/ledger"
	"allclear/internal/memory"
)

func (b *book) attempts(seq int64, worker string, want ledger.Result) ledger.Claim {
	b.t.Helper()
	c, err := b.Attempt(b.t.Context(), "incident", ledger.Target{Subscriber: "ann", Seq: seq}, worker)
	b.must(err)
	if c.Result != want {
		b.t.Errorf("attempt at event %d by %s: got %s, want %s", seq, worker, c.Result, want)
	}
	return c
}

func TestWhatWasTriedInVainIsTriedAgainWhenItIsDue(t *testing.T) {
	b := newBook(t)
	first := b.attempts(5, "one", ledger.Taken)
	if want := begin.Add(ledger.AttemptLease); !first.Until.Equal(want) || first.Attempts != 0 || first.Seq != 5 {
		t.Errorf("got %+v, want event 5 until %v after no attempt", first, want)
	}
	b.attempts(5, "one", ledger.Taken) // it had no answer
	b.attempts(5, "two", ledger.Leased)
	due := begin.Add(5 * time.Minute)
	b.must(b.Postpone(t.Context(), first, 1, due))
	b.must(b.Postpone(t.Context(), first, 7, due.Add(time.Hour))) // ended already
	if c := b.attempts(5, "two", ledger.Later); !c.Until.Equal(due) {
		t.Errorf("got %v, want %v", c.Until, due)
	}
	b.now = begin.Add(ledger.SettleTime)
	b.counts(ledger.Counts{Recipients: 1, Pending: 1})
	b.now = due.Add(-ledger.Skew)
	second := b.attempts(5, "two", ledger.Taken)
	if second.Attempts != 1 {
		t.Errorf("got %d attempts before, want 1", second.Attempts)
	}
	b.must(b.Finish(t.Context(), second, ledger.Delivered))
	b.attempts(5, "three", ledger.Covered)
	b.attempts(3, "three", ledger.Covered)
	b.counts(ledger.Counts{Recipients: 1, Sent: 1, Delivered: 1, FirstSent: b.now, LastSent: b.now})
}

func TestAnAttemptOfADeadWorkerIsTakenOver(t *testing.T) {
	b := newBook(t)
	dead := b.attempts(5, "one", ledger.Taken)
	b.now = begin.Add(ledger.AttemptLease - time.Millisecond)
	b.attempts(5, "two", ledger.Leased)
	b.attempts(8, "two", ledger.Leased)
	b.now = begin.Add(ledger.AttemptLease)
	b.attempts(5, "two", ledger.Taken)
	b.must(b.Finish(t.Context(), dead, ledger.Failed)) // it was not dead, but it is another's now
	b.must(b.Postpone(t.Context(), dead, 1, b.now))
	b.attempts(5, "three", ledger.Leased)
}

func TestANewerEventDoesNotWaitForAnOlderOne(t *testing.T) {
	b := newBook(t)
	b.must(b.Postpone(t.Context(), b.attempts(5, "one", ledger.Taken), 3, begin.Add(time.Hour)))
	newer := b.attempts(8, "two", ledger.Taken)
	if newer.Attempts != 0 {
		t.Errorf("got %d attempts before, want none of this event", newer.Attempts)
	}
	b.attempts(5, "one", ledger.Leased)
	b.must(b.Postpone(t.Context(), newer, 1, begin.Add(time.Hour)))
	b.attempts(5, "one", ledger.Covered) // it is brought by the message of the newer one
	b.now = begin.Add(2 * time.Hour)
	b.attempts(5, "one", ledger.Covered)
	b.attempts(8, "two", ledger.Taken)
	b.now = b.now.Add(ledger.AttemptLease)
	b.attempts(9, "three", ledger.Taken)
	e, err := b.Evidence(t.Context(), "incident")
	b.must(err)
	want := []ledger.EventCounts{
		{Seq: 8, Counts: ledger.Counts{Recipients: 1, Pending: 1}}, // nobody knows
		{Seq: 9, Counts: ledger.Counts{Recipients: 1, Pending: 1}},
	}
	if diff := cmp.Diff(want, e.Events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestAnAttemptKnowsWhatTheReceivingSideHas(t *testing.T) {
	b := newBook(t)
	first := b.attempts(3, "one", ledger.Taken)
	b.must(b.Finish(t.Context(), first, ledger.Delivered))
	vain := b.attempts(5, "two", ledger.Taken)
	b.must(b.Postpone(t.Context(), vain, 1, b.now.Add(time.Hour)))
	refused := b.attempts(6, "three", ledger.Taken)
	b.must(b.Finish(t.Context(), refused, ledger.Failed))
	last := b.attempts(8, "four", ledger.Taken)
	again := b.attempts(8, "four", ledger.Taken) // it had no answer
	for c, want := range map[*ledger.Claim]int64{&first: 0, &vain: 3, &refused: 3, &last: 3, &again: 3} {
		if c.Told != want {
			t.Errorf("attempt at event %d: got %d told before, want %d", c.Seq, c.Told, want)
		}
	}
}

func TestARowOfAttemptsStaysSmall(t *testing.T) {
	b := newBook(t)
	for seq := range int64(100) {
		b.must(b.Finish(t.Context(), b.attempts(seq+1, "one", ledger.Taken), ledger.Delivered))
	}
	if e, err := b.Evidence(t.Context(), "incident"); err != nil || len(e.Events) != 32 || e.Events[0].Seq != 1 {
		t.Errorf("got %d events, %v, want the first and the newest 31", len(e.Events), err)
	}
}

func TestALostAnswerToAnAttemptOrItsEndIsAskedForAgain(t *testing.T) {
	for moment := range 2 {
		t.Run(fmt.Sprint(moment), func(t *testing.T) {
			b := newBook(t)
			n := 0
			b.fault = func(c memory.Call) error {
				if c.Moment != memory.AfterWrite {
					return nil
				}
				if n++; n == moment+1 {
					return errors.New("no answer")
				}
				return nil
			}
			b.must(b.Postpone(t.Context(), b.attempts(5, "one", ledger.Taken), 1, begin))
			if c := b.attempts(5, "two", ledger.Taken); c.Attempts != 1 {
				t.Errorf("got %d attempts before, want 1", c.Attempts)
			}
		})
	}
}

func TestAnEndpointFailsSinceItsFirstFailureUntilItIsForgotten(t *testing.T) {
	b := newBook(t)
	is := func(want ledger.Failing) {
		t.Helper()
		got, err := b.Failing(t.Context(), "hook")
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("error %v (-want +got):\n%s", err, diff)
		}
	}
	fail := func(reason string, notBefore time.Time) {
		t.Helper()
		_, err := b.Fail(t.Context(), "hook", reason, notBefore)
		b.must(err)
	}
	is(ledger.Failing{})
	b.must(b.Forget(t.Context(), "hook"))
	asked := begin.Add(time.Hour)
	fail("429", asked)
	b.now = begin.Add(time.Minute)
	fail("500", time.Time{})
	fail("503", begin.Add(time.Second))
	is(ledger.Failing{Since: begin, Failures: 3, Reason: "503", NotBefore: asked})
	b.must(b.Forget(t.Context(), "hook"))
	is(ledger.Failing{})
	fail("404", time.Time{})
	is(ledger.Failing{Since: b.now, Failures: 1, Reason: "404"})
}
