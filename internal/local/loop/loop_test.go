package loop_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/local/loop"
	"allclear/internal/memory"
	"allclear/internal/table"
	"allclear/internal/wiring"
)

func scheduled(rate time.Duration, retries int) wiring.Wiring {
	return wiring.Wiring{Functions: []wiring.Function{{
		Name: "tick", Timeout: 10 * time.Second, Retries: retries, OnFailure: "FailureQueue",
		Sources: []wiring.Source{{Schedule: &wiring.Schedule{Name: "tick", Rate: rate}}},
	}}}
}

func TestDrainFinishesWhatIsCommittedAndThenStops(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLaptop(t, wired(mapping()))
		l.start(map[string]loop.Function{"publish": func(context.Context, []byte) ([]byte, error) {
			time.Sleep(3 * time.Second)
			return nil, nil
		}})
		l.commit(1)
		synctest.Wait()
		l.commit(2) // waits behind the run that goes on
		began := time.Now()
		l.drain()
		if got := time.Since(began); got != 6*time.Second {
			t.Errorf("got a drain of %s, want 6s: the run that went on and one more", got)
		}
		if position, latest := l.position(); position != latest {
			t.Errorf("got position %d, want %d", position, latest)
		}
	})
}

func TestADrainThatTakesTooLongIsCutShort(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := mapping()
		s.MaximumRetryAttempts = -1
		l := newLaptop(t, wired(s))
		c := calls{answer: fails("1")}
		l.start(c.publish())
		l.commit(1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := l.loop.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got error %v, want a deadline exceeded", err)
		}
		<-l.stopped
		if position, _ := l.position(); position >= 2 {
			t.Errorf("got position %d, want one before the record that was not processed", position)
		}
	})
}

func TestADrainBeforeTheRunProcessesWhatIsThere(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLaptop(t, wired(mapping()))
		l.commit(2)
		var c calls
		drained := make(chan struct{})
		l.start(c.publish())
		go func() { defer close(drained); _ = l.loop.Drain(t.Context()) }()
		<-drained
		if err := l.loop.Run(t.Context()); err == nil {
			t.Error("got no error of a second run, want one")
		}
		if d := cmp.Diff([]string{"1 2"}, c.all()); d != "" {
			t.Errorf("batches (-want +got):\n%s", d)
		}
	})
}

func TestAScheduleFiresAtItsRateAndNotTwiceAtATime(t *testing.T) {
	for name, c := range map[string]struct {
		tick, takes time.Duration
		want        []time.Duration
	}{
		"as wired":   {0, time.Second, []time.Duration{60 * time.Second, 120 * time.Second, 180 * time.Second}},
		"as told":    {time.Second, 0, []time.Duration{1 * time.Second, 2 * time.Second, 3 * time.Second}},
		"a long run": {4 * time.Second, 6 * time.Second, []time.Duration{4 * time.Second, 10 * time.Second, 16 * time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				l := newLaptop(t, scheduled(time.Minute, 0))
				l.options.Tick = c.tick
				began := time.Now()
				var at []time.Duration
				l.start(map[string]loop.Function{"tick": func(context.Context, []byte) ([]byte, error) {
					at = append(at, time.Since(began))
					time.Sleep(c.takes)
					return nil, nil
				}})
				pass(c.want[2] + time.Millisecond)
				l.drain()
				if d := cmp.Diff(c.want, at); d != "" {
					t.Errorf("runs (-want +got):\n%s", d)
				}
			})
		})
	}
}

func TestAScheduledEventLooksLikeEventBridges(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLaptop(t, scheduled(time.Minute, 0))
		l.options.NewID = func() string { return "id-1" }
		var got string
		l.start(map[string]loop.Function{"tick": func(_ context.Context, payload []byte) ([]byte, error) {
			got = string(payload)
			return nil, nil
		}})
		pass(61 * time.Second)
		l.drain()
		want := `{"version":"0","id":"id-1","detail-type":"Scheduled Event","source":"aws.events","account":"000000000000",` +
			`"time":"2000-01-01T00:01:00Z","region":"local","resources":["arn:aws:events:local:000000000000:rule/tick"],"detail":{}}`
		if got != want {
			t.Errorf("got event\n%s\nwant\n%s", got, want)
		}
	})
}

func TestAScheduledRunThatFailsIsRetriedAndThenGivenUpOn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLaptop(t, scheduled(time.Minute, 2))
		runs := 0
		l.start(map[string]loop.Function{"tick": func(context.Context, []byte) ([]byte, error) {
			runs++
			panic("out of bounds")
		}})
		pass(90 * time.Second)
		l.drain()
		if runs != 3 || len(l.failures) != 1 {
			t.Fatalf("got %d runs and %d failures, want 3 and 1", runs, len(l.failures))
		}
		f := l.failures[0]
		if f.RequestContext.Condition != "RetriesExhausted" || f.RequestContext.ApproximateInvokeCount != 3 || f.Stream != nil ||
			!strings.Contains(string(f.RequestPayload), "Scheduled Event") {
			t.Errorf("got failure %+v, want exhausted retries after 3 runs with the event", f)
		}
	})
}

