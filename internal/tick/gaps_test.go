package tick_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/bucket"
	"allclear/internal/ledger"
	"allclear/internal/memory"
	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/table"
	"allclear/internal/tick"
)

// outside is everything that tick calls to fill gaps on the way to subscribers.
type outside struct {
	fails     map[string]bool // by the name of the call
	announced []int64
	enqueued  []string
	served    []store.Limit
	dropped   int
	looks     int
}

func (o *outside) err(call string) error {
	if o.fails[call] {
		return errors.New(call + " fails")
	}
	return nil
}

func (o *outside) Announce(_ context.Context, e status.Event) error {
	if err := o.err(fmt.Sprintf("announce %d", e.Seq)); err != nil {
		return err
	}
	o.announced = append(o.announced, e.Seq)
	return o.err("announce")
}

func (o *outside) Take(context.Context, string, int) ([]ledger.Due, error) {
	return []ledger.Due{{Queue: "MailQueue", Body: "a"}, {Queue: "WebhookQueue", Body: "b"}}, o.err("take")
}

func (o *outside) Drop(context.Context, ledger.Due) error { o.dropped++; return nil }

func (o *outside) Enqueue(_ context.Context, queue, body string) error {
	if err := o.err("enqueue"); err != nil {
		return err
	}
	o.enqueued = append(o.enqueued, queue+" "+body)
	return nil
}

func (o *outside) ServeWaiting(_ context.Context, _ string, capacity store.Limit, _ int) (int, error) {
	o.served = append(o.served, capacity)
	return 1, o.err("serve")
}

func (o *outside) EndFollowing(context.Context, string, store.OverSince) (int, error) {
	o.looks++
	return 1, o.err("end")
}

// reach gives the ticker of a fixture all that fills gaps.
func (f *fixture) reach() (*outside, *ledger.Ledger) {
	o := &outside{fails: map[string]bool{}}
	clock := func() time.Time { return f.now }
	l := ledger.New(memory.New(memory.Options{Now: clock}).Table("deliveries"), clock)
	f.ticker.Announcing = &tick.Announcing{Announcer: o, Dispatches: l}
	f.ticker.Waiting = &tick.Waiting{Work: o, Queues: o, NewID: store.RandomID}
	f.ticker.Confirmations = &tick.Confirmations{Audience: o, PerDay: 70}
	return o, l
}

func TestOneStepsFailureDoesNotKeepTheOthers(t *testing.T) {
	for _, failing := range []string{"announce", "take", "enqueue", "serve"} {
		f := newFixture(t, noon)
		f.set(status.MajorOutage)
		o, _ := f.reach()
		f.now = noon.Add(6 * time.Minute)
		o.fails[failing] = true
		err := f.ticker.Run(t.Context())
		if err == nil || !strings.Contains(err.Error(), failing+" fails") {
			t.Errorf("%s: got %v, want the failure", failing, err)
		}
		if diff := cmp.Diff([]int64{f.seq()}, o.announced); diff != "" {
			t.Errorf("%s: announced (-want +got):\n%s", failing, diff)
		}
		want := []string{"MailQueue a", "WebhookQueue b"}
		if failing == "enqueue" {
			want = nil
		}
		if diff := cmp.Diff(want, o.enqueued); diff != "" || o.dropped != len(want) {
			t.Errorf("%s: enqueued (-want +got):\n%s, %d dropped", failing, diff, o.dropped)
		}
		if diff := cmp.Diff([]store.Limit{store.DailyConfirmations(pageID, 70)}, o.served); diff != "" {
			t.Errorf("%s: served (-want +got):\n%s", failing, diff)
		}
	}
}

