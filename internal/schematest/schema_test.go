package schematest

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

const schemaFolder = "../../schema"

func schemas(t *testing.T) *Schemas {
	t.Helper()
	s, err := Load(os.DirFS(schemaFolder))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *Schemas) names() []string { return slices.Sorted(maps.Keys(s.raw)) }

// walk visits every schema object inside a schema file with its JSON pointer.
func walk(schema map[string]any, pointer string, visit func(pointer string, schema map[string]any)) {
	visit(pointer, schema)
	for _, keyword := range []string{"properties", "$defs"} {
		members, _ := schema[keyword].(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(members)) {
			if inner, ok := members[name].(map[string]any); ok {
				walk(inner, pointer+"/"+keyword+"/"+name, visit)
			}
		}
	}
	for _, keyword := range []string{"items", "additionalProperties", "propertyNames", "if", "then", "else"} {
		if inner, ok := schema[keyword].(map[string]any); ok {
			walk(inner, pointer+"/"+keyword, visit)
		}
	}
	for _, keyword := range []string{"anyOf", "oneOf", "allOf"} {
		list, _ := schema[keyword].([]any)
		for _, inner := range list {
			if inner, ok := inner.(map[string]any); ok {
				walk(inner, pointer+"/"+keyword, visit)
			}
		}
	}
}

func TestEverySchemaSaysWhatItIs(t *testing.T) {
	for name, schema := range schemas(t).raw {
		if got, want := schema["$schema"], "https://json-schema.org/draft/2020-12/schema"; got != want {
			t.Errorf("%s: got $schema %v, want %s", name, got, want)
		}
		for _, keyword := range []string{"title", "description"} {
			if text, _ := schema[keyword].(string); text == "" {
				t.Errorf("%s has no %s", name, keyword)
			}
		}
	}
}

// A field is explained where it is declared, or where it refers to.
func TestEveryFieldIsExplained(t *testing.T) {
	for name, schema := range schemas(t).raw {
		walk(schema, "", func(pointer string, s map[string]any) {
			for _, keyword := range []string{"properties", "$defs"} {
				members, _ := s[keyword].(map[string]any)
				for field, member := range members {
					if member, ok := member.(map[string]any); ok && !conditional(pointer) && !explained(member) {
						t.Errorf("%s#%s/%s/%s has no description", name, pointer, keyword, field)
					}
				}
			}
		})
	}
}

// conditional tells the branches of an if from declarations: they repeat fields declared elsewhere.
func conditional(pointer string) bool {
	for _, keyword := range []string{"/if/", "/then/", "/else/"} {
		if strings.Contains(pointer+"/", keyword) {
			return true
		}
	}
	return false
}

func explained(schema map[string]any) bool {
	if text, _ := schema["description"].(string); text != "" {
		return true
	}
	if _, refers := schema["$ref"]; refers {
		return true // to a definition, which has one
	}
	alternatives, _ := schema["anyOf"].([]any)
	return slices.ContainsFunc(alternatives, func(a any) bool {
		inner, ok := a.(map[string]any)
		return ok && explained(inner)
	})
}

// What is stored, published or sent by AWS has no members but the declared ones; what clients send
// may have more, which are ignored. Either is said, not left open.
func TestEveryObjectSaysWhetherItHasOtherMembers(t *testing.T) {
	for name, schema := range schemas(t).raw {
		open := strings.HasPrefix(name, "input/") || name == "definitions/form"
		walk(schema, "", func(pointer string, s map[string]any) {
			if _, declares := s["properties"]; !declares || conditional(pointer) {
				return
			}
			closed := s["additionalProperties"] == false || s["unevaluatedProperties"] == false || s["$comment"] == partial
			if open && s["additionalProperties"] != true {
				t.Errorf("%s#%s: additionalProperties is not true", name, pointer)
			}
			if !open && !closed {
				t.Errorf("%s#%s is open", name, pointer)
			}
		})
	}
}

// partial marks a definition that is a part of larger objects, which close it.
const partial = "A part of other objects, which are closed."

func TestEveryDefinitionIsUsed(t *testing.T) {
	all := schemas(t)
	used := map[string]bool{}
	for name, schema := range all.raw {
		walk(schema, "", func(_ string, s map[string]any) {
			if ref, ok := s["$ref"].(string); ok {
				used[absolute(name, ref)] = true
			}
		})
	}
	for name, schema := range all.raw {
		walk(schema, "", func(pointer string, s map[string]any) {
			defs, _ := s["$defs"].(map[string]any)
			for d := range defs {
				if place := name + "#" + pointer + "/$defs/" + d; !used[place] {
					t.Errorf("%s is never used", place)
				}
			}
		})
	}
}

// absolute is a reference as seen from the schema folder: "item/page#/$defs/settings".
func absolute(from, ref string) string {
	file, pointer, _ := strings.Cut(ref, "#")
	switch folder, _, _ := strings.Cut(from, "/"); {
	case file == "":
		file = from
	case strings.HasPrefix(file, "../"):
		file = strings.TrimPrefix(file, "../")
	default:
		file = folder + "/" + file
	}
	return strings.TrimSuffix(file, extension) + "#" + pointer
}
