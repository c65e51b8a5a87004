package intake

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"allclear/internal/memory"
	"allclear/internal/page"
	"allclear/internal/status"
	"allclear/internal/store"
)

// fixtures holds real captures of Statuspage pages. Tests that need one are skipped where it is
// absent.
const fixtures = "../../../shared/statuspage/fixtures"

func fixture(t testing.TB, name string) string {
	t.Helper()
	file := filepath.Join(fixtures, name)
	if _, err := os.Stat(file); os.IsNotExist(err) {
		t.Skipf("no capture %s here", name)
	}
	return file
}

// moments is one page at one moment: its captures go in together.
type moments struct {
	name     string
	captures []string
	now      string // when it is imported
	allowed  []allowed
}

// allowed is a difference between what was captured and what is published, with its reason. One
// that does not occur fails the test: none is granted beforehand.
type allowed struct {
	document, path, reason string // path is a pattern of path.Match
}

const (
	contradiction = "the capture contradicts itself"
	younger       = "a key younger than the capture"
)

var realMoments = []moments{
	{
		name: "github of July 2026", now: "2026-07-31T07:00:00Z",
		captures: []string{"v2-summary.github.full.json", "v2-incidents.github.full.json", "history.github.full.atom"},
	},
	{name: "github of September 2024", now: "2024-09-17T08:10:00Z", captures: []string{"v2-incidents.github.json"}},
	{name: "github of September 2023", now: "2023-09-26T07:52:00Z", captures: []string{"v2-status.github.json"}},
	{name: "github of June 2023", now: "2023-09-21T08:00:00Z", captures: []string{"v2-incident.github.page-wide-outage.full.json"}},
	{name: "github of December 2021", now: "2021-12-10T15:00:00Z", captures: []string{"v2-components.github.json"}},
	{
		name: "instructure", now: "2021-12-07T19:00:00Z",
		captures: []string{"v2-components.instructure-groups.json", "v2-summary.instructure-trimmed.json"},
		allowed: []allowed{
			{"summary", "/incidents[[]*]/reminder_intervals", younger},
			{"summary", "equal positions in /incidents[[]*]/components", "order among equal positions inside an incident"},
		},
	},
	{name: "qualys", now: "2021-12-01T12:00:00Z", captures: []string{"v2-components.qualys.full.json"}},
	{
		name: "claude", now: "2026-09-15T12:00:00Z", captures: []string{"v2-scheduled-maintenances.claude.json"},
		allowed: []allowed{{"scheduled-maintenances", "order of keys in *", "the archive sorted the keys"}},
	},
	{
		name: "htx", now: "2020-02-11T04:00:00Z", captures: []string{"v2-summary.htx-docs.json", "v2-scheduled-maintenances.htx-docs.json"},
		allowed: []allowed{
			{"summary", "/components[[]h028tnzw1n5l]/updated_at", contradiction + ": its maintenance has the component newer"},
			{"summary", "/components[[]h028tnzw1n5l]/showcase", contradiction + ": its maintenance has the component newer"},
			{"summary", "/components[[]nctwm9tghxh6]", "the list lacks a component that an incident has"},
			{"summary", "/components[[]*]/start_date", younger},
			{"summary", "/*[[]*]/components[[]*]/start_date", younger},
			{"summary", "/incidents[[]*]/reminder_intervals", younger},
			{"scheduled-maintenances", "/scheduled_maintenances[[]*]/components[[]*]/start_date", younger},
		},
	},
	{
		name: "illposed", now: "2021-10-28T12:00:00Z", captures: []string{"v2-summary.illposed-maintenance.full.json"},
		allowed: []allowed{{
			"summary", "/scheduled_maintenances[[]*]/components[[]5wl5x0fggfqv]/description",
			contradiction + ": the list has another description",
		}},
	},
}

// everywhere are the differences that hold for every document.
var everywhere = []allowed{
	{"*", "/page/url", "the page has an address of its own"},
	{"*", "/page/updated_at", "the page was updated by the import"},
}

func TestEveryRealCaptureIsImportedSomewhere(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(fixtures, "v2-*.json"))
	if err != nil || len(files) == 0 {
		t.Skip("no captures here")
	}
	for _, file := range files {
		if !slices.ContainsFunc(realMoments, func(m moments) bool { return slices.Contains(m.captures, filepath.Base(file)) }) {
			t.Errorf("%s goes into no page", filepath.Base(file))
		}
	}
}

