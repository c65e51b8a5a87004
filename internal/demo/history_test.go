package demo

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"allclear/internal/memory"
	"allclear/internal/sqlite"
	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/table"
)

func historical(t *testing.T, now time.Time, n int) (*store.Store, table.Table, *status.Snapshot) {
	t.Helper()
	tbl := memory.New(memory.Options{}).Table("Status")
	if err := History(t.Context(), tbl, now, n, Options{PageID: "long"}); err != nil {
		t.Fatal(err)
	}
	s := store.New(tbl, store.Options{Now: func() time.Time { return now }})
	snapshot, err := s.Snapshot(t.Context(), "long", nil)
	if err != nil {
		t.Fatal(err)
	}
	return s, tbl, snapshot
}

func TestHistoryHoldsAsManyIncidentsAsAskedForAndTwentyOfTheMonth(t *testing.T) {
	for name, now := range moments {
		lengths := []int{101}
		if name == "in the afternoon" {
			lengths = []int{0, 1, historyChunk, historyChunk + 1}
		}
		for _, n := range lengths {
			t.Run(fmt.Sprintf("%d %s", n, name), func(t *testing.T) {
				s, tbl, snapshot := historical(t, now, n)
				month := time.Date(now.UTC().Year(), now.UTC().Month(), 1, 0, 0, 0, 0, time.UTC)
				all, _, err := s.Incidents(t.Context(), store.List{Page: "long", Kind: store.Realtime})
				if err != nil {
					t.Fatal(err)
				}
				current := 0
				for _, i := range all {
					if !i.OrderTime().Before(month) {
						current++
					}
					if i.Status != status.Resolved || len(i.Updates) != 3 || i.CreatedAt.Before(month.AddDate(-10, 0, 0)) {
						t.Errorf("incident %s began %s, is %s and has %d updates, want 3 and resolved", i.ID, i.CreatedAt, i.Status, len(i.Updates))
					}
				}
				if len(all) != n+20 || current != 20 {
					t.Errorf("got %d incidents, %d of the month, want %d and %d", len(all), current, n+20, 20)
				}
				if got := len(snapshot.Configuration.Components); got != HistoryComponents || len(snapshot.Open) > 0 {
					t.Errorf("got %d components and %d open incidents, want %d and none", got, len(snapshot.Open), HistoryComponents)
				}
				if got, want := len(snapshot.Days), status.UptimeDays-1; got != want {
					t.Errorf("got %d closed days, want %d", got, want)
				}
				events, err := s.Events(t.Context(), "long", 0, 10_000)
				if err != nil {
					t.Fatal(err)
				}
				for k, e := range events {
					if e.Seq != int64(k+1) || len(e.Touched.Incidents) > historyChunk {
						t.Fatalf("event %d has seq %d and %d incidents", k+1, e.Seq, len(e.Touched.Incidents))
					}
				}
				// What closes the days in the first moments of one takes some milliseconds.
				for _, item := range dump(t, tbl, "long") {
					notAfter(t, now.Add(status.UptimeDays*time.Millisecond), item.Key.String(), map[string]any(item.Attributes))
				}
			})
		}
	}
}

func TestTheCurrentMonthIsTheSameForEveryLengthOfHistory(t *testing.T) {
	now := moments["in the afternoon"]
	_, _, short := historical(t, now, 7)
	_, _, long := historical(t, now, 500)
	numbers := cmpopts.IgnoreFields(status.Incident{}, "Seq", "FeedNumber")
	if diff := cmp.Diff(short.Incidents[:HistoryRecent], long.Incidents[:HistoryRecent], numbers); diff != "" {
		t.Errorf("the month differs:\n%s", diff)
	}
	if diff := cmp.Diff(short.Days, long.Days); diff != "" {
		t.Errorf("the days differ:\n%s", diff)
	}
	if diff := cmp.Diff(short.Configuration, long.Configuration); diff != "" {
		t.Errorf("the components differ:\n%s", diff)
	}
}

func TestAHistoryIsSpreadOverItsYears(t *testing.T) {
	now := moments["in the afternoon"]
	s, _, _ := historical(t, now, 240)
	all, _, err := s.Incidents(t.Context(), store.List{Page: "long", Kind: store.Realtime})
	if err != nil {
		t.Fatal(err)
	}
	years := map[int]int{}
	for _, i := range all[HistoryRecent:] {
		years[int(now.Sub(i.CreatedAt)/(365*24*time.Hour))]++
	}
	for year := range HistoryYears {
		if years[year] < 20 || years[year] > 28 {
			t.Errorf("got %d incidents %d years back, want about 24", years[year], year)
		}
	}
}

// BenchmarkHistory fills a file with ALLCLEAR_HISTORY incidents, 2000 unless told.
func BenchmarkHistory(b *testing.B) {
	n := 2000
	if v := os.Getenv("ALLCLEAR_HISTORY"); v != "" {
		var err error
		if n, err = strconv.Atoi(v); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		db, err := sqlite.Open(filepath.Join(b.TempDir(), "data.db"), sqlite.Options{Streams: []string{"Status"}})
		if err != nil {
			b.Fatal(err)
		}
		if err := History(b.Context(), db.Table("Status"), moments["in the afternoon"], n, Options{}); err != nil {
			b.Fatal(err)
		}
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "incidents/s")
}
