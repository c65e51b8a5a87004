package intake

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"allclear/internal/status"
	"allclear/internal/store"
)

// A small page, as a status page shows it, in a zone with daylight saving time. At 2026-03-08
// 10:00 UTC its clocks go from 02:00 to 03:00.
const (
	samplePage   = `"page":{"id":"h4rb0urpage1","name":"Harbour","url":"https://status.harbour.test","time_zone":"America/Los_Angeles","updated_at":"2026-03-10T11:00:00.000-07:00"}`
	sampleGate   = `{"id":"cmpgate00001","name":"Gate","status":"operational","created_at":"2024-05-01T08:00:00.000-07:00","updated_at":"2026-03-09T12:30:00.000-07:00","position":1,"description":"Entry","showcase":true,"start_date":"2024-05-01","group_id":null,"page_id":"h4rb0urpage1","group":false,"only_show_if_degraded":false}`
	sampleNorth  = `{"id":"cmpnorth0001","name":"North","status":"partial_outage","created_at":"2026-03-06T09:00:00.000-08:00","updated_at":"2026-03-10T10:00:00.000-07:00","position":1,"description":null,"showcase":true,"start_date":null,"group_id":"grpcranes001","page_id":"h4rb0urpage1","group":false,"only_show_if_degraded":true}`
	sampleCranes = `{"id":"grpcranes001","name":"Cranes","status":"partial_outage","created_at":"2024-05-01T08:00:00.000-07:00","updated_at":"2024-05-01T08:00:00.000-07:00","position":2,"description":null,"showcase":false,"start_date":null,"group_id":null,"page_id":"h4rb0urpage1","group":true,"only_show_if_degraded":false,"components":["cmpnorth0001"]}`

	sampleJam = `{"id":"incjam000001","name":"Gate jammed","status":"resolved","created_at":"2026-03-07T20:00:00.000-08:00","updated_at":"2026-03-09T12:30:00.000-07:00","monitoring_at":null,"resolved_at":"2026-03-09T12:30:00.000-07:00","impact":"critical","shortlink":"https://stspg.io/jam","started_at":"2026-03-07T20:00:00.000-08:00","page_id":"h4rb0urpage1","incident_updates":[
		{"id":"upjam0000002","status":"resolved","body":"Open again.","incident_id":"incjam000001","created_at":"2026-03-09T12:30:00.000-07:00","updated_at":"2026-03-09T12:30:00.000-07:00","display_at":"2026-03-09T12:30:00.000-07:00","affected_components":[{"code":"cmpgate00001","name":"Gate","old_status":"major_outage","new_status":"operational"}],"deliver_notifications":true,"custom_tweet":null,"tweet_id":null},
		{"id":"upjam0000001","status":"investigating","body":"It does not open.\nWe look.","incident_id":"incjam000001","created_at":"2026-03-07T20:00:00.000-08:00","updated_at":"2026-03-07T20:00:00.000-08:00","display_at":"2026-03-07T20:00:00.000-08:00","affected_components":[{"code":"cmpgate00001","name":"Gate","old_status":"operational","new_status":"major_outage"}],"deliver_notifications":true,"custom_tweet":"Jam!","tweet_id":1234567890123456789}
	],"components":[` + sampleGate + `],"reminder_intervals":"[]"}`
	sampleSlow = `{"id":"incslow00001","name":"North is slow","status":"investigating","created_at":"2026-03-10T10:00:00.000-07:00","updated_at":"2026-03-10T10:00:00.000-07:00","monitoring_at":null,"resolved_at":null,"impact":"major","shortlink":"https://stspg.io/slow","started_at":"2026-03-10T10:00:00.000-07:00","page_id":"h4rb0urpage1","incident_updates":[
		{"id":"upslow000001","status":"investigating","body":"Slow.","incident_id":"incslow00001","created_at":"2026-03-10T10:00:00.000-07:00","updated_at":"2026-03-10T10:00:00.000-07:00","display_at":"2026-03-10T10:00:00.000-07:00","affected_components":[{"code":"cmpnorth0001","name":"Cranes - North","old_status":"operational","new_status":"partial_outage"}],"deliver_notifications":true,"custom_tweet":null,"tweet_id":null}
	],"components":[` + sampleNorth + `],"reminder_intervals":null}`
	sampleWork = `{"id":"mntwork00001","name":"Greasing","status":"scheduled","created_at":"2026-03-01T09:00:00.000-08:00","updated_at":"2026-03-01T09:00:00.000-08:00","monitoring_at":null,"resolved_at":null,"impact":"maintenance","shortlink":"https://stspg.io/work","started_at":"2026-03-01T09:00:00.000-08:00","page_id":"h4rb0urpage1","incident_updates":[
		{"id":"upwork000001","status":"scheduled","body":"We grease.","incident_id":"mntwork00001","created_at":"2026-03-01T09:00:00.000-08:00","updated_at":"2026-03-01T09:00:00.000-08:00","display_at":"2026-03-01T09:00:00.000-08:00","affected_components":null,"deliver_notifications":false,"custom_tweet":null,"tweet_id":null}
	],"components":[],"scheduled_for":"2026-03-12T09:00:00.000-07:00","scheduled_until":"2026-03-12T10:00:00.000-07:00"}`

	sampleSummary   = `{` + samplePage + `,"components":[` + sampleGate + `,` + sampleNorth + `,` + sampleCranes + `],"incidents":[` + sampleSlow + `],"scheduled_maintenances":[` + sampleWork + `],"status":{"indicator":"minor","description":"Minor Service Outage"}}`
	sampleIncidents = `{` + samplePage + `,"incidents":[` + sampleSlow + `,` + sampleJam + `]}`

	sampleNow = "2026-03-10T18:00:00Z" // 11:00 in the page's zone
)

// capturesOf writes captures into a folder.
func capturesOf(t testing.TB, texts ...string) string {
	t.Helper()
	dir := t.TempDir()
	for n, text := range texts {
		writeFile(t, filepath.Join(dir, string(rune('a'+n))+".json"), text)
	}
	return dir
}

func writeFile(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// taken imports captures and answers the report.
func taken(t testing.TB, s *store.Store, texts ...string) Report {
	t.Helper()
	report, err := Run(context.Background(), s, Options{Sources: []string{capturesOf(t, texts...)}})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func configuration(t testing.TB, s *store.Store) *status.Configuration {
	t.Helper()
	cfg, err := s.Configuration(context.Background(), "h4rb0urpage1")
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func incidentOf(t testing.TB, s *store.Store, id string) *status.Incident {
	t.Helper()
	i, err := s.Incident(context.Background(), "h4rb0urpage1", id)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func seq(t testing.TB, s *store.Store) int64 {
	t.Helper()
	p, err := s.Page(context.Background(), "h4rb0urpage1")
	if err != nil {
		t.Fatal(err)
	}
	return p.Seq
}

// newer is a capture text with an updated_at moved by an hour, and something else changed.
func newer(text, updatedAt, old, changed string) string {
	at, err := time.Parse(time.RFC3339, updatedAt)
	if err != nil {
		panic(err)
	}
	text = strings.ReplaceAll(text, `"updated_at":"`+updatedAt+`"`, `"updated_at":"`+at.Add(time.Hour).Format("2006-01-02T15:04:05.000Z07:00")+`"`)
	return strings.ReplaceAll(text, old, changed)
}
