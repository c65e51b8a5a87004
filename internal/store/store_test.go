package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/memory"
	"allclear/internal/status"
	"allclear/internal/table"
)

var (
	begin    = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	operator = status.Actor{Kind: status.ActorKey, Name: "test"}
)

// fixture is a page with one component, on tables that misbehave when told to.
type fixture struct {
	*Store
	table table.Table
	mu    sync.Mutex
	now   time.Time
	ids   int
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{now: begin, table: memory.New(memory.Options{Streams: []string{"status"}}).Table("status")}
	f.Store = New(f.table, Options{
		Now: func() time.Time {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.now = f.now.Add(time.Second)
			return f.now
		},
		NewID: func() string {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.ids++
			return fmt.Sprintf("id%010d", f.ids)
		},
	})
	if _, err := f.CreatePage(t.Context(), "page", status.DefaultSettings("Test"), operator); err != nil {
		t.Fatal(err)
	}
	f.commit(t, func(tx *Tx) error {
		cfg, err := tx.Configuration()
		if err != nil {
			return err
		}
		cfg.AddComponent(status.Component{ID: "api", Name: "API", CreatedAt: tx.Stamp.Now}, "")
		tx.Record(status.Event{Type: status.ComponentCreated, Actor: operator})
		return nil
	})
	return f
}

