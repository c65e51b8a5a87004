package loop_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/local/loop"
	"allclear/internal/stream"
	"allclear/internal/table"
	"allclear/internal/wiring"
)

func TestWantedRecordsComeInOrderAndInBatches(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := mapping()
		s.BatchSize = 3
		l := newLaptop(t, wired(s))
		l.commit(7)
		var c calls
		l.start(c.publish())
		synctest.Wait()
		l.commit(1)
		l.drain()
		if d := cmp.Diff([]string{"1 2 3", "4 5 6", "7", "8"}, c.all()); d != "" {
			t.Errorf("batches (-want +got):\n%s", d)
		}
	})
}

func TestACommitInvokesTheFunctionAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLaptop(t, wired(mapping()))
		var c calls
		l.start(c.publish())
		pass(7 * time.Second)
		committed := time.Now()
		l.commit(1)
		synctest.Wait()
		if len(c.at) != 1 || !c.at[0].Equal(committed) {
			t.Errorf("got calls at %v, want one at %v", c.at, committed)
		}
		l.drain()
	})
}

func TestACommitOfAnotherProcessIsNoticedByTheNextPoll(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLaptop(t, wired(mapping()))
		version := make(chan int64, 1)
		version <- 1
		l.options.Changed = nil
		l.options.Poll = 500 * time.Millisecond
		l.options.DataVersion = func(context.Context) (int64, error) {
			v := <-version
			version <- v
			return v, nil
		}
		var c calls
		l.start(c.publish())
		pass(5100 * time.Millisecond)
		l.commit(1)
		pass(time.Second)
		if got := len(c.all()); got != 0 {
			t.Fatalf("got %d calls without another data version, want none", got)
		}
		version <- <-version + 1
		changed := time.Now()
		pass(500 * time.Millisecond)
		if got := c.at; len(got) != 1 || got[0].Sub(changed) > 500*time.Millisecond {
			t.Errorf("got calls at %v, want one within 500 ms of %v", got, changed)
		}
		l.drain()
	})
}

func TestWithoutADataVersionEveryPollLooks(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLaptop(t, wired(mapping()))
		l.options.Changed, l.options.Poll = nil, time.Second
		var c calls
		l.start(c.publish())
		synctest.Wait()
		l.commit(1)
		pass(time.Second)
		if got := len(c.all()); got != 1 {
			t.Errorf("got %d calls, want 1", got)
		}
		l.drain()
	})
}

func TestAPartialFailureIsRetriedFromTheRecordThatFailed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLaptop(t, wired(mapping()))
		l.commit(5)
		failed := false
		c := calls{answer: func([]string) (string, error) {
			if !failed {
				failed = true
				return "3", nil
			}
			return "", nil
		}}
		l.start(c.publish())
		l.drain()
		if d := cmp.Diff([]string{"1 2 3 4 5", "3 4 5"}, c.all()); d != "" {
			t.Errorf("batches (-want +got):\n%s", d)
		}
		if got := c.at[1].Sub(c.at[0]); got != 100*time.Millisecond {
			t.Errorf("got a pause of %s, want 100ms", got)
		}
	})
}

// fails is a function that names n as the record that it cannot process.
func fails(n string) func([]string) (string, error) {
	return func(numbers []string) (string, error) {
		if slices.Contains(numbers, n) {
			return n, nil
		}
		return "", nil
	}
}

// errs is a function that fails as a whole when n is in the batch.
func errs(n string) func([]string) (string, error) {
	return func(numbers []string) (string, error) {
		if slices.Contains(numbers, n) {
			return "", errors.New("cannot")
		}
		return "", nil
	}
}

