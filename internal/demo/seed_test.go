package demo

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/memory"
	"allclear/internal/sqlite"
	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/table"
)

// moments at which a demo may be started, awkward ones among them.
var moments = map[string]time.Time{
	"in the afternoon":             time.Date(2026, 3, 18, 15, 42, 7, 123_456_789, time.UTC),
	"at midnight":                  time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
	"a second after midnight":      time.Date(2028, 3, 1, 0, 0, 1, 0, time.UTC),
	"half an hour after midnight":  time.Date(2026, 11, 30, 0, 30, 0, 0, time.UTC),
	"a millisecond before the day": time.Date(2026, 6, 30, 23, 59, 59, 999_000_000, time.UTC),
	"in another zone":              time.Date(2026, 3, 18, 1, 15, 0, 0, time.FixedZone("", 9*3600)),
}

// seeded is a table with the demo page in it, the page's snapshot and all its events.
func seeded(t *testing.T, now time.Time) (table.Table, *status.Snapshot, []status.Event) {
	t.Helper()
	tbl := memory.New(memory.Options{}).Table("Status")
	if err := Seed(t.Context(), tbl, now, Options{}); err != nil {
		t.Fatal(err)
	}
	s := store.New(tbl, store.Options{Now: func() time.Time { return now }})
	pages, err := s.Pages(t.Context())
	if err != nil || len(pages) != 1 {
		t.Fatalf("got pages %v, %v, want one", pages, err)
	}
	snapshot, err := s.Snapshot(t.Context(), pages[0], nil)
	if err != nil {
		t.Fatal(err)
	}
	events, err := s.Events(t.Context(), pages[0], 0, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	return tbl, snapshot, events
}

func dump(t *testing.T, tbl table.Table, page string) []table.Item {
	t.Helper()
	items, err := table.All(t.Context(), tbl, table.Query{Partition: store.PagePartition(page)})
	if err != nil {
		t.Fatal(err)
	}
	return items
}

func TestTheDemoPageLooksLikeARealOne(t *testing.T) {
	_, snapshot, _ := seeded(t, moments["in the afternoon"])
	cfg := snapshot.Configuration
	if got, want := len(cfg.Components), 12; got < want {
		t.Errorf("got %d components, want at least %d", got, want)
	}
	if got := len(cfg.Groups); got < 3 || got > 4 {
		t.Errorf("got %d groups, want 3 or 4", got)
	}
	hidden, ungrouped := 0, 0
	for id, c := range cfg.Components {
		if c.OnlyShowIfDegraded {
			hidden++
		}
		if _, ok := cfg.GroupOf(id); !ok {
			ungrouped++
		}
		if c.Description == nil {
			t.Errorf("%s has no description", c.Name)
		}
	}
	if hidden != 1 || ungrouped != 2 {
		t.Errorf("got %d hidden and %d ungrouped components, want 1 and 2", hidden, ungrouped)
	}
	recent, backfilled := 0, 0
	impacts := map[status.Impact]int{}
	for _, i := range snapshot.Incidents {
		impacts[i.PublicImpact()]++
		if snapshot.Page.At.Sub(i.OrderTime()) < 90*24*time.Hour {
			recent++
		}
		if i.Backfilled {
			backfilled++
			continue
		}
		if n := len(i.Updates); n < 3 || n > 6 {
			t.Errorf("%q has %d updates, want 3 to 6", i.Name, n)
		}
	}
	if recent < 20 || backfilled != 2 {
		t.Errorf("got %d incidents in 90 days and %d backfilled, want at least 20 and 2", recent, backfilled)
	}
	for _, impact := range []status.Impact{status.ImpactNone, status.ImpactMinor, status.ImpactMajor, status.ImpactCritical} {
		if impacts[impact] < 2 {
			t.Errorf("got %d incidents of impact %s, want some", impacts[impact], impact)
		}
	}
}

func TestWheneverTheDemoStartsItsPageIsWhole(t *testing.T) {
	for name, now := range moments {
		tbl, snapshot, events := seeded(t, now)
		t.Run("one incident is open and one maintenance ahead "+name, func(t *testing.T) { openAndAhead(t, now, snapshot) })
		t.Run("every ended day is closed and whole "+name, func(t *testing.T) { daysClosed(t, now, snapshot) })
		t.Run("events are numbered without a gap "+name, func(t *testing.T) { eventsDense(t, snapshot, events) })
		t.Run("nothing is dated after now "+name, func(t *testing.T) {
			for _, item := range dump(t, tbl, snapshot.Page.ID) {
				notAfter(t, now, item.Key.String(), map[string]any(item.Attributes))
			}
		})
	}
}

func openAndAhead(t *testing.T, now time.Time, snapshot *status.Snapshot) {
	t.Helper()
	var open, upcoming []*status.Incident
	for _, i := range snapshot.Open {
		if i.IsMaintenance() {
			upcoming = append(upcoming, i)
		} else {
			open = append(open, i)
		}
	}
	if len(open) != 1 || len(upcoming) != 1 {
		t.Fatalf("got %d open incidents and %d open maintenances, want one of each", len(open), len(upcoming))
	}
	if age := now.Sub(open[0].CreatedAt); age < 35*time.Minute || age > 45*time.Minute {
		t.Errorf("the open incident is %s old, want about 40 minutes", age)
	}
	if n := len(open[0].Updates); n < 2 || n > 3 || open[0].Impact != status.ImpactMajor {
		t.Errorf("the open incident has %d updates and impact %s, want 2 or 3 and major", n, open[0].Impact)
	}
	want := status.Overall{Indicator: status.IndicatorMinor, Description: "Minor Service Outage"} // a partial outage
	if got := snapshot.Configuration.Overall(); got != want {
		t.Errorf("got overall %v, want %v", got, want)
	}
	s := upcoming[0].Schedule
	if ahead := s.For.Sub(now); ahead < 24*time.Hour || ahead > 72*time.Hour {
		t.Errorf("the coming maintenance is %s ahead, want about two days", ahead)
	}
	if upcoming[0].Status != status.Scheduled || !s.RemindPrior || !s.AutoInProgress || !s.AutoCompleted || !s.ToMaintenance || !s.ToOperational {
		t.Errorf("the coming maintenance is %s with %+v, want scheduled with every switch on", upcoming[0].Status, s)
	}
	past := 0
	for _, m := range snapshot.Maintenances {
		if m.Status != status.Completed {
			continue
		}
		past++
		if m.Schedule.RemindedAt == nil || m.MonitoringAt == nil || len(m.Updates) < 5 {
			t.Errorf("%q was not reminded of, verified and completed: %+v", m.Name, m)
		}
		if len(m.Updates[0].Affected) == 0 || m.Updates[0].Affected[0].Old != status.UnderMaintenance || m.Updates[0].Affected[0].New != status.Operational {
			t.Errorf("%q ended with %+v, want components back from maintenance", m.Name, m.Updates[0].Affected)
		}
	}
	if past != 2 {
		t.Errorf("got %d maintenances of the past, want 2", past)
	}
}

func daysClosed(t *testing.T, now time.Time, snapshot *status.Snapshot) {
	t.Helper()
	today := status.DateOf(now, time.UTC)
	closed := 0
	for _, day := range snapshot.Days {
		if day.Date == today {
			if day.Closed {
				t.Errorf("today is closed")
			}
			continue
		}
		if !day.Closed {
			t.Errorf("%s is not closed", day.Date)
		}
		closed++
		for id, c := range snapshot.Configuration.Components {
			if total := day.Uptime(id).Total; total != 86_400 {
				t.Errorf("%s of %s has %d seconds, want 86400", day.Date, c.Name, total)
			}
		}
	}
	if want := status.UptimeDays - 1; closed != want {
		t.Errorf("got %d closed days, want %d", closed, want)
	}
	for id, c := range snapshot.Configuration.Components {
		var uptime status.Uptime
		for _, day := range snapshot.Days {
			uptime = uptime.Plus(day.Uptime(id))
		}
		if p := uptime.Percentage(); p < 99.9 && !c.OnlyShowIfDegraded {
			t.Errorf("%s was up %.2f %%, want 99.9 at least", c.Name, p)
		}
	}
}

func eventsDense(t *testing.T, snapshot *status.Snapshot, events []status.Event) {
	t.Helper()
	last := time.Time{}
	for n, e := range events {
		if e.Seq != int64(n+1) {
			t.Fatalf("event %d has seq %d", n+1, e.Seq)
		}
		if !e.At.After(last) {
			t.Errorf("event %d is of %s, not after the one before", e.Seq, e.At)
		}
		if e.Actor.Name == "" {
			t.Errorf("event %d has no author", e.Seq)
		}
		last = e.At
	}
	if got, want := int64(len(events)), snapshot.Page.Seq; got != want {
		t.Errorf("got %d events, want as many as the page's seq %d", got, want)
	}
}

// notAfter looks for times after now, anywhere in an item. Only a schedule looks ahead.
func notAfter(t *testing.T, now time.Time, where string, v any) {
	t.Helper()
	switch v := v.(type) {
	case map[string]any:
		for name, e := range v {
			if name != "scheduled_for" && name != "scheduled_until" {
				notAfter(t, now, where+"."+name, e)
			}
		}
	case []any:
		for n, e := range v {
			notAfter(t, now, fmt.Sprint(where, ".", n), e)
		}
	case string:
		if at, err := time.Parse(time.RFC3339, v); err == nil && at.After(now) {
			t.Errorf("%s is %s, after now", where, v)
		}
	}
}

func TestTheSameNumberGivesTheSameDataAndAnotherNumberOtherIDs(t *testing.T) {
	now := moments["in the afternoon"]
	one, first, _ := seeded(t, now)
	two, second, _ := seeded(t, now)
	if diff := cmp.Diff(dump(t, one, first.Page.ID), dump(t, two, second.Page.ID)); diff != "" {
		t.Errorf("two runs differ:\n%s", diff)
	}
	other := newLife(now, Options{Dice: 1})
	if other.page == first.Page.ID {
		t.Errorf("both numbers give the page %s", other.page)
	}
	if chosen := newLife(now, Options{PageID: "mine"}); chosen.page != "mine" {
		t.Errorf("got page %s, want the one asked for", chosen.page)
	}
}

func TestATableWithAPageIsRefused(t *testing.T) {
	now := moments["in the afternoon"]
	tbl, snapshot, _ := seeded(t, now)
	before := dump(t, tbl, snapshot.Page.ID)
	err := Seed(t.Context(), tbl, now.Add(time.Hour), Options{Dice: 2})
	if e := (*status.Error)(nil); !errors.As(err, &e) || e.Code != status.Conflict {
		t.Errorf("got %v, want a conflict", err)
	}
	if diff := cmp.Diff(before, dump(t, tbl, snapshot.Page.ID)); diff != "" {
		t.Errorf("the page changed:\n%s", diff)
	}
}

func TestAnInterruptedSeedLeavesNoPageAndCanBeDoneAgain(t *testing.T) {
	now := moments["in the afternoon"]
	want, whole, _ := seeded(t, now)
	writes := 0
	tbl := memory.New(memory.Options{Fault: func(_ context.Context, c memory.Call) error {
		if c.Moment != memory.BeforeWrite {
			return nil
		}
		if writes++; writes == 3 {
			return errors.New("power is out")
		}
		return nil
	}}).Table("Status")
	if err := Seed(t.Context(), tbl, now.Add(-time.Hour), Options{}); err == nil {
		t.Fatal("the interruption went unnoticed")
	}
	if pages, err := store.New(tbl, store.Options{}).Pages(t.Context()); err != nil || len(pages) > 0 {
		t.Fatalf("got pages %v, %v, want none", pages, err)
	}
	if err := Seed(t.Context(), tbl, now, Options{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(dump(t, want, whole.Page.ID), dump(t, tbl, whole.Page.ID)); diff != "" {
		t.Fatalf("done again, it differs:\n%s", diff)
	}
}

func TestLinksLeadOnlyToExample(t *testing.T) {
	_, snapshot, _ := seeded(t, moments["in the afternoon"])
	texts := []string{snapshot.Page.Settings.Website, snapshot.Page.Settings.SupportURL}
	for _, i := range append(snapshot.Incidents, snapshot.Maintenances...) {
		for _, u := range i.Updates {
			texts = append(texts, u.Body)
		}
	}
	for _, text := range texts {
		for _, rest := range strings.Split(text, "://")[1:] {
			if !strings.HasPrefix(rest, "example.com") {
				t.Errorf("a link leads to %.40q, want example.com", rest)
			}
		}
	}
}

// Durable transactions are what takes time on a file; BenchmarkSeed says how much.
func TestADemoIsWrittenInAFewTransactions(t *testing.T) {
	writes := 0
	tbl := memory.New(memory.Options{Fault: func(_ context.Context, c memory.Call) error {
		if c.Moment == memory.BeforeWrite {
			writes++
		}
		return nil
	}}).Table("Status")
	if err := Seed(t.Context(), tbl, moments["in the afternoon"], Options{}); err != nil {
		t.Fatal(err)
	}
	if writes > 10 {
		t.Errorf("got %d transactions, want at most 10", writes)
	}
}

func BenchmarkSeed(b *testing.B) {
	for b.Loop() {
		db, err := sqlite.Open(filepath.Join(b.TempDir(), "data.db"), sqlite.Options{Streams: []string{"Status"}})
		if err != nil {
			b.Fatal(err)
		}
		if err := Seed(b.Context(), db.Table("Status"), moments["in the afternoon"], Options{}); err != nil {
			b.Fatal(err)
		}
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
