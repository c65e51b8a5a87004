package tick_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/bucket"
	bucketmemory "allclear/internal/bucket/memory"
	"allclear/internal/memory"
	"allclear/internal/page"
	"allclear/internal/publish"
	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/tick"
)

const pageID = "thepage"

var (
	operator = status.Actor{Kind: status.ActorKey, Name: "test"}
	zone     = "Europe/Berlin"
)

// fixture is a page with one component in Berlin, and a clock that is set by hand.
type fixture struct {
	*testing.T
	now    time.Time
	ids    int
	store  *store.Store
	bucket bucket.Bucket
	ticker *tick.Ticker
}

func newFixture(t *testing.T, begin time.Time) *fixture {
	t.Helper()
	f := &fixture{T: t, now: begin, bucket: &bucketmemory.Bucket{}}
	f.store = store.New(memory.New(memory.Options{}).Table("status"), store.Options{
		Now:   func() time.Time { return f.now },
		NewID: func() string { f.ids++; return fmt.Sprintf("id%010d", f.ids) },
	})
	logger := slog.New(slog.DiscardHandler)
	f.ticker = &tick.Ticker{Store: f.store, Logger: logger, Publisher: &publish.Publisher{
		Store: f.store, Bucket: f.bucket, PublicURL: "https://status.example.com", OneByOne: true, Logger: logger,
	}}
	settings := status.DefaultSettings("Test")
	settings.TimeZone = zone
	if _, err := f.store.CreatePage(t.Context(), pageID, settings, operator); err != nil {
		t.Fatal(err)
	}
	f.commit(func(tx *store.Tx, cfg *status.Configuration) error {
		cfg.AddComponent(status.Component{ID: "api", Name: "API", CreatedAt: tx.Stamp.Now}, "")
		tx.Record(status.Event{Type: status.ComponentCreated, Actor: operator})
		return nil
	})
	return f
}

func (f *fixture) commit(change func(*store.Tx, *status.Configuration) error) {
	f.Helper()
	_, err := f.store.Commit(f.Context(), pageID, func(tx *store.Tx) error {
		cfg, err := tx.Configuration()
		if err != nil {
			return err
		}
		return change(tx, cfg)
	})
	if err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) set(to status.ComponentState) {
	f.Helper()
	f.commit(func(tx *store.Tx, cfg *status.Configuration) error {
		tx.Record(status.Event{
			Type: status.ComponentUpdated, Actor: operator,
			States: []status.StateChange{*cfg.SetStatus("api", to, tx.Stamp.Now)},
		})
		return nil
	})
}

func (f *fixture) tick() {
	f.Helper()
	if err := f.ticker.Run(f.Context()); err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) seq() int64 {
	f.Helper()
	p, err := f.store.Page(f.Context(), pageID)
	if err != nil {
		f.Fatal(err)
	}
	return p.Seq
}

// maintain schedules a maintenance of the component with all switches on.
func (f *fixture) maintain(from, until time.Time) string {
	f.Helper()
	var id string
	f.commit(func(tx *store.Tx, cfg *status.Configuration) error {
		name, yes := "Upgrade", true
		i, applied, err := status.NewIncident(status.IncidentChange{
			Name: &name, ScheduledFor: &from, ScheduledUntil: &until, ComponentIDs: &[]string{"api"},
			RemindPrior: &yes, AutoInProgress: &yes, AutoCompleted: &yes, ToMaintenance: &yes, ToOperational: &yes,
		}, cfg, tx.Stamp)
		if err != nil {
			return err
		}
		id = i.ID
		tx.PutIncident(i)
		tx.Record(status.Event{Type: status.MaintenanceCreated, Actor: operator, Incident: id, States: applied.States})
		return nil
	})
	return id
}

func (f *fixture) timeline(id string) []string {
	f.Helper()
	i, err := f.store.Incident(f.Context(), pageID, id)
	if err != nil {
		f.Fatal(err)
	}
	var lines []string
	for _, u := range i.Updates {
		lines = append(lines, u.CreatedAt.Format("15:04 ")+string(u.Status))
	}
	return lines
}

var noon = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

