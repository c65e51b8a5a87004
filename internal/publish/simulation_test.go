package publish_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"allclear/internal/bucket"
	bucketmemory "allclear/internal/bucket/memory"
	"allclear/internal/memory"
	"allclear/internal/page"
	"allclear/internal/publish"
	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/table"
)

var operator = status.Actor{Kind: status.ActorKey, Name: "test"}

const pageID = "thepage"

// world is one page, its bucket and what a visitor could have seen of it.
type world struct {
	t         fataler
	store     *store.Store
	reads     *reads
	bucket    *watched
	publisher *publish.Publisher
	now       time.Time
	ids       int
	incidents []string
}

type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

func newWorld(t fataler) *world {
	w := &world{t: t, now: time.Date(2026, 2, 27, 12, 0, 0, 0, time.UTC)}
	w.reads = &reads{Table: memory.New(memory.Options{}).Table("status")}
	w.store = store.New(w.reads, store.Options{
		Now:   func() time.Time { w.now = w.now.Add(time.Second); return w.now },
		NewID: func() string { w.ids++; return fmt.Sprintf("id%010d", w.ids) },
	})
	w.bucket = &watched{Bucket: &bucketmemory.Bucket{}, t: t}
	w.publisher = &publish.Publisher{
		Store: w.store, Bucket: w.bucket, PublicURL: "https://status.example.com", Renderer: "1", OneByOne: true, Logger: slog.New(slog.DiscardHandler),
	}
	if _, err := w.store.CreatePage(context.Background(), pageID, status.DefaultSettings("Test"), operator); err != nil {
		t.Fatalf("create page: %v", err)
	}
	w.commit(func(tx *store.Tx, cfg *status.Configuration) error {
		for _, id := range []string{"api", "web"} {
			cfg.AddComponent(status.Component{ID: id, Name: strings.ToUpper(id), CreatedAt: tx.Stamp.Now}, "")
		}
		tx.Record(status.Event{Type: status.ComponentCreated, Actor: operator})
		return nil
	})
	return w
}

func (w *world) commit(change func(*store.Tx, *status.Configuration) error) {
	w.t.Helper()
	_, err := w.store.Commit(context.Background(), pageID, func(tx *store.Tx) error {
		cfg, err := tx.Configuration()
		if err != nil {
			return err
		}
		return change(tx, cfg)
	})
	if err != nil {
		w.t.Fatalf("commit: %v", err)
	}
}

func (w *world) post(component string, state status.ComponentState) {
	w.t.Helper()
	w.commit(func(tx *store.Tx, cfg *status.Configuration) error {
		name := "Trouble"
		i, applied, err := status.NewIncident(status.IncidentChange{
			Name: &name, Components: map[string]status.ComponentState{component: state},
		}, cfg, tx.Stamp)
		if err != nil {
			return err
		}
		w.incidents = append(w.incidents, i.ID)
		tx.PutIncident(i)
		tx.Record(status.Event{Type: status.IncidentCreated, Actor: operator, Incident: i.ID, States: applied.States})
		return nil
	})
}

func (w *world) resolve(id string) {
	w.t.Helper()
	w.commit(func(tx *store.Tx, cfg *status.Configuration) error {
		i, err := tx.Incident(id)
		if err != nil {
			return err
		}
		resolved := status.Resolved
		applied, err := i.Apply(status.IncidentChange{Status: &resolved}, cfg, tx.Stamp)
		if err != nil {
			return err
		}
		tx.PutIncident(i)
		tx.Record(status.Event{Type: status.IncidentUpdated, Actor: operator, Incident: id, States: applied.States})
		return nil
	})
}

func (w *world) remove(id string) {
	w.t.Helper()
	w.commit(func(tx *store.Tx, _ *status.Configuration) error {
		if _, err := tx.Incident(id); err != nil {
			return err
		}
		tx.DeleteIncident(id)
		tx.Record(status.Event{Type: status.IncidentDeleted, Actor: operator, Incident: id})
		return nil
	})
	w.incidents = slices.DeleteFunc(w.incidents, func(other string) bool { return other == id })
}

func (w *world) setState(component string, state status.ComponentState) {
	w.t.Helper()
	w.commit(func(tx *store.Tx, cfg *status.Configuration) error {
		if change := cfg.SetStatus(component, state, tx.Stamp.Now); change != nil {
			tx.Record(status.Event{Type: status.ComponentUpdated, Actor: operator, States: []status.StateChange{*change}})
		}
		return nil
	})
}

// reads counts what is read of a table.
type reads struct {
	table.Table
	calls int
}