func TestABadRecordEndsInTheFailureDestinationAndTheRestIsProcessed(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(*wiring.Stream)
		answer  func([]string) (string, error)
		batches []string
		given   []string
	}{
		"named by the function": {
			answer:  fails("3"),
			batches: []string{"1 2 3 4 5", "3 4 5", "3", "3", "3", "4 5"},
			given:   []string{"RetryAttemptsExhausted 3..3 after 4"},
		},
		"named, first of its batch": {
			answer:  fails("1"),
			batches: []string{"1 2 3 4 5", "1", "1", "1", "1", "2 3 4 5"},
			given:   []string{"RetryAttemptsExhausted 1..1 after 4"},
		},
		"by an error": {
			answer:  errs("4"),
			batches: []string{"1 2 3 4 5", "1 2", "3 4 5", "3", "4 5", "4", "4", "4", "4", "5"},
			given:   []string{"RetryAttemptsExhausted 4..4 after 4"},
		},
		"by a panic": {
			answer: func(numbers []string) (string, error) {
				if slices.Contains(numbers, "2") {
					panic("out of bounds")
				}
				return "", nil
			},
			batches: []string{"1 2 3 4 5", "1 2", "1", "2", "2", "2", "2", "3 4 5"},
			given:   []string{"RetryAttemptsExhausted 2..2 after 4"},
		},
		"without a retry": {
			change:  func(s *wiring.Stream) { s.MaximumRetryAttempts = 0 },
			answer:  fails("3"),
			batches: []string{"1 2 3 4 5", "3", "4 5"},
			given:   []string{"RetryAttemptsExhausted 3..3 after 1"},
		},
		"without bisecting, with the rest of its batch": {
			change:  func(s *wiring.Stream) { s.Bisect, s.MaximumRetryAttempts = false, 1 },
			answer:  fails("3"),
			batches: []string{"1 2 3 4 5", "3 4 5"},
			given:   []string{"RetryAttemptsExhausted 3..5 after 2"},
		},
		"without reports nothing is a failure but an error": {
			change:  func(s *wiring.Stream) { s.ReportBatchItemFailures = false },
			answer:  fails("3"),
			batches: []string{"1 2 3 4 5"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := mapping()
				if c.change != nil {
					c.change(&s)
				}
				l := newLaptop(t, wired(s))
				l.commit(5)
				noted := calls{answer: c.answer}
				l.start(noted.publish())
				l.drain()
				if d := cmp.Diff(c.batches, noted.all()); d != "" {
					t.Errorf("batches (-want +got):\n%s", d)
				}
				if d := cmp.Diff(c.given, l.given()); d != "" {
					t.Errorf("failures (-want +got):\n%s", d)
				}
				if position, latest := l.position(); position != latest {
					t.Errorf("got position %d, want %d: the end", position, latest)
				}
			})
		})
	}
}

func TestRetriesWaitLongerEachTimeUpToABound(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := mapping()
		s.MaximumRetryAttempts = -1
		l := newLaptop(t, wired(s))
		l.options.LongestRetry = time.Second
		l.commit(1)
		var broken atomic.Bool
		broken.Store(true)
		c := calls{answer: func(numbers []string) (string, error) {
			if broken.Load() {
				return "", errors.New("no room")
			}
			return "", nil
		}}
		l.start(c.publish())
		pass(10 * time.Minute)
		broken.Store(false)
		l.drain()
		var pauses []time.Duration
		for i := range 6 {
			pauses = append(pauses, c.at[i+1].Sub(c.at[i])/time.Millisecond)
		}
		if d := cmp.Diff([]time.Duration{100, 200, 400, 800, 1000, 1000}, pauses); d != "" {
			t.Errorf("pauses in milliseconds (-want +got):\n%s", d)
		}
		if len(c.at) < 500 || l.given() != nil {
			t.Errorf("got %d attempts and failures %v, want hundreds and none: -1 is for ever", len(c.at), l.given())
		}
	})
}

func TestARecordThatIsTooOldIsNotDelivered(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := mapping()
		s.MaximumRecordAge, s.MaximumRetryAttempts = time.Minute, -1
		l := newLaptop(t, wired(s))
		l.commit(2)
		pass(2 * time.Minute)
		l.commit(1)
		c := calls{answer: errs("3")}
		l.start(c.publish())
		pass(2 * time.Minute)
		l.commit(1)
		l.drain()
		if d := cmp.Diff([]string{"RecordAgeExceeded 1..2 after 0", "RecordAgeExceeded 3..3 after 0"}, l.given()); d != "" {
			t.Errorf("failures (-want +got):\n%s", d)
		}
		if got := c.all(); got[0] != "3" || got[len(got)-1] != "4" {
			t.Errorf("got batches %v, want 3 until it was too old, then 4", got)
		}
	})
}

