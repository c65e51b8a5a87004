package schematest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"allclear/internal/demo"
	"allclear/internal/memory"
	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/table"
)

var now = time.Date(2026, 3, 18, 15, 42, 7, 0, time.UTC)

// demoTable is a table with the demo page in it.
func demoTable(t *testing.T) (table.Table, *store.Store, string) {
	t.Helper()
	tbl := memory.New(memory.Options{Now: func() time.Time { return now }}).Table("Status")
	if err := demo.Seed(t.Context(), tbl, now, demo.Options{}); err != nil {
		t.Fatal(err)
	}
	s := store.New(tbl, store.Options{Now: func() time.Time { return now }})
	pages, err := s.Pages(t.Context())
	if err != nil || len(pages) != 1 {
		t.Fatalf("got pages %v, %v, want one", pages, err)
	}
	return tbl, s, pages[0]
}

// addRest adds what the demo has none of: a key, remembered answers, a long incident, a sweep
// under way, a setting changed.
func addRest(t *testing.T, s *store.Store, page string) {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(s.AddKey(t.Context(), "sample", "sample-key"))
	check(s.SetSweepCursor(t.Context(), page, "months 2026-01"))
	for n, body := range []string{`{"id":"x"}`, `"` + strings.Repeat("long", 20_000) + `"`} {
		_, err := s.Commit(t.Context(), page, func(tx *store.Tx) error {
			tx.Page.Settings.Headline = fmt.Sprint("headline ", n)
			tx.Remember(store.Answer{Key: fmt.Sprint("key", n), Request: store.HashKey("request"), Status: 200, Body: body})
			tx.Record(status.Event{Type: status.PageUpdated, Actor: status.Actor{Kind: status.ActorSystem, Name: "test"}, Touched: status.Touched{All: true}})
			return nil
		})
		check(err)
	}
	var long *status.Incident
	for n := range 8 {
		_, err := s.Commit(t.Context(), page, func(tx *store.Tx) error {
			cfg, err := tx.Configuration()
			if err != nil {
				return err
			}
			body := noise(n)
			if n == 0 {
				name := "Long"
				long, _, err = status.NewIncident(status.IncidentChange{Name: &name, Body: &body}, cfg, tx.Stamp)
			} else if long, err = tx.Incident(long.ID); err == nil {
				_, err = long.Apply(status.IncidentChange{Body: &body}, cfg, tx.Stamp)
			}
			if err != nil {
				return err
			}
			tx.PutIncident(long)
			event := status.Event{Type: status.IncidentUpdated, Incident: long.ID, Actor: status.Actor{Kind: status.ActorSystem, Name: "test"}}
			event.SetUpdate(&long.Updates[0])
			tx.Record(event)
			return nil
		})
		check(err)
	}
}

// noise is a long text that compresses badly.
func noise(seed int) string {
	r := rand.New(rand.NewPCG(uint64(seed), 0))
	text := make([]byte, 20_000)
	for i := range text {
		text[i] = byte('a' + r.IntN(26))
	}
	return string(text)
}

// items are all items of the table.
func items(t *testing.T, tbl table.Table, page string) []table.Item {
	t.Helper()
	var all []table.Item
	key := store.HashKey("sample-key")
	partitions := []string{store.PagePartition(page), "PAGES", "KEYS", "KEY#" + key}
	for n := range 2 {
		partitions = append(partitions, "IDEMPOTENCY#"+page+"#"+store.HashKey(fmt.Sprint("key", n)))
	}
	for _, p := range partitions {
		part, err := table.All(t.Context(), tbl, table.Query{Partition: p})
		if err != nil || len(part) == 0 {
			t.Fatalf("partition %s: %d items, %v", p, len(part), err)
		}
		all = append(all, part...)
	}
	return all
}

// restoring is what stands in for a page whose data are being replaced.
func restoring(t *testing.T) []table.Item {
	t.Helper()
	tbl := memory.New(memory.Options{Now: func() time.Time { return now }}).Table("Status")
	s := store.New(tbl, store.Options{Now: func() time.Time { return now }})
	_, err := s.CreatePage(t.Context(), "away00000001", status.DefaultSettings("Away"), status.Actor{Kind: status.ActorSystem, Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := store.PlanRestore(t.Context(), s, s)
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.TakeAway(t.Context()); err != nil {
		t.Fatal(err)
	}
	list, err := table.All(t.Context(), tbl, table.Query{Partition: "PAGES"})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// image is an item as one JSON object, its key and expiry included.
func image(t *testing.T, item table.Item) any {
	t.Helper()
	members := map[string]any{"pk": item.Partition, "sk": item.Sort}
	maps.Copy(members, item.Attributes)
	if !item.Expires.IsZero() {
		members["expires"] = item.Expires.Unix()
	}
	text, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, text)
}

func parse(t *testing.T, text []byte) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// itemSchema is the one schema whose pk and sk are those of a key, "" when there is none.
func itemSchema(t *testing.T, all *Schemas, key table.Key) string {
	t.Helper()
	var found []string
	for _, name := range all.names() {
		if !strings.HasPrefix(name, "item/") {
			continue
		}
		p := all.compiled[name].Properties
		if p["pk"].Validate(key.Partition) == nil && p["sk"].Validate(key.Sort) == nil {
			found = append(found, name)
		}
	}
	switch len(found) {
	case 0:
		return ""
	case 1:
		return found[0]
	default:
		t.Fatalf("%s is of several schemas: %v", key, found)
		return ""
	}
}

// example is something that was stored, sent or published, with the schema that it is of.
type example struct {
	name     string
	schema   string
	instance any
}

func itemExamples(t *testing.T, all *Schemas) []example {
	t.Helper()
	tbl, s, page := demoTable(t)
	addRest(t, s, page)
	var examples []example
	for _, item := range append(items(t, tbl, page), restoring(t)...) {
		examples = append(examples, example{item.Key.String(), itemSchema(t, all, item.Key), image(t, item)})
	}
	return examples
}

func TestTheExamplesHaveAnIncidentAndAnAnswerOfEachShape(t *testing.T) {
	shapes := map[string]int{}
	for _, e := range itemExamples(t, schemas(t)) {
		for _, member := range []string{"updates", "updates_deflate", "body", "body_deflate", "schedule"} {
			if _, ok := e.instance.(map[string]any)[member]; ok {
				shapes[e.schema+" "+member]++
			}
		}
	}
	for _, want := range []string{
		"item/incident updates", "item/incident updates_deflate", "item/incident schedule", "item/answer body", "item/answer body_deflate",
	} {
		if shapes[want] == 0 {
			t.Errorf("no example of %s", want)
		}
	}
}

func TestAnItemOfAnUnknownKeyHasNoSchema(t *testing.T) {
	all := schemas(t)
	for _, key := range []table.Key{
		{Partition: "PAGE#abc", Sort: "SUBSCRIBER#1"},
		{Partition: "PAGE#abc", Sort: "EVENT#1"},
		{Partition: "PAGES", Sort: "PAGE"},
		{Partition: "KEYS", Sort: "RECORD"},
		{Partition: "PAGE#", Sort: "PAGE"},
	} {
		if got := itemSchema(t, all, key); got != "" {
			t.Errorf("%s: got schema %s, want none", key, got)
		}
	}
}
