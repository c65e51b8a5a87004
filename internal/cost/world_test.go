package cost_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"allclear/internal/announce"
	"allclear/internal/api"
	"allclear/internal/bucket"
	"allclear/internal/deliver"
	"allclear/internal/ledger"
	"allclear/internal/memory"
	"allclear/internal/publish"
	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/stream"
	"allclear/internal/table"
	"allclear/internal/tick"
	topicmemory "allclear/internal/topic/memory"
)

const (
	pageID    = "countedpage1"
	apiKey    = "ac_counted"
	publicURL = "https://status.example.com"
)

// measuredAt is in the middle of a month, and not at a minute at which a sweep begins.
var measuredAt = time.Date(2026, 3, 15, 12, 1, 0, 0, time.UTC)

// history makes a page of at least a hundred days with components and one incident a day up to the
// day before measuredAt, each with a component of its own turn, resolved within the hour, all days
// closed. It lies in memory, from where it can be copied.
func history(t *testing.T, incidents, components int) table.Table {
	t.Helper()
	now := measuredAt.AddDate(0, 0, -max(incidents, 100)-1).Add(-time.Hour)
	clock := func() time.Time { return now }
	tbl := memory.New(memory.Options{Now: clock}).Table("status")
	ids := 0
	s := store.New(tbl, store.Options{Now: clock, NewID: func() string { ids++; return fmt.Sprintf("h%011d", ids) }})
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := s.CreatePage(t.Context(), pageID, status.DefaultSettings("Counted"), actor)
	check(err)
	for first := 0; first < components; first += componentsAtOnce {
		check(addComponents(t, s, first, min(first+componentsAtOnce, components)))
	}
	for n := range incidents {
		now = measuredAt.AddDate(0, 0, n-incidents)
		change := status.IncidentChange{Name: new(string), Body: new(string), Components: map[string]status.ComponentState{}}
		*change.Name, *change.Body = fmt.Sprintf("Incident %d", n), "We are looking into it."
		component := componentID((incidents - n) % 10) // counted from the newest
		change.Components[component] = status.PartialOutage
		id, err := commitIncident(t, s, "", change)
		check(err)
		now = now.Add(time.Hour)
		resolved := status.Resolved
		_, err = commitIncident(t, s, id, status.IncidentChange{
			Status: &resolved, Components: map[string]status.ComponentState{component: status.Operational},
		})
		check(err)
	}
	now = measuredAt.Add(-time.Minute)
	ticker := &tick.Ticker{Store: s, Logger: slog.New(slog.DiscardHandler)}
	for range 4 {
		check(ticker.CloseDays(t.Context(), pageID))
	}
	check(s.AddKey(t.Context(), "counted", apiKey))
	return tbl
}

const componentsAtOnce = 90 // a transaction has its limits

var actor = status.Actor{Kind: status.ActorSystem, Name: "test"}

func addComponents(t *testing.T, s *store.Store, from, to int) error {
	_, err := s.Commit(t.Context(), pageID, func(tx *store.Tx) error {
		cfg, err := tx.Configuration()
		if err != nil {
			return err
		}
		for n := from; n < to; n++ {
			cfg.AddComponent(status.Component{
				ID: componentID(n), Name: fmt.Sprintf("Component %d", n), Showcase: true,
				CreatedAt: tx.Stamp.Now, UpdatedAt: tx.Stamp.Now,
			}, "")
		}
		tx.Record(status.Event{Type: status.ComponentCreated, Actor: actor})
		return nil
	})
	return err
}

// commitIncident changes an incident, or makes one when the id is "", and answers its id.
func commitIncident(t *testing.T, s *store.Store, id string, change status.IncidentChange) (string, error) {
	_, err := s.Commit(t.Context(), pageID, func(tx *store.Tx) error {
		cfg, err := tx.Configuration()
		if err != nil {
			return err
		}
		var i *status.Incident
		var applied status.Applied
		if id == "" {
			i, applied, err = status.NewIncident(change, cfg, tx.Stamp)
		} else if i, err = tx.Incident(id); err == nil {
			applied, err = i.Apply(change, cfg, tx.Stamp)
		}
		if err != nil {
			return err
		}
		id = i.ID
		tx.PutIncident(i)
		tx.Record(status.Event{Type: status.IncidentUpdated, Actor: actor, Incident: id, States: applied.States})
		return nil
	})
	return id, err
}

func componentID(n int) string { return fmt.Sprintf("component%03d", n) }

// world is a deployment whose calls are counted.
type world struct {
	t       *testing.T
	tally   *tally
	now     time.Time
	api     http.Handler
	publish func(t *testing.T)
	ticker  *tick.Ticker
	pages   *store.Store
	telling *telling
	ids     int
}

