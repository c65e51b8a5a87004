package intake

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/memory"
	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/table"
)

func TestAnEmptyPageTakesOverIDNameAndZone(t *testing.T) {
	s := emptyStore(t, sampleNow)
	report := taken(t, s, sampleSummary, sampleIncidents)
	pages, err := s.Pages(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"h4rb0urpage1"}; !cmp.Equal(pages, want) {
		t.Errorf("got pages %v, want %v", pages, want)
	}
	p, err := s.Page(context.Background(), "h4rb0urpage1")
	if err != nil {
		t.Fatal(err)
	}
	if p.Settings.Name != "Harbour" || p.Settings.TimeZone != "America/Los_Angeles" {
		t.Errorf("got %q in %q", p.Settings.Name, p.Settings.TimeZone)
	}
	want := Report{
		Page: "h4rb0urpage1", Name: "Harbour", Adopted: true, Sources: report.Sources,
		Took: Counts{Components: 2, Groups: 1, Incidents: 2, Maintenances: 1},
		Days: 89, Oldest: "2026-03-01", Steps: report.Steps, Complete: true,
		NotTaken: []NotTaken{{"page.url https://status.harbour.test", "this page has an address of its own"}},
	}
	if diff := cmp.Diff(want, report); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
}

func TestAnEmptyPageOfTheSameIDTakesOverNameAndZone(t *testing.T) {
	s := emptyStore(t, sampleNow)
	if _, err := s.CreatePage(context.Background(), "h4rb0urpage1", status.DefaultSettings("Here"), author()); err != nil {
		t.Fatal(err)
	}
	taken(t, s, `{`+samplePage+`,"status":{"indicator":"none","description":"All Systems Operational"}}`)
	p, err := s.Page(context.Background(), "h4rb0urpage1")
	if err != nil {
		t.Fatal(err)
	}
	if p.Settings.Name != "Harbour" || p.Settings.TimeZone != "America/Los_Angeles" || p.Seq != 2 {
		t.Errorf("got %q in %q at seq %d", p.Settings.Name, p.Settings.TimeZone, p.Seq)
	}
}

func TestAPageWithContentDoesNotBecomeAnother(t *testing.T) {
	s := emptyStore(t, sampleNow)
	taken(t, s, sampleSummary)
	other := strings.ReplaceAll(sampleSummary, "h4rb0urpage1", "an0therpage1")
	_, err := Run(context.Background(), s, Options{Sources: []string{capturesOf(t, other)}})
	if err == nil || !strings.Contains(err.Error(), "page h4rb0urpage1 has content of its own") {
		t.Errorf("got %v", err)
	}
}

func TestOneOfSeveralPagesMustBeNamed(t *testing.T) {
	s := emptyStore(t, sampleNow)
	if _, err := s.CreatePage(context.Background(), "emptypage002", status.DefaultSettings("Second"), author()); err != nil {
		t.Fatal(err)
	}
	dir := capturesOf(t, sampleSummary)
	if _, err := Run(context.Background(), s, Options{Sources: []string{dir}}); err == nil || !strings.Contains(err.Error(), "name the page") {
		t.Errorf("got %v", err)
	}
	if _, err := Run(context.Background(), s, Options{Sources: []string{dir}, Page: "emptypage009"}); err == nil || !strings.Contains(err.Error(), "emptypage009 not found") {
		t.Errorf("got %v", err)
	}
	if _, err := Run(context.Background(), s, Options{Sources: []string{dir}, Page: "emptypage002"}); err != nil {
		t.Error(err)
	}
}

func TestWithoutAnyPageOneIsMade(t *testing.T) {
	s := store.New(memory.New(memory.Options{}).Table("Status"), store.Options{})
	taken(t, s, sampleSummary)
	if len(configuration(t, s).Components) != 2 {
		t.Error("the components are missing")
	}
}