func TestWhatIsPublishedAfterAnImportEqualsTheCapture(t *testing.T) {
	for _, m := range realMoments {
		t.Run(m.name, func(t *testing.T) {
			var sources []string
			for _, name := range m.captures {
				sources = append(sources, fixture(t, name))
			}
			s := emptyStore(t, m.now)
			report, err := Run(context.Background(), s, Options{Sources: sources})
			if err != nil {
				t.Fatal(err)
			}
			published := publish(t, s, report.Page)
			used := make([]bool, len(m.allowed))
			for _, file := range sources {
				if filepath.Ext(file) != ".json" {
					continue
				}
				want := tree(t, read(t, file))
				document, name := counterpart(t, published, want)
				got := tree(t, document)
				for _, d := range differences("", got, want) {
					if !granted(d, name, everywhere, nil) && !granted(d, name, m.allowed, used) {
						t.Errorf("%s, %s: %s", filepath.Base(file), d.path, d.text)
					}
				}
			}
			for n, a := range m.allowed {
				if !used[n] {
					t.Errorf("the exception %s %s (%s) does not occur", a.document, a.path, a.reason)
				}
			}
		})
	}
}

func granted(d difference, document string, list []allowed, used []bool) bool {
	for n, a := range list {
		inDocument, err := path.Match(a.document, document)
		if err != nil {
			panic(err)
		}
		// "*" of path.Match stops at "/"; here it is meant to go on.
		at, err := path.Match(strings.ReplaceAll(a.path, "/", "|"), strings.ReplaceAll(d.path, "/", "|"))
		if err != nil {
			panic(err)
		}
		if inDocument && at {
			if used != nil {
				used[n] = true
			}
			return true
		}
	}
	return false
}

// counterpart is the published document of a capture, and its name without its folder.
func counterpart(t *testing.T, published map[string][]byte, capture any) ([]byte, string) {
	t.Helper()
	root := capture.(*object)
	has := func(key string) bool { _, ok := root.values[key]; return ok }
	var p string
	switch {
	case has("components") && has("status"):
		p = page.PathSummary
	case has("components"):
		p = page.PathComponents
	case has("incidents"):
		p = page.PathIncidents
	case has("scheduled_maintenances"):
		p = page.PathMaintenances
	case has("incident"):
		p = page.PathIncidentV2(root.values["incident"].(*object).values["id"].(string))
	default:
		p = page.PathStatus
	}
	if published[p] == nil {
		t.Fatalf("%s is not published", p)
	}
	return published[p], strings.TrimSuffix(path.Base(p), ".json")
}

// publish renders every document of a page.
func publish(t testing.TB, s *store.Store, id string) map[string][]byte {
	t.Helper()
	ctx := context.Background()
	snapshot, err := s.Snapshot(ctx, id, nil)
	if err != nil {
		t.Fatal(err)
	}
	in := page.Input{Snapshot: snapshot, PublicURL: "https://status.example.com"}
	documents, err := page.Lists(in)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range slices.Concat(snapshot.Incidents, snapshot.Maintenances) {
		details, err := page.Details(in, i)
		if err != nil {
			t.Fatal(err)
		}
		documents = append(documents, details...)
	}
	published := map[string][]byte{}
	for _, d := range documents {
		published[d.Path] = d.Body
	}
	return published
}

// emptyStore is a store with one page on which there is nothing.
func emptyStore(t testing.TB, now string) *store.Store {
	t.Helper()
	clock := at(t, now)
	s := store.New(memory.New(memory.Options{}).Table("Status"), store.Options{Now: func() time.Time { return clock }})
	if _, err := s.CreatePage(context.Background(), "emptypage001", status.DefaultSettings("Empty"), status.Actor{Kind: status.ActorSystem, Name: "setup"}); err != nil {
		t.Fatal(err)
	}
	return s
}

func at(t testing.TB, text string) time.Time {
	t.Helper()
	moment, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return moment.UTC()
}