func TestOnDrainARunningScheduleFinishesAndItsCommitsAreDelivered(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := wired(mapping())
		w.Functions = append(w.Functions, scheduled(time.Minute, 0).Functions...)
		l := newLaptop(t, w)
		var c calls
		functions := c.publish()
		functions["tick"] = func(context.Context, []byte) ([]byte, error) {
			time.Sleep(5 * time.Second)
			l.commit(1)
			return nil, nil
		}
		l.start(functions)
		pass(62 * time.Second)
		l.drain()
		if d := cmp.Diff([]string{"1"}, c.all()); d != "" {
			t.Errorf("batches (-want +got):\n%s", d)
		}
	})
}

func TestTheLogIsTrimmedBehindItsSlowestReader(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := wired(mapping())
		slow := mapping()
		slow.MaximumRetryAttempts, slow.MaximumRecordAge = -1, 0
		w.Functions = append(w.Functions, wiring.Function{Name: "announce", Timeout: time.Second, Sources: []wiring.Source{{Stream: &slow}}})
		l := newLaptop(t, w)
		l.options.Trim = time.Minute
		var quick calls
		stuck := calls{answer: fails("3")}
		l.start(map[string]loop.Function{"publish": quick.function, "announce": stuck.function})
		l.commit(4)
		pass(2 * time.Minute)
		records, err := l.log.Records(t.Context(), 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(records); got < 4 || got > 5 || records[len(records)-4].Sequence != 5 {
			t.Errorf("got %d records left from %d on, want those from event 3 on", got, records[0].Sequence)
		}
		l.crash()
	})
}

func TestALogThatNobodyReadsIsTrimmedWhole(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLaptop(t, scheduled(time.Hour, 0))
		l.options.Trim = time.Minute
		l.start(map[string]loop.Function{"tick": func(context.Context, []byte) ([]byte, error) { return nil, nil }})
		l.commit(4)
		pass(time.Minute)
		if records, err := l.log.Records(t.Context(), 0, 100); err != nil || len(records) != 0 {
			t.Errorf("got %d records and error %v, want none", len(records), err)
		}
		l.drain()
	})
}

func TestABrokenDestinationDoesNotBlockTheStream(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLaptop(t, wired(mapping()))
		told := 0
		l.options.Failures = destination(func() error { told++; return errors.New("disk full") })
		c := calls{answer: fails("1")}
		l.start(c.publish())
		l.commit(2)
		l.drain()
		if all := c.all(); all[len(all)-1] != "2" || told != 5 {
			t.Errorf("got batches %v and %d attempts to tell, want 2 at the end and 5", all, told)
		}
	})
}

func TestAnInterruptedFailureIsToldAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLaptop(t, wired(mapping()))
		l.options.Failures = stuck{}
		c := calls{answer: fails("1")}
		l.start(c.publish())
		l.commit(1)
		pass(time.Minute)
		l.crash()
		l.options.Failures = l
		l.start(c.publish())
		l.drain()
		if d := cmp.Diff([]string{"RetryAttemptsExhausted 1..1 after 4"}, l.given()); d != "" {
			t.Errorf("failures (-want +got):\n%s", d)
		}
	})
}

type stuck struct{}

func (stuck) Put(ctx context.Context, _ string, _ loop.Failure) error {
	<-ctx.Done()
	return ctx.Err()
}

type destination func() error

func (d destination) Put(context.Context, string, loop.Failure) error { return d() }

func TestAnAnswerSaysWhatFailed(t *testing.T) {
	const all = "1..1 2..2 3..3"
	for answer, want := range map[string]string{
		"":                           "",
		"null":                       "",
		"{}":                         "",
		`{"batchItemFailures":null}`: "",
		`{"batchItemFailures":[]}`:   "",
		`{"batchItemFailures":[{"itemIdentifier":"6"}]}`:                        "3..3",
		`{"batchItemFailures":[{"itemIdentifier":"6"},{"itemIdentifier":"4"}]}`: "2..2",
		`{"batchItemFailures":[{"itemIdentifier":"4"},{"itemIdentifier":"6"}]}`: "2..2",
		`{"batchItemFailures":[{"itemIdentifier":""}]}`:                         all,
		`{"batchItemFailures":[{"itemIdentifier":null}]}`:                       all,
		`{"batchItemFailures":[{"id":"6"}]}`:                                    all,
		`{"batchItemFailures":[{"itemIdentifier":"99"}]}`:                       all,
		`{"batchItemFailures":"6"}`:                                             all,
		`fine`:                                                                  all,
	} {
		bubble(t, func(t *testing.T) {
			s := mapping()
			s.MaximumRetryAttempts = 0
			l := newLaptop(t, wired(s))
			l.commit(3)
			l.start(map[string]loop.Function{"publish": func(_ context.Context, payload []byte) ([]byte, error) {
				if first, _, ok := strings.Cut(want, ".."); ok && want != all && !slices.Contains(numbersOf(payload), first) {
					return nil, nil // a record is named only while it is in the batch
				}
				return []byte(answer), nil
			}})
			l.drain()
			var got []string
			for _, g := range l.given() {
				got = append(got, strings.Fields(g)[1])
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%s: got failures of %q, want %q", answer, got, want)
			}
		})
	}
}