func (f *fixture) commit(t *testing.T, change func(*Tx) error) status.Page {
	t.Helper()
	p, err := f.Commit(t.Context(), "page", change)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// post creates an incident.
func post(tx *Tx, edit func(*status.IncidentChange)) (*status.Incident, error) {
	cfg, err := tx.Configuration()
	if err != nil {
		return nil, err
	}
	name := "Trouble"
	change := status.IncidentChange{Name: &name}
	if edit != nil {
		edit(&change)
	}
	i, applied, err := status.NewIncident(change, cfg, tx.Stamp)
	if err != nil {
		return nil, err
	}
	event := status.Event{Type: status.IncidentCreated, Actor: operator, Incident: i.ID, States: applied.States}
	event.SetUpdate(applied.Update)
	tx.PutIncident(i)
	tx.Record(event)
	return i, nil
}

// apply changes an incident.
func apply(tx *Tx, id string, change status.IncidentChange) error {
	i, err := tx.Incident(id)
	if err != nil {
		return err
	}
	cfg, err := tx.Configuration()
	if err != nil {
		return err
	}
	applied, err := i.Apply(change, cfg, tx.Stamp)
	if err != nil {
		return err
	}
	tx.PutIncident(i)
	tx.Record(status.Event{Type: status.IncidentUpdated, Actor: operator, Incident: id, States: applied.States})
	return nil
}

func TestAnIncidentMovesWithItsOrderTimeAndIsFoundAllTheWhile(t *testing.T) {
	f := newFixture(t)
	var id string
	f.commit(t, func(tx *Tx) error {
		i, err := post(tx, func(c *status.IncidentChange) {
			c.Components = map[string]status.ComponentState{"api": status.MajorOutage}
		})
		if err == nil {
			id = i.ID
		}
		return err
	})
	open, err := f.Open(t.Context(), "page")
	if err != nil || len(open) != 1 || open[0].ID != id {
		t.Fatalf("open: got %v, %v", open, err)
	}
	resolved := status.Resolved
	f.commit(t, func(tx *Tx) error { return apply(tx, id, status.IncidentChange{Status: &resolved}) })

	if open, err = f.Open(t.Context(), "page"); err != nil || len(open) != 0 {
		t.Errorf("open after the end: got %v, %v", open, err)
	}
	i, err := f.Incident(t.Context(), "page", id)
	if err != nil || i.Status != status.Resolved || len(i.Updates) != 2 {
		t.Fatalf("by id: got %+v, %v", i, err)
	}
	list, _, err := f.Incidents(t.Context(), List{Page: "page", Limit: 50})
	if err != nil || len(list) != 1 {
		t.Fatalf("list: got %d incidents, %v; want the one, at its new place only", len(list), err)
	}
	if diff := cmp.Diff(i, list[0]); diff != "" {
		t.Errorf("by id and by list differ:\n%s", diff)
	}

	f.commit(t, func(tx *Tx) error {
		if _, err := tx.Incident(id); err != nil {
			return err
		}
		tx.DeleteIncident(id)
		tx.Record(status.Event{Type: status.IncidentDeleted, Actor: operator, Incident: id})
		return nil
	})
	var e *status.Error
	if _, err := f.Incident(t.Context(), "page", id); !errors.As(err, &e) || e.Code != status.NotFound {
		t.Errorf("after deletion: got %v, want not found", err)
	}
}

func TestEveryCommitLeavesOneEventWithTheNextSeqAndWhatItTouched(t *testing.T) {
	f := newFixture(t)
	var id string
	p := f.commit(t, func(tx *Tx) error {
		i, err := post(tx, func(c *status.IncidentChange) {
			c.Components = map[string]status.ComponentState{"api": status.PartialOutage}
		})
		if err == nil {
			id = i.ID
		}
		return err
	})
	events, err := f.Events(t.Context(), "page", 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	for n, e := range events {
		if e.Seq != int64(n+1) || (n > 0 && !e.At.After(events[n-1].At)) || e.Actor.Name == "" {
			t.Errorf("event %d: seq %d at %s by %q", n, e.Seq, e.At, e.Actor.Name)
		}
	}
	last := events[len(events)-1]
	want := status.Touched{Incidents: []string{id}, States: []string{"api"}, Months: []string{"2026-03"}}
	if diff := cmp.Diff(want, last.Touched); diff != "" {
		t.Errorf("touched (-want +got):\n%s", diff)
	}
	if last.Seq != p.Seq || !last.At.Equal(p.At) || last.Update == nil {
		t.Errorf("last event %+v, page %d at %s", last, p.Seq, p.At)
	}
}

func TestAChangeThatRecordsNothingWritesNothing(t *testing.T) {
	f := newFixture(t)
	before, err := f.Page(t.Context(), "page")
	if err != nil {
		t.Fatal(err)
	}
	after := f.commit(t, func(*Tx) error { return nil })
	if after.Seq != before.Seq {
		t.Errorf("seq went from %d to %d", before.Seq, after.Seq)
	}
	boom := errors.New("boom")
	if _, err := f.Commit(t.Context(), "page", func(tx *Tx) error {
		if _, err := post(tx, nil); err != nil {
			return err
		}
		return boom
	}); !errors.Is(err, boom) {
		t.Errorf("got %v, want the change's own error", err)
	}
	if list, _, err := f.Incidents(t.Context(), List{Page: "page", Limit: 5}); err != nil || len(list) != 0 {
		t.Errorf("a failed change left %d incidents, %v", len(list), err)
	}
}

func TestCommitsOfSeveralProgramsOnOneTableAreSerial(t *testing.T) {
	f := newFixture(t)
	// Stores share no lock, as processes do not.
	const programs, each = 4, 10
	var wg sync.WaitGroup
	var mu sync.Mutex
	done, conflicts := 0, 0
	for range programs {
		other := New(f.table, Options{Now: f.Store.now, NewID: f.NewID})
		wg.Go(func() {
			for range each {
				_, err := other.Commit(context.Background(), "page", func(tx *Tx) error {
					_, err := post(tx, nil)
					return err
				})
				var e *status.Error
				mu.Lock()
				switch {
				case err == nil:
					done++
				case errors.As(err, &e) && e.Code == status.Conflict:
					conflicts++
				default:
					t.Errorf("commit: %v", err)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	p, err := f.Page(t.Context(), "page")
	if err != nil {
		t.Fatal(err)
	}
	open, err := f.Open(t.Context(), "page")
	if err != nil {
		t.Fatal(err)
	}
	if done+conflicts != programs*each || len(open) != done || p.Seq != int64(2+done) || p.FeedNumber != int64(done) {
		t.Errorf("%d done, %d conflicts: %d incidents, seq %d, feed number %d", done, conflicts, len(open), p.Seq, p.FeedNumber)
	}
}

func TestASnapshotIsReadAgainWhenThePageMovedMeanwhile(t *testing.T) {
	f := newFixture(t)
	reads := 0
	s, err := f.Snapshot(t.Context(), "page", func(*status.Snapshot) error {
		reads++
		if reads == 1 {
			f.commit(t, func(tx *Tx) error { _, err := post(tx, nil); return err })
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if reads != 2 || len(s.Incidents) != 1 || len(s.Open) != 1 || s.First.IsZero() {
		t.Errorf("read %d times, got %d incidents, %d open, first %s", reads, len(s.Incidents), len(s.Open), s.First)
	}
}

func TestASnapshotComesToAnEndHoweverBusyThePageIs(t *testing.T) {
	f := newFixture(t)
	record := func(tx *Tx) error {
		tx.Record(status.Event{Type: status.PageUpdated, Actor: operator})
		return nil
	}
	// While anything is read, somebody commits, unless commits have to wait.
	var waiting sync.WaitGroup
	defer waiting.Wait()
	reads := 0
	_, err := f.Snapshot(t.Context(), "page", func(*status.Snapshot) error {
		reads++
		if lock := f.pageLock("page"); lock.TryLock() {
			lock.Unlock()
			f.commit(t, record)
			return nil
		}
		waiting.Go(func() { f.commit(t, record) }) // done after the snapshot
		return nil
	})
	if err != nil || reads != patientAttempts+1 {
		t.Errorf("read %d times, %v; want %d", reads, err, patientAttempts+1)
	}
}

func TestStateChangesAreAddedToTheDay(t *testing.T) {
	f := newFixture(t)
	for _, to := range []status.ComponentState{status.MajorOutage, status.Operational} {
		f.commit(t, func(tx *Tx) error {
			cfg, err := tx.Configuration()
			if err != nil {
				return err
			}
			change := cfg.SetStatus("api", to, tx.Stamp.Now)
			tx.Record(status.Event{Type: status.ComponentUpdated, Actor: operator, States: []status.StateChange{*change}})
			return nil
		})
	}
	days, err := f.Days(t.Context(), "page", "2026-03-01", "2026-03-01")
	if err != nil || len(days) != 1 {
		t.Fatalf("got %v, %v", days, err)
	}
	u := days[0].Uptime("api")
	if u.Major == 0 || u.Total <= u.Major {
		t.Errorf("got %+v", u)
	}
}

func TestALongIncidentIsCompressedThenRefusedButCanStillEnd(t *testing.T) {
	f := newFixture(t)
	var id string
	f.commit(t, func(tx *Tx) error {
		i, err := post(tx, nil)
		if err == nil {
			id = i.ID
		}
		return err
	})
	// Text that does not compress well, 20,000 characters an update.
	body := func(n int) *string {
		var b strings.Builder
		x := uint32(n + 1)
		for b.Len() < 20000 {
			x ^= x << 13
			x ^= x >> 17
			x ^= x << 5
			fmt.Fprintf(&b, "%08x ", x)
		}
		s := b.String()
		return &s
	}
	var refused error
	posted := 1
	for n := 0; refused == nil && n < 200; n++ {
		_, refused = f.Commit(t.Context(), "page", func(tx *Tx) error {
			return apply(tx, id, status.IncidentChange{Body: body(n)})
		})
		if refused == nil {
			posted++
		}
	}
	var e *status.Error
	if !errors.As(refused, &e) || e.Code != status.Invalid || e.Field != "incident.body" {
		t.Fatalf("after %d updates: got %v, want an invalid body", posted, refused)
	}
	resolved := status.Resolved
	f.commit(t, func(tx *Tx) error { return apply(tx, id, status.IncidentChange{Status: &resolved}) })
	i, err := f.Incident(t.Context(), "page", id)
	if err != nil || len(i.Updates) != posted+1 || i.Updates[1].Body != *body(posted - 2) {
		t.Errorf("got %d updates, %v; want %d with their bodies", len(i.Updates), err, posted+1)
	}
}

func TestAnEventOverItsLimitLosesDetailNotItself(t *testing.T) {
	changes := make([]status.FieldChange, 100)
	for n := range changes {
		changes[n] = status.FieldChange{Object: "page", Field: "x", Before: strings.Repeat("a", status.MaxFieldText), After: "b"}
	}
	item, err := eventItem(status.Event{Page: "p", Seq: 1, Type: status.PageUpdated, Changes: changes, Incident: "i"})
	if err != nil {
		t.Fatal(err)
	}
	e, err := DecodeEvent(&item)
	if err != nil || e.Incident != "i" || len(e.Changes) != 0 {
		t.Errorf("got %d changes of %q, %v", len(e.Changes), e.Incident, err)
	}
}

func TestKeysAreFoundByTextAndKeptAsHash(t *testing.T) {
	f := newFixture(t)
	text := NewKey()
	if err := f.AddKey(t.Context(), "ci", text); err != nil {
		t.Fatal(err)
	}
	key, err := f.Key(t.Context(), text)
	if err != nil || key.Name != "ci" {
		t.Errorf("got %+v, %v", key, err)
	}
	if _, err := f.Key(t.Context(), text+"x"); err == nil {
		t.Error("a wrong key was let in")
	}
	items, err := f.table.Query(t.Context(), table.Query{Partition: "KEY#" + HashKey(text)})
	if err != nil || len(items.Items) != 1 || strings.Contains(fmt.Sprint(items.Items[0]), text) {
		t.Errorf("stored: %v, %v", items, err)
	}
}

func TestEncodingRoundTripsEveryKindOfField(t *testing.T) {
	text := "x"
	at := begin
	i := status.Incident{
		ID: "a", Name: "n", Status: status.Scheduled, Impact: status.ImpactMaintenance, CreatedAt: begin, UpdatedAt: begin, StartedAt: begin,
		MonitoringAt: &at, Components: []string{"c"}, ReminderIntervals: &text,
		Updates:  []status.Update{{ID: "u", Affected: []status.Affected{{Code: "c"}}, CustomTweet: &text}, {ID: "v"}},
		Schedule: &status.Schedule{For: begin, Until: begin.Add(time.Hour), AutoCompleted: true}, FeedNumber: 1 << 60,
	}
	for _, u := range i.Updates {
		u.CreatedAt, u.UpdatedAt, u.DisplayAt = begin, begin, begin
	}
	got, err := decode[status.Incident](encode(i))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(i, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := decode[status.Incident](table.Attributes{"updates": []any{map[string]any{"id": int64(3)}}}); err == nil ||
		!strings.Contains(err.Error(), "updates: 0: id") {
		t.Errorf("a wrong type: got %v, want the path to it", err)
	}
}