func TestABatchWindowGathersUntilItClosesOrTheBatchIsFull(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := mapping()
		s.BatchWindow, s.BatchSize = 5*time.Second, 4
		l := newLaptop(t, wired(s))
		var c calls
		l.start(c.publish())
		began := time.Now()
		for range 3 {
			l.commit(1)
			pass(time.Second)
		}
		pass(time.Minute)
		full := time.Now()
		l.commit(5)
		pass(time.Second)
		l.drain() // does not wait for the window
		if d := cmp.Diff([]string{"1 2 3", "4 5 6 7", "8"}, c.all()); d != "" {
			t.Errorf("batches (-want +got):\n%s", d)
		}
		want := []time.Duration{5 * time.Second, full.Sub(began), full.Sub(began) + time.Second}
		for i, at := range c.at {
			if got := at.Sub(began); got != want[i] {
				t.Errorf("batch %d: got it after %s, want %s", i, got, want[i])
			}
		}
	})
}

func TestABatchStaysBelowLambdasPayloadLimit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLaptop(t, wired(mapping()))
		const n = 40
		for i := 1; i <= n; i++ {
			l.write(event(i, strings.Repeat("x", 380<<10)))
		}
		var sizes, total int
		l.start(map[string]loop.Function{"publish": func(_ context.Context, payload []byte) ([]byte, error) {
			if len(payload) > 6<<20 {
				t.Errorf("got a payload of %d bytes, want at most 6 MiB", len(payload))
			}
			sizes++
			total += len(numbersOf(payload))
			return nil, nil
		}})
		l.drain()
		if total != n || sizes != 3 {
			t.Errorf("got %d records in %d batches, want %d in 3", total, sizes, n)
		}
	})
}

func TestAFunctionThatTakesTooLongIsStoppedAndRetried(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLaptop(t, wired(mapping()))
		l.commit(2)
		began := time.Now()
		first := true
		var at []time.Duration
		l.start(map[string]loop.Function{"publish": func(ctx context.Context, _ []byte) ([]byte, error) {
			at = append(at, time.Since(began))
			if first {
				first = false
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return nil, nil
		}})
		l.drain()
		if d := cmp.Diff([]time.Duration{0, 10 * time.Second, 10 * time.Second}, at); d != "" {
			t.Errorf("calls (-want +got):\n%s", d)
		}
	})
}

func TestAFunctionThatDoesNotStopIsLeftAlone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := mapping()
		s.MaximumRetryAttempts = 0
		l := newLaptop(t, wired(s))
		l.commit(1)
		release := make(chan struct{})
		l.start(map[string]loop.Function{"publish": func(context.Context, []byte) ([]byte, error) {
			<-release
			return nil, nil
		}})
		l.drain()
		if d := cmp.Diff([]string{"RetryAttemptsExhausted 1..1 after 1"}, l.given()); d != "" {
			t.Errorf("failures (-want +got):\n%s", d)
		}
		close(release)
	})
}

func TestAfterACrashNothingIsLostAndLittleComesTwice(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLaptop(t, wired(mapping()))
		shaky := &failing{Log: l.log}
		l.log = shaky
		var before calls
		l.start(before.publish())
		for range 20 {
			l.commit(1)
			pass(90 * time.Millisecond)
		}
		shaky.broken.Store(true) // what dies acknowledges nothing more
		l.crash()
		shaky.broken.Store(false)
		l.commit(2)
		var after calls
		l.start(after.publish())
		l.drain()
		if got := len(before.all()); got != 20 {
			t.Errorf("got %d calls before the crash, want 20", got)
		}
		again := strings.Fields(strings.Join(after.all(), " "))
		if len(again) < 3 || len(again) > 7 || again[len(again)-1] != "22" {
			t.Errorf("got %v after the crash, want the last few of 20 again, and 21 and 22", again)
		}
	})
}

func TestAnInterruptedInvocationIsRepeatedAndCountsForNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := mapping()
		s.MaximumRetryAttempts = 0
		l := newLaptop(t, wired(s))
		l.commit(2)
		l.start(map[string]loop.Function{"publish": func(ctx context.Context, _ []byte) ([]byte, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}})
		synctest.Wait()
		l.crash()
		var c calls
		l.start(c.publish())
		l.drain()
		if d := cmp.Diff([]string{"1 2"}, c.all()); d != "" || l.given() != nil {
			t.Errorf("got failures %v and batches (-want +got):\n%s", l.given(), d)
		}
	})
}

func TestAnInterruptedLoopLeavesItsPositionBehind(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLaptop(t, wired(mapping()))
		var c calls
		l.start(c.publish())
		l.commit(3)
		synctest.Wait()
		l.crash()
		if position, latest := l.position(); position != latest {
			t.Errorf("got position %d, want %d", position, latest)
		}
	})
}