func TestEverythingIsStoredAsGiven(t *testing.T) {
	s := emptyStore(t, sampleNow)
	taken(t, s, sampleSummary, sampleIncidents)
	tweet, id, reminders := "Jam!", "1234567890123456789", "[]"
	gate := func(from, to status.ComponentState) []status.Affected {
		return []status.Affected{{Code: "cmpgate00001", Name: "Gate", Old: from, New: to}}
	}
	began, ended := at(t, "2026-03-08T04:00:00Z"), at(t, "2026-03-09T19:30:00Z")
	want := &status.Incident{
		ID: "incjam000001", Name: "Gate jammed", Status: status.Resolved, Impact: status.ImpactCritical,
		CreatedAt: began, UpdatedAt: ended, StartedAt: began, ResolvedAt: &ended, Shortlink: "https://stspg.io/jam",
		ReminderIntervals: &reminders, Components: []string{"cmpgate00001"}, Origin: status.OriginImport,
		Updates: []status.Update{
			{
				ID: "upjam0000002", Status: status.Resolved, Body: "Open again.", Format: status.HTML, CreatedAt: ended, UpdatedAt: ended, DisplayAt: ended,
				Affected: gate(status.MajorOutage, status.Operational), DeliverNotifications: true,
			},
			{
				ID: "upjam0000001", Status: status.Investigating, Body: "It does not open.\nWe look.", Format: status.HTML, CreatedAt: began, UpdatedAt: began, DisplayAt: began,
				Affected: gate(status.Operational, status.MajorOutage), DeliverNotifications: true, CustomTweet: &tweet, TweetID: &id,
			},
		},
	}
	got := incidentOf(t, s, "incjam000001")
	got.Seq, got.FeedNumber = 0, 0
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("incident (-want +got):\n%s", diff)
	}
	cfg := configuration(t, s)
	if got, want := cfg.UpdatedAt("cmpgate00001"), at(t, "2026-03-09T19:30:00Z"); !got.Equal(want) {
		t.Errorf("the component was updated at %v, want %v", got, want)
	}
	if got, want := cfg.Layout["cmpnorth0001"], (status.Place{Group: "grpcranes001", Position: 1, Rank: 1}); got != want {
		t.Errorf("got place %v, want %v", got, want)
	}
}

func TestImportedMaintenancesOweNothing(t *testing.T) {
	s := emptyStore(t, sampleNow)
	taken(t, s, sampleSummary)
	i := incidentOf(t, s, "mntwork00001")
	want := &status.Schedule{For: at(t, "2026-03-12T16:00:00Z"), Until: at(t, "2026-03-12T17:00:00Z")}
	if diff := cmp.Diff(want, i.Schedule); diff != "" {
		t.Errorf("schedule (-want +got):\n%s", diff)
	}
	for _, now := range []time.Time{want.For.Add(-time.Hour), want.For, want.Until} {
		if step := i.Due(now); step != "" {
			t.Errorf("at %v it owes %s", now, step)
		}
	}
}

func TestEveryEventIsQuiet(t *testing.T) {
	s := emptyStore(t, sampleNow)
	report := taken(t, s, sampleSummary, sampleIncidents)
	events, err := s.Events(context.Background(), report.Page, 1, 1000)
	if err != nil {
		t.Fatal(err)
	}
	if len(events) != report.Steps {
		t.Errorf("got %d events of %d steps", len(events), report.Steps)
	}
	for _, e := range events {
		if e.Notify || e.Origin != status.OriginImport || e.Actor != author() || len(e.States) > 0 || e.Update != nil {
			t.Errorf("event %d is %+v", e.Seq, e)
		}
	}
}

func TestTheSameImportAgainWritesNothing(t *testing.T) {
	s := emptyStore(t, sampleNow)
	taken(t, s, sampleSummary, sampleIncidents)
	before := seq(t, s)
	report := taken(t, s, sampleSummary, sampleIncidents)
	if got := seq(t, s); got != before {
		t.Errorf("seq went from %d to %d", before, got)
	}
	want := Counts{Components: 2, Groups: 1, Incidents: 2, Maintenances: 1}
	if report.Skipped != want || report.Steps != 0 || report.Took.Total()+report.Updated.Total() != 0 || !report.Complete {
		t.Errorf("got %+v", report)
	}
}

func TestTheSameImportOnALaterDayWritesNothing(t *testing.T) {
	clock := at(t, sampleNow)
	s := store.New(memory.New(memory.Options{}).Table("Status"), store.Options{Now: func() time.Time { return clock }})
	taken(t, s, sampleSummary, sampleIncidents)
	before := seq(t, s)
	clock = clock.AddDate(0, 0, 3)
	taken(t, s, sampleSummary, sampleIncidents)
	if got := seq(t, s); got != before {
		t.Errorf("seq went from %d to %d", before, got)
	}
}

func TestWhatIsNewerInTheCaptureIsOverwritten(t *testing.T) {
	s := emptyStore(t, sampleNow)
	taken(t, s, sampleSummary, sampleIncidents)
	number := incidentOf(t, s, "incslow00001").FeedNumber
	later := newer(sampleSummary, "2026-03-10T10:00:00.000-07:00", `"name":"North is slow"`, `"name":"North is very slow"`)
	report := taken(t, s, later)
	if want := (Counts{Components: 1, Incidents: 1}); report.Updated != want {
		t.Errorf("updated %v, want %v", report.Updated, want)
	}
	if want := (Counts{Components: 1, Groups: 1, Maintenances: 1}); report.Skipped != want {
		t.Errorf("skipped %v, want %v", report.Skipped, want)
	}
	i := incidentOf(t, s, "incslow00001")
	if i.Name != "North is very slow" || i.FeedNumber != number {
		t.Errorf("got %q with number %d, want %d", i.Name, i.FeedNumber, number)
	}
}

