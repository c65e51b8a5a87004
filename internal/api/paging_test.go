package api_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/memory"
)

func TestIncidentsAndMaintenancesAreListedTogetherNewestFirst(t *testing.T) {
	d := newDesk(t)
	var want []string
	for n := range 7 {
		d.clock.advance(time.Hour)
		want = append(want, d.incident(fmt.Sprintf(`"name":"Incident %d"`, n))["id"].(string))
		if n%3 == 0 {
			d.clock.advance(time.Hour)
			past := d.clock.Now().Add(-time.Minute).Format(time.RFC3339)
			want = append(want, d.incident(`"name":"Work","scheduled_for":"` + past + `","scheduled_until":"2027-01-01T00:00:00Z","status":"completed"`)["id"].(string))
		}
	}
	slices.Reverse(want)
	if got := ids(d.must(200, "GET", base+"/incidents", "").list()); !cmp.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for size := 1; size <= 11; size++ {
		var got []string
		for page := 1; ; page++ {
			part := ids(d.must(200, "GET", fmt.Sprintf("%s/incidents?limit=%d&page=%d", base, size, page), "").list())
			if len(part) == 0 {
				break
			}
			got = append(got, part...)
		}
		if !cmp.Equal(got, want) {
			t.Errorf("by %d: got %v, want %v", size, got, want)
		}
	}
}

func TestALimitAboveAHundredIsAHundred(t *testing.T) {
	d := newDesk(t)
	for n := range 103 {
		d.incident(fmt.Sprintf(`"name":"Incident %d"`, n))
	}
	for query, want := range map[string]int{"": 100, "?limit=500": 100, "?limit=500&per_page=500": 100, "?per_page=500": 100, "?limit=7": 7, "?page=2": 3, "?page=2&per_page=100": 3, "?page=3": 0} {
		for _, list := range []string{"", "/unresolved"} {
			if got := len(d.must(200, "GET", base+"/incidents"+list+query, "").list()); got != want {
				t.Errorf("%s%s: got %d, want %d", list, query, got, want)
			}
		}
	}
}

func TestIncidentsAreSearchedInNameStatusAndMessages(t *testing.T) {
	d := newDesk(t)
	a := d.incident(`"name":"Größere Störung","body":"Nothing works."`)["id"].(string)
	b := d.incident(`"name":"Slow","status":"monitoring","body":"First"`)["id"].(string)
	d.must(200, "PATCH", base+"/incidents/"+b, `{"incident":{"body":"The CACHE is cold"}}`)
	for q, want := range map[string][]string{
		"GRÖSSERE": {}, "größere": {a}, "STÖRUNG": {a}, "cache": {b}, "first": {b}, "Monitoring": {b}, "nothing": {a}, "o": {b, a}, "<script>": {}, "": {b, a},
	} {
		r := request(t.Context(), "GET", base+"/incidents", "")
		r.URL.RawQuery = form("q", q)
		if got := ids(d.serve(r).list()); !cmp.Equal(got, want) {
			t.Errorf("%q: got %v, want %v", q, got, want)
		}
	}
	if got := ids(d.must(200, "GET", base+"/incidents?q=o&limit=1&page=2", "").list()); !cmp.Equal(got, []string{a}) {
		t.Errorf("got %v, want the second find", got)
	}
}

// A far page costs reads in proportion to the way there, not a read for each incident.
func TestAFarPageIsReachedInLargeSteps(t *testing.T) {
	var reads atomic.Int64
	d := newDeskOn(t, memory.Options{Fault: func(_ context.Context, c memory.Call) error {
		if c.Moment == memory.BeforeRead {
			reads.Add(1)
		}
		return nil
	}})
	for n := range 250 {
		d.incident(fmt.Sprintf(`"name":"Incident %d"`, n))
	}
	for query, most := range map[string]int64{"?limit=1": 10, "?limit=1&page=240": 14, "?page=1000000": 16, "?q=nothing": 16} {
		reads.Store(0)
		d.must(200, "GET", base+"/incidents"+query, "")
		if got := reads.Load(); got > most {
			t.Errorf("%s: got %d reads, want at most %d", query, got, most)
		}
	}
}

func TestComponentsAndGroupsArePaged(t *testing.T) {
	d := newDesk(t)
	var want []string
	for n := range 5 {
		want = append(want, d.component(fmt.Sprintf("C%d", n)))
	}
	for n, c := range want[:3] {
		d.group(fmt.Sprintf("G%d", n), c)
	}
	for path, count := range map[string]int{"/components": 8, "/component-groups": 3} {
		all := ids(d.must(200, "GET", base+path, "").list())
		var got []string
		for page := range 5 {
			got = append(got, ids(d.must(200, "GET", fmt.Sprintf("%s%s?per_page=2&page=%d", base, path, page+1), "").list())...)
		}
		if len(all) != count || !cmp.Equal(got, all) {
			t.Errorf("%s: got %v by two, %v at once, want %d", path, got, all, count)
		}
	}
	if strings.Contains(d.log.String(), "level=") {
		t.Errorf("got log %s", d.log)
	}
}
