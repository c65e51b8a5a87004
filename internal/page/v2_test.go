package page

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"allclear/internal/status"
)

func TestDocumentsOfASmallPage(t *testing.T) {
	for name, zone := range map[string]string{"utc": "Etc/UTC", "los-angeles": "America/Los_Angeles"} {
		t.Run(name, func(t *testing.T) {
			in := sample(t, zone)
			documents := documentsOf(t, in)
			for _, i := range slices.Concat(in.Incidents, in.Maintenances) {
				d, err := detail(in, i)
				if err != nil {
					t.Fatal(err)
				}
				documents = append(documents, d...)
			}
			golden(t, "v2."+name+".txtar", archive(t, documents))
		})
	}
}

// archive puts documents into one file that is good to read: JSON indented, no CR.
func archive(t *testing.T, documents []Document) []byte {
	t.Helper()
	var a txtar.Archive
	for _, d := range documents {
		body := bytes.ReplaceAll(d.Body, []byte("\r\n"), []byte("\n"))
		if strings.HasSuffix(d.Path, extensionJSON) {
			var indented bytes.Buffer
			if err := json.Indent(&indented, body, "", "  "); err != nil {
				t.Fatal(err)
			}
			body = indented.Bytes()
		}
		head := fmt.Sprintf("Content-Type: %s\nCache-Control: %s\n\n", d.ContentType, d.CacheControl)
		a.Files = append(a.Files, txtar.File{Name: d.Path, Data: append([]byte(head), body...)})
	}
	return txtar.Format(&a)
}

func TestKeysComeInStatuspagesOrder(t *testing.T) {
	const (
		page      = "page id name url time_zone updated_at"
		component = "id name status created_at updated_at position description showcase start_date group_id page_id group only_show_if_degraded"
		update    = "id status body incident_id created_at updated_at display_at affected_components deliver_notifications custom_tweet tweet_id"
		common    = "id name status created_at updated_at monitoring_at resolved_at impact shortlink started_at page_id incident_updates components"
	)
	in := sample(t, "Etc/UTC")
	got := keyPaths(t, document(t, in, PathSummary).Body)
	under := func(prefix string) string { // the keys of the first object there
		var keys []string
		for _, path := range got {
			key, ok := strings.CutPrefix(path, prefix)
			if !ok || strings.Contains(key, ".") {
				continue
			}
			if slices.Contains(keys, key) {
				break
			}
			keys = append(keys, key)
		}
		return strings.Join(keys, " ")
	}
	tests := []struct{ prefix, want string }{
		{"", "page components incidents scheduled_maintenances status"},
		{"page.", strings.TrimPrefix(page, "page ")},
		{"components.", component},
		{"incidents.", common + " reminder_intervals"},
		{"incidents.components.", component},
		{"incidents.incident_updates.", update},
		{"incidents.incident_updates.affected_components.", "code name old_status new_status"},
		{"scheduled_maintenances.", common + " scheduled_for scheduled_until"},
		{"status.", "indicator description"},
	}
	for _, test := range tests {
		if diff := cmp.Diff(test.want, under(test.prefix)); diff != "" {
			t.Errorf("keys of %q (-want +got):\n%s", test.prefix, diff)
		}
	}
	lists := 0
	for n, path := range got {
		if path == "components.components" {
			lists++
			if before := got[n-1]; before != "components.only_show_if_degraded" {
				t.Errorf("the members of a group come after %s", before)
			}
		}
	}
	if lists != 2 {
		t.Errorf("got %d components with members, want those of the two groups only", lists)
	}
}

func TestJSONIsOneLineWithoutNeedlessEscapes(t *testing.T) {
	in := sample(t, "Etc/UTC")
	in.Incidents[0].Name = "<&>\u2028\u2029"
	body := document(t, in, PathIncidents).Body
	if got := bytes.Count(body, []byte("\n")); got != 1 || !bytes.HasSuffix(body, []byte("}\n")) {
		t.Errorf("got %d newlines, want one, at the end", got)
	}
	if want := []byte(`"name":"<&>\u2028\u2029"`); !bytes.Contains(body, want) {
		t.Errorf("no %s in %.300s", want, body)
	}
}

