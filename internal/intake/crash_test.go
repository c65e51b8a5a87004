package intake

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/memory"
	"allclear/internal/status"
	"allclear/internal/store"
)

var errCrash = errors.New("crash")

// state is everything that an import writes, but for versions.
type state struct {
	Settings      status.Settings
	FeedNumber    int64
	Configuration *status.Configuration
	Incidents     []*status.Incident
	Days          []*status.Day
}

func stateOf(t testing.TB, s *store.Store) state {
	t.Helper()
	ctx := context.Background()
	p, err := s.Page(ctx, "h4rb0urpage1")
	if err != nil {
		t.Fatal(err)
	}
	found := state{Settings: p.Settings, FeedNumber: p.FeedNumber, Configuration: configuration(t, s)}
	for _, kind := range []store.Kind{store.Realtime, store.Maintenance} {
		list, _, err := s.Incidents(ctx, store.List{Page: p.ID, Kind: kind})
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range list {
			i.Seq = 0
			found.Incidents = append(found.Incidents, i)
		}
	}
	if found.Days, err = s.Days(ctx, p.ID, "2000-01-01", "2099-12-31"); err != nil {
		t.Fatal(err)
	}
	return found
}

func TestAnImportThatCrashedAtAnyWriteIsCompletedByTheNext(t *testing.T) {
	dir := capturesOf(t, sampleSummary, sampleIncidents)
	whole := emptyStore(t, sampleNow)
	report, err := Run(context.Background(), whole, Options{Sources: []string{dir}})
	if err != nil {
		t.Fatal(err)
	}
	want := stateOf(t, whole)
	for _, moment := range []memory.Moment{memory.BeforeWrite, memory.AfterWrite} {
		for crash := range report.Steps {
			t.Run(fmt.Sprintf("%s %d", moment, crash), func(t *testing.T) {
				s := crashing(t, moment, crash)
				report, err := Run(context.Background(), s, Options{Sources: []string{dir}})
				if !errors.Is(err, errCrash) || report.Complete {
					t.Fatalf("got %v, complete %v: want a crash", err, report.Complete)
				}
				if report, err = Run(context.Background(), s, Options{Sources: []string{dir}}); err != nil || !report.Complete {
					t.Fatalf("run again: %v, complete %v", err, report.Complete)
				}
				if diff := cmp.Diff(want, stateOf(t, s)); diff != "" {
					t.Errorf("state (-want +got):\n%s", diff)
				}
				before := seq(t, s)
				if _, err := Run(context.Background(), s, Options{Sources: []string{dir}}); err != nil || seq(t, s) != before {
					t.Errorf("a third run: %v, seq %d, want %d", err, seq(t, s), before)
				}
			})
		}
	}
}

// crashing is a store with an empty page that fails once, at one write counted from 0.
func crashing(t *testing.T, moment memory.Moment, crash int) *store.Store {
	t.Helper()
	left := -1 // writes that still work; below 0 the crash is not yet armed or over
	db := memory.New(memory.Options{Fault: func(_ context.Context, c memory.Call) error {
		if c.Moment != moment || left < 0 {
			return nil
		}
		left--
		if left < 0 {
			return errCrash
		}
		return nil
	}})
	clock := at(t, sampleNow)
	s := store.New(db.Table("Status"), store.Options{Now: func() time.Time { return clock }})
	if _, err := s.CreatePage(context.Background(), "emptypage001", status.DefaultSettings("Empty"), author()); err != nil {
		t.Fatal(err)
	}
	left = crash
	return s
}

func TestAPageThatOthersChangeMeanwhileIsImportedWhole(t *testing.T) {
	dir := capturesOf(t, sampleSummary, sampleIncidents)
	want := emptyStore(t, sampleNow)
	if _, err := Run(context.Background(), want, Options{Sources: []string{dir}}); err != nil {
		t.Fatal(err)
	}
	clock, other := at(t, sampleNow), (*store.Store)(nil)
	disturbed := 0
	db := memory.New(memory.Options{Fault: func(ctx context.Context, c memory.Call) error {
		if c.Moment != memory.BeforeWrite || other == nil || disturbed >= 3 {
			return nil
		}
		disturbed++
		writer := other
		other = nil // its own write is not disturbed
		_, err := writer.Commit(ctx, "h4rb0urpage1", func(tx *store.Tx) error {
			tx.Record(status.Event{Type: status.PageUpdated})
			return nil
		})
		other = writer
		return err
	}})
	s := store.New(db.Table("Status"), store.Options{Now: func() time.Time { return clock }})
	if _, err := s.CreatePage(context.Background(), "h4rb0urpage1", status.DefaultSettings("Harbour"), author()); err != nil {
		t.Fatal(err)
	}
	other = store.New(db.Table("Status"), store.Options{Now: func() time.Time { return clock }})
	if _, err := Run(context.Background(), s, Options{Sources: []string{dir}}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(stateOf(t, want), stateOf(t, s)); diff != "" || disturbed != 3 {
		t.Errorf("disturbed %d times, state (-want +got):\n%s", disturbed, diff)
	}
}
