package api

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
)

// The description that clients are made from names every path and method, and no others.
func TestThePathsAreThoseThatAreDescribed(t *testing.T) {
	text, err := os.ReadFile("../../schema/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Paths map[string]map[string]any `yaml:"paths"`
	}
	if err := yaml.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	described := map[string][]string{}
	for path, item := range document.Paths {
		if !strings.HasPrefix(path, "/v1/") {
			continue
		}
		for method := range item {
			if method != "parameters" {
				described[path] = append(described[path], strings.ToUpper(method))
			}
		}
		slices.Sort(described[path])
	}
	routes := map[string][]string{}
	for path, m := range table() {
		routes[path] = slices.Sorted(maps.Keys(m))
	}
	if diff := cmp.Diff(routes, described); diff != "" {
		t.Errorf("(-routes +described):\n%s", diff)
	}
}
