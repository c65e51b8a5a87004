package intake

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWhatIsNoGoodCaptureIsRefusedWithFileAndField(t *testing.T) {
	deep := strings.Repeat("[", 100_000)
	for name, c := range map[string]struct{ text, want string }{
		"an empty file":          {" \n", "x.json: is empty"},
		"cut off":                {sampleSummary[:2000], "x.json: is cut off: the JSON does not end"},
		"not JSON":               {`{"page": nope}`, "x.json: is not JSON: invalid character"},
		"something after it":     {sampleSummary + "{}", "has something after the end of the JSON"},
		"not UTF-8":              {"{\"page\":\"\xff\"}", "is not UTF-8 text"},
		"a key twice":            {`{"page":{},"page":{}}`, `has the key "page" twice in one object (line 1)`},
		"deep lists":             {`{"page":{},"components":` + deep, "nests deeper than 32 levels"},
		"an HTML page":           {"<!DOCTYPE html><html></html>", "is an HTML page, not JSON"},
		"other XML":              {"<svg/>", "is XML <svg>, not a history feed"},
		"broken XML":             {"<feed", "is not well-formed XML"},
		"a feed alone":           {`<feed xmlns="http://www.w3.org/2005/Atom"></feed>`, "a feed alone can't be imported"},
		"a feed without numbers": {`<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>x</id></entry></feed>`, "entry[0] has no numeric id"},
		"a list":                 {`[{"id":"x"}]`, "is a list, not the public JSON of a status page"},
		"a webhook message":      {`{"meta":{},"page":{"id":"x"},"component":{}}`, "is a webhook message"},
		"no page":                {`{"components":[]}`, `has no "page" object`},
		"only a page":            {`{` + samplePage + `}`, "has a page but none of components"},
		"a page without an id":   {`{"page":{"name":"Harbour","time_zone":"Etc/UTC","updated_at":"2026-03-10T11:00:00Z"},"components":[]}`, "page.id is missing"},
		"an unknown time zone":   {edit("America/Los_Angeles", "Mars/Olympus"), `page.time_zone is not a known IANA time zone: "Mars/Olympus"`},
		"an object for a list":   {`{` + samplePage + `,"components":{}}`, "components is an object, want a list"},
		"a text for an object":   {`{` + samplePage + `,"components":["x"]}`, `components[0] is the text "x", want an object`},
		"a number for a text":    {edit(`"name":"Gate"`, `"name":7`), "components[0].name is the number 7, want a text"},
		"null for a text":        {edit(`"name":"Gate"`, `"name":null`), "components[0].name is null, want a text"},
		"a missing key":          {edit(`"status":"operational","created_at":"2024`, `"created_at":"2024`), "components[0].status is missing"},
		"an unknown state":       {edit(`"status":"operational"`, `"status":"fine"`), `components[0].status is not a known component status: "fine"`},
		"a text for a flag":      {edit(`"showcase":true`, `"showcase":"yes"`), `components[0].showcase is the text "yes", want true or false`},
		"a broken position":      {edit(`"position":1`, `"position":1.5`), "components[0].position is not a whole number"},
		"a huge position":        {edit(`"position":1`, `"position":99999999999999999999`), "components[0].position is not a whole number of reasonable size"},
		"an invalid id":          {edit(`"id":"cmpgate00001"`, `"id":"../../etc"`), `components[0].id is not an id: "../../etc"`},
		"an id twice":            {edit("cmpnorth0001", "cmpgate00001"), "components has the id cmpgate00001 twice"},
		"a broken date":          {edit(`"start_date":"2024-05-01"`, `"start_date":"May"`), "components[0].start_date is not a date"},
		"a broken time":          {edit("2024-05-01T08:00:00.000-07:00", "yesterday"), `components[0].created_at is not a time such as`},
		"a time out of range":    {edit("2024-05-01T08:00:00.000-07:00", "0001-01-01T00:00:00Z"), "components[0].created_at is out of range"},
		"a name in two lines":    {edit(`"name":"Gate"`, `"name":"Ga\nte"`), "components[0].name can't contain line breaks"},
		"a blank name":           {edit(`"name":"Gate"`, `"name":" "`), "components[0].name can't be blank"},
		"NUL in a description":   {edit(`"Entry"`, `"En\u0000try"`), "components[0].description can't contain a NUL character"},
		"NUL in a body":          {edit(`"Slow."`, `"Sl\u0000w."`), "incidents[0].incident_updates[0].body can't contain a NUL character"},
		"another page's part":    {edit(`"page_id":"h4rb0urpage1"`, `"page_id":"an0therpage1"`), `components[0].page_id is "an0therpage1", but it stands in "h4rb0urpage1"`},
		"another's update":       {edit(`"incident_id":"incslow00001"`, `"incident_id":"x"`), `incidents[0].incident_updates[0].incident_id is "x", but it stands in "incslow00001"`},
		"an unknown status":      {edit(`"status":"investigating"`, `"status":"asleep"`), `incidents[0].status is not a known incident status: "asleep"`},
		"an unknown impact":      {edit(`"impact":"major"`, `"impact":"red"`), `incidents[0].impact is not a known impact: "red"`},
		"no updates":             {edit(`"incident_updates":[`, `"updates":[`), "incidents[0].incident_updates is missing"},
		"no start":               {edit(`"scheduled_for":"2026-03-12T09:00:00.000-07:00",`, ``), "scheduled_maintenances[0].scheduled_for is missing, but the status is scheduled"},
		"no end":                 {edit(`,"scheduled_until":"2026-03-12T10:00:00.000-07:00"`, ``), "scheduled_maintenances[0].scheduled_until is missing"},
		"a mixed kind":           {edit(`"impact":"major"`, `"impact":"major","scheduled_for":"2026-03-12T09:00:00Z"`), "incidents[0].status is investigating, but it has a scheduled_for"},
		"a number for a code":    {edit(`"code":"cmpnorth0001"`, `"code":5`), "incidents[0].incident_updates[0].affected_components[0].code is the number 5"},
		"too many components":    {`{` + samplePage + `,"components":[` + many(4000) + `]}`, "more than can be kept"},
	} {
		t.Run(name, func(t *testing.T) {
			s := emptyStore(t, sampleNow)
			file := filepath.Join(t.TempDir(), "x.json")
			writeFile(t, file, c.text)
			report, err := Run(context.Background(), s, Options{Sources: []string{file}})
			if refusal := (*Refusal)(nil); !errors.As(err, &refusal) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if pages, err := s.Pages(context.Background()); err != nil || !slices.Equal(pages, []string{"emptypage001"}) || report.Steps != 0 {
				t.Errorf("something was written: pages %v, %v", pages, err)
			}
		})
	}
}

