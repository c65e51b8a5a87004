package page

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"allclear/internal/status"
)

func TestTheStateInAPageIsItsJSON(t *testing.T) {
	documents := map[string][]byte{}
	for _, d := range siteDocuments(t, attacked(t)) {
		documents[d.Path] = d.Body
	}
	for path, body := range documents {
		name, ok := strings.CutSuffix(path, ".html")
		if !ok || path == PathNotFound {
			continue
		}
		want := documents[name+".json"]
		if path == PathIndex {
			want = documents[PathView]
		}
		_, rest, _ := bytes.Cut(body, []byte(`<script type="application/json" id="state">`))
		got, _, _ := bytes.Cut(rest, []byte("</script>"))
		if diff := cmp.Diff(string(bytes.TrimSpace(want)), string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}

func TestTheSameSnapshotGivesTheSameBytes(t *testing.T) {
	first, second := siteDocuments(t, shop(t)), siteDocuments(t, shop(t))
	if diff := cmp.Diff(first, second); diff != "" {
		t.Error(diff)
	}
}

func TestVersionsNeverShareBytes(t *testing.T) {
	before, in := siteDocuments(t, shop(t)), shop(t)
	in.Page.Advance(in.Page.At)
	after := map[string][]byte{}
	for _, d := range siteDocuments(t, in) {
		after[d.Path] = d.Body
	}
	for _, d := range before {
		if bytes.Equal(d.Body, after[d.Path]) {
			t.Errorf("%s does not show its version", d.Path)
		}
	}
}

func TestAComponentThatHidesWhileItWorksShowsOnlyItsTrouble(t *testing.T) {
	shown := func(in Input) bool {
		return slices.ContainsFunc(newViewer(in).makeIndex().Components, func(c ComponentView) bool { return c.ID == "cmpbackup001" })
	}
	in := shop(t)
	if shown(in) {
		t.Error("it shows while it works")
	}
	in.Configuration.SetStatus("cmpbackup001", status.DegradedPerformance, in.Page.At)
	if !shown(in) {
		t.Error("it does not show while it has trouble")
	}
}

func TestAGroupOfHiddenComponentsIsHidden(t *testing.T) {
	in := shop(t)
	in.Configuration.AddGroup(status.Group{ID: "grphidden001", Name: "Hidden", CreatedAt: in.Page.At})
	in.Configuration.MoveComponent("cmpbackup001", "grphidden001")
	for _, c := range newViewer(in).makeIndex().Components {
		if c.ID == "grphidden001" {
			t.Error("an empty group shows")
		}
	}
}

func TestThePageReadsWellWithoutScripts(t *testing.T) {
	for _, d := range siteDocuments(t, shop(t)) {
		if d.Path != PathIndex && d.Path != PathIncidentHTML("inpayments01") {
			continue
		}
		text := visible(t, d.Body)
		for _, want := range []string{
			"Card payments fail for some customers", "Identified", "Investigating", "About one payment in five fails:",
			"Checkout - Card payments", "Nov 23, 2026, 14:50 CET", "Major impact",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("%s lacks %q", d.Path, want)
			}
		}
	}
}

// visible is the text of a page's body without its scripts.
func visible(t testing.TB, body []byte) string {
	t.Helper()
	root, err := html.Parse(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for node := range root.Descendants() {
		if node.Type == html.TextNode && node.Parent.DataAtom != atom.Script {
			text.WriteString(node.Data)
		}
	}
	return text.String()
}

func TestBannerFollowsTheWorstOpenIncident(t *testing.T) {
	in := shop(t)
	minor := told("inminor00001", "Something small", status.ImpactMinor, in.Page.At, status.Update{Status: status.Monitoring, Body: "x"})
	for _, c := range []struct {
		name  string
		open  []*status.Incident
		works bool
		want  Banner
	}{
		{"no incident", nil, false, Banner{Status: "minor", Title: "Minor Service Outage"}},
		{"nothing at all", nil, true, Banner{Status: "none", Title: "All Systems Operational"}},
		{"the worst of two", append([]*status.Incident{minor}, in.Open...), false, Banner{
			Status: "minor", Title: "Card payments fail for some customers", Incident: "inpayments01",
			Detail: "Identified · Minor Service Outage", More: 1,
		}},
		{"an incident while all works", []*status.Incident{minor}, true, Banner{
			Status: "notice", Title: "Something small", Incident: "inminor00001", Detail: "Monitoring · All Systems Operational",
		}},
	} {
		in.Open = c.open
		in.Configuration = shopConfiguration(in.Page.At)
		if c.works {
			in.Configuration.SetStatus("cmppayments1", status.Operational, in.Page.At)
			in.Configuration.SetStatus("cmpsearch001", status.Operational, in.Page.At)
		}
		v := newViewer(in)
		if diff := cmp.Diff(c.want, v.banner(in.Configuration.Overall())); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestRecentDaysEndWhereTheNewestFiftyDo(t *testing.T) {
	in := shop(t)
	in.Open, in.Maintenances, in.Incidents = nil, nil, nil
	for n := range status.NewestIncidents { // ten a day
		i := told(fmt.Sprintf("inmany%06d", n), "Again", status.ImpactNone, in.Page.At.Add(-time.Duration(n)*144*time.Minute), status.Update{Status: status.Resolved, Body: "x"})
		in.Incidents = append(in.Incidents, i)
	}
	var got []string
	for _, day := range newViewer(in).recent() {
		got = append(got, day.Date)
	}
	want := []string{"2026-11-23", "2026-11-22", "2026-11-21", "2026-11-20", "2026-11-19"} // the 18th may have had more
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("days (-want +got):\n%s", diff)
	}
}

func TestAMaintenancePlannedForLaterTodayIsNotYetOngoing(t *testing.T) {
	in := shop(t)
	planned := told("mntoday00001", "Tonight", status.ImpactMaintenance, in.Page.At.Add(-time.Hour), status.Update{Status: status.Scheduled, Body: "x"})
	planned.Schedule = &status.Schedule{For: in.Page.At.Add(time.Hour), Until: in.Page.At.Add(2 * time.Hour)}
	in.Open = append(in.Open, planned)
	for _, r := range newViewer(in).recent()[0].Ongoing {
		if r.ID == planned.ID {
			t.Error("it is told as ongoing")
		}
	}
}

func TestUptimeOfToday(t *testing.T) {
	v := newViewer(shop(t))
	u := v.newUptime()
	payments := u.of("cmppayments1")
	today := payments.Days[len(payments.Days)-1]
	want := DayUptime{Date: "2026-11-23", State: "partial_outage", Partial: 6000, Percentage: 96.74} // 100 min of 15:20:30
	if diff := cmp.Diff(want, today); diff != "" {
		t.Errorf("today (-want +got):\n%s", diff)
	}
	if webhooks := u.of("cmpwebhooks1"); webhooks.Since != "2026-11-18" || *webhooks.Percentage != 100 {
		t.Errorf("a component six days old: since %s, %v %%", webhooks.Since, *webhooks.Percentage)
	}
	group := u.ofGroup([]string{"cmpbasket001", "cmppayments1"})
	if got := group.Days[len(group.Days)-1]; got.Percentage != 98.37 || got.Partial != 6000 {
		t.Errorf("a group's day: got %+v", got)
	}
}

func TestDaysBeforeTheStartDateDoNotCount(t *testing.T) {
	in := shop(t)
	c := in.Configuration.Components["cmpwebsite01"]
	start := "2026-11-22"
	c.StartDate = &start
	in.Configuration.Components[c.ID] = c
	got := newViewer(in).newUptime().of(c.ID)
	if got.Since != start || *got.Percentage != 100 || len(got.Days) != 0 {
		t.Errorf("since %s, %v %%, %d days", got.Since, *got.Percentage, len(got.Days))
	}
}

func TestAnEmptyPageHasAllItsDocuments(t *testing.T) {
	in := Input{Snapshot: &status.Snapshot{
		Page:          status.Page{ID: "emptypage001", Seq: 1, At: moment(t, shopAt), Settings: status.DefaultSettings("New")},
		Configuration: status.NewConfiguration(),
	}, PublicURL: "https://new.example"}
	for _, d := range siteDocuments(t, in) {
		if bytes.Contains(d.Body, []byte("null]")) || bytes.Contains(d.Body, []byte(`"components":null`)) || bytes.Contains(d.Body, []byte(`"entries":null`)) {
			t.Errorf("%s has null for a list", d.Path)
		}
		if d.Path == PathIndex && !strings.Contains(visible(t, d.Body), "All Systems Operational") {
			t.Error("the index does not say that all is well")
		}
	}
}

func TestMonthsOfTheHistory(t *testing.T) {
	got := Months(shop(t))
	if want := []string{"2026-12", "2026-11", "2026-10"}; !slices.Equal(got[:3], want) || got[len(got)-1] != "2025-09" {
		t.Errorf("got %v", got)
	}
}

func TestAHiddenPageIsNotForSearchEngines(t *testing.T) {
	in := shop(t)
	in.Page.Settings.HiddenFromSearch = true
	for _, d := range siteDocuments(t, in) {
		if strings.HasSuffix(d.Path, ".html") && !bytes.Contains(d.Body, []byte(`<meta name="robots" content="noindex">`)) {
			t.Errorf("%s may be indexed", d.Path)
		}
	}
}