func TestAQuietLogIsAcknowledgedAfterACheckpointAndNotWrittenAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLaptop(t, wired(mapping()))
		counted := &counting{Log: l.log}
		l.log = counted
		var c calls
		l.start(c.publish())
		l.commit(3)
		pass(500 * time.Millisecond)
		if position, latest := l.position(); position != latest {
			t.Errorf("got position %d after half a second, want %d", position, latest)
		}
		pass(time.Hour)
		if got := counted.acknowledged.Load(); got != 1 {
			t.Errorf("got %d acknowledgements, want 1 in a quiet hour", got)
		}
		l.drain()
	})
}

func TestManyCommitsCostFewAcknowledgements(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLaptop(t, wired(mapping()))
		counted := &counting{Log: l.log}
		l.log = counted
		var c calls
		l.start(c.publish())
		for range 1000 {
			l.commit(1)
			pass(10 * time.Millisecond)
		}
		l.drain()
		if n, got := len(c.all()), counted.acknowledged.Load(); n != 1000 || got > 22 || got < 18 {
			t.Errorf("got %d calls and %d acknowledgements, want 1000 and about 20 in 10 seconds", n, got)
		}
	})
}

type counting struct {
	table.Log
	acknowledged atomic.Int64
}

func (c *counting) Acknowledge(ctx context.Context, reader string, sequence int64) error {
	c.acknowledged.Add(1)
	return c.Log.Acknowledge(ctx, reader, sequence)
}

func TestALogThatFailsForAWhileIsReadLater(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLaptop(t, wired(mapping()))
		shaky := &failing{Log: l.log}
		shaky.broken.Store(true)
		l.log = shaky
		l.commit(2)
		var c calls
		l.start(c.publish())
		pass(time.Minute)
		shaky.broken.Store(false)
		pass(time.Minute)
		if d := cmp.Diff([]string{"1 2"}, c.all()); d != "" {
			t.Errorf("batches (-want +got):\n%s", d)
		}
		shaky.broken.Store(true)
		l.commit(1)
		pass(time.Minute)
		shaky.broken.Store(false)
		l.drain()
		if d := cmp.Diff([]string{"1 2", "3"}, c.all()); d != "" {
			t.Errorf("batches (-want +got):\n%s", d)
		}
		if position, latest := l.position(); position != latest {
			t.Errorf("got position %d, want %d", position, latest)
		}
	})
}

// failing is a log of which every call fails for a while.
type failing struct {
	table.Log
	broken atomic.Bool
}

func (f *failing) Records(ctx context.Context, after int64, limit int) ([]table.Record, error) {
	if f.broken.Load() {
		return nil, errors.New("disk gone")
	}
	return f.Log.Records(ctx, after, limit)
}

func (f *failing) Position(ctx context.Context, reader string) (int64, error) {
	if f.broken.Load() {
		return 0, errors.New("disk gone")
	}
	return f.Log.Position(ctx, reader)
}

func (f *failing) Acknowledge(ctx context.Context, reader string, sequence int64) error {
	if f.broken.Load() {
		return errors.New("disk gone")
	}
	return f.Log.Acknowledge(ctx, reader, sequence)
}

func TestAHandlerOfAStreamFunctionRunsInTheLoopAsOnLambda(t *testing.T) {
	before := slog.Default()
	slog.SetDefault(slog.New(slog.DiscardHandler))
	t.Cleanup(func() { slog.SetDefault(before) })
	bubble(t, func(t *testing.T) {
		l := newLaptop(t, wired(mapping()))
		l.commit(3)
		var seen []string
		l.start(map[string]loop.Function{"publish": loop.Handler(stream.Handle(func(_ context.Context, r stream.Record) error {
			seen = append(seen, r.Key.Sort)
			if r.New.Attributes["seq"] == int64(2) {
				return errors.New("cannot")
			}
			return nil
		}))})
		l.drain()
		want := []string{"EVENT#000001", "EVENT#000002", "EVENT#000002", "EVENT#000002", "EVENT#000002", "EVENT#000002", "EVENT#000003"}
		if d := cmp.Diff(want, seen); d != "" {
			t.Errorf("records handled (-want +got):\n%s", d)
		}
		if d := cmp.Diff([]string{"RetryAttemptsExhausted 2..2 after 4"}, l.given()); d != "" {
			t.Errorf("failures (-want +got):\n%s", d)
		}
	})
}