// edit is the sample summary with one thing changed.
func edit(old, changed string) string {
	if !strings.Contains(sampleSummary, old) {
		panic("the sample has no " + old)
	}
	return strings.Replace(sampleSummary, old, changed, 1)
}

// many are that many components.
func many(n int) string {
	list := make([]string, n)
	for i := range list {
		id := []byte("cmp000000000")
		for at, rest := len(id)-1, i; rest > 0; at, rest = at-1, rest/10 {
			id[at] = byte('0' + rest%10)
		}
		list[i] = strings.Replace(sampleGate, "cmpgate00001", string(id), 1)
	}
	return strings.Join(list, ",")
}

func TestAllProblemsOfAllFilesAreToldTogether(t *testing.T) {
	dir := capturesOf(t, edit(`"name":"Gate"`, `"name":7`), edit(`"impact":"major"`, `"impact":"red"`))
	_, err := Run(context.Background(), emptyStore(t, sampleNow), Options{Sources: []string{dir, filepath.Join(dir, "missing.json")}})
	if got := strings.Count(err.Error(), "\n") + 1; got != 3 {
		t.Errorf("got %d problems:\n%v", got, err)
	}
}

func TestALargeFileIsRefusedWithoutReadingItWhole(t *testing.T) {
	file := filepath.Join(t.TempDir(), "large.json")
	writeFile(t, file, "{")
	if err := os.Truncate(file, 1<<30); err != nil {
		t.Fatal(err)
	}
	_, err := Run(context.Background(), emptyStore(t, sampleNow), Options{Sources: []string{file}, MaxBytes: 1 << 20})
	if err == nil || !strings.Contains(err.Error(), "large.json: is too large for a capture (at most 1 MB are read)") {
		t.Errorf("got %v", err)
	}
	r := &counting{}
	if _, err := readLimited(r, 1000); !errors.Is(err, errTooLarge) || r.read > 10_000 {
		t.Errorf("got %v after %d bytes", err, r.read)
	}
}

// counting is an endless reader.
type counting struct{ read int }

func (c *counting) Read(b []byte) (int, error) {
	c.read += len(b)
	return len(b), nil
}

var _ io.Reader = (*counting)(nil)

func TestCapturesOfTwoPagesAreRefused(t *testing.T) {
	dir := capturesOf(t, sampleSummary, strings.ReplaceAll(sampleSummary, "h4rb0urpage1", "an0therpage1"))
	_, err := Run(context.Background(), emptyStore(t, sampleNow), Options{Sources: []string{dir}})
	if err == nil || !strings.Contains(err.Error(), "import one page at a time") {
		t.Errorf("got %v", err)
	}
}