func (r *reads) Get(ctx context.Context, keys ...table.Key) ([]*table.Item, error) {
	r.calls++
	return r.Table.Get(ctx, keys...)
}

func (r *reads) Query(ctx context.Context, q table.Query) (table.Result, error) {
	r.calls++
	return r.Table.Query(ctx, q)
}

// watched is a bucket that checks after every put what a visitor must never see, and lets things
// happen between any two calls.
type watched struct {
	bucket.Bucket
	t       fataler
	calls   int
	heads   int
	puts    int
	between func(call int) error
	busy    bool
}

func (b *watched) step() error {
	if b.between == nil || b.busy {
		return nil
	}
	b.calls++
	b.busy = true
	defer func() { b.busy = false }()
	return b.between(b.calls)
}

func (b *watched) Head(ctx context.Context, path string) (bucket.Info, error) {
	if err := b.step(); err != nil {
		return bucket.Info{}, err
	}
	b.heads++
	return b.Bucket.Head(ctx, path)
}

func (b *watched) Delete(ctx context.Context, path string) error {
	if err := b.step(); err != nil {
		return err
	}
	return b.Bucket.Delete(ctx, path)
}

func (b *watched) Put(ctx context.Context, path string, o bucket.Object, c bucket.Condition) (bucket.Info, error) {
	if err := b.step(); err != nil {
		return bucket.Info{}, err
	}
	before, err := b.Bucket.Head(ctx, path)
	existed := err == nil
	info, err := b.Bucket.Put(ctx, path, o, c)
	if err != nil {
		return info, err
	}
	b.puts++
	if existed && before.Seq > o.Seq {
		b.t.Fatalf("%s went back from version %d to %d", path, before.Seq, o.Seq)
	}
	if existed && before.Seq < o.Seq && before.ETag == info.ETag {
		b.t.Fatalf("%s: versions %d and %d share an ETag", path, before.Seq, o.Seq)
	}
	b.checkNamed(ctx, path, o.Body)
	return info, nil
}

var (
	named       = regexp.MustCompile(`/incidents/([a-z0-9]{12})`)
	namedMonths = regexp.MustCompile(`"/history/(\d{4}-\d{2})"`)
)

// checkNamed holds that whatever a list names exists at that moment.
func (b *watched) checkNamed(ctx context.Context, path string, body []byte) {
	if strings.HasPrefix(path, "incidents/") || strings.HasPrefix(path, "api/v2/incidents/id") {
		return
	}
	for _, m := range namedMonths.FindAllSubmatch(body, -1) {
		for _, p := range page.MonthPaths(string(m[1])) {
			if _, err := b.Bucket.Head(ctx, p); path == page.PathHistory && err != nil {
				b.t.Fatalf("%s names %s, which is not there: %v", path, p, err)
			}
		}
	}
	for _, m := range named.FindAllSubmatch(body, -1) {
		for _, p := range page.IncidentPaths(string(m[1])) {
			if _, err := b.Bucket.Head(ctx, p); err != nil {
				b.t.Fatalf("%s names %s, which is not there: %v", path, p, err)
			}
		}
	}
}

// contents are all documents without what tells one version from another.
func (w *world) contents(b bucket.Bucket) map[string]string {
	w.t.Helper()
	paths, err := b.List(context.Background(), "", "", 10000)
	if err != nil {
		w.t.Fatalf("list: %v", err)
	}
	documents := map[string]string{}
	for _, path := range paths {
		if path == page.PathPointer || !strings.HasPrefix(path, "api/v2/") {
			documents[path] = "there"
			continue
		}
		o, _, err := b.Get(context.Background(), path)
		if err != nil {
			w.t.Fatalf("get %s: %v", path, err)
		}
		var v map[string]any
		if err := json.Unmarshal(o.Body, &v); err != nil {
			w.t.Fatalf("decode %s: %v", path, err)
		}
		delete(v["page"].(map[string]any), "updated_at")
		text, _ := json.Marshal(v)
		documents[path] = string(text)
	}
	return documents
}

// fresh publishes the same page into an empty bucket.
func (w *world) fresh() map[string]string {
	w.t.Helper()
	empty := &bucketmemory.Bucket{}
	p := *w.publisher
	p.Bucket = empty
	if _, err := p.CatchUp(context.Background(), pageID); err != nil {
		w.t.Fatalf("publish afresh: %v", err)
	}
	return w.contents(empty)
}

// sweep goes once through everything.
func (w *world) sweep() {
	w.t.Helper()
	cursor := ""
	for range 50 {
		next, _, err := w.publisher.Sweep(context.Background(), pageID, cursor, 2)
		if err != nil {
			w.t.Fatalf("sweep at %q: %v", cursor, err)
		}
		if cursor = next; cursor == "" {
			return
		}
	}
	w.t.Fatalf("the sweep does not end")
}

