package intake

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/memory"
	"allclear/internal/status"
	"allclear/internal/store"
)

func daysOf(t testing.TB, s *store.Store) map[string]*status.Day {
	t.Helper()
	list, err := s.Days(context.Background(), "h4rb0urpage1", "2000-01-01", "2099-12-31")
	if err != nil {
		t.Fatal(err)
	}
	days := map[string]*status.Day{}
	for _, d := range list {
		days[d.Date] = d
	}
	return days
}

type seconds = map[status.ComponentState]int64

const hour = 3600

func TestUptimeIsCountedFromTheUpdates(t *testing.T) {
	s := emptyStore(t, sampleNow)
	taken(t, s, sampleSummary, sampleIncidents)
	days := daysOf(t, s)
	for date, want := range map[string]seconds{
		"2025-12-11": {status.Operational: 24 * hour}, // the first of 90
		"2026-03-06": {status.Operational: 24 * hour},
		"2026-03-07": {status.Operational: 20 * hour, status.MajorOutage: 4 * hour},
		"2026-03-08": {status.MajorOutage: 23 * hour}, // daylight saving time begins
		"2026-03-09": {status.MajorOutage: 12*hour + hour/2, status.Operational: 11*hour + hour/2},
	} {
		day := days[date]
		if day == nil || !day.Closed {
			t.Errorf("%s is missing or open", date)
			continue
		}
		if diff := cmp.Diff(want, day.Seconds["cmpgate00001"]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", date, diff)
		}
	}
	if days["2025-12-10"] != nil {
		t.Error("a day before the 90 is there")
	}
}

func TestDaysBeforeAComponentBeganHaveNoData(t *testing.T) {
	s := emptyStore(t, sampleNow)
	taken(t, s, sampleSummary, sampleIncidents)
	days := daysOf(t, s)
	if got := days["2026-03-05"].Seconds["cmpnorth0001"]; got != nil {
		t.Errorf("the day before it was made has %v", got)
	}
	if diff := cmp.Diff(seconds{status.Operational: 15 * hour}, days["2026-03-06"].Seconds["cmpnorth0001"]); diff != "" {
		t.Errorf("the day it was made (-want +got):\n%s", diff)
	}
}

func TestAStartDateDecidesFromWhenUptimeCounts(t *testing.T) {
	for name, c := range map[string]struct {
		start string
		first string
	}{
		"before the creation": {`"2026-03-01"`, "2026-03-01"},
		"after the creation":  {`"2026-03-08"`, "2026-03-08"},
		"none":                {`null`, "2026-03-06"},
	} {
		t.Run(name, func(t *testing.T) {
			s := emptyStore(t, sampleNow)
			north := newer(sampleNorth, "2026-03-10T10:00:00.000-07:00", `"start_date":null`, `"start_date":`+c.start)
			taken(t, s, `{`+samplePage+`,"components":[`+north+`]}`)
			var first string
			for date, day := range daysOf(t, s) {
				if day.Seconds["cmpnorth0001"] != nil && (first == "" || date < first) {
					first = date
				}
			}
			if first != c.first {
				t.Errorf("got %s, want %s", first, c.first)
			}
		})
	}
}

func TestTodayGoesOnFromWhereTheCaptureEnds(t *testing.T) {
	s := emptyStore(t, sampleNow)
	taken(t, s, sampleSummary, sampleIncidents)
	cfg := configuration(t, s)
	began := at(t, "2026-03-10T17:00:00Z")
	if got := cfg.States["cmpnorth0001"]; !got.Since.Equal(began) || got.Status != status.PartialOutage {
		t.Errorf("got %+v", got)
	}
	today := daysOf(t, s)["2026-03-10"]
	if today == nil || today.Closed {
		t.Fatalf("got %+v", today)
	}
	if diff := cmp.Diff(seconds{status.Operational: 10 * hour}, today.Seconds["cmpnorth0001"]); diff != "" {
		t.Errorf("before the change (-want +got):\n%s", diff)
	}
	if today.Start["cmpnorth0001"] != status.Operational {
		t.Errorf("the day started with %q", today.Start["cmpnorth0001"])
	}
	start := at(t, "2026-03-10T07:00:00Z")
	soFar := today.SoFar(cfg, at(t, "2026-03-10T18:30:00Z"), start)
	want := map[string]seconds{
		"cmpnorth0001": {status.Operational: 10 * hour, status.PartialOutage: hour + hour/2},
		"cmpgate00001": {status.Operational: 11*hour + hour/2},
	}
	if diff := cmp.Diff(want, soFar.Seconds); diff != "" {
		t.Errorf("so far (-want +got):\n%s", diff)
	}
	today.Close(cfg, cfg.Status, start, start.Add(24*time.Hour))
	if diff := cmp.Diff(seconds{status.Operational: 10 * hour, status.PartialOutage: 14 * hour}, today.Seconds["cmpnorth0001"]); diff != "" {
		t.Errorf("closed (-want +got):\n%s", diff)
	}
}

