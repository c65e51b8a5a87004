package templatetest

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// folder is where the resources are written, a file for each concern.
const folder = "../../resources"

// resource is one CloudFormation resource as it is written.
type resource struct {
	Type                string    `yaml:"Type"`
	Condition           string    `yaml:"Condition"`
	DeletionPolicy      string    `yaml:"DeletionPolicy"`
	UpdateReplacePolicy string    `yaml:"UpdateReplacePolicy"`
	Properties          yaml.Node `yaml:"Properties"`
}

// resourcesOf reads the resources of one file by logical id.
func resourcesOf(t *testing.T, file string) map[string]resource {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, file))
	if err != nil {
		t.Fatal(err)
	}
	var template struct {
		Resources map[string]resource `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(text, &template); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return template.Resources
}

// properties decodes the properties of one resource, wherever it is written.
func properties[T any](t *testing.T, id string) T {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var p T
	for _, file := range files {
		if r, ok := resourcesOf(t, filepath.Base(file))[id]; ok {
			if err := r.Properties.Decode(&p); err != nil {
				t.Fatalf("%s: %v", id, err)
			}
			return p
		}
	}
	t.Fatalf("no resource %s in %s", id, folder)
	return p
}

// name writes a value shortly: "Id" for {Ref: Id}, "Id.Attribute" for {Fn::GetAtt: [Id, Attribute]},
// the text of an Fn::Sub, and the text itself.
func name(value any) string {
	m, ok := value.(map[string]any)
	if !ok {
		return fmt.Sprint(value)
	}
	switch function := strings.Join(slices.Collect(maps.Keys(m)), " "); function {
	case "Ref", "Fn::Sub":
		return fmt.Sprint(m[function])
	case "Fn::GetAtt":
		var parts []string
		for _, part := range m[function].([]any) {
			parts = append(parts, fmt.Sprint(part))
		}
		return strings.Join(parts, ".")
	default:
		return fmt.Sprint(value)
	}
}