var errFault = errors.New("the network is down")

func TestWhateverHappensVisitorsNeverSeeThePastOrADeadLinkAndInTheEndSeeTheTruth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		random := func() {
			switch kind := rapid.SampledFrom([]string{"post", "resolve", "remove", "state"}).Draw(t, "change"); {
			case kind == "post" || len(w.incidents) == 0:
				w.post(rapid.SampledFrom([]string{"api", "web"}).Draw(t, "component"), rapid.SampledFrom(status.ComponentStates()).Draw(t, "state"))
			case kind == "resolve":
				w.resolve(rapid.SampledFrom(w.incidents).Draw(t, "incident"))
			case kind == "remove":
				w.remove(rapid.SampledFrom(w.incidents).Draw(t, "incident"))
			default:
				w.setState(rapid.SampledFrom([]string{"api", "web"}).Draw(t, "component"), rapid.SampledFrom(status.ComponentStates()).Draw(t, "state"))
			}
		}
		publishSome := func() {
			_, err := w.publisher.CatchUp(context.Background(), pageID)
			if err != nil && !errors.Is(err, errFault) {
				t.Fatalf("publish: %v", err)
			}
		}
		for range rapid.IntRange(1, 6).Draw(t, "rounds") {
			random()
			at := rapid.IntRange(1, 60).Draw(t, "moment")
			what := rapid.SampledFrom([]string{"nothing", "fault", "change", "other publisher", "other publisher, then fault"}).Draw(t, "what")
			w.bucket.calls = 0
			w.bucket.between = func(call int) error {
				if call != at {
					return nil
				}
				switch what {
				case "fault":
					return errFault
				case "change":
					random()
				case "other publisher", "other publisher, then fault":
					random()
					publishSome() // another invocation overtakes this one
				}
				if what == "other publisher, then fault" {
					return errFault
				}
				return nil
			}
			publishSome()
			w.bucket.between = nil
		}
		publishSome() // the faults are over; the schedule comes by
		w.sweep()
		if diff := cmp.Diff(w.fresh(), w.contents(w.bucket)); diff != "" {
			t.Fatalf("after all, published differs from the truth (-truth +published):\n%s", diff)
		}
	})
}

func TestPublishingTwiceDoesNothingTheSecondTime(t *testing.T) {
	w := newWorld(t)
	w.post("api", status.MajorOutage)
	first, err := w.publisher.CatchUp(t.Context(), pageID)
	if err != nil || first.Puts == 0 {
		t.Fatalf("got %+v, %v", first, err)
	}
	puts := w.bucket.puts
	reads := w.reads.calls
	second, err := w.publisher.CatchUp(t.Context(), pageID)
	if got := w.reads.calls - reads; got != 1 {
		t.Errorf("finding nothing to do took %d table reads, want that of the page", got)
	}
	if second.Seq != first.Seq {
		t.Errorf("the second time the version is %d, want %d", second.Seq, first.Seq)
	}
	if err != nil || second.Puts != 0 || w.bucket.puts != puts {
		t.Errorf("got %+v, %v, and %d puts more", second, err, w.bucket.puts-puts)
	}
}

func TestASweepRepairsWhatALostInvocationOrACarelessHandLeft(t *testing.T) {
	w := newWorld(t)
	for range 3 {
		w.post("api", status.MajorOutage)
	}
	if _, err := w.publisher.CatchUp(t.Context(), pageID); err != nil {
		t.Fatal(err)
	}
	want := w.contents(w.bucket)
	for path := range want {
		if path != page.PathPointer {
			if err := w.bucket.Bucket.Delete(t.Context(), path); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.sweep()
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(w.contents(w.bucket)))); diff != "" {
		t.Errorf("documents after the sweep (-want +got):\n%s", diff)
	}
}

func TestTheHeartbeatIsSilentWhileSomethingIsUnpublished(t *testing.T) {
	w := newWorld(t)
	beat := func() string {
		t.Helper()
		if err := w.publisher.Heartbeat(t.Context(), pageID); err != nil {
			t.Fatal(err)
		}
		o, _, err := w.bucket.Get(t.Context(), page.PathHeartbeat)
		if errors.Is(err, bucket.ErrNotFound) {
			return ""
		}
		if err != nil {
			t.Fatal(err)
		}
		return string(o.Body)
	}
	if got := beat(); got != "" {
		t.Errorf("before anything is published: got %s", got)
	}
	if _, err := w.publisher.CatchUp(t.Context(), pageID); err != nil {
		t.Fatal(err)
	}
	first := beat()
	w.post("api", status.PartialOutage)
	if again := beat(); again != first || first == "" {
		t.Errorf("with something unpublished it went from %s to %s", first, again)
	}
}

