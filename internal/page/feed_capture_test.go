package page

import (
	"encoding/xml"
	"errors"
	"io"
	"path"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"allclear/internal/status"
)

// Feeds as a reader sees them: what atomFeed and rssFeed write, read back.
type (
	readAtom struct {
		ID      string          `xml:"id"`
		Links   []atomLink      `xml:"link"`
		Title   string          `xml:"title"`
		Updated string          `xml:"updated"`
		Author  string          `xml:"author>name"`
		Entries []readAtomEntry `xml:"entry"`
	}
	readAtomEntry struct {
		ID        string   `xml:"id"`
		Published string   `xml:"published"`
		Updated   string   `xml:"updated"`
		Link      atomLink `xml:"link"`
		Title     string   `xml:"title"`
		Content   struct {
			Type string `xml:"type,attr"`
			HTML string `xml:",chardata"`
		} `xml:"content"`
	}
	readRSS struct {
		Items []rssItem `xml:"channel>item"`
	}
)

func readXML[T any](t testing.TB, b []byte) T {
	t.Helper()
	var v T
	if err := xml.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// htmlTokens are the tags and texts that a parser of HTML sees.
func htmlTokens(t testing.TB, fragment string) []string {
	t.Helper()
	tokenizer := html.NewTokenizer(strings.NewReader(fragment))
	var list []string
	for tokenizer.Next() != html.ErrorToken {
		token := tokenizer.Token()
		if token.Type == html.SelfClosingTagToken { // <br/> is <br>
			token.Type = html.StartTagToken
		}
		if token.Type == html.TextToken {
			list = append(list, strconv.Quote(token.Data)) // with its entities resolved
			continue
		}
		list = append(list, token.String())
	}
	if err := tokenizer.Err(); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return list
}

// withoutSpace leaves out the space around tags, which Statuspage added in 2026.
func withoutSpace(tokens []string) []string {
	var list []string
	for _, token := range tokens {
		if text, err := strconv.Unquote(token); err == nil {
			if text = strings.TrimSpace(text); text == "" {
				continue
			}
			token = strconv.Quote(text)
		}
		list = append(list, token)
	}
	return list
}

func TestARealAtomFeedComesOutAsItWas(t *testing.T) {
	in, _ := githubIncidents(t)
	want := readXML[readAtom](t, capture(t, "history.github.full.atom"))
	numbers := map[string]int64{}
	for _, e := range want.Entries {
		number, err := strconv.ParseInt(path.Base(e.ID), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		numbers[path.Base(e.Link.Href)] = number
	}
	for _, i := range in.Incidents {
		i.FeedNumber = numbers[i.ID]
	}
	got := readXML[readAtom](t, document(t, in, PathAtom).Body)
	if len(want.Entries) != feedEntries || len(got.Entries) != feedEntries {
		t.Fatalf("got %d entries, want %d", len(got.Entries), len(want.Entries))
	}
	for n := range want.Entries {
		g, w := got.Entries[n], want.Entries[n]
		if diff := cmp.Diff(htmlTokens(t, w.Content.HTML), htmlTokens(t, g.Content.HTML)); diff != "" {
			t.Errorf("content of entry %d (-want +got):\n%s", n, diff)
		}
		g.Content.HTML, w.Content.HTML = "", ""
		if diff := cmp.Diff(w, g); diff != "" {
			t.Errorf("entry %d (-want +got):\n%s", n, diff)
		}
	}
	got.Entries, want.Entries, got.Updated, want.Updated = nil, nil, "", ""
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("feed (-want +got):\n%s", diff)
	}
}

// onePageOf is a page with one incident or maintenance.
func onePageOf(name, url, zone string, i *status.Incident) Input {
	snapshot := &status.Snapshot{
		Page:          status.Page{ID: "hhhhhhhhhhhh", At: i.UpdatedAt, Settings: status.DefaultSettings(name)},
		Configuration: status.NewConfiguration(),
	}
	snapshot.Page.Settings.TimeZone = zone
	if i.IsMaintenance() {
		snapshot.Maintenances = []*status.Incident{i}
	} else {
		snapshot.Incidents = []*status.Incident{i}
	}
	if i.Open() {
		snapshot.Open = []*status.Incident{i}
	}
	return Input{Snapshot: snapshot, PublicURL: url}
}

func TestARealScheduledAtomEntryComesOutAsItWas(t *testing.T) {
	want := readXML[readAtom](t, capture(t, "history.github.scheduled-entry.atom")).Entries[0]
	at := moment(t, "2022-09-29T14:04:44Z")
	_, body, _ := strings.Cut(strings.TrimSuffix(want.Content.HTML, "</p>"), "</strong> - ")
	in := onePageOf("GitHub", "https://www.githubstatus.com", "Etc/UTC", &status.Incident{
		ID: "6w7lf30qkgqq", Name: want.Title, Status: status.Scheduled, FeedNumber: 11314069,
		CreatedAt: at, UpdatedAt: at, StartedAt: at,
		Schedule: &status.Schedule{For: moment(t, "2022-10-05T04:00:00Z"), Until: moment(t, "2022-10-05T05:00:00Z")},
		Updates:  []status.Update{{Status: status.Scheduled, Body: body, Format: status.HTML, DisplayAt: at}},
	})
	got := readXML[readAtom](t, document(t, in, PathAtom).Body).Entries[0]
	if diff := cmp.Diff(withoutSpace(htmlTokens(t, want.Content.HTML)), withoutSpace(htmlTokens(t, got.Content.HTML))); diff != "" {
		t.Errorf("content (-want +got):\n%s", diff)
	}
	got.Content.HTML, want.Content.HTML = "", ""
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("entry (-want +got):\n%s", diff)
	}
}

