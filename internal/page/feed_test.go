package page

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"allclear/internal/status"
)

func TestAPageWithoutFeedsHasNone(t *testing.T) {
	in := sample(t, "Etc/UTC")
	in.Page.Settings.AllowFeeds = false
	for _, d := range documentsOf(t, in) {
		if d.Path == PathAtom || d.Path == PathRSS {
			t.Errorf("there is %s", d.Path)
		}
	}
	document(t, in, PathCalendar) // is no feed
}

func TestAFeedHasTheTwentyFiveNewestInTheOrderOfTheLists(t *testing.T) {
	in := sample(t, "Etc/UTC")
	in.Incidents, in.Maintenances = nil, nil
	start := moment(t, "2026-01-01T00:00:00Z")
	var want []string
	for n := range 40 {
		i := &status.Incident{ID: fmt.Sprintf("inc%09d", n), Status: status.Resolved, FeedNumber: int64(n + 1)}
		resolved := start.Add(-time.Duration(n) * time.Hour)
		i.ResolvedAt, i.UpdatedAt = &resolved, start.Add(time.Duration(n)*time.Minute) // edited since, the oldest last
		switch n % 4 {
		case 0: // open since: stands by when it began
			i.Status, i.CreatedAt, i.ResolvedAt = status.Monitoring, resolved, nil
			in.Incidents = append(in.Incidents, i)
		case 1:
			i.Status, i.ResolvedAt, i.Schedule = status.InProgress, nil, &status.Schedule{For: resolved, Until: start}
			in.Maintenances = append(in.Maintenances, i)
		default:
			in.Incidents = append(in.Incidents, i)
		}
		if n < 25 {
			want = append(want, fmt.Sprintf("tag:status.harbour.example,2005:Incident/%d", n+1))
		}
	}
	var got []string
	for _, e := range readXML[readAtom](t, document(t, in, PathAtom).Body).Entries {
		got = append(got, e.ID)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	if got := len(readXML[readRSS](t, document(t, in, PathRSS).Body).Items); got != 25 {
		t.Errorf("got %d RSS items, want 25", got)
	}
}

func TestAnEntryIsPublishedWhenItIsOverOrPlannedOrLastChanged(t *testing.T) {
	created, changed, resolved := moment(t, "2026-01-01T00:00:00Z"), moment(t, "2026-01-02T00:00:00Z"), moment(t, "2026-01-03T00:00:00Z")
	plan := &status.Schedule{For: moment(t, "2026-02-01T00:00:00Z"), Until: moment(t, "2026-02-02T00:00:00Z")}
	tests := []struct {
		status   status.IncidentStatus
		resolved *time.Time
		schedule *status.Schedule
		want     time.Time
	}{
		{status.Investigating, nil, nil, changed},
		{status.Monitoring, nil, nil, changed},
		{status.Resolved, &resolved, nil, resolved},
		{status.Postmortem, &resolved, nil, resolved},
		{status.Resolved, nil, nil, changed}, // an import without the time
		{status.Scheduled, nil, plan, plan.For},
		{status.InProgress, nil, plan, changed},
		{status.Verifying, nil, plan, changed},
		{status.Completed, &resolved, plan, resolved},
	}
	for _, test := range tests {
		i := &status.Incident{Status: test.status, CreatedAt: created, UpdatedAt: changed, ResolvedAt: test.resolved, Schedule: test.schedule}
		if got := published(i); !got.Equal(test.want) {
			t.Errorf("%s: got %s, want %s", test.status, got, test.want)
		}
	}
}

func TestTheScheduledParagraphStandsOnlyWhileScheduled(t *testing.T) {
	in := sample(t, "Etc/UTC")
	m := in.Maintenances[0]
	if got := feedContent(m, time.UTC); strings.Count(got, "THIS IS A SCHEDULED EVENT") != 1 {
		t.Errorf("scheduled: got %s", got)
	}
	for _, s := range []status.IncidentStatus{status.InProgress, status.Verifying, status.Completed} {
		m.Status = s
		if got := feedContent(m, time.UTC); strings.Contains(got, "SCHEDULED EVENT") {
			t.Errorf("%s: got %s", s, got)
		}
	}
}

func TestAnUpdateIsCalledByItsStatusUnlessThatStayed(t *testing.T) {
	i := &status.Incident{}
	for _, s := range []status.IncidentStatus{
		status.Completed, status.Verifying, status.InProgress, status.InProgress, status.Scheduled, status.Scheduled, status.Postmortem,
	} {
		i.Updates = append(i.Updates, status.Update{Status: s})
	}
	want := []string{"Completed", "Verifying", "Update", "In progress", "Update", "Scheduled", "Postmortem"}
	for n := range i.Updates {
		if got := feedLabel(i, n); got != want[n] {
			t.Errorf("update %d: got %q, want %q", n, got, want[n])
		}
	}
}

func TestAnEntryWithoutANumberIsKnownByItsID(t *testing.T) {
	in := sample(t, "Etc/UTC")
	in.Incidents[0].FeedNumber = 0
	want := "tag:status.harbour.example,2005:Incident/incopen00001"
	if got := readXML[readAtom](t, document(t, in, PathAtom).Body).Entries[1].ID; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// FuzzTexts puts any text everywhere: feeds stay well-formed and harmless, calendars stay lines.
func FuzzTexts(f *testing.F) {
	for _, s := range []string{
		"", "plain", "a\r\nb\rc\n", `<script>alert(1)</script>`, "<scr\x00ipt src=x>", "]]>", "&#0; &amp;lt;script&gt;", "\xff\xfe\ufffe\u2028",
		`<a href="javascript:alert(1)" onclick=x>y</a>`, "<svg><script>x", "BEGIN:VEVENT\r\n;,\\", strings.Repeat("ä€😀", 60), "<!--", "<p/><plaintext>",
		"<math><mi><style><img src=x onerror=alert(1)>", "&lt;script&gt;", "<br />&#60;script>", "\x1b[31m\x7f\u0085",
	} {
		f.Add(s, s, false)
		f.Add("name", s, true)
	}
	f.Fuzz(func(t *testing.T, name, body string, imported bool) {
		in := sample(t, "America/Los_Angeles")
		in.Page.Settings.Name = name
		for _, i := range []*status.Incident{in.Incidents[0], in.Maintenances[0]} {
			i.Name = name
			for n := range i.Updates {
				i.Updates[n].Body = body
				if imported {
					i.Updates[n].Format = status.HTML
				}
			}
		}
		for _, path := range []string{PathAtom, PathRSS} {
			checkFeed(t, document(t, in, path))
		}
		checkCalendar(t, document(t, in, PathCalendar).Body)
	})
}

func checkFeed(t *testing.T, d Document) {
	t.Helper()
	if strings.Contains(strings.ToLower(string(d.Body)), "<script") {
		t.Errorf("%s holds a script", d.Path)
	}
	decoder := xml.NewDecoder(strings.NewReader(string(d.Body)))
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("%s: %v in\n%s", d.Path, err, d.Body)
		}
	}
	var contents []string
	if d.Path == PathAtom {
		for _, e := range readXML[readAtom](t, d.Body).Entries {
			contents = append(contents, e.Content.HTML)
		}
	} else {
		for _, i := range readXML[readRSS](t, d.Body).Items {
			contents = append(contents, i.Description)
		}
	}
	if len(contents) != 3 {
		t.Errorf("%s has %d entries, want 3", d.Path, len(contents))
	}
	for _, content := range contents {
		checkHarmless(t, content)
	}
}

// checkHarmless reads HTML as a browser does.
func checkHarmless(t *testing.T, content string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(content))
	if err != nil {
		return // nested too deep for any reader
	}
	for node := range root.Descendants() {
		if node.Type != html.ElementNode {
			continue
		}
		switch node.Data {
		case "script", "style", "iframe", "object", "embed", "form", "svg", "math", "base", "link", "meta":
			t.Errorf("<%s> in %q", node.Data, content)
		}
		for _, a := range node.Attr {
			if strings.HasPrefix(a.Key, "on") || strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:") {
				t.Errorf("%s=%q in %q", a.Key, a.Val, content)
			}
		}
	}
}