func TestANewRendererOrAddressIsANewVersionOfEverything(t *testing.T) {
	w := newWorld(t)
	w.post("api", status.MajorOutage)
	if _, err := w.publisher.CatchUp(t.Context(), pageID); err != nil {
		t.Fatal(err)
	}
	before, _ := w.store.Page(t.Context(), pageID)
	if err := w.publisher.Renew(t.Context(), pageID); err != nil {
		t.Fatal(err)
	}
	if same, _ := w.store.Page(t.Context(), pageID); same.Seq != before.Seq {
		t.Errorf("nothing is different, yet seq went from %d to %d", before.Seq, same.Seq)
	}
	w.publisher.PublicURL = "https://other.example.com"
	if err := w.publisher.Renew(t.Context(), pageID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.publisher.CatchUp(t.Context(), pageID); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w.fresh(), w.contents(w.bucket)); diff != "" {
		t.Errorf("after moving (-truth +published):\n%s", diff)
	}
}

func TestFeedsThatAreSwitchedOffAreGone(t *testing.T) {
	w := newWorld(t)
	if _, err := w.publisher.CatchUp(t.Context(), pageID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.bucket.Head(t.Context(), page.PathAtom); err != nil {
		t.Fatalf("before: %v", err)
	}
	w.commit(func(tx *store.Tx, _ *status.Configuration) error {
		tx.Page.Settings.AllowFeeds = false
		tx.Record(status.Event{Type: status.PageUpdated, Actor: operator, Touched: status.Touched{All: true}})
		return nil
	})
	if _, err := w.publisher.CatchUp(t.Context(), pageID); err != nil {
		t.Fatal(err)
	}
	for _, path := range page.OptionalPaths() {
		if _, err := w.bucket.Head(t.Context(), path); !errors.Is(err, bucket.ErrNotFound) {
			t.Errorf("%s: got %v, want not found", path, err)
		}
	}
}

func TestEveryMonthThatTheHistoryListsHasAPage(t *testing.T) {
	w := newWorld(t)
	plan := func(in time.Duration) {
		w.commit(func(tx *store.Tx, cfg *status.Configuration) error {
			name, from, until := "Upgrade", tx.Stamp.Now.Add(in), tx.Stamp.Now.Add(in+time.Hour)
			i, _, err := status.NewIncident(status.IncidentChange{Name: &name, ScheduledFor: &from, ScheduledUntil: &until}, cfg, tx.Stamp)
			if err != nil {
				return err
			}
			tx.PutIncident(i)
			tx.Record(status.Event{Type: status.MaintenanceCreated, Actor: operator, Incident: i.ID})
			return nil
		})
	}
	publishNow := func() {
		if _, err := w.publisher.CatchUp(t.Context(), pageID); err != nil {
			t.Fatal(err)
		}
	}
	const day = 24 * time.Hour
	publishNow()
	plan(70 * day)               // two months ahead
	publishNow()                 // the bucket checks what is named
	w.now = w.now.Add(100 * day) // nobody ticked for months
	plan(-200 * day)             // and the history begins earlier
	publishNow()
	if err := w.bucket.Bucket.Delete(t.Context(), page.PathPointer); err != nil {
		t.Fatal(err)
	}
	publishNow()
	for _, month := range []string{"2025-11", "2026-04", "2026-05", "2026-06"} {
		for _, path := range page.MonthPaths(month) {
			if _, err := w.bucket.Head(t.Context(), path); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}

func TestReadsAndPutsDoNotGrowWithHistory(t *testing.T) {
	work := func(n int) (heads, puts int) {
		w := newWorld(t)
		for range n {
			w.post("web", status.Operational)
			w.resolve(w.incidents[len(w.incidents)-1])
		}
		if _, err := w.publisher.CatchUp(t.Context(), pageID); err != nil {
			t.Fatal(err)
		}
		w.bucket.heads, w.bucket.puts = 0, 0
		w.post("api", status.Operational)
		if _, err := w.publisher.CatchUp(t.Context(), pageID); err != nil {
			t.Fatal(err)
		}
		return w.bucket.heads, w.bucket.puts
	}
	fewHeads, fewPuts := work(60)
	manyHeads, manyPuts := work(300)
	if fewHeads != manyHeads || fewPuts != manyPuts {
		t.Errorf("with 60: %d heads, %d puts; with 300: %d, %d", fewHeads, fewPuts, manyHeads, manyPuts)
	}
}
