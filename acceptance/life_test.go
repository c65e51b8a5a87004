package acceptance

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// deployment is allclear as its operators and visitors have it: `allclear serve` or a stack.
type deployment interface {
	// call sends a request to the operator API about the page, and decodes the answer into v.
	call(method, path, body string, want int, v any)
	// get reads a published document by its public address.
	get(path string) (code int, body string)
	// tick lets the schedule run, where it does not run by itself often enough to wait for.
	tick()
	// eventually asks until something is so, for a while.
	eventually(what string, is func() bool)
	// redeploy puts the program in place anew, over the data that are there.
	redeploy()
}

func TestALifeOnALaptop(t *testing.T) {
	s := serve(t, t.TempDir(), "--tick", "20ms")
	life(t, s)
	s.remove()
}

// life is what a deployment is for, from the first component to the program's next version.
func life(t *testing.T, d deployment) {
	t.Helper()
	var api, database, incident, maintenance object
	d.call("POST", "/components", `{"component":{"name":"API"}}`, http.StatusCreated, &api)
	d.call("POST", "/components", `{"component":{"name":"Database"}}`, http.StatusCreated, &database)

	d.call("POST", "/incidents", fmt.Sprintf(
		`{"incident":{"name":"Slow answers","body":"We are **looking**.","components":{%q:"major_outage"}}}`, api.ID,
	), http.StatusCreated, &incident)
	d.eventually("the summary has the incident", func() bool {
		got, ok := summaryOf(d)
		return ok && len(got.Incidents) == 1 && got.Incidents[0].ID == incident.ID && got.Status.Description == "Partial System Outage"
	})
	published(t, d, map[string]string{
		"/":                         "We are <strong>looking</strong>.",
		"/incidents/" + incident.ID: "We are <strong>looking</strong>.",
		"/api/v2/incidents/" + incident.ID + ".json": "We are **looking**.",
		"//api/v2/incidents.json":                    incident.ID,
		"/history":                                   "/incidents/" + incident.ID,
		"/history.atom":                              "/incidents/" + incident.ID,
	})
	if code, body := d.get("/incidents/none"); code != http.StatusNotFound || !strings.Contains(body, "Nothing here") {
		t.Errorf("an address without a page: got %d %q, want the page of 404", code, body)
	}

	d.call("PATCH", "/incidents/"+incident.ID, fmt.Sprintf(
		`{"incident":{"status":"resolved","components":{%q:"operational"}}}`, api.ID), http.StatusOK, nil)
	d.eventually("the incident is resolved", func() bool {
		got, ok := summaryOf(d)
		return ok && len(got.Incidents) == 0 && got.Status.Indicator == "none"
	})
	d.eventually("the sign of life is there", func() bool {
		d.tick()
		code, _ := d.get("/heartbeat.json")
		return code == http.StatusOK
	})

	now := time.Now().UTC()
	d.call("POST", "/incidents", fmt.Sprintf(`{"incident":{"name":"Upgrade","status":"scheduled","scheduled_for":%q,"scheduled_until":%q,
		"scheduled_auto_in_progress":true,"scheduled_auto_completed":true,"auto_transition_to_maintenance_state":true,
		"auto_transition_to_operational_state":true,"component_ids":[%q]}}`,
		now.Add(-time.Minute).Format(time.RFC3339Nano), now.Add(3*time.Second).Format(time.RFC3339Nano), database.ID,
	), http.StatusCreated, &maintenance)
	d.eventually("the maintenance is in progress and its component under maintenance", func() bool {
		d.tick()
		got, ok := summaryOf(d)
		return ok && len(got.ScheduledMaintenances) == 1 && got.ScheduledMaintenances[0].Status == "in_progress" && got.Status.Indicator == "maintenance"
	})
	d.eventually("the maintenance is completed and its component operational", func() bool {
		d.tick()
		got, ok := summaryOf(d)
		return ok && len(got.ScheduledMaintenances) == 0 && got.Status.Indicator == "none"
	})

	d.redeploy()
	var incidents []object
	d.call("GET", "/incidents", "", http.StatusOK, &incidents)
	if len(incidents) != 2 {
		t.Errorf("after the program was put in place anew: %d incidents, want 2", len(incidents))
	}
	d.call("POST", "/incidents", `{"incident":{"name":"Afterwards"}}`, http.StatusCreated, &incident)
	d.eventually("what is posted afterwards is published", func() bool {
		got, ok := summaryOf(d)
		return ok && len(got.Incidents) == 1 && got.Incidents[0].ID == incident.ID
	})
	published(t, d, map[string]string{"/incidents/" + maintenance.ID: "The scheduled maintenance has been completed."})
}

// published waits for documents by address, each with a text that it must hold.
func published(t *testing.T, d deployment, documents map[string]string) {
	t.Helper()
	for path, want := range documents {
		d.eventually(path+" shows it", func() bool {
			code, body := d.get(path)
			return code == http.StatusOK && strings.Contains(body, want)
		})
	}
}

func summaryOf(d deployment) (got summary, ok bool) {
	code, body := d.get("/api/v2/summary.json")
	return got, code == http.StatusOK && json.Unmarshal([]byte(body), &got) == nil
}
