package schematest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"allclear/internal/announce"
	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/topic"
)

// announced are the messages of every event of the demo, of an incident that is deleted and of an
// import.
func announced(t *testing.T) []topic.Message {
	t.Helper()
	_, s, page := demoTable(t)
	addRest(t, s, page)
	last, err := s.Page(t.Context(), page)
	if err != nil {
		t.Fatal(err)
	}
	events, err := s.Events(t.Context(), page, 0, int(last.Seq))
	if err != nil {
		t.Fatal(err)
	}
	named := slices.IndexFunc(events, func(e status.Event) bool { return e.Incident != "" })
	for _, e := range []status.Event{
		{Type: status.IncidentDeleted, Incident: events[named].Incident, Actor: events[named].Actor},
		{Type: status.Imported, Origin: status.OriginImport, Actor: events[named].Actor},
	} {
		_, err = s.Commit(t.Context(), page, func(tx *store.Tx) error {
			if e.Incident != "" {
				if _, err := tx.Incident(e.Incident); err != nil {
					return err
				}
				tx.DeleteIncident(e.Incident)
			}
			tx.Record(e)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	rest, err := s.Events(t.Context(), page, last.Seq, 2)
	if err != nil || len(rest) != 2 || rest[0].Summary == nil {
		t.Fatalf("got %+v, %v, want the import, and the deletion with a summary", rest, err)
	}
	var messages []topic.Message
	for _, e := range append(events, rest...) {
		m, err := announce.NewDocument(&e, "https://status.example.com").Message()
		if err != nil {
			t.Fatal(err)
		}
		messages = append(messages, m)
	}
	return messages
}

func topicExamples(t *testing.T, _ *Schemas) []example {
	t.Helper()
	var examples []example
	for _, m := range announced(t) {
		examples = append(examples, example{fmt.Sprintf("message %.60s", m.Body), "event/event", parse(t, []byte(m.Body))})
	}
	for _, e := range readAsyncAPI(t).Components.Messages.Event.Examples {
		examples = append(examples, example{"asyncapi " + e.Name, "event/event", again(t, e.Payload)})
	}
	return examples
}

// description is what the tests look at of the description of the topic.
type description struct {
	Version    string `yaml:"asyncapi"`
	Components struct {
		Messages struct {
			Event struct {
				Examples []struct {
					Name    string         `yaml:"name"`
					Headers map[string]any `yaml:"headers"`
					Payload map[string]any `yaml:"payload"`
				} `yaml:"examples"`
			} `yaml:"event"`
		} `yaml:"messages"`
		Schemas struct {
			Attributes map[string]any `yaml:"attributes"`
		} `yaml:"schemas"`
	} `yaml:"components"`
}

func asyncAPIText(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile(path.Join(schemaFolder, asyncAPI))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func readAsyncAPI(t *testing.T) description {
	t.Helper()
	var d description
	if err := yaml.Unmarshal(asyncAPIText(t), &d); err != nil {
		t.Fatal(err)
	}
	if d.Version != "3.0.0" || len(d.Components.Messages.Event.Examples) == 0 {
		t.Fatalf("got version %q and %d examples", d.Version, len(d.Components.Messages.Event.Examples))
	}
	return d
}

// again is a value of YAML as JSON has it.
func again(t *testing.T, v any) any {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, text)
}

func TestTheAttributesOfMessagesAreThoseThatAreDescribed(t *testing.T) {
	d := readAsyncAPI(t)
	c := jsonschema.NewCompiler()
	if err := c.AddResource("attributes", again(t, d.Components.Schemas.Attributes)); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("attributes")
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	check := func(what string, attributes map[string]any) {
		t.Helper()
		for name := range attributes {
			used[name] = true
		}
		if err := schema.Validate(again(t, attributes)); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, m := range announced(t) {
		attributes := map[string]any{}
		for name, a := range m.Attributes {
			attributes[name] = a.Values()
			if a.Type() == "String" {
				attributes[name] = a.Value()
			}
		}
		check(m.Body, attributes)
	}
	for _, e := range d.Components.Messages.Event.Examples {
		check(e.Name, e.Headers)
	}
	want := slices.Sorted(maps.Keys(schema.Properties))
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(used))); diff != "" {
		t.Errorf("attributes (-described +used):\n%s", diff)
	}
}

// A reference leads to a place in the description, or to a schema beside it.
func TestReferencesOfTheDescriptionLeadSomewhere(t *testing.T) {
	var whole map[string]any
	if err := yaml.NewDecoder(bytes.NewReader(asyncAPIText(t))).Decode(&whole); err != nil {
		t.Fatal(err)
	}
	all, found := schemas(t), 0
	var visit func(v any)
	visit = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				visit(e)
			}
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok {
				found++
				if !leads(whole, all, ref) {
					t.Errorf("%s leads nowhere", ref)
				}
			}
			for _, e := range v {
				visit(e)
			}
		}
	}
	visit(whole)
	if found < 5 {
		t.Errorf("got %d references, want at least 5", found)
	}
}

func leads(whole map[string]any, all *Schemas, ref string) bool {
	pointer, inside := strings.CutPrefix(ref, "#/")
	if !inside {
		return all.compiled[strings.TrimSuffix(ref, extension)] != nil
	}
	var at any = whole
	for name := range strings.SplitSeq(pointer, "/") {
		m, _ := at.(map[string]any)
		at = m[name]
	}
	return at != nil
}