func read(t testing.TB, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func tree(t testing.TB, data []byte) any {
	t.Helper()
	v, err := parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// difference is one place where two JSON values are not the same.
type difference struct{ path, text string }

// differences compares values and the order of keys. Elements of lists are matched by id or
// code, so that one that is missing does not make all that follow differ.
func differences(at string, got, want any) []difference {
	switch want := want.(type) {
	case *object:
		got, ok := got.(*object)
		if !ok {
			return []difference{{at, "got " + describe(got) + ", want an object"}}
		}
		return objectDifferences(at, got, want)
	case []any:
		got, ok := got.([]any)
		if !ok {
			return []difference{{at, "got " + describe(got) + ", want a list"}}
		}
		return listDifferences(at, got, want)
	default:
		if got != want {
			return []difference{{at, "got " + text(got) + ", want " + text(want)}}
		}
		return nil
	}
}

func objectDifferences(at string, got, want *object) []difference {
	var found []difference
	for _, key := range want.keys {
		v, ok := got.values[key]
		if !ok {
			found = append(found, difference{at + "/" + key, "is missing"})
			continue
		}
		found = append(found, differences(at+"/"+key, v, want.values[key])...)
	}
	for _, key := range got.keys {
		if _, ok := want.values[key]; !ok {
			found = append(found, difference{at + "/" + key, "is not in the capture"})
		}
	}
	return append(found, orderDifference("order of keys in "+at, got.keys, want.keys)...)
}

func listDifferences(at string, got, want []any) []difference {
	gotBy, gotNames := named(got)
	wantBy, wantNames := named(want)
	var found []difference
	for _, name := range wantNames {
		v, ok := gotBy[name]
		if !ok {
			found = append(found, difference{at + "[" + name + "]", "is missing"})
			continue
		}
		found = append(found, differences(at+"["+name+"]", v, wantBy[name])...)
	}
	for _, name := range gotNames {
		if _, ok := wantBy[name]; !ok {
			found = append(found, difference{at + "[" + name + "]", "is not in the capture"})
		}
	}
	order := "order of " + at
	if positions(got) != "" && positions(got) == positions(want) {
		order = "equal positions in " + at
	}
	return append(found, orderDifference(order, gotNames, wantNames)...)
}

// positions are those of a list's elements in their order, "" when they have none.
func positions(list []any) string {
	var b strings.Builder
	for _, v := range list {
		if o, ok := v.(*object); ok && o.values["position"] != nil {
			b.WriteString(text(o.values["position"]) + " ")
		}
	}
	return b.String()
}

func named(list []any) (by map[string]any, names []string) {
	by = map[string]any{}
	for n, v := range list {
		name := text(n)
		switch v := v.(type) {
		case string:
			name = v
		case *object:
			id, _ := v.values["id"].(string)
			code, _ := v.values["code"].(string)
			name = cmp.Or(id, code, name)
		}
		by[name] = v
		names = append(names, name)
	}
	return by, names
}

// orderDifference compares the order of what both have.
func orderDifference(at string, got, want []string) []difference {
	common := func(list, other []string) []string {
		return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return !slices.Contains(other, s) })
	}
	g, w := common(got, want), common(want, got)
	if slices.Equal(g, w) {
		return nil
	}
	return []difference{{at, "got " + strings.Join(g, " ") + ", want " + strings.Join(w, " ")}}
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func TestEveryKindOfDifferenceIsFound(t *testing.T) {
	const want = `{"a":1,"b":[{"id":"x","position":1,"n":null},{"id":"y","position":1,"n":"2"}],"c":{"d":1.50}}`
	for name, c := range map[string]struct{ got, want string }{
		"nothing":            {want, ""},
		"a value":            {strings.Replace(want, `"2"`, `"3"`, 1), "/b[y]/n"},
		"null for a text":    {strings.Replace(want, `"2"`, `null`, 1), "/b[y]/n"},
		"a missing key":      {strings.Replace(want, `,"n":null`, ``, 1), "/b[x]/n"},
		"an additional key":  {strings.Replace(want, `"a":1`, `"a":1,"z":1`, 1), "/z"},
		"the order of keys":  {strings.Replace(want, `"position":1,"n":null`, `"n":null,"position":1`, 1), "order of keys in /b[x]"},
		"a missing element":  {strings.Replace(want, `{"id":"x","position":1,"n":null},`, ``, 1), "/b[x]"},
		"an element twice":   {strings.Replace(want, `[{"id":"x","position":1,"n":null}`, `[{"id":"x","position":1,"n":null},{"id":"x","position":1,"n":null}`, 1), "order of /b"},
		"equal positions":    {`{"a":1,"b":[{"id":"y","position":1,"n":"2"},{"id":"x","position":1,"n":null}],"c":{"d":1.50}}`, "equal positions in /b"},
		"the text of number": {strings.Replace(want, `1.50`, `1.5`, 1), "/c/d"},
	} {
		t.Run(name, func(t *testing.T) {
			var got string
			for _, d := range differences("", tree(t, []byte(c.got)), tree(t, []byte(want))) {
				got = d.path
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestFeedEntriesKeepTheirNumbers(t *testing.T) {
	atom := fixture(t, "history.github.full.atom")
	s := emptyStore(t, "2026-07-31T07:00:00Z")
	report, err := Run(context.Background(), s, Options{Sources: []string{atom, fixture(t, "v2-incidents.github.full.json")}})
	if err != nil {
		t.Fatal(err)
	}
	want, err := decode("captured", read(t, atom))
	if err != nil {
		t.Fatal(err)
	}
	got, err := decode("published", publish(t, s, report.Page)[page.PathAtom])
	if err != nil {
		t.Fatal(err)
	}
	if len(want.feed.numbers) != 25 || !maps.Equal(got.feed.numbers, want.feed.numbers) {
		t.Errorf("got %v, want %v", got.feed.numbers, want.feed.numbers)
	}
	p, err := s.Page(context.Background(), report.Page)
	if err != nil {
		t.Fatal(err)
	}
	if last := slices.Max(slices.Collect(maps.Values(want.feed.numbers))); p.FeedNumber != last+25 {
		t.Errorf("the other 25 incidents were to be numbered from %d on, the last has %d", last+1, p.FeedNumber)
	}
}
