package page

import (
	"testing"
	"time"

	"allclear/internal/status"
)

// Moments around the start of daylight saving time in Los Angeles: on 2026-03-08 at 10:00 UTC
// the clocks there went from 02:00 PST to 03:00 PDT.
const (
	beforeDST = "2026-03-08T09:30:00.120Z" // 01:30 PST
	afterDST  = "2026-03-08T10:30:00.007Z" // 03:30 PDT
)

// sample is a small page that has one of everything, in a time zone.
func sample(t testing.TB, zone string) Input {
	t.Helper()
	at := func(s string) time.Time { return moment(t, s) }
	text := func(s string) *string { return &s }
	made := at("2025-11-02T08:00:00.000Z")
	page := status.Page{ID: "h4rb0urpage1", Seq: 42, At: at("2026-03-09T04:00:00.999Z"), Settings: status.DefaultSettings("Harbour & Sons")}
	page.Settings.TimeZone = zone

	cfg := status.NewConfiguration()
	cfg.AddGroup(status.Group{ID: "grpcranes001", Name: "Cranes", Description: text("All <b>cranes</b>"), CreatedAt: made, UpdatedAt: made})
	cfg.AddGroup(status.Group{ID: "grpempty0001", Name: "Empty", CreatedAt: made, UpdatedAt: made})
	for _, c := range []struct{ id, name, group string }{
		{"cmpgate00001", "Gate", ""}, {"cmpnorth0001", "North", "grpcranes001"}, {"cmpsouth0001", "South", "grpcranes001"},
	} {
		cfg.AddComponent(status.Component{ID: c.id, Name: c.name, CreatedAt: made, UpdatedAt: made, Showcase: c.group == ""}, c.group)
	}
	gate := cfg.Components["cmpgate00001"]
	gate.StartDate, gate.OnlyShowIfDegraded = text("2025-11-02"), true
	cfg.Components["cmpgate00001"] = gate
	cfg.SetStatus("cmpnorth0001", status.PartialOutage, at(beforeDST))

	open := &status.Incident{
		ID: "incopen00001", Name: `Crane <script>alert("x")</script> & "gate", stuck`, Status: status.Identified,
		Impact: status.ImpactMajor, CreatedAt: at(beforeDST), StartedAt: at(beforeDST), UpdatedAt: at(afterDST),
		Components: []string{"cmpnorth0001", "cmpgate00001", "cmpgone00001"}, FeedNumber: 3, Seq: 41,
		Updates: []status.Update{
			{
				ID: "updopen00002", Status: status.Identified, Format: status.Markdown,
				Body:      "Found it:\r\na *bolt* & a nut,\n\n<script>alert(1)</script>see <a href=\"https://example.org/\" target=\"_blank\">here</a>.",
				CreatedAt: at(afterDST), UpdatedAt: at(afterDST), DisplayAt: at(afterDST), DeliverNotifications: true,
				Affected: []status.Affected{{Code: "cmpnorth0001", Name: "Cranes - North", Old: status.PartialOutage, New: status.PartialOutage}},
			},
			{
				ID: "updopen00001", Status: status.Identified, Format: status.Markdown, Body: "A crane does not move.",
				CreatedAt: at(beforeDST), UpdatedAt: at(beforeDST), DisplayAt: at(beforeDST), DeliverNotifications: true,
				Affected: []status.Affected{{Code: "cmpnorth0001", Name: "Cranes - North", Old: status.Operational, New: status.PartialOutage}},
			},
		},
	}
	resolvedAt, monitoringAt := at("2026-01-05T07:04:00.000Z"), at("2026-01-05T06:59:59.500Z")
	over := &status.Incident{
		ID: "incdone00001", Name: "Gate closed", Status: status.Resolved, Impact: status.ImpactNone, ImpactOverride: status.ImpactMinor,
		CreatedAt: at("2026-01-05T05:00:00.000Z"), StartedAt: at("2026-01-05T04:59:59.990Z"), UpdatedAt: resolvedAt,
		MonitoringAt: &monitoringAt, ResolvedAt: &resolvedAt, Shortlink: "https://stspg.io/abcdefghijkl",
		ReminderIntervals: text("[]"), Components: []string{}, FeedNumber: 1, Seq: 12, Origin: status.OriginImport,
		Updates: []status.Update{
			{
				ID: "upddone00002", Status: status.Resolved, Format: status.HTML, Body: "Open again.\n\nSorry.<br />The gate &amp; its keeper",
				CreatedAt: resolvedAt, UpdatedAt: resolvedAt, DisplayAt: resolvedAt, CustomTweet: text("open"), TweetID: text("1674475870931808256"),
			},
			{
				ID: "upddone00001", Status: status.Monitoring, Format: status.HTML, Body: "Watching.",
				CreatedAt: monitoringAt, UpdatedAt: monitoringAt, DisplayAt: monitoringAt,
			},
		},
	}
	// One day in UTC, two days in Los Angeles.
	maintenance := &status.Incident{
		ID: "mntplan00001", Name: "New ropes; all cranes, one by one", Status: status.Scheduled, Impact: status.ImpactMaintenance,
		CreatedAt: at(beforeDST), StartedAt: at(beforeDST), UpdatedAt: at(beforeDST), Components: []string{"cmpsouth0001"},
		Schedule:   &status.Schedule{For: at("2026-03-09T05:00:00.000Z"), Until: at("2026-03-09T09:00:00.000Z")},
		FeedNumber: 2, Seq: 40,
		Updates: []status.Update{{
			ID: "updplan00001", Status: status.Scheduled, Format: status.Markdown, Body: "We change the ropes.\nThe gate stays open, as ever; mind \\ and <b>steps</b>.",
			CreatedAt: at(beforeDST), UpdatedAt: at(beforeDST), DisplayAt: at(beforeDST),
			Affected: []status.Affected{{Code: "cmpsouth0001", Name: "Cranes - South", Old: status.Operational, New: status.Operational}},
		}},
	}
	return Input{
		Snapshot: &status.Snapshot{
			Page: page, Configuration: cfg,
			Incidents:    []*status.Incident{open, over},
			Maintenances: []*status.Incident{maintenance},
			Open:         []*status.Incident{maintenance, open},
			First:        resolvedAt,
		},
		PublicURL: "https://status.harbour.example:8443",
	}
}
