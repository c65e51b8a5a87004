package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"allclear/internal/ledger"
	"allclear/internal/memory"
	"allclear/internal/status"
	"allclear/internal/table"
)

var begin = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// book is a ledger with a clock that stands still and a table that can fail.
type book struct {
	*ledger.Ledger
	t      *testing.T
	table  *memory.Table
	now    time.Time
	writes int
	fault  func(memory.Call) error
}

func newBook(t *testing.T) *book {
	t.Helper()
	b := &book{t: t, now: begin}
	b.table = memory.New(memory.Options{
		Now: func() time.Time { return b.now },
		Fault: func(_ context.Context, c memory.Call) error {
			if c.Moment == memory.BeforeWrite {
				b.writes++
			}
			if b.fault != nil {
				return b.fault(c)
			}
			return nil
		},
	}).Table("Deliveries")
	b.Ledger = ledger.New(b.table, func() time.Time { return b.now })
	return b
}

func (b *book) claim(seq int64, worker string) ledger.Claim {
	b.t.Helper()
	c, err := b.Claim(b.t.Context(), "incident", ledger.Target{Subscriber: "ann", Seq: seq}, worker)
	if err != nil {
		b.t.Fatalf("Claim: %v", err)
	}
	return c
}

func (b *book) claims(seq int64, worker string, want ledger.Result) ledger.Claim {
	b.t.Helper()
	c := b.claim(seq, worker)
	if c.Result != want {
		b.t.Errorf("claim of event %d by %s: got %s, want %s", seq, worker, c.Result, want)
	}
	return c
}

func (b *book) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *book) settle(seq int64, state ledger.State, at time.Time) bool {
	b.t.Helper()
	known, err := b.Settle(b.t.Context(), "incident", ledger.Target{Subscriber: "ann", Seq: seq}, state, at)
	b.must(err)
	return known
}

func (b *book) total() ledger.Counts {
	b.t.Helper()
	e, err := b.Evidence(b.t.Context(), "incident")
	b.must(err)
	return e.Total
}

func (b *book) counts(want ledger.Counts) {
	b.t.Helper()
	if diff := cmp.Diff(want, b.total()); diff != "" {
		b.t.Errorf("counts (-want +got):\n%s", diff)
	}
}

func TestAMessageCostsTwoWrites(t *testing.T) {
	b := newBook(t)
	c := b.claims(5, "one", ledger.Taken)
	b.must(b.Finish(t.Context(), c, ledger.Sent))
	if b.writes != 2 {
		t.Errorf("got %d writes, want 2", b.writes)
	}
	b.counts(ledger.Counts{Recipients: 1, Sent: 1, FirstSent: begin, LastSent: begin})
}

func TestAnEventIsClaimedOnce(t *testing.T) {
	b := newBook(t)
	c := b.claims(5, "one", ledger.Taken)
	if want := begin.Add(ledger.Lease); !c.Until.Equal(want) || c.Seq != 5 {
		t.Errorf("got claim of event %d until %v, want 5 until %v", c.Seq, c.Until, want)
	}
	b.claims(5, "one", ledger.Taken) // it had no answer
	for _, seq := range []int64{3, 5, 7} {
		if c := b.claims(seq, "two", ledger.Leased); !c.Until.Equal(begin.Add(ledger.Lease)) {
			t.Errorf("event %d: leased until %v", seq, c.Until)
		}
	}
	b.must(b.Finish(t.Context(), c, ledger.Sent))
	b.must(b.Finish(t.Context(), c, ledger.Sent))
	b.claims(3, "two", ledger.Covered)
	b.claims(5, "one", ledger.Covered)
	if c := b.claims(5, "two", ledger.Covered); c.Seq != 5 {
		t.Errorf("covered by event %d, want 5", c.Seq)
	}
	b.claims(7, "two", ledger.Taken)
}

func TestAClaimOfADeadWorkerIsNotRepeatedAndANewerEventGoesOn(t *testing.T) {
	b := newBook(t)
	dead := b.claims(5, "one", ledger.Taken)
	b.now = begin.Add(ledger.Lease - time.Millisecond)
	b.claims(7, "two", ledger.Leased)
	b.now = begin.Add(ledger.Lease)
	b.claims(5, "two", ledger.Covered)
	b.must(b.Release(t.Context(), dead)) // it was not dead, but others rely on it by now
	b.claims(5, "two", ledger.Covered)
	b.claims(7, "two", ledger.Taken)
	b.must(b.Finish(t.Context(), dead, ledger.Sent)) // what it knows is welcome
	b.must(b.Release(t.Context(), dead))
	b.claims(7, "three", ledger.Leased)
	e, err := b.Evidence(t.Context(), "incident")
	b.must(err)
	want := []ledger.EventCounts{
		{Seq: 5, Counts: ledger.Counts{Recipients: 1, Sent: 1, FirstSent: b.now, LastSent: b.now}},
		{Seq: 7, Counts: ledger.Counts{Recipients: 1, Pending: 1}},
	}
	if diff := cmp.Diff(want, e.Events); diff != "" || e.Subscribers != 1 {
		t.Errorf("%d subscribers, want 1; events (-want +got):\n%s", e.Subscribers, diff)
	}
}

