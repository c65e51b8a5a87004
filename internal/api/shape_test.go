package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"allclear/internal/status"
)

// shapes makes one answer of each kind, all members filled where that is possible.
func shapes(t *testing.T) map[string]string {
	t.Helper()
	d := newDesk(t)
	a := d.component("API", `"showcase":true`, `"description":"For programs"`, `"start_date":"2026-01-01"`)
	b := d.component("Web")
	g := d.group("Group", a)
	d.clock.advance(time.Minute)
	i := d.incident(fmt.Sprintf(`"name":"Errors","body":"We <b>look</b>.\nSoon more.","components":{%q:"partial_outage"},"component_ids":[%q],
		"impact_override":"minor","metadata":{"jira":{"issue":"A-1"}},"reminder_intervals":"[1,5]","custom_tweet":"Hm"`, a, b))
	d.clock.advance(time.Minute)
	path := base + "/incidents/" + i["id"].(string)
	d.must(200, "PATCH", path, fmt.Sprintf(`{"incident":{"status":"resolved","components":{%q:"operational"}}}`, a))
	m := d.incident(`"name":"Upgrade","scheduled_for":"2026-04-01T00:00:00Z","scheduled_until":"2026-04-01T02:00:00Z","scheduled_auto_in_progress":true`)
	get := func(path string) string { return d.must(200, "GET", path, "").Body }
	u := updates(d.must(200, "GET", path, "").object())[0]["id"].(string)
	s := d.must(201, "POST", base+"/subscribers", fmt.Sprintf(`{"subscriber":{"email":"a@example.com","component_ids":[%q]}}`, a))
	hook := d.must(201, "POST", base+"/subscribers", `{"subscriber":{"endpoint":"https://example.com/hook","email":"ops@example.com"}}`)
	d.quarantine(hook.id(), status.Failing)
	return map[string]string{
		"subscriber.json":      get(base + "/subscribers/" + s.id()),
		"webhook.json":         get(base + "/subscribers/" + hook.id()),
		"subscribers.json":     get(base + "/subscribers?state=all"),
		"count.json":           get(base + "/subscribers/count?state=all"),
		"histogram.json":       get(base + "/subscribers/histogram_by_state"),
		"page.json":            get(base),
		"pages.json":           get("/v1/pages"),
		"incident.json":        get(path),
		"maintenance.json":     get(base + "/incidents/" + m["id"].(string)),
		"incident_update.json": d.must(200, "PATCH", path+"/incident_updates/"+u, `{"incident_update":{"body":"Over."}}`).Body,
		"component.json":       get(base + "/components/" + a),
		"components.json":      get(base + "/components"),
		"group.json":           get(base + "/component-groups/" + g),
		"uptime.json":          get(base + "/components/" + a + "/uptime"),
		"group_uptime.json":    get(base + "/component-groups/" + g + "/uptime"),
	}
}

func TestAnswersHaveTheirShape(t *testing.T) {
	for name, body := range shapes(t) {
		golden(t, name, body)
	}
}

// description is Statuspage's own of its API. It is no part of this project, so it is not
// everywhere.
const description = "../../../shared/statuspage/v1-openapi.yaml"

func TestAnswersHaveTheMembersThatStatuspageDescribes(t *testing.T) {
	text, err := os.ReadFile(description)
	if err != nil {
		t.Skip("the API's description is not beside this project")
	}
	var document struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct {
					Type   string   `yaml:"type"`
					Format string   `yaml:"format"`
					Enum   []string `yaml:"enum"`
				} `yaml:"properties"`
			} `yaml:"schemas"`
		} `yaml:"components"`
	}
	if err := yaml.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	answers := shapes(t)
	// What answers have besides: documented on the public API or seen in real answers.
	also := map[string][]string{"incident.json": {"backfilled", "incident_impacts", "reminder_intervals", "started_at"}}
	also["maintenance.json"] = also["incident.json"]
	also["subscriber.json"] = []string{"state", "quarantine_reason", "incident_id"}
	also["webhook.json"] = also["subscriber.json"]
	more := []string{"teams", "discord", "google_chat", "mattermost"}
	also["count.json"], also["histogram.json"] = more, more
	// Where the description contradicts what its clients read.
	contradicted := map[string]bool{
		"Incident.postmortem_published_at": true, "GroupComponent.components": true, "GroupComponent.position": true,
		"Subscriber.components":    true, // described as a text that looks like a list
		"ComponentUptime.warnings": true, "ComponentGroupUptime.warnings": true,
	}
	for name, schema := range map[string]string{
		"page.json": "Page", "incident.json": "Incident", "maintenance.json": "Incident", "incident_update.json": "IncidentUpdate",
		"component.json": "Component", "group.json": "GroupComponent", "uptime.json": "ComponentUptime", "group_uptime.json": "ComponentGroupUptime",
		"subscriber.json": "Subscriber", "webhook.json": "Subscriber", "count.json": "SubscriberCountByType", "histogram.json": "SubscriberCountByTypeAndState",
	} {
		properties := document.Components.Schemas[schema].Properties
		want := append(slices.Collect(maps.Keys(properties)), also[name]...)
		object := parse[map[string]any](t, answers[name])
		got := slices.Collect(maps.Keys(object))
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" || len(properties) == 0 {
			t.Errorf("%s: members (-described +got):\n%s", name, diff)
		}
		for member, p := range properties {
			if !contradicted[schema+"."+member] && !fits(object[member], p.Type, p.Format, p.Enum) {
				t.Errorf("%s: %s is %v, want a %s %s %v", name, member, object[member], p.Type, p.Format, p.Enum)
			}
		}
	}
}

// fits tells whether a value is of a described type; null is of any.
func fits(v any, kind, format string, enum []string) bool {
	switch v := v.(type) {
	case nil:
		return true
	case bool:
		return kind == "boolean"
	case float64:
		return kind == "number" || (kind == "integer" && v == float64(int64(v)))
	case string:
		_, err := time.Parse("2006-01-02T15:04:05.000Z07:00", v)
		return kind == "string" && (format != "date-time" || err == nil) && (enum == nil || slices.Contains(enum, v))
	case []any:
		return kind == "array" || kind == "" // related_events is only referred to
	default:
		return strings.EqualFold(kind, "object") || kind == "" // as the states of a histogram
	}
}

func TestListsAreNeverNull(t *testing.T) {
	d := newDesk(t)
	for _, path := range []string{
		"/incidents", "/incidents?page=9", "/incidents?q=nothing", "/incidents/unresolved", "/incidents/scheduled",
		"/incidents/upcoming", "/incidents/active_maintenance", "/components", "/component-groups", "/components?page=2",
		"/subscribers", "/subscribers?page=7", "/subscribers?type=sms", "/subscribers/unsubscribed",
	} {
		if got := d.must(200, "GET", base+path, "").Body; got != "[]\n" {
			t.Errorf("%s: got %s, want an empty list", path, got)
		}
	}
	if got := d.must(200, "GET", "/v1/pages?page=2", "").Body; got != "[]\n" {
		t.Errorf("pages: got %s, want an empty list", got)
	}
}

func TestAnUpdateWithoutComponentsSaysNull(t *testing.T) {
	d := newDesk(t)
	i := d.incident(`"name":"x"`)
	if got, ok := updates(i)[0]["affected_components"]; got != nil || !ok {
		t.Errorf("got %v, want null", got)
	}
	if !json.Valid([]byte(d.must(200, "GET", base+"/incidents", "").Body)) {
		t.Error("the list is no JSON")
	}
}
