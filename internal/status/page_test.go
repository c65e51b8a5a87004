package status

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestOverallFollowsTheWorstClass(t *testing.T) {
	o, u, d, p, m := Operational, UnderMaintenance, DegradedPerformance, PartialOutage, MajorOutage
	cases := []struct {
		states []ComponentState
		want   Overall
	}{
		{nil, Overall{IndicatorNone, "All Systems Operational"}},
		{[]ComponentState{o, o}, Overall{IndicatorNone, "All Systems Operational"}},
		{[]ComponentState{o, u}, Overall{IndicatorMaintenance, "Service Under Maintenance"}},
		{[]ComponentState{u, d}, Overall{IndicatorMinor, "Partially Degraded Service"}},
		{[]ComponentState{d, d}, Overall{IndicatorMinor, "Degraded System Service"}},
		{[]ComponentState{d, p}, Overall{IndicatorMinor, "Minor Service Outage"}},
		{[]ComponentState{p, p}, Overall{IndicatorMajor, "Partial System Outage"}},
		{[]ComponentState{p, m}, Overall{IndicatorMajor, "Partial System Outage"}},
		{[]ComponentState{m, o}, Overall{IndicatorMajor, "Partial System Outage"}},
		{[]ComponentState{m, m}, Overall{IndicatorCritical, "Major System Outage"}},
	}
	for _, tc := range cases {
		if got := OverallOf(tc.states); got != tc.want {
			t.Errorf("%v: got %v, want %v", tc.states, got, tc.want)
		}
	}
}

func TestGroupsFollowTheirWorstMemberAndKeepTheirOrder(t *testing.T) {
	cfg, clock := fixture()
	cfg.SetStatus("web", UnderMaintenance, clock.stamp().Now)
	cfg.SetStatus("api", DegradedPerformance, clock.stamp().Now)
	if got := cfg.GroupStatus("g"); got != DegradedPerformance {
		t.Errorf("group status: got %s, want degraded_performance", got)
	}
	if diff := cmp.Diff([]string{"api", "web"}, cfg.Members("g")); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	cfg.SetMembers("g", []string{"docs", "web"})
	if diff := cmp.Diff([]string{"docs", "web"}, cfg.Members("g")); diff != "" {
		t.Errorf("members after a change (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"g", "api"}, cfg.TopLevel()); diff != "" {
		t.Errorf("top level after a change (-want +got):\n%s", diff)
	}
	cfg.RemoveGroup("g")
	if diff := cmp.Diff([]string{"api", "docs", "web"}, cfg.TopLevel()); diff != "" {
		t.Errorf("top level without the group (-want +got):\n%s", diff)
	}
}

func TestSeqAndAtAlwaysAdvance(t *testing.T) {
	p := Page{}
	p.Advance(start)
	p.Advance(start.Add(-time.Hour)) // a clock that went back
	if p.Seq != 2 || !p.At.Equal(start.Add(time.Millisecond)) {
		t.Errorf("got seq %d at %s, want 2 at 1 ms after the first", p.Seq, p.At)
	}
}

func TestAPageOvertakesWhatIsKnownOfItFromElsewhereInEveryPart(t *testing.T) {
	p := Page{Seq: 5, At: start, FeedNumber: 7}
	p.Overtake(Version{Seq: 9, At: start.Add(time.Hour), FeedNumber: 3}, start) // a clock that is behind, a number that is lower
	if want := (Version{9 + overtakeBy + 1, start.Add(time.Hour + time.Millisecond), 7 + overtakeBy}); p.Version() != want {
		t.Errorf("got %+v, want %+v", p.Version(), want)
	}
}

func TestADayAddsUpToItsLengthHoweverOftenStatesChange(t *testing.T) {
	zone, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		date string
		want int64
	}{{"2026-03-07", 86400}, {"2026-03-08", 23 * 3600}, {"2026-11-01", 25 * 3600}} {
		from, to, err := Bounds(tc.date, zone)
		if err != nil {
			t.Fatal(err)
		}
		cfg := NewConfiguration()
		cfg.AddComponent(Component{ID: "c", CreatedAt: from.Add(-time.Hour)}, "")
		day := NewDay(tc.date)
		states := ComponentStates()
		at := from
		for n := range 100 {
			at = at.Add(time.Duration(n*7919)*time.Millisecond + 137*time.Millisecond)
			if change := cfg.SetStatus("c", states[(n+1)%len(states)], at); change != nil {
				day.Record(*change, at, from)
			}
		}
		if soFar := day.SoFar(cfg, at, from).Uptime("c").Total; soFar != int64(at.Sub(from)/time.Second) {
			t.Errorf("%s so far: got %d s, want %d", tc.date, soFar, int64(at.Sub(from)/time.Second))
		}
		day.Close(cfg, cfg.Status, from, to)
		if got := day.Uptime("c").Total; got != tc.want {
			t.Errorf("%s: got %d s, want %d", tc.date, got, tc.want)
		}
		if day.Start["c"] != Operational {
			t.Errorf("%s began %q, want operational", tc.date, day.Start["c"])
		}
	}
}

func TestUptimeWeighsPartialOutagesAndNeverRoundsDowntimeAway(t *testing.T) {
	cases := []struct {
		u    Uptime
		want float64
	}{
		{Uptime{}, 100},
		{Uptime{Total: 86400}, 100},
		{Uptime{Total: 86400, Major: 864}, 99},
		{Uptime{Total: 86400, Partial: 2880}, 99},
		{Uptime{Total: 90 * 86400, Major: 1}, 99.99},
		{Uptime{Total: 10, Major: 10}, 0},
	}
	for _, tc := range cases {
		if got := tc.u.Percentage(); got != tc.want {
			t.Errorf("%+v: got %v, want %v", tc.u, got, tc.want)
		}
	}
}

func TestCutKeepsCharactersWhole(t *testing.T) {
	if got, want := Cut("ääää", 7), "ää…"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := Cut("short", 7); got != "short" {
		t.Errorf("got %q", got)
	}
}
