package schematest

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"allclear/internal/announce"
	"allclear/internal/ledger"
	"allclear/internal/page"
	"allclear/internal/publish"
	"allclear/internal/status"
	"allclear/internal/store"
)

// keyMembers are of the table, not of the structs in it.
var keyMembers = []string{"pk", "sk", "expires"}

// wire compares Go structs with schemas, all the way down.
type wire struct {
	t       *testing.T
	visited map[string]bool
	// alternatives are members that a schema has besides those of its struct.
	alternatives map[string][]string
}

func TestStructsAndSchemasHaveTheSameMembers(t *testing.T) {
	all := schemas(t)
	w := &wire{t: t, visited: map[string]bool{}, alternatives: map[string][]string{
		"Incident": {"updates_deflate"}, "Answer": {"body_deflate"}, "Day": {"seq"},
	}}
	for _, pair := range []struct {
		place string
		value any
	}{
		{"item/page", status.Page{}},
		{"item/component", status.Component{}},
		{"item/group", status.Group{}},
		{"item/layout#/$defs/place", status.Place{}},
		{"item/states#/$defs/state", status.State{}},
		{"item/incident", status.Incident{}},
		{"item/day", status.Day{}},
		{"item/event", status.Event{}},
		{"event/event", announce.Document{}},
		{"item/key", store.APIKey{}},
		{"item/answer", store.Answer{}},
		{"item/subscriber", status.Subscriber{}},
		{"item/mail-request", store.MailRequest{}},
		{"item/suppression", store.Suppression{}},
		{"item/audit", store.Audit{}},
		{"item/dispatched", ledger.Dispatch{}},
		{"page/v2-summary", page.V2Summary{}},
		{"page/v2-status", page.V2Status{}},
		{"page/v2-components", page.V2Components{}},
		{"page/v2-incidents", page.V2Incidents{}},
		{"page/v2-scheduled-maintenances", page.V2Maintenances{}},
		{"page/v2-incident-detail", page.V2IncidentDetail{}},
		{"definitions/v2#/$defs/incident", page.V2Incident{}},
		{"definitions/v2#/$defs/maintenance", page.V2Maintenance{}},
		{"page/page", page.IndexView{}},
		{"page/uptime", page.UptimeDocument{}},
		{"page/incident", page.IncidentDocument{}},
		{"page/history", page.HistoryDocument{}},
		{"page/month", page.MonthDocument{}},
		{"page/published", publish.Pointer{}},
	} {
		schema, err := all.at(pair.place)
		if err != nil {
			t.Fatal(err)
		}
		w.object(pair.place, reflect.TypeOf(pair.value), schema)
	}
	for _, want := range []reflect.Type{
		reflect.TypeFor[status.Settings](), reflect.TypeFor[status.Schedule](), reflect.TypeFor[status.Update](),
		reflect.TypeFor[status.Affected](), reflect.TypeFor[status.StateChange](), reflect.TypeFor[status.Touched](),
		reflect.TypeFor[status.Summary](),
	} {
		if !w.visited[want.String()] {
			t.Errorf("%s was compared with no schema", want)
		}
	}
}

// object compares a struct with the schema of an object: the same names, required exactly when
// the struct never leaves them out.
func (w *wire) object(place string, typ reflect.Type, schema *jsonschema.Schema) {
	w.t.Helper()
	if pair := typ.String() + " " + schema.Location; w.visited[pair] {
		return // a component has components
	} else {
		w.visited[pair], w.visited[typ.String()] = true, true
	}
	members, required := map[string]*jsonschema.Schema{}, map[string]bool{}
	collect(schema, members, required)
	var got, want []string
	for name := range members {
		if !slices.Contains(keyMembers, name) && !slices.Contains(w.alternatives[typ.Name()], name) {
			got = append(got, name)
		}
	}
	for _, f := range reflect.VisibleFields(typ) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" || !f.IsExported() {
			continue
		}
		want = append(want, name)
		if members[name] == nil {
			continue // told below
		}
		either := len(w.alternatives[typ.Name()]) > 0 && slices.ContainsFunc(schema.OneOf, func(s *jsonschema.Schema) bool {
			return slices.Contains(s.Required, name)
		})
		if always := options == "" && !either; always != required[name] {
			w.t.Errorf("%s.%s: got required %t, want %t", place, name, required[name], always)
		}
		w.value(place+"."+name, f.Type, members[name], options != "")
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Errorf("%s (-%s +schema):\n%s", place, typ, diff)
	}
}