func TestListsOfAnEmptyPageAreEmptyAndNotNull(t *testing.T) {
	in := Input{
		Snapshot: &status.Snapshot{
			Page:          status.Page{ID: "aaaaaaaaaaaa", At: time.Unix(0, 0), Settings: status.DefaultSettings("Empty")},
			Configuration: status.NewConfiguration(),
		},
		PublicURL: "https://status.example",
	}
	want := `{"page":{"id":"aaaaaaaaaaaa","name":"Empty","url":"https://status.example","time_zone":"Etc/UTC","updated_at":"1970-01-01T00:00:00.000Z"},` +
		`"components":[],"incidents":[],"scheduled_maintenances":[],"status":{"indicator":"none","description":"All Systems Operational"}}` + "\n"
	if diff := cmp.Diff(want, string(document(t, in, PathSummary).Body)); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
	for _, d := range documentsOf(t, in) {
		if strings.HasSuffix(d.Path, extensionJSON) && bytes.Contains(d.Body, []byte("null")) {
			t.Errorf("%s has a null: %s", d.Path, d.Body)
		}
	}
}

func TestAnOpenIncidentOlderThanTheNewestFiftyIsNotLost(t *testing.T) {
	in := sample(t, "Etc/UTC")
	in.Incidents = in.Incidents[1:] // as if the open one were older
	in.Maintenances = nil
	for path, want := range map[string][]string{
		PathIncidents:    {"incdone00001"},
		PathResolved:     {"incdone00001"},
		PathUnresolved:   {"incopen00001"},
		PathMaintenances: {},
		PathUpcoming:     {"mntplan00001"},
		PathActive:       {},
		PathSummary:      {"incopen00001", "mntplan00001"},
	} {
		if diff := cmp.Diff(want, idsIn(t, document(t, in, path))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}

func TestAMaintenanceMovesFromUpcomingToActiveToNeither(t *testing.T) {
	tests := []struct {
		status                    status.IncidentStatus
		upcoming, active, summary []string
	}{
		{status.Scheduled, []string{"mntplan00001"}, []string{}, []string{"incopen00001", "mntplan00001"}},
		{status.InProgress, []string{}, []string{"mntplan00001"}, []string{"incopen00001", "mntplan00001"}},
		{status.Verifying, []string{}, []string{"mntplan00001"}, []string{"incopen00001", "mntplan00001"}},
		{status.Completed, []string{}, []string{}, []string{"incopen00001"}},
	}
	for _, test := range tests {
		t.Run(string(test.status), func(t *testing.T) {
			in := sample(t, "Etc/UTC")
			in.Maintenances[0].Status = test.status
			in.Open = selected(in.Open, (*status.Incident).Open)
			for path, want := range map[string][]string{
				PathUpcoming: test.upcoming, PathActive: test.active, PathSummary: test.summary,
				PathMaintenances: {"mntplan00001"},
			} {
				if diff := cmp.Diff(want, idsIn(t, document(t, in, path))); diff != "" {
					t.Errorf("%s (-want +got):\n%s", path, diff)
				}
			}
		})
	}
}

func idsIn(t *testing.T, d Document) []string {
	t.Helper()
	c := decodeCapture(t, d.Body)
	ids := []string{}
	for _, i := range c.Incidents {
		ids = append(ids, i.ID)
	}
	for _, m := range c.Maintenances {
		ids = append(ids, m.ID)
	}
	return ids
}

func TestRenderingTwiceGivesTheSameBytesAndChangesNothing(t *testing.T) {
	in, untouched := sample(t, "America/Los_Angeles"), sample(t, "America/Los_Angeles")
	first, second := documentsOf(t, in), documentsOf(t, in)
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("second rendering (-first +second):\n%s", diff)
	}
	if diff := cmp.Diff(untouched, in); diff != "" {
		t.Errorf("the input changed (-before +after):\n%s", diff)
	}
}

func TestNoDocumentHasTheSameBytesInTwoVersions(t *testing.T) {
	in := sample(t, "America/Los_Angeles")
	in.Page.At = in.Page.At.Truncate(time.Second) // both in one second
	before := documentsOf(t, in)
	in.Page.Seq++
	in.Page.At = in.Page.At.Add(time.Millisecond)
	for n, after := range documentsOf(t, in) {
		if bytes.Equal(before[n].Body, after.Body) {
			t.Errorf("%s is the same", after.Path)
		}
	}
	if len(before) != 12 {
		t.Errorf("got %d documents, want 12", len(before))
	}
}

func TestWhatWasTweetedKeepsTheKindOfItsID(t *testing.T) {
	for id, want := range map[V2TweetID]string{
		"1674475870931808256": `1674475870931808256`, "0": `"0"`, "007": `"007"`, "string": `"string"`, "": `""`, "-1": `"-1"`,
	} {
		got, err := json.Marshal(id)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("%q: got %s, want %s", string(id), got, want)
		}
		var back V2TweetID
		if err := json.Unmarshal(got, &back); err != nil || back != id {
			t.Errorf("%s: got %q, %v, want %q", got, back, err, id)
		}
	}
}