func TestWhatIsNewerHereIsKept(t *testing.T) {
	ctx := context.Background()
	s := emptyStore(t, sampleNow)
	taken(t, s, sampleSummary, sampleIncidents)
	_, err := s.Commit(ctx, "h4rb0urpage1", func(tx *store.Tx) error {
		cfg, err := tx.Configuration()
		if err != nil {
			return err
		}
		cfg.SetStatus("cmpgate00001", status.MajorOutage, tx.Stamp.Now)
		tx.Record(status.Event{Type: status.ComponentUpdated})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	taken(t, s, newer(sampleSummary, "2026-03-09T12:30:00.000-07:00", `"Entry"`, `"Way in"`))
	cfg := configuration(t, s)
	if got := cfg.Status("cmpgate00001"); got != status.MajorOutage {
		t.Errorf("the component is %s", got)
	}
	if got := *cfg.Components["cmpgate00001"].Description; got != "Entry" {
		t.Errorf("its description is %q", got)
	}
}

func TestNoStepExceedsATransaction(t *testing.T) {
	var components, incidents []string
	for n := range 300 {
		components = append(components, strings.ReplaceAll(strings.ReplaceAll(sampleGate, "cmpgate00001", fmt.Sprintf("cmp%09d", n)), `"Entry"`, `"`+strings.Repeat("x", 9000)+`"`))
	}
	for n := range 130 {
		incidents = append(incidents, strings.ReplaceAll(strings.ReplaceAll(sampleSlow, "incslow00001", fmt.Sprintf("inc%09d", n)), "Slow.", strings.Repeat("€", 20_000)))
	}
	most, writes := 0, 0
	clock := at(t, sampleNow)
	db := memory.New(memory.Options{Fault: func(_ context.Context, c memory.Call) error {
		if c.Moment == memory.BeforeWrite {
			most, writes = max(most, len(c.Actions)), writes+1
		}
		return nil
	}})
	s := store.New(db.Table("Status"), store.Options{Now: func() time.Time { return clock }})
	report := taken(t, s, `{`+samplePage+`,"components":[`+strings.Join(components, ",")+`]}`, `{`+samplePage+`,"incidents":[`+strings.Join(incidents, ",")+`]}`)
	if most > table.MaxActions || writes < 10 {
		t.Errorf("%d writes of up to %d actions", writes, most)
	}
	if report.Took.Incidents != 130 || report.Took.Components != 301 {
		t.Errorf("took %v", report.Took)
	}
}

// long is an incident of n updates of 24 KB that hardly compress.
func long(id string, n int) string {
	one := sampleSlow[strings.Index(sampleSlow, `{"id":"upslow`):strings.Index(sampleSlow, "\n\t],")]
	updates := make([]string, n)
	for i := range updates {
		var noise strings.Builder
		for m := range 1500 {
			fmt.Fprintf(&noise, "%x", uint64(i*1500+m+1)*0x9e3779b97f4a7c15)
		}
		updates[i] = strings.ReplaceAll(strings.ReplaceAll(one, "upslow000001", fmt.Sprintf("up%010d", i)), "Slow.", noise.String())
	}
	return strings.ReplaceAll(strings.Replace(sampleSlow, one, strings.Join(updates, ","), 1), "incslow00001", id)
}

func TestAnIncidentTooLongToKeepIsLeftOutByName(t *testing.T) {
	s := emptyStore(t, sampleNow)
	report := taken(t, s, `{`+samplePage+`,"incidents":[`+sampleSlow+`,`+long("inclong00001", 60)+`,`+sampleJam+`]}`)
	if report.Took.Incidents != 2 || !cmp.Equal(report.NotTaken[len(report.NotTaken)-1], NotTaken{"incident inclong00001 (North is slow)", "it is too long to keep"}) {
		t.Errorf("got %+v", report)
	}
}

func TestManyLongIncidentsGoInSeveralSteps(t *testing.T) {
	var incidents []string
	for n := range 19 { // 250 KB each, as they are kept: together more than a transaction holds
		incidents = append(incidents, long(fmt.Sprintf("inc%09d", n), 19))
	}
	report := taken(t, emptyStore(t, sampleNow), `{`+samplePage+`,"incidents":[`+strings.Join(incidents, ",")+`]}`)
	if report.Took.Incidents != 19 {
		t.Errorf("took %v", report.Took)
	}
}

func TestWhatOneCaptureLacksIsTakenFromAnother(t *testing.T) {
	s := emptyStore(t, sampleNow)
	old := strings.ReplaceAll(strings.ReplaceAll(sampleSummary, `"start_date":"2024-05-01",`, ""), `,"only_show_if_degraded":true`, "")
	taken(t, s, old, `{`+samplePage+`,"components":[`+sampleGate+`,`+sampleNorth+`]}`)
	cfg := configuration(t, s)
	if start := cfg.Components["cmpgate00001"].StartDate; start == nil || *start != "2024-05-01" {
		t.Errorf("got start date %v", start)
	}
	if !cfg.Components["cmpnorth0001"].OnlyShowIfDegraded {
		t.Error("only_show_if_degraded is lost")
	}
}