// collect gathers what an object's schema declares, also through references and allOf.
func collect(s *jsonschema.Schema, members map[string]*jsonschema.Schema, required map[string]bool) {
	for name, member := range s.Properties {
		if members[name] == nil || member.Description != "" {
			members[name] = member
		}
	}
	for _, name := range s.Required {
		required[name] = true
	}
	if s.Ref != nil {
		collect(s.Ref, members, required)
	}
	for _, part := range s.AllOf {
		collect(part, members, required)
	}
}

var stringTypes = map[reflect.Type]bool{reflect.TypeFor[time.Time](): true, reflect.TypeFor[page.Moment](): true}

// value compares a type with the schema of a value: its JSON kind, and whether it can be null. A
// pointer that is left out when nil is never null; a nil list is, and the schema says whether there
// can be one.
func (w *wire) value(place string, typ reflect.Type, schema *jsonschema.Schema, leftOut bool) {
	w.t.Helper()
	got := kinds(schema)
	nullable := (typ.Kind() == reflect.Slice || typ.Kind() == reflect.Map) && slices.Contains(got, "null")
	if typ.Kind() == reflect.Pointer {
		typ, nullable = typ.Elem(), !leftOut
	}
	want := []string{kindOf(typ)}
	if typ == reflect.TypeFor[page.V2TweetID]() {
		want = []string{"integer", "string"} // it writes itself
	}
	if nullable {
		want = append(want, "null")
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Errorf("%s: kinds (-%s +schema):\n%s", place, typ, diff)
	}
	w.inside(place, typ, schema)
}

func (w *wire) inside(place string, typ reflect.Type, schema *jsonschema.Schema) {
	w.t.Helper()
	if stringTypes[typ] {
		return
	}
	switch typ.Kind() {
	case reflect.Struct:
		if s := find(schema, func(s *jsonschema.Schema) bool { return s.Properties != nil || s.AllOf != nil }); s != nil {
			w.object(place, typ, s)
			return
		}
		w.t.Errorf("%s: no schema of an object", place)
	case reflect.Slice:
		if s := find(schema, func(s *jsonschema.Schema) bool { return s.Items2020 != nil }); s != nil {
			w.value(place+"[]", typ.Elem(), s.Items2020, false)
			return
		}
		w.t.Errorf("%s: no schema of its elements", place)
	case reflect.Map:
		s := find(schema, func(s *jsonschema.Schema) bool { _, ok := s.AdditionalProperties.(*jsonschema.Schema); return ok })
		if s == nil {
			w.t.Errorf("%s: no schema of its values", place)
			return
		}
		w.value(place+"{}", typ.Elem(), s.AdditionalProperties.(*jsonschema.Schema), false)
	default:
	}
}

// find looks for the part of a schema that says something, behind references and beside null.
func find(s *jsonschema.Schema, says func(*jsonschema.Schema) bool) *jsonschema.Schema {
	if says(s) {
		return s
	}
	next := slices.Clone(s.AnyOf)
	if s.Ref != nil {
		next = append(next, s.Ref)
	}
	for _, n := range next {
		if found := find(n, says); found != nil {
			return found
		}
	}
	return nil
}

// kinds are the JSON kinds that a schema allows, sorted.
func kinds(s *jsonschema.Schema) []string {
	var list []string
	if s.Types != nil {
		list = s.Types.ToStrings()
	} else {
		for _, part := range slices.Concat(s.AnyOf, s.OneOf, s.AllOf) {
			list = append(list, kinds(part)...)
		}
		if s.Ref != nil {
			list = append(list, kinds(s.Ref)...)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func kindOf(typ reflect.Type) string {
	if stringTypes[typ] {
		return "string"
	}
	switch typ.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Int, reflect.Int64:
		return "integer"
	case reflect.Float64:
		return "number"
	case reflect.Slice:
		return "array"
	default:
		return "object"
	}
}