func TestOneEventThatCannotBeAnnouncedDoesNotKeepTheOthersAndIsTriedAgain(t *testing.T) {
	f := newFixture(t, noon)
	f.set(status.MajorOutage)
	first := f.seq()
	f.set(status.Operational)
	o, _ := f.reach()
	f.now = noon.Add(6 * time.Minute)
	o.fails[fmt.Sprintf("announce %d", first)] = true
	if err := f.ticker.Run(t.Context()); err == nil {
		t.Error("got no error")
	}
	clear(o.fails)
	f.now = noon.Add(7 * time.Minute)
	f.tick()
	if diff := cmp.Diff([]int64{first + 1, first}, o.announced); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestARecordThatCannotBeDecodedDoesNotKeepEventsFromBeingAnnounced(t *testing.T) {
	f := newFixture(t, noon)
	tbl := memory.New(memory.Options{}).Table("status")
	f.store = store.New(tbl, store.Options{Now: func() time.Time { return f.now }})
	f.ticker.Store, f.ticker.Publisher.Store = f.store, f.store
	if _, err := f.store.CreatePage(t.Context(), pageID, status.DefaultSettings("Test"), operator); err != nil {
		t.Fatal(err)
	}
	f.set(status.MajorOutage)
	far := f.seq()
	f.quiet(50)
	spoilt := f.seq()
	f.quiet(60) // more events than are read in one go lie behind the first one
	f.set(status.PartialOutage)
	near := f.seq()
	key := table.Key{Partition: store.PagePartition(pageID), Sort: fmt.Sprintf("%s%012d", store.PrefixEvent, spoilt)}
	if err := tbl.Write(t.Context(), table.Put(table.Item{Key: key, Attributes: table.Attributes{"seq": "two"}})); err != nil {
		t.Fatal(err)
	}
	o, _ := f.reach()
	for _, minute := range []int{6, 12} {
		f.now = noon.Add(time.Duration(minute) * time.Minute)
		f.tick()
	}
	if diff := cmp.Diff([]int64{far, near, far, near}, o.announced); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// quiet makes events that notify nobody.
func (f *fixture) quiet(n int) {
	f.Helper()
	for range n {
		f.commit(func(tx *store.Tx, _ *status.Configuration) error {
			tx.Record(status.Event{Type: status.PageUpdated, Actor: operator})
			return nil
		})
	}
}

// A process remembers how far all is dispatched. Whatever happens meanwhile, it announces what one
// announces that knows nothing.
func TestWhatIsRememberedLosesNoEvent(t *testing.T) {
	f := newFixture(t, noon)
	o, l := f.reach()
	announced := map[int64]bool{}
	for minute := range 400 {
		f.now = noon.Add(time.Duration(minute) * time.Minute)
		if minute%7 == 0 {
			f.set([]status.ComponentState{status.MajorOutage, status.Operational}[minute/7%2])
			if minute%3 == 0 { // of the others the dispatch is lost
				f.dispatched(l, f.seq())
			}
		}
		f.tick()
		for _, seq := range o.announced {
			announced[seq] = true
			if minute%2 == 0 { // else it is lost once more
				f.dispatched(l, seq)
			}
		}
		o.announced = nil
	}
	events, err := f.store.EventsBetween(t.Context(), pageID, noon, f.now)
	if err != nil {
		t.Fatal(err)
	}
	missing, err := l.Undispatched(t.Context(), pageID, events)
	if err != nil || len(missing) > 1 { // one may have been announced just now, and lost
		t.Errorf("got %d events that are never dispatched, %v", len(missing), err)
	}
	if n := len(slices.DeleteFunc(events, func(e status.Event) bool { return !e.Notifies() })); len(announced) < n/2 || n < 50 {
		t.Errorf("got %d of %d events announced again, want two in three", len(announced), n)
	}
}

func (f *fixture) dispatched(l *ledger.Ledger, seq int64) {
	f.Helper()
	if err := l.Dispatched(f.Context(), pageID, seq, 1); err != nil {
		f.Fatal(err)
	}
}

func TestPagesThatCannotBeListedDoNotKeepWorkWaiting(t *testing.T) {
	f := newFixture(t, noon)
	o, _ := f.reach()
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // the table in memory answers no call of it, what is outside does
	if err := f.ticker.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that the pages cannot be listed", err)
	}
	if len(o.enqueued) != 2 {
		t.Errorf("got %v, want the waiting work", o.enqueued)
	}
}

// silent is a bucket that does not answer before the run has to end.
type silent struct{ bucket.Bucket }

func (silent) Get(ctx context.Context, _ string) (bucket.Object, bucket.Info, error) {
	<-ctx.Done()
	return bucket.Object{}, bucket.Info{}, ctx.Err()
}

func TestABucketThatDoesNotAnswerKeepsNobodyFromBeingTold(t *testing.T) {
	f := newFixture(t, noon)
	f.set(status.MajorOutage)
	o, _ := f.reach()
	f.ticker.Publisher.Bucket = silent{f.bucket}
	f.now = noon.Add(6 * time.Minute)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := f.ticker.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want that the time was up", err)
	}
	if len(o.announced) != 1 || len(o.enqueued) != 2 || len(o.served) != 1 {
		t.Errorf("%d events announced, %d pieces of work enqueued, %d times confirmations served; want 1, 2, 1", len(o.announced), len(o.enqueued), len(o.served))
	}
}