func TestAMaintenanceGoesThroughItsLifeOnTime(t *testing.T) {
	f := newFixture(t, noon)
	id := f.maintain(noon.Add(2*time.Hour), noon.Add(3*time.Hour))
	var states []string
	for n := range 200 {
		f.now = noon.Add(time.Duration(n) * time.Minute)
		f.tick()
		cfg, err := f.store.Configuration(t.Context(), pageID)
		if err != nil {
			t.Fatal(err)
		}
		if s := string(cfg.Status("api")); len(states) == 0 || states[len(states)-1] != s {
			states = append(states, s)
		}
	}
	want := []string{"15:00 completed", "14:00 in_progress", "13:00 scheduled", "12:00 scheduled"}
	if diff := cmp.Diff(want, f.timeline(id)); diff != "" {
		t.Errorf("timeline (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"operational", "under_maintenance", "operational"}, states); diff != "" {
		t.Errorf("component states (-want +got):\n%s", diff)
	}
}

func TestAMissedStartAndEndAreBothMadeUpForOnce(t *testing.T) {
	f := newFixture(t, noon)
	id := f.maintain(noon.Add(2*time.Hour), noon.Add(3*time.Hour))
	f.now = noon.Add(5 * time.Hour) // nobody ticked for five hours
	f.tick()
	want := []string{"17:00 completed", "17:00 in_progress", "12:00 scheduled"}
	if diff := cmp.Diff(want, f.timeline(id)); diff != "" {
		t.Errorf("timeline (-want +got):\n%s", diff)
	}
	before := f.seq()
	f.tick()
	f.tick()
	if after := f.seq(); after != before {
		t.Errorf("ticking again moved the page from version %d to %d", before, after)
	}
}

func TestDaysAreClosedInThePagesZoneAndAddUp(t *testing.T) {
	berlin, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	// Over the night in which Berlin loses an hour.
	f := newFixture(t, time.Date(2026, 3, 27, 9, 0, 0, 0, berlin))
	f.now = time.Date(2026, 3, 28, 22, 0, 0, 0, berlin)
	f.set(status.MajorOutage)
	f.now = time.Date(2026, 3, 30, 1, 0, 0, 0, berlin) // ended after a day that nobody closed
	f.set(status.Operational)
	f.now = time.Date(2026, 3, 31, 0, 1, 0, 0, berlin)
	f.tick()

	days, err := f.store.Days(t.Context(), pageID, "2026-03-01", "2026-03-31")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range days {
		u := d.Uptime("api")
		got = append(got, fmt.Sprintf("%s closed=%v total=%d down=%d", d.Date, d.Closed, u.Total, u.Major))
	}
	want := []string{
		"2026-03-27 closed=true total=54000 down=0",
		"2026-03-28 closed=true total=86400 down=7200",
		"2026-03-29 closed=true total=82800 down=82800",
		"2026-03-30 closed=true total=86400 down=3600",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestANewMonthHasAPageFromItsFirstDay(t *testing.T) {
	f := newFixture(t, time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC))
	f.maintain(f.now.Add(-2*time.Hour), f.now.Add(-time.Hour))
	f.tick()
	f.now = f.now.Add(24 * time.Hour)
	f.tick()
	for _, path := range page.MonthPaths("2026-04") {
		if _, err := f.bucket.Head(t.Context(), path); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestWhatNobodyPublishedIsPublishedAndWhatSomebodyDeletedIsRepaired(t *testing.T) {
	f := newFixture(t, noon)
	f.maintain(noon.Add(2*time.Hour), noon.Add(3*time.Hour)) // and no stream to tell of it
	f.tick()
	if _, err := f.bucket.Head(t.Context(), page.PathHeartbeat); err != nil {
		t.Errorf("heartbeat: %v", err)
	}
	if err := f.bucket.Delete(t.Context(), page.PathSummary); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		f.now = f.now.Add(time.Minute)
		f.tick()
	}
	if _, err := f.bucket.Head(t.Context(), page.PathSummary); err != nil {
		t.Errorf("summary after twenty minutes: %v", err)
	}
}

// broken is a bucket that cannot be written to.
type broken struct{ bucket.Bucket }

func (broken) Put(context.Context, string, bucket.Object, bucket.Condition) (bucket.Info, error) {
	return bucket.Info{}, errors.New("the bucket is away")
}

func TestABrokenBucketFailsTheRunButKeepsNoMaintenanceWaiting(t *testing.T) {
	f := newFixture(t, noon)
	id := f.maintain(noon.Add(2*time.Hour), noon.Add(3*time.Hour))
	f.ticker.Publisher.Bucket = broken{f.bucket}
	f.now = noon.Add(150 * time.Minute)
	if err := f.ticker.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "the bucket is away") {
		t.Errorf("got %v, want the bucket's error", err)
	}
	if got := f.timeline(id)[0]; got != "14:30 in_progress" {
		t.Errorf("newest update: got %s", got)
	}
}
