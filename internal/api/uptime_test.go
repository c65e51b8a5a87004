package api_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/status"
	"allclear/internal/store"
)

// day keeps a day that is over, on which a component was out for some seconds.
func (d *desk) day(date string, seconds map[string]map[status.ComponentState]int64, closed bool) {
	d.t.Helper()
	_, err := d.store.Commit(d.t.Context(), pageID, func(tx *store.Tx) error {
		day := status.NewDay(date)
		day.Seconds, day.Closed = seconds, closed
		tx.PutDay(day)
		tx.Record(status.Event{Type: status.DayClosed, Actor: status.Actor{Kind: status.ActorSchedule, Name: "test"}})
		return nil
	})
	if err != nil {
		d.t.Fatal(err)
	}
}

func TestUptimeAddsUpTheDaysOfARangeAndTodaySoFar(t *testing.T) {
	d := newDesk(t) // 08:01 in New York
	a, b, c := d.component("A", `"showcase":true`), d.component("B", `"showcase":true`), d.component("C")
	g := d.group("G", a, b, c)
	whole := int64(86400)
	for date, major := range map[string]int64{"2026-03-01": 8640, "2026-03-02": 0} {
		d.day(date, map[string]map[status.ComponentState]int64{
			a: {status.Operational: whole - major, status.MajorOutage: major},
			b: {status.Operational: whole - 3600, status.PartialOutage: 3600},
			c: {status.MajorOutage: whole},
		}, true)
	}
	// A day that is over but not closed yet says nothing.
	d.day("2026-03-03", map[string]map[status.ComponentState]int64{a: {status.MajorOutage: 5}}, false)
	i := d.incident(`"name":"Down","components":{"` + a + `":"major_outage"}`)
	d.clock.advance(time.Hour)

	uptime := func(path, query string) map[string]any {
		t.Helper()
		return d.must(200, "GET", base+path+"/uptime"+query, "").object()
	}
	got := uptime("/components/"+a, "?start=2026-03-01&end=2026-03-03")
	want := map[string]any{
		"id": a, "name": "A", "range_start": "2026-03-01T00:00:00.000-05:00", "range_end": "2026-03-04T00:00:00.000-05:00",
		"uptime_percentage": 95.0, "major_outage": 8640.0, "partial_outage": 0.0, "warnings": []any{}, "related_events": []any{},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("two days that count (-want +got):\n%s", diff)
	}
	got = uptime("/component-groups/"+g, "?start=2026-03-01T00:00:00-05:00&end=2026-03-02")
	want = map[string]any{
		"id": g, "name": "G", "uptime_percentage": 96.88, "major_outage": 8640.0, "partial_outage": 7200.0, // mean of 95 and 98.75
		"related_events": []any{map[string]any{"component_id": a, "incidents": []any{}}, map[string]any{"component_id": b, "incidents": []any{}}},
	}
	if diff := cmp.Diff(want, pick(got, "id", "name", "uptime_percentage", "major_outage", "partial_outage", "related_events")); diff != "" {
		t.Errorf("group (-want +got):\n%s", diff)
	}
	got = uptime("/components/"+a, "?end=2026-04-01&start=2026-03-10")
	want = map[string]any{
		"range_start": "2026-03-10T00:00:00.000-04:00", "range_end": "2026-03-10T09:01:00.000-04:00", "major_outage": 3600.0, "uptime_percentage": 0.0,
		"warnings":       []any{"End date was adjusted to today. See range_end field in response for end date used."},
		"related_events": []any{map[string]any{"id": i["id"]}},
	}
	got = pick(got, "range_start", "range_end", "major_outage", "uptime_percentage", "warnings", "related_events")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("today (-want +got):\n%s", diff)
	}
	if got := uptime("/components/"+a, "?skip_related_events=true")["related_events"].([]any); len(got) != 0 {
		t.Errorf("got related events %v, want none", got)
	}
	for query, start := range map[string]string{"": "2025-12-11", "?start=2026": "2026-01-01", "?start=2026-02&end=2026-02": "2026-02-01"} {
		if got := uptime("/components/"+a, query)["range_start"].(string); !strings.HasPrefix(got, start) {
			t.Errorf("%q: got start %s, want %s", query, got, start)
		}
	}
	if got := uptime("/components/"+a, "?start=2026-02&end=2026-02")["range_end"]; got != "2026-03-01T00:00:00.000-05:00" {
		t.Errorf("got end of February %v", got)
	}
}

