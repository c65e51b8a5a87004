package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/status"
	"allclear/internal/store"
)

// pick takes some members of an object.
func pick(object map[string]any, names ...string) map[string]any {
	picked := map[string]any{}
	for _, n := range names {
		picked[n] = object[n]
	}
	return picked
}

func updates(i map[string]any) []map[string]any {
	list := []map[string]any{}
	for _, u := range i["incident_updates"].([]any) {
		list = append(list, u.(map[string]any))
	}
	return list
}

func TestAnIncidentIsPostedChangedResolvedAndDeleted(t *testing.T) {
	d := newDesk(t)
	api, web := d.component("API"), d.component("Web")
	posted := d.must(201, "POST", base+"/incidents.json", fmt.Sprintf(
		`{"incident":{"name":"Errors","status":"investigating","body":"We look.","components":{%q:"partial_outage"},"component_ids":[%q]}}`, api, web))
	i := posted.object()
	path := base + "/incidents/" + i["id"].(string)
	want := map[string]any{"name": "Errors", "status": "investigating", "impact": "major", "resolved_at": nil}
	if diff := cmp.Diff(want, pick(i, "name", "status", "impact", "resolved_at")); diff != "" {
		t.Errorf("posted (-want +got):\n%s", diff)
	}
	if got := d.must(200, "GET", path, "").Body; got != posted.Body {
		t.Errorf("got %s, want what the post was answered, %s", got, posted.Body)
	}
	e := d.event()
	if e.Type != status.IncidentCreated || e.Incident != i["id"] || !e.Notify || e.Update == nil || len(e.States) != 1 ||
		(e.Actor != status.Actor{Kind: status.ActorKey, Name: "operator"}) {
		t.Errorf("got event %+v", e)
	}

	d.clock.advance(time.Minute)
	i = d.must(200, "PATCH", path, `{"incident":{"status":"monitoring"}}`).object()
	if got := updates(i)[0]["body"]; got != "A fix has been implemented and we are monitoring the results." || len(updates(i)) != 2 {
		t.Errorf("status alone: got %d updates, the newest %q", len(updates(i)), got)
	}
	i = d.must(200, "PUT", path, `{"incident":{"body":"Nearly."}}`).object()
	if updates(i)[0]["status"] != "monitoring" || len(updates(i)) != 3 {
		t.Errorf("body alone: got %v", updates(i)[0])
	}
	i = d.must(200, "PATCH", path, `{"incident":{"status":"resolved"}}`).object()
	if got := i["components"].([]any)[0].(map[string]any)["status"]; got != "partial_outage" {
		t.Errorf("resolving moved a component to %v", got)
	}
	if e := d.event(); e.Type != status.IncidentUpdated || len(e.States) != 0 || !e.Notify {
		t.Errorf("got event %+v", e)
	}
	i = d.must(200, "PATCH", path, `{"incident":{"status":"investigating","components":{"`+api+`":"operational"}}}`).object()
	if i["resolved_at"] != nil || i["impact"] != "major" {
		t.Errorf("reopened: got %v", pick(i, "resolved_at", "impact"))
	}

	deleted := d.must(200, "DELETE", path, "")
	if deleted.id() != i["id"] {
		t.Errorf("got %s, want the deleted incident", deleted.Body)
	}
	if e := d.event(); e.Type != status.IncidentDeleted || e.Notify || e.Changes[0].Before != `"Errors"` {
		t.Errorf("got event %+v", e)
	}
	d.must(404, "GET", path, "")
	d.must(404, "DELETE", path, "")
}

