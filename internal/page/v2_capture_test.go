package page

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestComponentsOfRealPagesComeOutAsTheyWere(t *testing.T) {
	for _, name := range []string{
		"v2-components.github.json", "v2-components.instructure-groups.json", "v2-components.qualys.full.json",
	} {
		t.Run(name, func(t *testing.T) {
			want := capture(t, name)
			in := decodeCapture(t, want).input(t)
			sameTokens(t, document(t, in, PathComponents).Body, want)
		})
	}
}

func TestFiftyRealIncidentsComeOutAsTheyWere(t *testing.T) {
	in, want := githubIncidents(t)
	sameTokens(t, document(t, in, PathIncidents).Body, want)
	sameTokens(t, document(t, in, PathResolved).Body, want) // all of them are
}

// githubIncidents is a page with fifty real incidents, and their JSON.
func githubIncidents(t *testing.T) (Input, []byte) {
	t.Helper()
	want := capture(t, "v2-incidents.github.full.json")
	c := decodeCapture(t, want)
	return c.input(t), want
}

func TestARealSummaryComesOutByteByByte(t *testing.T) {
	want := capture(t, "v2-summary.github.full.json")
	in := decodeCapture(t, want).input(t)
	got := document(t, in, PathSummary).Body
	if diff := cmp.Diff(string(want), string(bytes.TrimSuffix(got, []byte("\n")))); diff != "" {
		t.Errorf("summary.json (-want +got):\n%s", diff)
	}
}

func TestARealStatusComesOutAsItWas(t *testing.T) {
	want := capture(t, "v2-status.github.json")
	in := decodeCapture(t, want).input(t)
	sameTokens(t, document(t, in, PathStatus).Body, want)
}

func TestARealSingleIncidentComesOutAsItWas(t *testing.T) {
	want := capture(t, "v2-incident.github.page-wide-outage.full.json")
	in := decodeCapture(t, want).input(t)
	documents, err := detail(in, in.Incidents[0])
	if err != nil {
		t.Fatal(err)
	}
	sameTokens(t, documents[0].Body, want)
}

func TestAMaintenanceHasTheKeysOfARealOne(t *testing.T) {
	want := capture(t, "v2-summary.illposed-maintenance.full.json")
	in := decodeCapture(t, want).input(t)
	if diff := cmp.Diff(keyPaths(t, want), keyPaths(t, document(t, in, PathSummary).Body)); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}

func TestRealMaintenancesComeOutWithTheirValues(t *testing.T) {
	want := capture(t, "v2-scheduled-maintenances.claude.json") // its keys are in another order
	in := decodeCapture(t, want).input(t)
	var g, w any
	if err := json.Unmarshal(document(t, in, PathMaintenances).Body, &g); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(want, &w); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w, g); diff != "" {
		t.Errorf("maintenances (-want +got):\n%s", diff)
	}
}