func TestRealRSSItemsComeOutAsTheyWere(t *testing.T) {
	scheduled := moment(t, "2024-01-08T16:20:00Z")
	monitored, resolved := moment(t, "2021-12-17T17:14:00+01:00"), moment(t, "2021-12-20T09:42:32+01:00")
	tests := []struct {
		capture, page, url, zone string
		incident                 *status.Incident
	}{
		{"history.govuk-scheduled.trimmed.rss", "GOV.UK", "https://status.publishing.service.gov.uk", "Europe/London", &status.Incident{
			ID: "cnntrg2j816c", Name: "GOV.UK Publishing maintenance Tue 16 Jan 12:00-16:00 GMT", Status: status.Scheduled,
			UpdatedAt: scheduled,
			Schedule:  &status.Schedule{For: moment(t, "2024-01-16T12:00:00Z"), Until: moment(t, "2024-01-16T16:00:00Z")},
			Updates: []status.Update{{
				Status: status.Scheduled, Format: status.Markdown, DisplayAt: scheduled,
				Body: "Hello,\n\nWe plan to do some maintenance work ...",
			}},
		}},
		{"history.staffbase.trimmed.rss", "Staffbase", "https://status.staffbase.com", "Europe/Berlin", &status.Incident{
			ID: "p3mdb34gmrx6", Name: "Service disruption with the German media server", Status: status.Resolved,
			UpdatedAt: resolved.Add(time.Hour), ResolvedAt: &resolved,
			Updates: []status.Update{
				{Status: status.Resolved, Body: "This incident has been resolved.", DisplayAt: resolved},
				{Status: status.Monitoring, Body: "We have identified the root cause and the Video Upload should be working again.", DisplayAt: monitored},
			},
		}},
	}
	for _, test := range tests {
		t.Run(test.page, func(t *testing.T) {
			want := readXML[readRSS](t, capture(t, test.capture)).Items[0]
			in := onePageOf(test.page, test.url, test.zone, test.incident)
			got := readXML[readRSS](t, document(t, in, PathRSS).Body).Items[0]
			if diff := cmp.Diff(withoutSpace(htmlTokens(t, want.Description)), withoutSpace(htmlTokens(t, got.Description))); diff != "" {
				t.Errorf("description (-want +got):\n%s", diff)
			}
			got.Description, want.Description = "", ""
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("item (-want +got):\n%s", diff)
			}
		})
	}
}
