package announce_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"allclear/internal/announce"
	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/stream"
	"allclear/internal/table"
	"allclear/internal/topic"
	topicmemory "allclear/internal/topic/memory"
)

var update = flag.Bool("update", false, "write the goldens anew")

var begin = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

const publicURL = "https://status.example.com"

func created() status.Event {
	e := status.Event{
		Page: "thepage", Seq: 3, At: begin, Type: status.IncidentCreated, Actor: status.Actor{Kind: status.ActorKey, Name: "ci"},
		Incident: "theincident", Notify: true,
		Summary: &status.Summary{Name: "Slow <answers>", Status: status.Investigating, Impact: status.ImpactMajor},
		States:  []status.StateChange{{Component: "web", Name: "Web", Old: status.Operational, New: status.PartialOutage, Since: begin}},
		Touched: status.Touched{Incidents: []string{"theincident"}, States: []string{"web"}, Months: []string{"2026-03"}},
	}
	e.SetUpdate(&status.Update{
		ID: "theupdate", Status: status.Investigating, Body: "We look into \"it\".", Format: status.Markdown, CreatedAt: begin, DeliverNotifications: true,
		Affected: []status.Affected{{Code: "web", New: status.PartialOutage}, {Code: "api"}},
	})
	return e
}

func TestADocumentSaysWhatHappened(t *testing.T) {
	deleted := created()
	deleted.Type, deleted.Update, deleted.States, deleted.Notify, deleted.Touched = status.IncidentDeleted, nil, nil, false, status.Touched{}
	older := created()
	older.Summary = nil
	var b strings.Builder
	for _, c := range []struct {
		name  string
		event status.Event
	}{
		{"incident created", created()},
		{"incident deleted", deleted},
		{"without a summary", older},
		{"state without incident", status.Event{
			Page: "thepage", Seq: 4, At: begin.Add(time.Millisecond), Type: status.ComponentUpdated, Actor: status.Actor{Kind: status.ActorKey, Name: "ci"},
			States: created().States, Touched: status.Touched{States: []string{"web"}},
		}},
		{"group renamed", status.Event{
			Page: "thepage", Seq: 5, At: begin, Type: status.GroupUpdated, Actor: status.Actor{Kind: status.ActorKey, Name: "ci"},
			Touched: status.Touched{Components: []string{"cloud"}},
		}},
		{"imported", status.Event{
			Page: "thepage", Seq: 6, At: begin, Type: status.Imported, Actor: status.Actor{Kind: status.ActorImport, Name: "import"},
			Origin: status.OriginImport, States: created().States,
		}},
	} {
		m, err := announce.NewDocument(&c.event, publicURL).Message()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "-- %s --\n", c.name)
		for _, name := range []string{"page", "type", "notify", "impact", "components", "origin"} {
			if a, ok := m.Attributes[name]; ok {
				fmt.Fprintf(&b, "%s: %s %s\n", name, a.Type(), a.Value())
				delete(m.Attributes, name)
			}
		}
		if len(m.Attributes) > 0 {
			t.Errorf("%s: got other attributes, too: %v", c.name, m.Attributes)
		}
		fmt.Fprintln(&b, m.Body)
	}
	const golden = "testdata/documents.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Whatever an event holds that the table takes, its message is one that a topic takes.
func TestEveryMessageFitsTheTopic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := created()
		e.SetUpdate(&status.Update{ID: "u", Status: status.Investigating, Format: status.Markdown, Body: strings.Repeat(
			rapid.SampledFrom([]string{"a", "\x01", "\"", "é", "\u2028", "\xff"}).Draw(t, "letter"), rapid.IntRange(0, 25000).Draw(t, "length"))})
		for n := range rapid.IntRange(0, 4000).Draw(t, "states") {
			id := fmt.Sprintf("component%055d", n)
			e.States = append(e.States, status.StateChange{Component: id, Name: strings.Repeat("\\", n%255)})
			e.Touched.States = append(e.Touched.States, id)
		}
		m, err := announce.NewDocument(&e, publicURL).Message()
		if err != nil {
			t.Fatal(err)
		}
		if err := topic.Validate(m); err != nil {
			t.Fatal(err)
		}
		var d announce.Document
		if err := json.Unmarshal([]byte(m.Body), &d); err != nil || d.Seq != e.Seq {
			t.Fatalf("got %.100s, %v", m.Body, err)
		}
	})
}

func TestWhatFitsIsNotCut(t *testing.T) {
	e := created()
	e.SetUpdate(&status.Update{ID: "u", Body: strings.Repeat("x", 16<<10)})
	for n := range 300 {
		e.States = append(e.States, status.StateChange{Component: fmt.Sprintf("component%d", n)})
	}
	m, err := announce.NewDocument(&e, publicURL).Message()
	if err != nil {
		t.Fatal(err)
	}
	var d announce.Document
	if err := json.Unmarshal([]byte(m.Body), &d); err != nil || len(d.States) != 301 || len(d.Update.Body) != 16<<10 || len(d.Components) != 301 {
		t.Errorf("got %d states, %d bytes and %d components, %v, want 301, 16384 and 301", len(d.States), len(d.Update.Body), len(d.Components), err)
	}
}

