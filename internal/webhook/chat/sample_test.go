package chat

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/status"
	"allclear/internal/webhook"
)

var update = flag.Bool("update", false, "write the golden files under testdata anew")

// golden compares a message, indented, with a file under testdata.
func golden(t *testing.T, name string, message []byte) {
	t.Helper()
	var got bytes.Buffer
	if err := json.Indent(&got, message, "", "  "); err != nil {
		t.Fatal(err)
	}
	got.WriteByte('\n')
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

var at = time.Date(2026, 3, 8, 9, 30, 0, 120e6, time.UTC) // 10:30 in Berlin

// harbour is a page with a group, in another time zone.
func harbour() Input {
	page := status.Page{ID: "h4rb0urpage1", Seq: 42, At: at, Settings: status.DefaultSettings("Harbour & Sons")}
	page.Settings.TimeZone = "Europe/Berlin"
	cfg := status.NewConfiguration()
	cfg.AddGroup(status.Group{ID: "grpcranes001", Name: "Cranes", CreatedAt: at, UpdatedAt: at})
	cfg.AddComponent(status.Component{ID: "cmpgate00001", Name: "Gate_1 <main>", CreatedAt: at, UpdatedAt: at}, "")
	cfg.AddComponent(status.Component{ID: "cmpnorth0001", Name: "North", CreatedAt: at, UpdatedAt: at}, "grpcranes001")
	cfg.SetStatus("cmpnorth0001", status.PartialOutage, at)
	return Input{Page: page, Configuration: cfg, PublicURL: "https://status.example.com"}
}

// written is an update in Markdown with one of everything.
const written = `We found it: a **worn** bolt & a *bent* nut, ~~perhaps~~ surely.
See [the plan](https://example.com/plan_(new)?a=1&b=2) or https://example.com/live.

## What you can do
1. Use the ` + "`south`" + ` crane
2. Wait
   - inside
   - not <outside>

> We are sorry.

| Crane | State |
|---|---|
| North | stuck |

` + "```" + `
load --max 5 <t>
` + "```"

func crane() *status.Incident {
	u := status.Update{
		ID: "updopen00001", Status: status.Investigating, Format: status.Markdown, Body: "A crane does not move.\nWe are looking.",
		CreatedAt: at, UpdatedAt: at, DisplayAt: at, DeliverNotifications: true,
	}
	return &status.Incident{
		ID: "incopen00001", Name: "Crane *stuck* & <loud>", Status: u.Status, Impact: status.ImpactMajor,
		CreatedAt: at, StartedAt: at, UpdatedAt: at, Components: []string{"cmpnorth0001", "cmpgate00001", "cmpgone00001"},
		Updates: []status.Update{u},
	}
}

// posted puts an update on top of an incident.
func posted(i *status.Incident, to status.IncidentStatus, format status.Format, body string) *status.Incident {
	later := at.Add(time.Duration(len(i.Updates)) * time.Hour)
	u := status.Update{ID: "updopen00002", Status: to, Format: format, Body: body, CreatedAt: later, UpdatedAt: later, DisplayAt: later, DeliverNotifications: true}
	i.Status, i.UpdatedAt, i.Updates = to, later, append([]status.Update{u}, i.Updates...)
	if to.Final() {
		i.ResolvedAt = &later
	}
	return i
}

func ropes() *status.Incident {
	return &status.Incident{
		ID: "mntplan00001", Name: "New ropes", Status: status.Scheduled, Impact: status.ImpactMaintenance, CreatedAt: at, StartedAt: at, UpdatedAt: at,
		Components: []string{"grpcranes001"},
		Schedule:   &status.Schedule{For: at.Add(24 * time.Hour), Until: at.Add(26 * time.Hour)},
		Updates: []status.Update{{
			ID: "updplan00001", Status: status.Scheduled, Format: status.HTML, Body: "We change the <strong>ropes</strong>.<br />The gate stays open.",
			CreatedAt: at, UpdatedAt: at, DisplayAt: at,
		}},
	}
}

// told is the message about the newest update to one who missed nothing.
func told(kind webhook.Kind, in Input, i *status.Incident) ([]byte, error) {
	return Incident(kind, in, i, 0, 1)
}