func TestANewerCaptureCorrectsTheDaysOfItsIncidentsOnly(t *testing.T) {
	clock := at(t, sampleNow)
	s := store.New(memory.New(memory.Options{}).Table("Status"), store.Options{Now: func() time.Time { return clock }})
	taken(t, s, sampleSummary) // without the jam: all days of the gate are operational
	_, err := s.Commit(context.Background(), "h4rb0urpage1", func(tx *store.Tx) error {
		day, err := tx.Day("2026-01-15")
		if err != nil {
			return err
		}
		day.Seconds["cmpgate00001"] = seconds{status.PartialOutage: 24 * hour} // known here only
		tx.PutDay(day)
		tx.Record(status.Event{Type: status.DayClosed})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := daysOf(t, s)["2026-03-08"].Seconds["cmpgate00001"]; got[status.MajorOutage] != 0 {
		t.Fatalf("got %v", got)
	}
	before := daysOf(t, s)
	taken(t, s, sampleSummary, sampleIncidents)
	days := daysOf(t, s)
	if diff := cmp.Diff(seconds{status.MajorOutage: 23 * hour}, days["2026-03-08"].Seconds["cmpgate00001"]); diff != "" {
		t.Errorf("a day of the jam (-want +got):\n%s", diff)
	}
	for _, date := range []string{"2026-03-06", "2026-01-15"} {
		if diff := cmp.Diff(before[date], days[date]); diff != "" {
			t.Errorf("%s was touched (-before +after):\n%s", date, diff)
		}
	}
	if diff := cmp.Diff(before["2026-03-08"].Seconds["cmpnorth0001"], days["2026-03-08"].Seconds["cmpnorth0001"]); diff != "" {
		t.Errorf("another component was touched (-before +after):\n%s", diff)
	}
}

func TestEmptyDaysThatAPageHadBeforeAreFilled(t *testing.T) {
	ctx := context.Background()
	s := emptyStore(t, sampleNow)
	if _, err := s.CreatePage(ctx, "h4rb0urpage1", status.DefaultSettings("Harbour"), author()); err != nil {
		t.Fatal(err)
	}
	_, err := s.Commit(ctx, "h4rb0urpage1", func(tx *store.Tx) error {
		day := status.NewDay("2026-02-07")
		day.Closed = true
		tx.PutDay(day)
		tx.Record(status.Event{Type: status.DayClosed})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	taken(t, s, sampleSummary, sampleIncidents)
	if got := daysOf(t, s)["2026-02-07"]; !got.Closed || got.Seconds["cmpgate00001"][status.Operational] != 24*hour {
		t.Errorf("got %+v", got)
	}
}

func TestTheNewestDaysAreWrittenFirst(t *testing.T) {
	// Else the schedule, running between two steps, would close the days after the last one
	// written before their components are there.
	s := crashing(t, memory.BeforeWrite, 2) // after the page and the first days
	if _, err := Run(context.Background(), s, Options{Sources: []string{capturesOf(t, sampleSummary)}}); err == nil {
		t.Fatal("it did not crash")
	}
	days := daysOf(t, s)
	if days["2026-03-09"] == nil || days["2025-12-11"] != nil {
		t.Errorf("yesterday %v, the oldest day %v", days["2026-03-09"], days["2025-12-11"])
	}
}