// fixture is an announcer, and records of a stream for it.
type fixture struct {
	*announce.Announcer
	t     *testing.T
	topic *topicmemory.Topic
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	old := slog.Default()
	slog.SetDefault(slog.New(slog.DiscardHandler)) // the envelope's
	t.Cleanup(func() { slog.SetDefault(old) })
	f := &fixture{t: t, topic: &topicmemory.Topic{}}
	f.Announcer = &announce.Announcer{
		Topic: f.topic, PublicURL: publicURL, Now: func() time.Time { return begin.Add(announce.StaleAfter) }, Logger: slog.New(slog.DiscardHandler),
	}
	return f
}

func (f *fixture) handle(records ...table.Record) (failed []string) {
	f.t.Helper()
	payload, err := stream.Encode("Status", records...)
	if err != nil {
		f.t.Fatal(err)
	}
	var batch stream.Event
	if err := json.Unmarshal(payload, &batch); err != nil {
		f.t.Fatal(err)
	}
	answer, err := stream.Handle(f.Handle)(f.t.Context(), batch)
	if err != nil {
		f.t.Fatal(err)
	}
	for _, b := range answer.BatchItemFailures {
		failed = append(failed, b.ItemIdentifier)
	}
	return failed
}

// record is the insertion of an event, of which attributes may be changed.
func record(sequence int64, at time.Time, changes table.Attributes) table.Record {
	item := table.Item{
		Key: table.Key{Partition: store.PagePartition("thepage"), Sort: fmt.Sprintf("%s%012d", store.PrefixEvent, sequence)},
		Attributes: table.Attributes{
			"page": "thepage", "seq": sequence, "at": at.Format("2006-01-02T15:04:05.000Z"), "type": "page.updated", "notify": false,
			"actor": map[string]any{"kind": "api_key", "name": "ci"}, "touched": map[string]any{"all": true},
		},
	}
	maps.Copy(item.Attributes, changes)
	return table.Record{Sequence: sequence, Kind: table.Insert, Key: item.Key, New: &item, At: at}
}

func (f *fixture) published() (seqs []int64) {
	f.t.Helper()
	for _, m := range f.topic.Take() {
		var d announce.Document
		if err := json.Unmarshal([]byte(m.Body), &d); err != nil {
			f.t.Fatal(err)
		}
		seqs = append(seqs, d.Seq)
	}
	return seqs
}

func TestEventsOfTheStreamAreAnnouncedUnlessTheyAreStale(t *testing.T) {
	f := newFixture(t)
	other, modified := record(4, begin, nil), record(5, begin, nil)
	other.Key.Sort, other.New.Key.Sort, modified.Kind = "PAGE", "PAGE", table.Modify
	failed := f.handle(record(1, begin.Add(-time.Millisecond), nil), record(2, begin, nil), other, modified, record(6, begin.Add(time.Hour), nil))
	if diff := cmp.Diff([]int64{2, 6}, f.published()); diff != "" || failed != nil {
		t.Errorf("published (-want +got):\n%s, failed %v", diff, failed)
	}
	old := created()
	old.At = begin.AddDate(-1, 0, 0)
	if err := f.Announce(t.Context(), old); err != nil || len(f.published()) != 1 {
		t.Errorf("asked to announce an old event: got %v, want it published", err)
	}
}

func TestARecordThatCannotBeDecodedAndATopicThatFailsAreErrors(t *testing.T) {
	f := newFixture(t)
	for name, changes := range map[string]table.Attributes{
		"a seq that is no number": {"seq": "three"}, "no page": {"page": nil}, "no type": {"type": nil}, "a time that is none": {"at": "noon"},
	} {
		failed := f.handle(record(1, begin, nil), record(2, begin, changes), record(3, begin, nil))
		if diff := cmp.Diff([]string{"2"}, failed); diff != "" {
			t.Errorf("%s: failed (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff([]int64{1}, f.published()); diff != "" {
			t.Errorf("%s: published (-want +got):\n%s", name, diff)
		}
	}
	cut := errors.New("cut")
	f.topic.After = func(context.Context, topic.Message) error { return cut }
	if err := f.Announce(t.Context(), created()); !errors.Is(err, cut) || !strings.Contains(err.Error(), "event 3 of page thepage") {
		t.Errorf("got %v, want the cause and the event", err)
	}
	first := f.topic.Take()
	f.topic.After = nil
	if err := f.Announce(t.Context(), created()); err != nil {
		t.Fatal(err)
	}
	if again := f.topic.Take(); len(first) != 1 || len(again) != 1 || again[0].Body != first[0].Body {
		t.Errorf("announced twice: got %v and %v, want the same", first, again)
	}
}
