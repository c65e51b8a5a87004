package payload

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/docs"
	"allclear/internal/status"
)

var write = flag.Bool("update", false, "write the golden files under testdata anew")

// golden compares a message, indented, with a file under testdata.
func golden(t *testing.T, name string, message []byte) {
	t.Helper()
	var got bytes.Buffer
	if err := json.Indent(&got, message, "", "  "); err != nil {
		t.Fatal(err)
	}
	got.WriteByte('\n')
	file := filepath.Join("testdata", name)
	if *write {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
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

var at = time.Date(2026, 3, 8, 9, 30, 0, 120e6, time.UTC) // 01:30 in Los Angeles; half an hour later it is 03:00

// harbour is a page in another time zone, with a group.
func harbour() Input {
	page := status.Page{ID: "h4rb0urpage1", Seq: 42, At: at, Settings: status.DefaultSettings("Harbour & Sons")}
	page.Settings.TimeZone = "America/Los_Angeles"
	cfg := status.NewConfiguration()
	made := at.AddDate(0, -4, 0)
	cfg.AddGroup(status.Group{ID: "grpcranes001", Name: "Cranes", CreatedAt: made, UpdatedAt: made})
	cfg.AddComponent(status.Component{ID: "cmpgate00001", Name: "Gate <1>", Description: new("Keep & go"), CreatedAt: made, UpdatedAt: made}, "")
	cfg.AddComponent(status.Component{ID: "cmpnorth0001", Name: "North", Showcase: true, CreatedAt: made, UpdatedAt: made}, "grpcranes001")
	cfg.SetStatus("cmpnorth0001", status.PartialOutage, at)
	return Input{
		Page: page, Configuration: cfg, PublicURL: "https://status.example.com",
		Unsubscribe:   "https://status.example.com/unsubscribe?t=abc&s=def",
		Documentation: "https://status.example.com/docs", GeneratedAt: at.Add(time.Hour),
	}
}

func crane() *status.Incident {
	later := at.Add(time.Hour)
	return &status.Incident{
		ID: "incopen00001", Name: "Crane <stuck>", Status: status.Monitoring, Impact: status.ImpactMajor, ImpactOverride: status.ImpactMinor,
		CreatedAt: at, StartedAt: at, UpdatedAt: later, MonitoringAt: &later,
		Components: []string{"cmpnorth0001", "grpcranes001", "cmpgate00001", "cmpgone00001", "cmpnorth0001"},
		Updates: []status.Update{
			{
				ID: "updopen00002", Status: status.Monitoring, Format: status.Markdown, Body: "It *moves*\nagain.",
				CreatedAt: later, UpdatedAt: later, DisplayAt: later, DeliverNotifications: true, CustomTweet: new("moves"),
				Affected: []status.Affected{{Code: "cmpnorth0001", Name: "Cranes - North", Old: status.MajorOutage, New: status.PartialOutage}},
			},
			{ID: "updopen00001", Status: status.Investigating, Format: status.Markdown, Body: "Stuck.", CreatedAt: at, UpdatedAt: at, DisplayAt: at},
		},
	}
}

func TestAnIncidentIsWrittenInThePagesZoneWithItsWholeTimeline(t *testing.T) {
	got, err := IncidentUpdate(harbour(), crane())
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "incident.json", got)
}

func TestAMaintenanceHasTheSameKeysAndItsTimes(t *testing.T) {
	reminded := at.Add(4 * time.Hour)
	m := &status.Incident{
		ID: "mntplan00001", Name: "New ropes", Status: status.Scheduled, Impact: status.ImpactMaintenance, CreatedAt: at, StartedAt: at, UpdatedAt: reminded,
		Shortlink: "https://stspg.io/abcdefghijkl",
		Schedule: &status.Schedule{
			For: at.Add(5 * time.Hour), Until: at.Add(7 * time.Hour), RemindPrior: true, RemindedAt: &reminded, AutoInProgress: true, AutoCompleted: true,
		},
		Updates: []status.Update{{ID: "updplan00001", Status: status.Scheduled, Format: status.Markdown, Body: "We change the ropes.", CreatedAt: at, UpdatedAt: at, DisplayAt: at}},
	}
	got, err := IncidentUpdate(harbour(), m)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "maintenance.json", got)
}

func TestAComponentUpdateIsWrittenWithItsCurrentState(t *testing.T) {
	event := &status.Event{Page: "h4rb0urpage1", Seq: 42, At: at}
	change := status.StateChange{Component: "cmpnorth0001", Name: "North", Old: status.Operational, New: status.PartialOutage}
	got, err := ComponentUpdate(harbour(), event, change)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "component.json", got)
}

func TestAnIncidentWithoutUpdatesIsNotSent(t *testing.T) {
	i := crane()
	i.Updates = nil
	if got, err := IncidentUpdate(harbour(), i); err == nil {
		t.Errorf("got %s", got)
	}
}

func TestAComponentThatWasDeletedMeanwhileIsNotFound(t *testing.T) {
	got, err := ComponentUpdate(harbour(), &status.Event{Seq: 42}, status.StateChange{Component: "cmpgone00001"})
	if e := (*status.Error)(nil); !errors.As(err, &e) || e.Code != status.NotFound {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestTheIDOfAComponentUpdateIsThatOfItsEvent(t *testing.T) {
	id := updateID(&status.Event{Page: "p", Seq: 1}, "c")
	if !regexp.MustCompile(`^[a-z0-9]{12}$`).MatchString(id) || id != updateID(&status.Event{Page: "p", Seq: 1}, "c") {
		t.Errorf("got %q", id)
	}
	for _, other := range []string{updateID(&status.Event{Page: "p", Seq: 2}, "c"), updateID(&status.Event{Page: "p", Seq: 1}, "d"), updateID(&status.Event{Page: "q", Seq: 1}, "c")} {
		if other == id {
			t.Errorf("two updates are %s", id)
		}
	}
}

func TestTheExampleInTheDocumentHasThePartsOfAComponentMessage(t *testing.T) {
	whole, err := os.ReadFile(filepath.Join("testdata", "component.json"))
	if err != nil {
		t.Fatal(err)
	}
	_, parts, _ := strings.Cut(string(whole), "  \"component\": {")
	_, got, _ := strings.Cut(docs.Webhooks, "```json\n{\n  \"component\": {")
	got, _, _ = strings.Cut(got, "\n```")
	if diff := cmp.Diff(strings.TrimSpace(parts), strings.TrimSpace(got)); got == "" || diff != "" {
		t.Errorf("docs/webhooks.md (-want +got):\n%s", diff)
	}
}
