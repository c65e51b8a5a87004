package schematest

import (
	"log/slog"
	"path"
	"slices"
	"testing"

	"allclear/internal/bucket"
	bucketmemory "allclear/internal/bucket/memory"
	"allclear/internal/publish"
	"allclear/internal/status"
	"allclear/internal/store"
)

// pageSchemas says which schema a published path has. The first pattern that matches counts.
// The paths are written out: readers rely on them.
var pageSchemas = []struct{ pattern, schema string }{
	{"api/v2/summary.json", "page/v2-summary"},
	{"api/v2/status.json", "page/v2-status"},
	{"api/v2/components.json", "page/v2-components"},
	{"api/v2/incidents.json", "page/v2-incidents"},
	{"api/v2/incidents/unresolved.json", "page/v2-incidents"},
	{"api/v2/incidents/resolved.json", "page/v2-incidents"},
	{"api/v2/scheduled-maintenances.json", "page/v2-scheduled-maintenances"},
	{"api/v2/scheduled-maintenances/upcoming.json", "page/v2-scheduled-maintenances"},
	{"api/v2/scheduled-maintenances/active.json", "page/v2-scheduled-maintenances"},
	{"api/v2/incidents/*.json", "page/v2-incident-detail"},
	{"page.json", "page/page"},
	{"uptime.json", "page/uptime"},
	{"incidents/*.json", "page/incident"},
	{"history.json", "page/history"},
	{"history/[0-9][0-9][0-9][0-9]-[0-9][0-9].json", "page/month"},
	{"heartbeat.json", "page/heartbeat"},
	{"published.json", "page/published"},
}

// pageSchema is the schema of a published path, "" when there is none.
func pageSchema(t *testing.T, name string) string {
	t.Helper()
	for _, p := range pageSchemas {
		matches, err := path.Match(p.pattern, name)
		if err != nil {
			t.Fatal(err)
		}
		if matches {
			return p.schema
		}
	}
	return ""
}

// published is the bucket of the demo page in a time zone.
func published(t *testing.T, zone string) bucket.Bucket {
	t.Helper()
	_, s, id := demoTable(t)
	addRest(t, s, id)
	_, err := s.Commit(t.Context(), id, func(tx *store.Tx) error {
		tx.Page.Settings.TimeZone = zone
		tx.Record(status.Event{Type: status.PageUpdated, Actor: status.Actor{Kind: status.ActorSystem, Name: "test"}, Touched: status.Touched{All: true}})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	b := &bucketmemory.Bucket{}
	p := &publish.Publisher{
		Store: s, Bucket: b, PublicURL: "https://status.example.com", Renderer: "test", OneByOne: true, Logger: slog.New(slog.DiscardHandler),
	}
	if _, err := p.CatchUp(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if err := p.Heartbeat(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	return b
}

func pageExamples(t *testing.T, _ *Schemas) []example {
	t.Helper()
	var examples []example
	for _, zone := range []string{"Etc/UTC", "America/Los_Angeles"} {
		b := published(t, zone)
		paths, err := b.List(t.Context(), "", "", 10_000)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range paths {
			switch path.Ext(name) {
			case ".html", ".atom", ".rss", ".ics":
				continue
			}
			object, _, err := b.Get(t.Context(), name)
			if err != nil {
				t.Fatal(err)
			}
			examples = append(examples, example{name, pageSchema(t, name), parse(t, object.Body)})
		}
	}
	return examples
}

func TestEveryKindOfPublishedPathIsAmongTheExamples(t *testing.T) {
	examples := pageExamples(t, nil)
	for _, p := range pageSchemas {
		if !slices.ContainsFunc(examples, func(e example) bool {
			matches, _ := path.Match(p.pattern, e.name)
			return matches
		}) {
			t.Errorf("no example of %s", p.pattern)
		}
	}
}

func TestAnUnknownPathHasNoSchema(t *testing.T) {
	for _, name := range []string{"api/v2/subscribers.json", "history/2026.json", "incidents/a/b.json", "api/v2/incidents/a/b.json", "other.json"} {
		if got := pageSchema(t, name); got != "" {
			t.Errorf("%s: got %s, want none", name, got)
		}
	}
}