func TestWhatIsReleasedMayBeClaimedByAnybody(t *testing.T) {
	b := newBook(t)
	first := b.claims(5, "one", ledger.Taken)
	b.must(b.Release(t.Context(), first))
	second := b.claims(5, "two", ledger.Taken)
	b.must(b.Release(t.Context(), first)) // the answer to the first time was lost
	b.must(b.Finish(t.Context(), first, ledger.Sent))
	b.claims(5, "three", ledger.Leased)
	b.must(b.Finish(t.Context(), second, ledger.Sent))
	b.must(b.Release(t.Context(), second))
	b.claims(5, "three", ledger.Covered)
}

func TestALostAnswerKeepsTheLeaseAndIsNeverRepeated(t *testing.T) {
	b := newBook(t)
	b.must(b.Finish(t.Context(), b.claims(5, "one", ledger.Taken), ledger.Unknown))
	b.claims(5, "two", ledger.Covered)
	b.claims(7, "two", ledger.Leased) // the message may still be on its way
	b.now = begin.Add(ledger.SettleTime - time.Millisecond)
	b.counts(ledger.Counts{Recipients: 1, Pending: 1})
	b.now = begin.Add(ledger.SettleTime)
	b.counts(ledger.Counts{Recipients: 1, Sent: 1, Unknown: 1})
	b.settle(5, ledger.Sent, begin)
	b.counts(ledger.Counts{Recipients: 1, Sent: 1, FirstSent: begin, LastSent: begin})
}

func TestReportsMayComeInAnyOrderTwiceAndBeforeTheWorkersOwn(t *testing.T) {
	type report struct {
		state ledger.State
		after time.Duration
	}
	reports := []report{{ledger.Sent, 1 * time.Second}, {ledger.Delayed, 2 * time.Second}, {ledger.Delivered, 3 * time.Second}, {ledger.Bounced, 4 * time.Second}}
	for own := range len(reports) + 1 {
		permute(len(reports), func(order []int) {
			b := newBook(t)
			c := b.claims(5, "one", ledger.Taken)
			finish := func() {
				b.now = begin.Add(1500 * time.Millisecond)
				b.must(b.Finish(t.Context(), c, ledger.Sent))
			}
			for n, i := range order {
				if n == own {
					finish()
				}
				for range 2 {
					if r := reports[i]; !b.settle(5, r.state, begin.Add(r.after)) {
						t.Fatalf("%v is not known", r)
					}
				}
			}
			if own == len(order) {
				finish()
			}
			b.counts(ledger.Counts{Recipients: 1, Sent: 1, Bounced: 1, FirstSent: begin.Add(time.Second), LastSent: begin.Add(time.Second)})
			b.claims(5, "two", ledger.Covered)
			b.claims(7, "two", ledger.Taken)
		})
	}
}

// What is accepted and then rejected never left, whatever is heard first: neither the evidence nor the
// row says when it was sent.
func TestWhatIsRejectedAfterItWasAcceptedWasNotSent(t *testing.T) {
	permute(3, func(order []int) {
		b := newBook(t)
		c := b.claims(5, "one", ledger.Taken)
		for _, step := range order {
			switch step {
			case 0:
				b.must(b.Finish(t.Context(), c, ledger.Sent))
			case 1:
				b.settle(5, ledger.Sent, begin)
			case 2:
				b.settle(5, ledger.Failed, begin)
			}
		}
		b.counts(ledger.Counts{Recipients: 1, Failed: 1})
		for shard := range 16 {
			rows, err := table.All(t.Context(), b.table, table.Query{Partition: fmt.Sprint("incident#", shard)})
			b.must(err)
			for _, row := range rows {
				n := row.Attributes["notices"].([]any)[0].(map[string]any)
				if _, sent := n["sent_at"]; sent || n["state"] != string(ledger.Failed) {
					t.Errorf("%v: got the notice %v, want one that failed and was not sent", order, n)
				}
			}
		}
		b.claims(5, "two", ledger.Covered)
	})
}