func TestAMaintenanceGoesThroughItsLife(t *testing.T) {
	d := newDesk(t)
	c := d.component("DB")
	i := d.incident(`"name":"Upgrade","scheduled_for":"2026-03-12T01:00:00-05:00","scheduled_until":"2026-03-12 08:00:00 UTC",
		"scheduled_auto_transition":true,"scheduled_remind_prior":"1","auto_transition_to_maintenance_state":true,
		"auto_transition_to_operational_state":true,"component_ids":["` + c + `"]`)
	want := map[string]any{
		"status": "scheduled", "impact": "maintenance", "scheduled_for": "2026-03-12T02:00:00.000-04:00", "scheduled_until": "2026-03-12T04:00:00.000-04:00",
		"scheduled_auto_in_progress": true, "scheduled_auto_completed": true, "scheduled_remind_prior": true,
		"auto_transition_to_maintenance_state": true, "auto_transition_deliver_notifications_at_start": false,
	}
	got := map[string]any{}
	for name := range want {
		got[name] = i[name]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if e := d.event(); e.Type != status.MaintenanceCreated || !e.Notify {
		t.Errorf("got event %+v", e)
	}
	path := base + "/incidents/" + i["id"].(string)
	lists := func(want string) {
		t.Helper()
		got := ""
		for _, list := range []string{"upcoming", "active_maintenance", "scheduled", "unresolved"} {
			if len(d.must(200, "GET", base+"/incidents/"+list, "").list()) > 0 {
				got += " " + list
			}
		}
		if got != want {
			t.Errorf("it is in the lists%s, want%s", got, want)
		}
	}
	lists(" upcoming scheduled")
	i = d.must(200, "PATCH", path, `{"incident":{"status":"in_progress"}}`).object()
	if got := i["components"].([]any)[0].(map[string]any)["status"]; got != "under_maintenance" {
		t.Errorf("in progress: got component %v", got)
	}
	lists(" active_maintenance scheduled")
	d.must(200, "PATCH", path, `{"incident":{"status":"verifying"}}`)
	lists(" active_maintenance scheduled")
	d.must(200, "PATCH", path, `{"incident":{"status":"completed"}}`)
	lists("")
	if e := d.event(); e.Type != status.MaintenanceUpdated || len(e.States) != 1 || e.States[0].New != status.Operational {
		t.Errorf("got event %+v", e)
	}
	d.must(200, "DELETE", path, "")
	if e := d.event(); e.Type != status.MaintenanceDeleted {
		t.Errorf("got event %+v", e)
	}
}

func TestABackfilledIncidentIsSilentAndBeginsWithItsDayInThePagesZone(t *testing.T) {
	d := newDesk(t)
	i := d.incident(`"name":"Long ago","backfilled":true,"backfill_date":"2026-01-15","body":"It was over soon."`)
	want := map[string]any{
		"status": "resolved", "backfilled": true, "created_at": "2026-01-15T00:00:00.000-05:00", "resolved_at": "2026-01-15T00:00:00.000-05:00",
	}
	if diff := cmp.Diff(want, pick(i, "status", "backfilled", "created_at", "resolved_at")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if d.event().Notify {
		t.Error("got a notifying event for a backfilled incident")
	}
	d.must(200, "PATCH", base+"/incidents/"+i["id"].(string), `{"incident":{"body":"More."}}`)
	if d.event().Notify {
		t.Error("got a notifying event for an update of a backfilled incident")
	}
}

func TestOnlyNewUpdatesThatAreToBeDeliveredNotify(t *testing.T) {
	d := newDesk(t)
	i := d.incident(`"name":"Quiet","deliver_notifications":"false"`)
	path := base + "/incidents/" + i["id"].(string)
	if d.event().Notify {
		t.Error("deliver_notifications false notifies")
	}
	for body, want := range map[string]bool{
		`{"incident":{"name":"Still quiet"}}`:                            false,
		`{"incident":{"body":"Heard."}}`:                                 true,
		`{"incident":{"body":"Heard.","deliver_notifications":null}}`:    true,
		`{"incident":{"body":"Not heard.","deliver_notifications":"0"}}`: false,
	} {
		d.must(200, "PATCH", path, body)
		if got := d.event().Notify; got != want {
			t.Errorf("%s: got notify %v, want %v", body, got, want)
		}
	}
	u := updates(d.must(200, "GET", path, "").object())[0]["id"].(string)
	d.must(200, "PATCH", path+"/incident_updates/"+u, `{"incident_update":{"body":"Edited.","deliver_notifications":true}}`)
	if e := d.event(); e.Notify || e.Update == nil || e.Update.Body != "Edited." {
		t.Errorf("an edited update: got event %+v", e)
	}
}

func TestAnImportedIncidentNeverNotifies(t *testing.T) {
	d := newDesk(t)
	now := d.store.Now()
	imported := &status.Incident{
		ID: "importedxxxx", Name: "Elsewhere", Status: status.Investigating, Impact: status.ImpactNone, Origin: status.OriginImport,
		CreatedAt: now, UpdatedAt: now, StartedAt: now, Components: []string{},
	}
	_, err := d.store.Commit(t.Context(), pageID, func(tx *store.Tx) error {
		tx.PutIncident(imported)
		tx.Record(status.Event{Type: status.Imported, Actor: status.Actor{Kind: status.ActorImport, Name: "test"}})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	i := d.must(200, "PATCH", base+"/incidents/importedxxxx", `{"incident":{"status":"resolved"}}`).object()
	if d.event().Notify || i["status"] != "resolved" {
		t.Errorf("got %v and event %+v", i, d.event())
	}
}

func TestWhatIsEmptyOrNullIsNotMentioned(t *testing.T) {
	d := newDesk(t)
	c := d.component("API")
	i := d.incident(`"name":"x","status":"","body":null,"message":"Old clients say message.","impact_override":"","scheduled_for":"","scheduled_until":null,
		"components":"","component_ids":null,"metadata":"","backfilled":false,"backfill_date":null,"reminder_intervals":null,
		"deliver_notifications":"","wants_twitter_update":"f","auto_tweet_on_creation":true`)
	if u := updates(i)[0]; i["status"] != "investigating" || u["body"] != "Old clients say message." || u["deliver_notifications"] != true {
		t.Errorf("got %v", i)
	}
	path := base + "/incidents/" + i["id"].(string)
	d.must(200, "PATCH", path, `{"incident":{"component_ids":["`+c+`"],"impact_override":"critical","reminder_intervals":[1, 5]}}`)
	d.unchanged(func() {
		i = d.must(200, "PATCH", path, `{"incident":{"name":null,"status":"","body":"","message":null,"impact_override":null,"scheduled_for":null,
			"components":[],"component_ids":"","metadata":{},"backfilled":null,"deliver_notifications":null}}`).object()
	})
	want := map[string]any{"name": "x", "impact": "critical", "impact_override": "critical", "reminder_intervals": "[1,5]"}
	if diff := cmp.Diff(want, pick(i, "name", "impact", "impact_override", "reminder_intervals")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := i["components"].([]any); len(got) != 1 {
		t.Errorf("got components %v, want the one that was attached", got)
	}
	i = d.must(200, "PATCH", path, `{"incident":{"component_ids":[],"reminder_intervals":null}}`).object()
	if len(i["components"].([]any)) != 0 || i["reminder_intervals"] != nil {
		t.Errorf("got %v, want components and reminders taken away", pick(i, "components", "reminder_intervals"))
	}
}

func TestComponentsAreAttachedInEveryFormThatClientsSend(t *testing.T) {
	d := newDesk(t)
	a, b := d.component("A", `"status":"degraded_performance"`), d.component("B")
	for _, c := range []struct{ fields, states string }{
		{`"components":["A","B"]`, "degraded_performance operational"},
		{`"components":{"A":"","B":null}`, "degraded_performance operational"},
		{`"components":[{"id":"A","status":"major_outage"},{"component_id":"B"}]`, "degraded_performance operational"},
		{`"component_ids":["B","A","B",""]`, "degraded_performance operational"},
		{`"components":{"A":"operational"},"component_ids":["B"]`, "operational operational"},
		{`"components":{"A":"degraded_performance","B":"under_maintenance"}`, "degraded_performance under_maintenance"},
	} {
		i := d.incident(`"name":"x",` + strings.NewReplacer(`"A"`, `"`+a+`"`, `"B"`, `"`+b+`"`).Replace(c.fields))
		var got []string
		for _, component := range i["components"].([]any) {
			got = append(got, component.(map[string]any)["status"].(string))
		}
		if strings.Join(got, " ") != c.states {
			t.Errorf("%s: got states %v, want %s", c.fields, got, c.states)
		}
	}
}

func TestAWriteThatChangesNothingRecordsNothing(t *testing.T) {
	d, names := furnished(t)
	group := d.must(200, "GET", names.Replace(base+"/component-groups/GROUP"), "").object()
	for path, body := range map[string]string{
		base:                             `{"page":{"name":"Example","headline":null,"hidden_from_search":false}}`,
		base + "/incidents/INCIDENT":     `{"incident":{"name":"Down","metadata":{},"components":{},"auto_transition_to_maintenance_state":true}}`,
		base + "/components/COMPONENT":   `{"component":{"name":"API","status":"operational","group_id":"GROUP","description":"","showcase":"on"}}`,
		base + "/component-groups/GROUP": `{"component_group":{"name":"` + group["name"].(string) + `","components":["COMPONENT"]},"description":null}`,
		base + "/incidents/INCIDENT/incident_updates/UPDATE": `{"incident_update":{"wants_twitter_update":true,"deliver_notifications":true}}`,
	} {
		path, body = names.Replace(path), names.Replace(body)
		before := ""
		if !strings.Contains(path, "incident_updates") {
			before = d.must(200, "GET", path, "").Body
		}
		d.clock.advance(time.Hour)
		d.unchanged(func() {
			if got := d.must(200, "PATCH", path, body).Body; before != "" && got != before {
				t.Errorf("%s: got %s, want %s", path, got, before)
			}
		})
	}
}

func TestMetadataComesBackAsItWasSent(t *testing.T) {
	d := newDesk(t)
	i := d.must(201, "POST", base+"/incidents", `{"incident":{"name":"x","metadata":{"jira":{"n":12345678901234567890,"deep":{"<a>":[true,null]}}}}}`)
	if want := `"metadata":{"jira":{"deep":{"<a>":[true,null]},"n":12345678901234567890}}`; !strings.Contains(i.Body, want) {
		t.Errorf("got %s, want it to hold %s", i.Body, want)
	}
	d.unchanged(func() {
		d.must(200, "PATCH", base+"/incidents/"+i.id(), `{"incident":{"metadata":{"jira":{"deep":{"<a>":[true,null]},"n":12345678901234567890}}}}`)
	})
	if got := d.must(200, "PATCH", base+"/incidents/"+i.id(), `{"incident":{"metadata":{}}}`).object()["metadata"]; len(got.(map[string]any)) != 0 {
		t.Errorf("got %v, want it cleared", got)
	}
}

func TestEditingAnUpdateMovesTheTimesThatFollowIt(t *testing.T) {
	d := newDesk(t)
	i := d.incident(`"name":"x","body":"First."`)
	path := base + "/incidents/" + i["id"].(string)
	first := updates(i)[0]["id"].(string)
	d.clock.advance(time.Hour)
	u := d.must(200, "PUT", path+"/incident_updates/"+first+".json", `{"incident_update":{"body":"Corrected.","display_at":"2026-03-01T10:00:00+00:00"}}`).object()
	want := map[string]any{
		"id": first, "incident_id": i["id"], "body": "Corrected.", "display_at": "2026-03-01T05:00:00.000-05:00",
		"updated_at": "2026-03-10T09:01:00.000-04:00", "created_at": "2026-03-10T08:01:00.000-04:00",
	}
	if diff := cmp.Diff(want, pick(u, "id", "incident_id", "body", "display_at", "updated_at", "created_at")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	i = d.must(200, "GET", path, "").object()
	if i["created_at"] != u["display_at"] || i["updated_at"] != u["updated_at"] {
		t.Errorf("got incident %v", pick(i, "created_at", "updated_at"))
	}
	var fields []string
	for _, c := range d.event().Changes {
		fields = append(fields, c.Object+" "+c.Field)
	}
	wantFields := []string{"update:" + first + " body", "update:" + first + " display_at", "incident:" + i["id"].(string) + " created_at", "incident:" + i["id"].(string) + " started_at"}
	if diff := cmp.Diff(wantFields, fields); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}

func TestALongTimelineIsRefusedBeforeItCannotBeKeptAndCanStillBeEnded(t *testing.T) {
	d := newDesk(t)
	i := d.incident(`"name":"Endless"`)
	path := base + "/incidents/" + i["id"].(string)
	refused := false
	for n := range 40 {
		noise := make([]rune, 25000)
		for k := range noise { // hardly compressible, as no real text is
			noise[k] = rune(0x4e00 + (k*k*(n+7)+k*31+n*n)%20000)
		}
		d.clock.advance(time.Minute)
		a := d.do("PATCH", path, fmt.Sprintf(`{"incident":{"body":%q}}`, string(noise)), fmt.Sprintf("Idempotency-Key: %d", n))
		if a.Code == 422 {
			refused = true
			break
		}
		if a.Code != 200 {
			t.Fatalf("got %d %.300s", a.Code, a.Body)
		}
	}
	if !refused {
		t.Error("40 long updates were all taken")
	}
	d.must(200, "PATCH", path, `{"incident":{"status":"resolved","body":"Over."}}`, "Idempotency-Key: end")
}