// newWorld publishes all of a page's history and then begins to count.
func newWorld(t *testing.T, tbl table.Table, b bucket.Bucket, counted *tally) *world {
	t.Helper()
	w := &world{t: t, tally: counted, now: measuredAt}
	logger := slog.New(slog.DiscardHandler)
	s := store.New(tbl, store.Options{
		Now:   func() time.Time { return w.now },
		NewID: func() string { w.ids++; return fmt.Sprintf("n%011d", w.ids) },
	})
	publisher := &publish.Publisher{Store: s, Bucket: b, PublicURL: publicURL, Renderer: "counted", Logger: logger}
	w.api = api.New(api.Options{Store: s, Logger: logger})
	w.pages, w.telling = s, newTelling(w, tbl, s)
	clock := func() time.Time { return w.now }
	entries := ledger.New(tbl, clock)
	audience := store.NewAudience(tbl, store.Options{Now: clock})
	w.ticker = &tick.Ticker{
		Store: s, Publisher: publisher, Logger: logger,
		Announcing: &tick.Announcing{
			Announcer:  &announce.Announcer{Topic: &topicmemory.Topic{}, PublicURL: publicURL, Now: clock, Logger: logger},
			Dispatches: entries,
		},
		Waiting:       &tick.Waiting{Work: entries, Queues: deliver.Queues{}, NewID: s.NewID},
		Confirmations: &tick.Confirmations{Audience: audience, PerDay: store.DefaultDailyConfirmations},
		Followers:     audience,
	}
	handle := stream.HandleBatch(publisher.HandleBatch)
	w.publish = func(t *testing.T) {
		t.Helper()
		answer, err := handle(t.Context(), wakeUp(t))
		if err != nil || len(answer.BatchItemFailures) > 0 {
			t.Fatalf("publish: %v, %v", answer, err)
		}
	}
	w.publish(t)
	w.lookThrough(audience)
	counted.take()
	return w
}

// lookThrough has the audience looked through for subscriptions to end, as it is once a day.
func (w *world) lookThrough(audience *store.Audience) {
	w.t.Helper()
	over := func(context.Context, []string) (map[string]time.Time, error) { return nil, nil }
	for range store.AudienceParts {
		if _, err := audience.EndFollowing(w.t.Context(), pageID, over); err != nil {
			w.t.Fatal(err)
		}
	}
}

// wakeUp is what the stream hands over when something is new; its content is of no account.
func wakeUp(t *testing.T) stream.Event {
	t.Helper()
	key := table.Key{Partition: store.PagePartition(pageID), Sort: store.PrefixEvent + "000000000001"}
	payload, err := stream.Encode("status", table.Record{
		Sequence: 1, Kind: table.Insert, Key: key, New: &table.Item{Key: key}, At: measuredAt,
	})
	if err != nil {
		t.Fatal(err)
	}
	var event stream.Event
	if err := json.Unmarshal(payload, &event); err != nil {
		t.Fatal(err)
	}
	return event
}

// do makes a request and answers the id in what comes back.
func (w *world) do(method, path, body string, headers ...string) string {
	w.t.Helper()
	w.now = w.now.Add(time.Second)
	r := httptest.NewRequestWithContext(w.t.Context(), method, "/v1/pages/"+pageID+path, strings.NewReader(body))
	r.Header.Set("Authorization", "OAuth "+apiKey)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	answer := httptest.NewRecorder()
	w.api.ServeHTTP(answer, r)
	var object struct{ ID string }
	if answer.Code >= 300 || json.Unmarshal(answer.Body.Bytes(), &object) != nil {
		w.t.Fatalf("%s %s: %d %s", method, path, answer.Code, answer.Body)
	}
	return object.ID
}

func (w *world) tick() {
	w.t.Helper()
	if err := w.ticker.Run(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	w.now = w.now.Add(time.Minute)
}

const moved = `{"incident":{"name":"Elevated errors","body":"We are looking into reports of errors.",
	"components":{"component001":"partial_outage","component002":"major_outage","component003":"degraded_performance"}}}`

// scenarios runs everything once, in an order in which each finds what it needs, and answers what
// each used.
func (w *world) scenarios() map[string]usage {
	used := map[string]usage{}
	w.do("POST", "/incidents", `{"incident":{"name":"Elevated errors","body":"We are looking into it."}}`)
	used["post"] = w.tally.take()
	w.publish(w.t)
	used["publish_post"] = w.tally.take()

	id := w.do("POST", "/incidents", moved)
	used["post_components"] = w.tally.take()
	w.publish(w.t)
	used["publish_post_components"] = w.tally.take()

	w.do("PATCH", "/incidents/"+id, `{"incident":{"status":"identified","body":"We know what it is.","components":{"component002":"partial_outage"}}}`)
	used["patch"] = w.tally.take()
	w.publish(w.t)
	used["publish_patch"] = w.tally.take()

	w.do("POST", "/incidents", moved, "Idempotency-Key: once")
	used["post_components_once"] = w.tally.take()
	w.publish(w.t)
	w.tally.take()

	w.now = measuredAt.Add(time.Minute) // 12:02
	w.tick()
	used["tick"] = w.tally.take()
	w.now = measuredAt.Add(9 * time.Minute) // 12:10, when a sweep begins
	w.tick()
	used["tick_sweep"] = w.tally.take()
	return used
}

// atRest is ten minutes of ticks of a page on which nothing happens, from the start of a sweep.
func (w *world) atRest() usage {
	var sum usage
	w.now = measuredAt.Add(9 * time.Minute)
	for range 10 {
		w.tick()
		sum = sum.plus(w.tally.take())
	}
	return sum
}