// permute calls f with every order of 0 to n-1.
func permute(n int, f func([]int)) {
	order := make([]int, 0, n)
	var next func()
	next = func() {
		if len(order) == n {
			f(order)
			return
		}
	candidates:
		for i := range n {
			for _, o := range order {
				if o == i {
					continue candidates
				}
			}
			order = append(order, i)
			next()
			order = order[:len(order)-1]
		}
	}
	next()
}

func TestAReportOfWhatTheLedgerDoesNotKnowChangesNothing(t *testing.T) {
	b := newBook(t)
	if b.settle(5, ledger.Sent, begin) {
		t.Error("it is known")
	}
	b.claims(5, "one", ledger.Taken)
	if b.settle(4, ledger.Sent, begin) {
		t.Error("it is known")
	}
	b.counts(ledger.Counts{Recipients: 1, Pending: 1})
	for _, state := range []ledger.State{ledger.Claimed, ledger.Unknown, ledger.Skipped, "opened"} {
		_, err := b.Settle(t.Context(), "incident", ledger.Target{Subscriber: "ann", Seq: 5}, state, begin)
		if problem := (*status.Error)(nil); !errors.As(err, &problem) || problem.Field != "state" {
			t.Errorf("%s: got error %v, want one on state", state, err)
		}
	}
}

func TestALostAnswerOfTheTableIsAskedForAgain(t *testing.T) {
	for _, moment := range []memory.Moment{memory.BeforeWrite, memory.AfterWrite} {
		t.Run(string(moment), func(t *testing.T) {
			b := newBook(t)
			failures := 0
			b.fault = func(c memory.Call) error {
				if c.Moment == moment && failures > 0 {
					failures--
					return errors.New("no answer")
				}
				return nil
			}
			failures = 2
			c := b.claims(5, "one", ledger.Taken)
			failures = 2
			b.must(b.Release(t.Context(), c))
			c = b.claims(5, "one", ledger.Taken)
			failures = 2
			b.must(b.Finish(t.Context(), c, ledger.Sent))
			b.counts(ledger.Counts{Recipients: 1, Sent: 1, FirstSent: begin, LastSent: begin})
			failures = 99
			_, err := b.Claim(t.Context(), "incident", ledger.Target{Subscriber: "bob", Seq: 5}, "one")
			if applied := moment == memory.AfterWrite; (err == nil) != applied {
				t.Errorf("a table that answers no write: got error %v; what it has applied shows in a read", err)
			}
		})
	}
}

func TestOutstandingAreThoseOfWhomNothingIsKnown(t *testing.T) {
	b := newBook(t)
	targets := []ledger.Target{{Subscriber: "ann", Seq: 5}, {Subscriber: "bob", Seq: 5}}
	open := func(want ...ledger.Target) {
		t.Helper()
		got, err := b.Outstanding(t.Context(), "incident", targets)
		b.must(err)
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(ledger.Target{})); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	open(targets...)
	c := b.claims(5, "one", ledger.Taken)
	open(targets...)
	b.must(b.Finish(t.Context(), c, ledger.Failed))
	open(targets[1])
	targets[0].Seq = 7
	open(targets...)
}

// The row of one subscriber that cannot be read is the trouble of whoever claims that one.
func TestARowThatCannotBeReadIsOutstanding(t *testing.T) {
	b := newBook(t)
	b.must(b.Finish(t.Context(), b.claims(5, "one", ledger.Taken), ledger.Sent))
	for shard := range 16 {
		rows, err := table.All(t.Context(), b.table, table.Query{Partition: fmt.Sprint("incident#", shard)})
		b.must(err)
		for _, row := range rows {
			row.Attributes["notices"] = "spoilt"
			b.must(b.table.Write(t.Context(), table.Put(row)))
		}
	}
	open, err := b.Outstanding(t.Context(), "incident", []ledger.Target{{Subscriber: "ann", Seq: 5}, {Subscriber: "bob", Seq: 5}})
	if err != nil || len(open) != 2 {
		t.Fatalf("got %v, %v, want both", open, err)
	}
	if c, err := b.Claim(t.Context(), "incident", open[0], "one"); err == nil {
		t.Errorf("got %v of a row that cannot be read, want an error", c)
	}
	if c, err := b.Claim(t.Context(), "incident", open[1], "one"); err != nil || c.Result != ledger.Taken {
		t.Errorf("got %v, %v of the other, want it taken", c, err)
	}
}

