package api_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// anyValue is what requests are put together from, good and bad.
func anyValue(known []string) *rapid.Generator[any] {
	words := []any{
		nil, "", " ", "x", "Name", "\x00", "a\nb", "é<b>", true, false, "true", "0", 0, 1, -3, 1.5,
		[]any{},
		[]any{"x"},
		map[string]any{},
		map[string]any{"a": map[string]any{"b": 1}},
		"investigating", "identified", "monitoring", "resolved", "postmortem", "scheduled", "in_progress", "verifying", "completed",
		"operational", "under_maintenance", "degraded_performance", "partial_outage", "major_outage", "none", "minor", "critical",
		"2026-03-10T10:00:00Z", "2026-04-10T10:00:00-07:00", "2026-05-01", "1969-01-01T00:00:00Z", "null", "[3]", "Europe/Berlin", "#f00", "https://example.com",
	}
	return rapid.Custom(func(t *rapid.T) any {
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			return rapid.SampledFrom(known).Draw(t, "id")
		case 1:
			return []any{rapid.SampledFrom(known).Draw(t, "id"), rapid.SampledFrom(known).Draw(t, "id")}
		case 2:
			return map[string]any{rapid.SampledFrom(known).Draw(t, "id"): rapid.SampledFrom(words).Draw(t, "word")}
		default:
			return rapid.SampledFrom(words).Draw(t, "word")
		}
	})
}

func members(wrapper string) []string {
	return map[string][]string{
		"incident": strings.Fields(`name status body message components component_ids impact_override scheduled_for scheduled_until
			scheduled_remind_prior scheduled_auto_transition auto_transition_to_maintenance_state auto_transition_to_operational_state
			deliver_notifications metadata reminder_intervals backfilled backfill_date custom_tweet`),
		"incident_update": strings.Fields("body display_at deliver_notifications wants_twitter_update"),
		"component":       strings.Fields("name description status group_id showcase only_show_if_degraded start_date"),
		"component_group": strings.Fields("name components description"),
		"page":            strings.Fields("name time_zone url css_reds headline hidden_from_search domain"),
	}[wrapper]
}

// Whatever is asked in whatever order: no answer blames us, what is refused changes nothing, what
// is done is one version with one event, and what it answers is what is read afterwards.
func TestNoSequenceOfRequestsBreaksThePage(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d := newDesk(t)
		known := []string{"nosuch", d.component("First"), d.component("Second", `"showcase":true`)}
		for range rapid.IntRange(1, 25).Draw(r, "requests") {
			d.clock.advance(time.Duration(rapid.IntRange(0, 100_000).Draw(r, "seconds")) * time.Second)
			wrapper := rapid.SampledFrom([]string{"incident", "incident", "incident_update", "component", "component_group", "page"}).Draw(r, "wrapper")
			id := rapid.SampledFrom(known).Draw(r, "target")
			collection := base + map[string]string{
				"incident": "/incidents", "component": "/components", "component_group": "/component-groups",
				"incident_update": "/incidents/" + id + "/incident_updates", "page": "",
			}[wrapper]
			method := rapid.SampledFrom([]string{"POST", "PATCH", "PATCH", "DELETE", "GET"}).Draw(r, "method")
			path := collection
			switch {
			case wrapper == "incident_update":
				path += "/" + rapid.SampledFrom(known).Draw(r, "update")
			case wrapper != "page" && method != "POST":
				path += "/" + id
			}
			fields := map[string]any{}
			for range rapid.IntRange(0, 5).Draw(r, "fields") {
				fields[rapid.SampledFrom(members(wrapper)).Draw(r, "field")] = anyValue(known).Draw(r, "value")
			}
			if method == "POST" { // mostly such that something comes of it
				fields["name"] = "Name"
			}
			body, err := json.Marshal(map[string]any{wrapper: fields})
			if err != nil {
				r.Fatal(err)
			}
			before := d.seq()
			a := d.do(method, path, string(body))
			if !json.Valid([]byte(a.Body)) && a.Code != http.StatusNoContent {
				r.Fatalf("%s %s %s: got %d %q, which is no JSON", method, path, body, a.Code, a.Body)
			}
			after := d.seq()
			switch {
			case a.Code >= 500 || a.Code == 409:
				r.Fatalf("%s %s %s: got %d %s; log %s", method, path, body, a.Code, a.Body, d.log)
			case a.Code >= 400 || method == "GET":
				if after != before {
					r.Fatalf("%s %s %s: got %d and a new version", method, path, body, a.Code)
				}
				continue
			case after > before+1, method != "PATCH" && after != before+1:
				r.Fatalf("%s %s %s: got %d and %d versions", method, path, body, a.Code, after-before)
			}
			if after > before {
				d.event()
			}
			if a.Code == http.StatusNoContent || method == "DELETE" {
				continue
			}
			object := a.object()
			if id, ok := object["id"].(string); ok && wrapper != "page" {
				known = append(known, id)
				if wrapper == "incident" {
					known = append(known, updates(object)[0]["id"].(string))
				}
			}
			if method == "POST" {
				path += "/" + object["id"].(string)
			}
			if wrapper == "incident_update" {
				continue
			}
			if got := d.must(200, "GET", path, "").Body; got != a.Body {
				r.Fatalf("%s %s %s: was answered\n%sbut now reads\n%s", method, path, body, a.Body, got)
			}
		}
		for _, list := range []string{"", "/incidents", "/incidents/unresolved", "/incidents/scheduled", "/components", "/component-groups"} {
			d.must(200, "GET", base+list, "")
		}
	})
}