func TestOtherFilesInAFolderAreNamedAndLeft(t *testing.T) {
	dir := capturesOf(t, sampleSummary)
	if err := os.MkdirAll(filepath.Join(dir, "incidents"), 0o700); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "incidents", "jam.json"), `{`+samplePage+`,"incident":`+sampleJam+`}`)
	writeFile(t, filepath.Join(dir, "package.json"), `{"name":"x"}`)
	writeFile(t, filepath.Join(dir, "notes.txt"), "not looked at")
	report, err := Run(context.Background(), emptyStore(t, sampleNow), Options{Sources: []string{dir}})
	if err != nil {
		t.Fatal(err)
	}
	if report.Took.Incidents != 2 || report.NotTaken[0].What != filepath.Join(dir, "package.json") {
		t.Errorf("got %+v", report)
	}
}

func TestUnknownKeysAreNamed(t *testing.T) {
	text := strings.ReplaceAll(edit(`"status":{"indicator"`, `"extra":1,"status":{"indicator"`), `"showcase":`, `"automation_email":null,"showcase":`)
	report := taken(t, emptyStore(t, sampleNow), text)
	want := []NotTaken{
		{"page.url https://status.harbour.test", "this page has an address of its own"},
		{"component.automation_email (4×)", "unknown key"},
		{"extra (1×)", "unknown key"},
	}
	if diff := cmp.Diff(want, report.NotTaken); diff != "" {
		t.Errorf("not taken (-want +got):\n%s", diff)
	}
}

func TestContradictionsAreNamed(t *testing.T) {
	text := strings.Replace(edit(`"indicator":"minor"`, `"indicator":"none"`), `"components":["cmpnorth0001"]`, `"components":[]`, 1)
	text = strings.Replace(text, `"partial_outage","created_at":"2024`, `"operational","created_at":"2024`, 1) // the group
	text = strings.Replace(text, `"only_show_if_degraded":true`, `"only_show_if_degraded":false`, 1)           // North, in the list only
	report := taken(t, emptyStore(t, sampleNow), text)
	for _, want := range []string{
		"component cmpnorth0001 (North): only_show_if_degraded is false in", "group grpcranes001 (Cranes): status is operational",
		"group grpcranes001 (Cranes): components are []", "status is none (Minor Service Outage), but its components give minor",
	} {
		if !slices.ContainsFunc(report.Contradictions, func(c string) bool { return strings.Contains(c, want) }) {
			t.Errorf("%q is not in\n%s", want, strings.Join(report.Contradictions, "\n"))
		}
	}
	if len(report.Contradictions) != 4 {
		t.Errorf("got %d:\n%s", len(report.Contradictions), strings.Join(report.Contradictions, "\n"))
	}
}

func TestAnOldCaptureWithoutLaterKeysIsTaken(t *testing.T) {
	text := sampleSummary
	for _, key := range []string{
		`"start_date":"2024-05-01",`, `"start_date":null,`, `"group":false,`, `"group":true,`,
		`,"only_show_if_degraded":false`, `,"only_show_if_degraded":true`, `,"reminder_intervals":null`, `,"components":["cmpnorth0001"]`,
	} {
		text = strings.ReplaceAll(text, key, "")
	}
	s := emptyStore(t, sampleNow)
	report := taken(t, s, text)
	if want := (Counts{Components: 2, Groups: 1, Incidents: 1, Maintenances: 1}); report.Took != want {
		t.Errorf("took %v, want %v", report.Took, want)
	}
	if got := configuration(t, s).Members("grpcranes001"); !slices.Equal(got, []string{"cmpnorth0001"}) {
		t.Errorf("the group has %v", got)
	}
}

func TestARenderedReportSaysItAll(t *testing.T) {
	report := taken(t, emptyStore(t, sampleNow), sampleSummary, sampleIncidents)
	want := `Import of page h4rb0urpage1 (Harbour): complete.
The page was empty and took over this id, name and time zone.
Took: 2 components, 1 group, 2 incidents, 1 maintenance.
Uptime: 89 days. They count as operational where no captured update says otherwise (the oldest captured update is of 2026-03-01).
Not taken:
  page.url https://status.harbour.test: this page has an address of its own
`
	if diff := cmp.Diff(want, report.String()); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	if got := (Report{}).String(); got != "Nothing was imported.\n" {
		t.Errorf("got %q", got)
	}
}