// What was read for a chunk is some seconds old when each of its subscribers is claimed.
func TestAClaimStartsFromWhatWasOutstandingAndIsNotDeceivedByIt(t *testing.T) {
	for name, c := range map[string]struct {
		before, meanwhile func(b *book)
		want              ledger.Result
		reads             int
	}{
		"nothing happened": {nil, nil, ledger.Taken, 0},
		"an older event was told before": {
			func(b *book) { b.must(b.Finish(b.t.Context(), b.claims(3, "old", ledger.Taken), ledger.Sent)) }, nil, ledger.Taken, 0,
		},
		"another told it": {
			nil, func(b *book) { b.must(b.Finish(b.t.Context(), b.claims(5, "two", ledger.Taken), ledger.Sent)) }, ledger.Covered, 1,
		},
		"another tells something newer": {
			nil, func(b *book) { b.claims(7, "two", ledger.Taken) }, ledger.Leased, 1,
		},
		"another had it and gave it back": {
			func(b *book) { b.claims(5, "two", ledger.Taken) },
			func(b *book) { b.must(b.Release(b.t.Context(), b.claims(5, "two", ledger.Taken))) }, ledger.Taken, 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBook(t)
			if c.before != nil {
				c.before(b)
			}
			open, err := b.Outstanding(t.Context(), "incident", []ledger.Target{{Subscriber: "ann", Seq: 5}})
			b.must(err)
			if c.meanwhile != nil {
				c.meanwhile(b)
			}
			reads := 0
			b.fault = func(call memory.Call) error {
				if call.Moment == memory.BeforeRead {
					reads++
				}
				return nil
			}
			got, err := b.Claim(t.Context(), "incident", open[0], "one")
			b.must(err)
			if got.Result != c.want || reads != c.reads {
				t.Errorf("got %s after %d readings, want %s after %d", got.Result, reads, c.want, c.reads)
			}
		})
	}
}

func TestARowRemembersItsFirstAndItsNewestNotices(t *testing.T) {
	b := newBook(t)
	for seq := range int64(40) {
		b.now = b.now.Add(time.Minute)
		b.must(b.Finish(t.Context(), b.claims(seq+1, "one", ledger.Taken), ledger.Sent))
	}
	e, err := b.Evidence(t.Context(), "incident")
	b.must(err)
	if got := e.Events[0].Seq; got != 1 {
		t.Errorf("the first is event %d, want 1", got)
	}
	if got := e.Events[1].Seq; got != 10 || len(e.Events) != 32 {
		t.Errorf("then comes event %d of %d, want 10 of 32", got, len(e.Events))
	}
	if !e.Total.FirstSent.Equal(begin.Add(time.Minute)) || !e.Total.LastSent.Equal(b.now) {
		t.Errorf("sent from %v to %v", e.Total.FirstSent, e.Total.LastSent)
	}
}

func TestRowsOutliveNinetyDays(t *testing.T) {
	b := newBook(t)
	b.must(b.Finish(t.Context(), b.claims(5, "one", ledger.Taken), ledger.Sent))
	b.must(b.Dispatched(t.Context(), "page", 5, 1))
	b.now = begin.Add(90 * 24 * time.Hour)
	b.claims(5, "two", ledger.Covered)
	if d, err := b.Dispatch(t.Context(), "page", 5); err != nil || d == nil {
		t.Errorf("got %v, %v", d, err)
	}
	b.now = begin.Add(101 * 24 * time.Hour)
	b.counts(ledger.Counts{})
}

func TestEvidenceCountsEveryRowOnceHoweverMany(t *testing.T) {
	b := newBook(t)
	const n = 3000
	states := []ledger.State{ledger.Sent, ledger.Failed, ledger.Skipped}
	for i := range n {
		c, err := b.Claim(t.Context(), "incident", ledger.Target{Subscriber: fmt.Sprint("s", i), Seq: 5}, "one")
		b.must(err)
		b.must(b.Finish(t.Context(), c, states[i%3]))
	}
	largest := 0
	partitions := 0
	for shard := range 16 {
		items, err := table.All(t.Context(), b.table, table.Query{Partition: fmt.Sprint("incident#", shard)})
		b.must(err)
		largest = max(largest, len(items))
		partitions += min(len(items), 1)
	}
	if partitions != 16 || largest > 2*n/16 {
		t.Errorf("%d partitions, the largest with %d of %d rows: want 16, evenly filled", partitions, largest, n)
	}
	e, err := b.Evidence(t.Context(), "incident")
	b.must(err)
	want := ledger.Counts{Recipients: 2 * n / 3, Sent: n / 3, Failed: n / 3, FirstSent: begin, LastSent: begin}
	if diff := cmp.Diff(ledger.Evidence{Subscribers: 2 * n / 3, Total: want, Events: []ledger.EventCounts{{Seq: 5, Counts: want}}}, e); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
