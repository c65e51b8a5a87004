package api_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/status"
	"allclear/internal/store"
)

func TestAComponentIsMadeChangedAndDeleted(t *testing.T) {
	d := newDesk(t)
	posted := d.must(201, "POST", base+"/components", `{"component":{"name":"API","description":"For programs","status":"degraded_performance",
		"only_show_if_degraded":false,"showcase":true,"start_date":"2026-01-01"}}`)
	path := base + "/components/" + posted.id()
	if got := d.must(200, "GET", path, "").Body; got != posted.Body {
		t.Errorf("got %s, want %s", got, posted.Body)
	}
	if e := d.event(); e.Type != status.ComponentCreated || len(e.States) != 1 || e.Actor.Name != "operator" || e.Notify {
		t.Errorf("got event %+v", e)
	}
	d.clock.advance(time.Hour)
	c := d.must(200, "PATCH", path, `{"component":{"status":"major_outage"}}`).object()
	want := map[string]any{
		"name": "API", "description": "For programs", "status": "major_outage", "showcase": true, "start_date": "2026-01-01",
		"created_at": "2026-03-10T08:01:00.000-04:00", "updated_at": "2026-03-10T09:01:00.000-04:00", "position": 1.0, "group_id": nil, "group": false,
	}
	got := map[string]any{}
	for name := range want {
		got[name] = c[name]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if e := d.event(); e.Type != status.ComponentUpdated || len(e.Changes) != 0 ||
		e.States[0].Old != status.DegradedPerformance || e.States[0].New != status.MajorOutage {
		t.Errorf("got event %+v", e)
	}
	d.clock.advance(time.Hour)
	c = d.must(200, "PUT", path, `{"component":{"description":null,"start_date":"","name":"Interface"}}`).object()
	if c["updated_at"] != "2026-03-10T10:01:00.000-04:00" || c["description"] != nil || c["start_date"] != nil || c["name"] != "Interface" || c["status"] != "major_outage" {
		t.Errorf("got %v", c)
	}
	changes := []status.FieldChange{
		{Object: "component:" + posted.id(), Field: "description", Before: `"For programs"`, After: "null"},
		{Object: "component:" + posted.id(), Field: "name", Before: `"API"`, After: `"Interface"`},
		{Object: "component:" + posted.id(), Field: "start_date", Before: `"2026-01-01"`},
	}
	if diff := cmp.Diff(changes, d.event().Changes); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	deleted := d.must(204, "DELETE", path, "")
	if deleted.Body != "" {
		t.Errorf("got body %q, want none", deleted.Body)
	}
	if e := d.event(); e.Type != status.ComponentDeleted {
		t.Errorf("got event %+v", e)
	}
	d.must(404, "GET", path, "")
}

func TestADeletedComponentLeavesItsIncidents(t *testing.T) {
	d := newDesk(t)
	a, b := d.component("A"), d.component("B")
	i := d.incident(fmt.Sprintf(`"name":"x","components":{%q:"major_outage",%q:"major_outage"}`, a, b))
	d.must(204, "DELETE", base+"/components/"+a, "")
	path := base + "/incidents/" + i["id"].(string)
	i = d.must(200, "GET", path, "").object()
	if got := i["components"].([]any); len(got) != 1 || len(updates(i)[0]["affected_components"].([]any)) != 2 {
		t.Errorf("got %v, want one component left and the update as it was", got)
	}
	d.must(200, "PATCH", path, `{"incident":{"status":"resolved"}}`)
	d.must(422, "PATCH", path, fmt.Sprintf(`{"incident":{"components":{%q:"operational"}}}`, a))
}

func TestComponentsJoinAndLeaveGroups(t *testing.T) {
	d := newDesk(t)
	a, b, c := d.component("A"), d.component("B"), d.component("C")
	posted := d.must(201, "POST", base+"/component-groups", fmt.Sprintf(`{"description":"Outside","component_group":{"name":"G","components":[%q,%q]}}`, b, a))
	g := posted.id()
	path := base + "/component-groups/" + g
	if got := d.must(200, "GET", path, "").Body; got != posted.Body {
		t.Errorf("got %s, want %s", got, posted.Body)
	}
	members := func(want ...string) {
		t.Helper()
		got := []string{}
		for _, id := range d.must(200, "GET", path, "").object()["components"].([]any) {
			got = append(got, id.(string))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("members (-want +got):\n%s", diff)
		}
	}
	members(b, a)
	d.must(200, "PATCH", base+"/components/"+c, `{"component":{"group_id":"`+g+`"}}`)
	members(b, a, c)
	d.must(200, "PATCH", base+"/components/"+b, `{"component":{"group_id":null}}`)
	members(a, c)
	d.must(200, "PATCH", base+"/components/"+a, `{"component":{"group_id":"null"}}`)
	members(c)
	d.clock.advance(time.Hour)
	d.must(200, "PATCH", path, fmt.Sprintf(`{"component_group":{"components":[%q,%q],"description":"Inside","name":"H"}}`, a, b))
	members(a, b)
	d.unchanged(func() {
		d.must(200, "PATCH", path, fmt.Sprintf(`{"component_group":{"components":[%q,%q,%q]}}`, a, b, a))
	})
	if g := d.must(200, "GET", path, "").object(); g["updated_at"] != "2026-03-10T09:01:00.000-04:00" || g["description"] != "Inside" {
		t.Errorf("got %v", g)
	}
	var got []string
	for _, change := range d.event().Changes {
		got = append(got, change.Object[:6]+" "+change.Field)
	}
	want := []string{"compon group_id", "compon group_id", "compon group_id", "group: components", "group: description", "group: name"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	if e := d.event(); e.Type != status.GroupUpdated {
		t.Errorf("got event %+v", e)
	}
	other := d.group("Other", b)
	members(a)
	d.must(200, "PATCH", path, fmt.Sprintf(`{"component_group":{"components":[%q]}}`, b))
	d.must(404, "GET", base+"/component-groups/"+other, "") // it was left empty
	members(b)
	d.must(204, "DELETE", base+"/components/"+b, "")
	d.must(404, "GET", path, "")
	g = d.group("Last", a, c)
	path = base + "/component-groups/" + g
	deleted := d.must(200, "DELETE", path, "").object()
	if deleted["id"] != g || len(deleted["components"].([]any)) != 2 {
		t.Errorf("got %v, want the group as it was", deleted)
	}
	if e := d.event(); e.Type != status.GroupDeleted {
		t.Errorf("got event %+v", e)
	}
	for _, id := range []string{a, c} {
		if got := d.must(200, "GET", base+"/components/"+id, "").object()["group_id"]; got != nil {
			t.Errorf("got group %v, want none", got)
		}
	}
}

func TestGroupsAreListedAmongComponentsInTheirShape(t *testing.T) {
	d := newDesk(t)
	a, b := d.component("A", `"status":"partial_outage"`), d.component("B")
	g := d.group("G", a)
	list := d.must(200, "GET", base+"/components", "").list()
	got := map[string]any{}
	for _, c := range list {
		got[c["id"].(string)] = []any{c["group"], c["group_id"], c["status"]}
	}
	want := map[string]any{
		a: []any{false, g, "partial_outage"}, b: []any{false, nil, "operational"}, g: []any{true, nil, "partial_outage"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if c := d.must(200, "GET", base+"/components/"+g, "").object(); c["group"] != true || c["name"] != "G" {
		t.Errorf("got %v, want the group as a component", c)
	}
	d.must(404, "PATCH", base+"/components/"+g, `{"component":{"status":"operational"}}`)
	if got := ids(d.must(200, "GET", base+"/component-groups", "").list()); !cmp.Equal(got, []string{g}) {
		t.Errorf("got groups %v, want %s", got, g)
	}
}

func TestAPageHoldsABoundedNumberOfComponents(t *testing.T) {
	d := newDesk(t)
	list := ""
	for range 1500 / 50 {
		_, err := d.store.Commit(t.Context(), pageID, func(tx *store.Tx) error {
			cfg, err := tx.Configuration()
			for range 50 {
				c := status.Component{ID: d.store.NewID(), Name: "Component", CreatedAt: tx.Stamp.Now, UpdatedAt: tx.Stamp.Now}
				cfg.AddComponent(c, "")
				list += fmt.Sprintf(`%q:"major_outage",`, c.ID)
			}
			tx.Record(status.Event{Type: status.ComponentCreated, Actor: status.Actor{Kind: status.ActorSystem, Name: "test"}})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	d.unchanged(func() {
		d.must(422, "POST", base+"/components", `{"component":{"name":"one more"}}`)
		d.must(422, "POST", base+"/component-groups", `{"component_group":{"name":"G","components":["id0000000001"]}}`)
	})
	// One incident that touches all of them is still one transaction.
	i := d.incident(`"name":"All","components":{` + list[:len(list)-1] + `}`)
	if got := len(i["components"].([]any)); got != 1500 {
		t.Errorf("got %d components, want 1500", got)
	}
	d.must(200, "PATCH", base+"/incidents/"+i["id"].(string), `{"incident":{"status":"resolved"}}`)
}
