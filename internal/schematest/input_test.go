package schematest

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/api"
	"allclear/internal/memory"
	"allclear/internal/status"
	"allclear/internal/store"
)

const samplePage = "samplepage01" // what the examples of input schemas speak of

// desk is the operator API on the page that the examples speak of.
type desk struct {
	handler  http.Handler
	incident string // one that is there, with one update
	update   string
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	clock := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	db := memory.New(memory.Options{})
	options := store.Options{Now: func() time.Time {
		clock = clock.Add(time.Second)
		return clock
	}}
	s, audience := store.New(db.Table("Status"), options), store.NewAudience(db.Table("Audience"), options)
	actor := status.Actor{Kind: status.ActorSystem, Name: "test"}
	if _, err := s.CreatePage(t.Context(), samplePage, status.DefaultSettings("Sample"), actor); err != nil {
		t.Fatal(err)
	}
	if err := s.AddKey(t.Context(), "sample", "sample-key"); err != nil {
		t.Fatal(err)
	}
	d := &desk{handler: api.New(api.Options{Store: s, Audience: audience, Logger: slog.New(slog.DiscardHandler)})}
	_, err := s.Commit(t.Context(), samplePage, func(tx *store.Tx) error {
		cfg, err := tx.Configuration()
		if err != nil {
			return err
		}
		cfg.AddGroup(status.Group{ID: "samplegroup1", Name: "Cloud"})
		for _, id := range []string{"samplecompa1", "samplecompb2", "samplecompc3"} {
			cfg.AddComponent(status.Component{ID: id, Name: id}, "")
		}
		cfg.SetMembers("samplegroup1", []string{"samplecompa1", "samplecompb2"})
		name := "Slow"
		i, _, err := status.NewIncident(status.IncidentChange{Name: &name}, cfg, tx.Stamp)
		if err != nil {
			return err
		}
		tx.PutIncident(i)
		tx.Record(status.Event{Type: status.IncidentCreated, Actor: actor})
		d.incident, d.update = i.ID, i.Updates[0].ID
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// send sends a body to where the bodies of an input schema go.
func (d *desk) send(t *testing.T, schema string, body any) (code int, answer string) {
	t.Helper()
	to, ok := map[string][2]string{
		"input/page":            {"PATCH", ""},
		"input/component":       {"POST", "/components"},
		"input/component_group": {"POST", "/component-groups"},
		"input/incident":        {"POST", "/incidents"},
		"input/subscriber":      {"POST", "/subscribers"},
		"input/subscribers":     {"POST", "/subscribers/unsubscribe"},
		"input/incident_update": {"PATCH", "/incidents/" + d.incident + "/incident_updates/" + d.update},
	}[schema]
	if !ok {
		t.Fatalf("nothing takes bodies of %s", schema)
	}
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), to[0], "/v1/pages/"+samplePage+to[1], strings.NewReader(string(text)))
	r.Header.Set("Authorization", "OAuth sample-key")
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func inputNames(all *Schemas) []string {
	return slices.DeleteFunc(all.names(), func(name string) bool { return !strings.HasPrefix(name, "input/") })
}

// inputExamples are the examples in the input schemas, each of which the API takes.
func inputExamples(t *testing.T, all *Schemas) []example {
	t.Helper()
	var examples []example
	for _, name := range inputNames(all) {
		list, _ := all.raw[name]["examples"].([]any)
		for n, body := range list {
			if code, answer := newDesk(t).send(t, name, body); code/100 != 2 {
				t.Errorf("example %d of %s: got %d %s, want it to be taken", n, name, code, answer)
			}
			examples = append(examples, example{fmt.Sprintf("example %d of %s", n, name), name, body})
		}
	}
	return examples
}

// plain are the input schemas of bodies that have no object around their fields.
var plain = map[string]bool{"input/subscribers": true}

// fieldsOf are the fields of the object that a body is about, "incident" in {"incident": {…}}; "" is
// the body itself.
func fieldsOf(t *testing.T, all *Schemas, schema string) (object string, fields []string) {
	t.Helper()
	object = strings.TrimPrefix(schema, "input/")
	place := schema + "#/$defs/" + object
	if plain[schema] {
		object, place = "", schema
	}
	s, err := all.at(place)
	if err != nil {
		t.Fatal(err)
	}
	for field := range s.Properties {
		fields = append(fields, field)
	}
	slices.Sort(fields)
	return object, fields
}

// A list in a list is wrong for every field there is: so who refuses it reads the field.
func TestTheAPIReadsEveryFieldOfItsInputSchemas(t *testing.T) {
	all, d := schemas(t), newDesk(t)
	for _, name := range inputNames(all) {
		object, fields := fieldsOf(t, all, name)
		for _, field := range fields {
			bad, path := []any{[]any{json.Number("1")}}, object+"."+field
			wrong := map[string]any{object: map[string]any{"name": "Wrong", field: bad}}
			if object == "" {
				wrong, path = map[string]any{"subscribers": "all"}, field
				wrong[field] = bad
			}
			code, answer := d.send(t, name, wrong)
			if code != http.StatusUnprocessableEntity || !strings.Contains(answer, path) {
				t.Errorf("%s: a wrong %s: got %d %s, want 422 that names it", name, field, code, answer)
			}
			if all.compiled[name].Validate(wrong) == nil {
				t.Errorf("%s: a wrong %s is valid", name, field)
			}
		}
	}
}

// What clients may say of pages is what is kept of them.
func TestEverySettingCanBeSent(t *testing.T) {
	all := schemas(t)
	_, got := fieldsOf(t, all, "input/page")
	kept, err := all.at("item/page#/$defs/settings")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for setting := range kept.Properties {
		want = append(want, setting)
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("settings (-kept +sent):\n%s", diff)
	}
}
