package loop_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"allclear/internal/local/loop"
	"allclear/internal/memory"
	"allclear/internal/table"
	"allclear/internal/wiring"
)

// laptop is a table with a log and a loop over it. It lives in a synctest bubble: time moves only
// when everything waits, so what happens at once happens at the same time to the nanosecond.
type laptop struct {
	t       *testing.T
	db      *memory.DB
	log     table.Log
	wiring  wiring.Wiring
	options loop.Options
	loop    *loop.Loop
	stopped chan error
	halt    context.CancelFunc

	mu       sync.Mutex
	failures []loop.Failure
	next     int
}

const tableID = "StatusTable"

// mapping is an event source mapping with Lambda's usual settings.
func mapping() wiring.Stream {
	return wiring.Stream{
		Table: tableID, BatchSize: 100, MaximumRetryAttempts: 3, MaximumRecordAge: time.Hour,
		Bisect: true, ReportBatchItemFailures: true, OnFailure: "FailureQueue",
		FilterPatterns: []json.RawMessage{[]byte(`{"eventName":["INSERT"],"dynamodb":{"Keys":{"sk":{"S":[{"prefix":"EVENT#"}]}}}}`)},
	}
}

func wired(s wiring.Stream) wiring.Wiring {
	return wiring.Wiring{Functions: []wiring.Function{{
		Name: "publish", Timeout: 10 * time.Second, Sources: []wiring.Source{{Stream: &s}},
	}}}
}

func newLaptop(t *testing.T, w wiring.Wiring) *laptop {
	l := &laptop{t: t, wiring: w, db: memory.New(memory.Options{Streams: []string{"status"}})}
	l.log = l.db.Table("status")
	l.options = loop.Options{Changed: l.db.Changed, Failures: l, Logger: slog.New(slog.DiscardHandler), Poll: time.Hour, Trim: 24 * time.Hour}
	return l
}

// Put makes the laptop the failure destination.
func (l *laptop) Put(_ context.Context, queue string, f loop.Failure) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if queue != "FailureQueue" {
		l.t.Errorf("got failure for queue %q, want FailureQueue", queue)
	}
	l.failures = append(l.failures, f)
	return nil
}

// start runs a new loop with these functions.
func (l *laptop) start(functions map[string]loop.Function) {
	l.t.Helper()
	var err error
	if l.loop, err = loop.New(l.wiring, functions, map[string]table.Log{tableID: l.log}, l.options); err != nil {
		l.t.Fatal(err)
	}
	ctx, halt := context.WithCancel(l.t.Context())
	l.halt, l.stopped = halt, make(chan error, 1)
	go func() { l.stopped <- l.loop.Run(ctx) }()
}

// crash ends the loop at once, in the middle of whatever it does.
func (l *laptop) crash() {
	l.t.Helper()
	l.halt()
	if err := <-l.stopped; err != nil {
		l.t.Error(err)
	}
}

// drain ends the loop as SIGTERM does.
func (l *laptop) drain() {
	l.t.Helper()
	if err := l.loop.Drain(l.t.Context()); err != nil {
		l.t.Error(err)
	}
	if err := <-l.stopped; err != nil {
		l.t.Error(err)
	}
	l.halt()
}

// commit writes n events, each with an item beside it that no filter wants.
func (l *laptop) commit(n int) {
	l.t.Helper()
	for range n {
		l.next++
		l.write(
			table.Put(table.Item{Key: table.Key{Partition: "PAGE#p", Sort: "PAGE"}, Attributes: table.Attributes{"seq": int64(l.next)}}),
			event(l.next, ""),
		)
	}
}

func event(n int, body string) table.Action {
	return table.Put(table.Item{
		Key:        table.Key{Partition: "PAGE#p", Sort: fmt.Sprintf("EVENT#%06d", n)},
		Attributes: table.Attributes{"seq": int64(n), "body": body},
	})
}

func (l *laptop) write(actions ...table.Action) {
	l.t.Helper()
	if err := l.db.Table("status").Write(l.t.Context(), actions...); err != nil {
		l.t.Fatal(err)
	}
}

// position is what the log durably knows of the reader, and latest its end.
func (l *laptop) position() (position, latest int64) {
	l.t.Helper()
	position, err := l.log.Position(context.Background(), "publish/"+tableID)
	if err != nil {
		l.t.Fatal(err)
	}
	if latest, err = l.log.Latest(context.Background()); err != nil {
		l.t.Fatal(err)
	}
	return position, latest
}

// given is the failures so far as "condition first..last after attempts", by the events' numbers.
func (l *laptop) given() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var given []string
	for _, f := range l.failures {
		given = append(given, fmt.Sprintf("%s %s..%s after %d", f.RequestContext.Condition,
			number(f.Stream.StartSequenceNumber), number(f.Stream.EndSequenceNumber), f.RequestContext.ApproximateInvokeCount))
	}
	return given
}

// number is the number of an event: each has the second of two sequence numbers.
func number(sequence string) string {
	n, err := strconv.Atoi(sequence)
	if err != nil {
		return sequence
	}
	return strconv.Itoa(n / 2)
}

// calls is a function that notes what it is called with, and answers as it is told to.
type calls struct {
	mu     sync.Mutex
	seen   []string // the numbers of one call, with spaces between
	at     []time.Time
	answer func(numbers []string) (failed string, err error)
}

func (c *calls) function(_ context.Context, payload []byte) ([]byte, error) {
	numbers := numbersOf(payload)
	c.mu.Lock()
	c.seen = append(c.seen, strings.Join(numbers, " "))
	c.at = append(c.at, time.Now())
	c.mu.Unlock()
	if c.answer == nil {
		return []byte(`{"batchItemFailures":[]}`), nil
	}
	failed, err := c.answer(numbers)
	if err != nil || failed == "" {
		return []byte(`{}`), err
	}
	n, err := strconv.Atoi(failed)
	return fmt.Appendf(nil, `{"batchItemFailures":[{"itemIdentifier":"%d"}]}`, 2*n), err
}

func (c *calls) all() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.seen...)
}

func (c *calls) publish() map[string]loop.Function {
	return map[string]loop.Function{"publish": c.function}
}

// numbersOf are the numbers of the events in a payload.
func numbersOf(payload []byte) []string {
	var e struct {
		Records []struct {
			Dynamodb struct{ SequenceNumber string }
		}
	}
	if err := json.Unmarshal(payload, &e); err != nil {
		panic(err)
	}
	var numbers []string
	for _, r := range e.Records {
		numbers = append(numbers, number(r.Dynamodb.SequenceNumber))
	}
	return numbers
}

// bubble runs a test with a clock of its own.
func bubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, test)
}

// pass lets time pass and everything that falls due in it happen.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