func TestWhatDoesNotFitTogetherIsRefused(t *testing.T) {
	function := func(context.Context, []byte) ([]byte, error) { return nil, nil }
	logs := map[string]table.Log{tableID: memory.New(memory.Options{}).Table("status")}
	odd := mapping()
	odd.FilterPatterns = []json.RawMessage{[]byte(`{"a": "x"}`)}
	off := mapping()
	off.Disabled = true
	for name, c := range map[string]struct {
		wiring    wiring.Wiring
		functions map[string]loop.Function
		logs      map[string]table.Log
		want      string
	}{
		"a stream without its function":   {wired(mapping()), nil, logs, "connect function publish to stream of StatusTable: no such function"},
		"a schedule without its function": {scheduled(time.Minute, 0), nil, logs, "no such function"},
		"a function without an entry":     {wiring.Wiring{}, map[string]loop.Function{"publish": function}, logs, "names no such function"},
		"a stream without its log":        {wired(mapping()), map[string]loop.Function{"publish": function}, nil, "no log of table StatusTable"},
		"an odd pattern":                  {wired(odd), map[string]loop.Function{"publish": function}, logs, "a: want an object or a list"},
		"a stream that is off":            {wired(off), nil, nil, ""},
		"routes of the API": {wiring.Wiring{Functions: []wiring.Function{{
			Name: "api", Sources: []wiring.Source{{HTTP: &wiring.HTTP{Method: "*", Path: "/v1"}}},
		}}}, nil, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := loop.New(c.wiring, c.functions, c.logs, loop.Options{})
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %v, want %q", err, c.want)
			}
		})
	}
}

func TestFailuresAreAppendedToAFileThatDoesNotGrowForEver(t *testing.T) {
	f := &loop.File{Path: filepath.Join(t.TempDir(), "failures.jsonl"), MaxSize: 1000}
	for range 4 {
		err := f.Put(t.Context(), "FailureQueue", loop.Failure{Version: "1.0", Stream: &loop.StreamBatch{StartSequenceNumber: "7"}})
		if err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(f.Path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o600 {
		t.Errorf("got mode %o, want 600", got)
	}
	lines := 0
	for _, path := range []string{f.Path + ".1", f.Path} {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(b)) {
			var got struct {
				Queue string
				Batch struct{ StartSequenceNumber string } `json:"DDBStreamBatchInfo"`
			}
			if err := json.Unmarshal([]byte(line), &got); err != nil || got.Queue != "FailureQueue" || got.Batch.StartSequenceNumber != "7" {
				t.Errorf("got line %s, %v, want a failure of record 7 for FailureQueue", line, err)
			}
			lines++
		}
	}
	if lines != 4 {
		t.Errorf("got %d lines in two files, want 4", lines)
	}
}

func TestAFailureNamesRecordsAndHoldsNoneOfThem(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLaptop(t, wired(mapping()))
		l.options.NewID = func() string { return "id-1" }
		l.write(event(1, "secret"))
		c := calls{answer: errs("0")}
		l.start(c.publish())
		l.drain()
		if len(l.failures) != 1 {
			t.Fatalf("got %d failures, want 1", len(l.failures))
		}
		got, err := json.Marshal(l.failures[0])
		if err != nil {
			t.Fatal(err)
		}
		want := `{"version":"1.0","timestamp":"2000-01-01T00:00:00.7Z",` +
			`"requestContext":{"requestId":"id-1","functionArn":"arn:aws:lambda:local:000000000000:function:publish","condition":"RetryAttemptsExhausted","approximateInvokeCount":4},` +
			`"responseContext":{"statusCode":200,"executedVersion":"$LATEST","functionError":"Unhandled"},` +
			`"DDBStreamBatchInfo":{"shardId":"shardId-local","startSequenceNumber":"1","endSequenceNumber":"1",` +
			`"approximateArrivalOfFirstRecord":"2000-01-01T00:00:00Z","approximateArrivalOfLastRecord":"2000-01-01T00:00:00Z",` +
			`"batchSize":1,"streamArn":"arn:aws:dynamodb:local:000000000000:table/StatusTable/stream/local"}}`
		if string(got) != want {
			t.Errorf("got failure\n%s\nwant\n%s", got, want)
		}
	})
}

func TestNoLogLineHoldsAnItem(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newLaptop(t, wired(mapping()))
		var b strings.Builder
		l.options.Logger = slog.New(slog.NewTextHandler(&b, nil))
		l.write(event(1, "secret"))
		c := calls{answer: errs("0")}
		l.start(c.publish())
		l.drain()
		if strings.Contains(b.String(), "secret") || !strings.Contains(b.String(), "given up") {
			t.Errorf("got log\n%s\nwant a word of the failure and none of the item", b.String())
		}
	})
}
