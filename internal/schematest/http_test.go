package schematest

import (
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"allclear/internal/link"
	"allclear/internal/page"
)

// readOpenAPI is the description of what is answered over HTTP, as JSON has it.
func readOpenAPI(t *testing.T) map[string]any {
	t.Helper()
	text, err := os.ReadFile(path.Join(schemaFolder, openAPI))
	if err != nil {
		t.Fatal(err)
	}
	var document map[string]any
	if err := yaml.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	return again(t, document).(map[string]any)
}

// Every golden of the operators' API is what the description says. internal/api holds the paths to it.
func TestAnswersAreAsTheyAreDescribed(t *testing.T) {
	s := schemas(t)
	if err := s.compiler.AddResource(base+openAPI, readOpenAPI(t)); err != nil {
		t.Fatal(err)
	}
	const goldens = "../api/testdata"
	described := map[string]string{
		"component": "component", "components": "component", "deliveries": "deliveries", "deliveries_none": "deliveries",
		"group": "group", "group_uptime": "uptime", "import": "imported", "incident": "incident", "incident_update": "update",
		"maintenance": "incident", "page": "page", "pages": "page", "subscriber": "subscriber", "subscribers": "subscriber",
		"uptime": "uptime", "webhook": "subscriber",
	}
	// Numbers by type, which have no schema of their own.
	plain := []string{"count", "histogram"}
	files, err := os.ReadDir(goldens)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name, ok := strings.CutSuffix(file.Name(), ".json")
		if !ok || slices.Contains(plain, name) {
			continue
		}
		schema, err := s.compiler.Compile(base + openAPI + "#/components/schemas/" + described[name])
		if described[name] == "" || err != nil {
			t.Errorf("%s: no schema: %v", file.Name(), err)
			continue
		}
		text, err := os.ReadFile(path.Join(goldens, file.Name()))
		if err != nil {
			t.Fatal(err)
		}
		answer := parse(t, text)
		list, ok := answer.([]any)
		if !ok {
			list = []any{answer}
		}
		for _, one := range list {
			if err := schema.Validate(one); err != nil {
				t.Errorf("%s: %v", file.Name(), err)
			}
		}
	}
}

func TestPublicPathsAreDescribed(t *testing.T) {
	paths, _ := readOpenAPI(t)["paths"].(map[string]any)
	for _, p := range []string{
		page.PathSummary, page.PathStatus, page.PathComponents, page.PathIncidents, page.PathUnresolved, page.PathResolved,
		page.PathMaintenances, page.PathUpcoming, page.PathActive, page.PathIncidentV2("{incident}"), page.PathPointer,
		page.PathHeartbeat, page.PathUptime, page.PathAtom, page.PathRSS, page.PathCalendar,
		strings.TrimPrefix(link.PathSubscribe, "/"), strings.TrimPrefix(link.PathConfirm, "/"),
		strings.TrimPrefix(link.PathManage, "/"), strings.TrimPrefix(link.PathUnsubscribe, "/"),
	} {
		if paths["/"+p] == nil {
			t.Errorf("/%s is not described", p)
		}
	}
}