func TestUptimeCountsFromTheStartDateOfAComponent(t *testing.T) {
	d := newDesk(t)
	a := d.component("A", `"showcase":true`, `"start_date":"2026-03-02"`)
	for _, date := range []string{"2026-03-01", "2026-03-02"} {
		d.day(date, map[string]map[status.ComponentState]int64{a: {status.MajorOutage: 86400}}, true)
	}
	got := d.must(200, "GET", base+"/components/"+a+"/uptime?start=2026-02-01", "").object()
	if got["major_outage"] != 86400.0 || !strings.HasPrefix(got["range_start"].(string), "2026-03-02") || len(got["warnings"].([]any)) != 1 {
		t.Errorf("got %v", got)
	}
	g := d.group("G", a)
	if got := d.must(200, "GET", base+"/component-groups/"+g+"/uptime?start=2026-02-01", "").object(); got["major_outage"] != 86400.0 {
		t.Errorf("got %v", got)
	}
	d.must(422, "GET", base+"/components/"+a+"/uptime?start=2026-02-01&end=2026-03-01", "")
}

func TestUptimeOfWhatIsNotShowcasedIsRefused(t *testing.T) {
	d := newDesk(t)
	a := d.component("A")
	g := d.group("G", a)
	for path, says := range map[string]string{
		"/components/" + a + "/uptime":       "component.showcase must be on",
		"/component-groups/" + g + "/uptime": "component_group.components must include one with showcase",
	} {
		if got := problem(t, d.must(422, "GET", base+path, "")); !strings.Contains(got, says) {
			t.Errorf("got %q, want %q", got, says)
		}
	}
}

func TestRelatedEventsAreThoseOfTheRangeAlone(t *testing.T) {
	d := newDesk(t)
	a, b := d.component("A", `"showcase":true`), d.component("B", `"showcase":true`)
	attach := func(name string, resolve bool) string {
		i := d.incident(`"name":"` + name + `","component_ids":["` + a + `"]`)
		if resolve {
			d.must(200, "PATCH", base+"/incidents/"+i["id"].(string), `{"incident":{"status":"resolved"}}`)
		}
		return i["id"].(string)
	}
	attach("before", true)
	d.clock.advance(24 * time.Hour)
	inside := attach("inside", true)
	across := attach("across", false)
	d.clock.advance(48 * time.Hour)
	d.must(200, "PATCH", base+"/incidents/"+across, `{"incident":{"status":"resolved"}}`)
	attach("after", true)
	for id, want := range map[string][]string{a: {across, inside}, b: {}} {
		got := []string{}
		for _, e := range d.must(200, "GET", base+"/components/"+id+"/uptime?start=2026-03-11&end=2026-03-11", "").object()["related_events"].([]any) {
			got = append(got, e.(map[string]any)["id"].(string))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func TestAGroupWithAnyDowntimeIsNeverAtAHundred(t *testing.T) {
	d := newDesk(t)
	seconds := map[string]map[status.ComponentState]int64{}
	var members []string
	for _, name := range []string{"A", "B", "C"} {
		c := d.component(name, `"showcase":true`)
		members = append(members, c)
		seconds[c] = map[status.ComponentState]int64{status.Operational: 86400}
	}
	seconds[members[0]] = map[status.ComponentState]int64{status.Operational: 86399, status.MajorOutage: 1}
	d.day("2026-03-01", seconds, true)
	path := base + "/component-groups/" + d.group("G", members...) + "/uptime?start=2026-03-01&end=2026-03-01"
	if got := d.must(200, "GET", path, "").object()["uptime_percentage"]; got != 99.99 {
		t.Errorf("got %v, want 99.99", got)
	}
}
