package dispatch_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"allclear/internal/announce"
	bucketmemory "allclear/internal/bucket/memory"
	"allclear/internal/deliver"
	"allclear/internal/dispatch"
	"allclear/internal/envelope"
	"allclear/internal/ledger"
	"allclear/internal/memory"
	"allclear/internal/publish"
	"allclear/internal/queue"
	queuememory "allclear/internal/queue/memory"
	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/stream"
	"allclear/internal/table"
	"allclear/internal/tick"
	topicmemory "allclear/internal/topic/memory"
)

const page = "thepage"

var (
	begin    = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	operator = status.Actor{Kind: status.ActorKey, Name: "test"}
)

// world is a page with its audience, from the table's stream to the queues, with a clock that is
// set by hand.
type world struct {
	testing.TB
	now        time.Time
	ids        int
	log        table.Log
	read       int64 // of the log
	pages      *store.Store
	audience   *store.Audience
	crowd      *faultyTable // that the audience lies in
	ledger     *ledger.Ledger
	topic      *topicmemory.Topic
	mail, hook *queuememory.Queue
	announcer  *announce.Announcer
	dispatcher *dispatch.Dispatcher
	ticker     *tick.Ticker
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{TB: t, now: begin, topic: &topicmemory.Topic{}, mail: &queuememory.Queue{}, hook: &queuememory.Queue{}}
	clock := func() time.Time { return w.now }
	db := memory.New(memory.Options{Now: clock, Streams: []string{"status"}})
	statusTable := db.Table("status")
	w.log = statusTable
	options := store.Options{Now: clock, NewID: func() string { w.ids++; return fmt.Sprintf("id%010d", w.ids) }}
	w.crowd = &faultyTable{Table: db.Table("audience")}
	w.pages, w.audience = store.New(statusTable, options), store.NewAudience(w.crowd, options)
	w.ledger = ledger.New(db.Table("deliveries"), clock)
	logger := slog.New(slog.DiscardHandler)
	w.announcer = &announce.Announcer{Topic: w.topic, PublicURL: "https://status.example.com", Now: clock, Logger: logger}
	w.dispatcher = &dispatch.Dispatcher{
		Pages: w.pages, Audience: w.audience, Records: w.ledger, Mail: w.mail, Webhook: w.hook, Logger: logger,
	}
	w.ticker = w.newTicker()
	_, err := w.pages.CreatePage(t.Context(), page, status.DefaultSettings("Test"), operator)
	w.must(err)
	w.commit(func(tx *store.Tx, cfg *status.Configuration) error {
		cfg.AddGroup(status.Group{ID: "cloud", Name: "Cloud"})
		cfg.AddComponent(status.Component{ID: "api", Name: "API"}, "")
		cfg.AddComponent(status.Component{ID: "web", Name: "Web"}, "")
		cfg.SetMembers("cloud", []string{"api"})
		tx.Record(status.Event{Type: status.ComponentCreated, Actor: operator})
		return nil
	})
	return w
}

// faultyTable answers no query of one partition.
type faultyTable struct {
	table.Table
	partition string
}

func (f *faultyTable) Query(ctx context.Context, q table.Query) (table.Result, error) {
	if q.Partition == f.partition {
		return table.Result{}, errors.New("no answer")
	}
	return f.Table.Query(ctx, q)
}

// newTicker is the schedule in a new process, which remembers nothing.
func (w *world) newTicker() *tick.Ticker {
	logger := slog.New(slog.DiscardHandler)
	return &tick.Ticker{
		Store: w.pages, Logger: logger,
		Publisher: &publish.Publisher{
			Store: w.pages, Bucket: &bucketmemory.Bucket{}, PublicURL: "https://status.example.com", OneByOne: true, Logger: logger,
		},
		Announcing: &tick.Announcing{Announcer: w.announcer, Dispatches: w.ledger},
		Waiting: &tick.Waiting{
			Work: w.ledger, NewID: store.RandomID,
			Queues: deliver.Queues{"MailQueue": w.mail, "WebhookQueue": w.hook},
		},
	}
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) later(d time.Duration) { w.now = w.now.Add(d) }

func (w *world) commit(change func(*store.Tx, *status.Configuration) error) {
	w.Helper()
	_, err := w.pages.Commit(w.Context(), page, func(tx *store.Tx) error {
		cfg, err := tx.Configuration()
		if err != nil {
			return err
		}
		return change(tx, cfg)
	})
	w.must(err)
}

// post opens an incident of components in a state.
func (w *world) post(state status.ComponentState, components ...string) *status.Incident {
	w.Helper()
	var i *status.Incident
	w.commit(func(tx *store.Tx, cfg *status.Configuration) error {
		moved := map[string]status.ComponentState{}
		for _, id := range components {
			moved[id] = state
		}
		var applied status.Applied
		var err error
		i, applied, err = status.NewIncident(status.IncidentChange{Name: new("Slow"), Components: moved}, cfg, tx.Stamp)
		if err != nil {
			return err
		}
		tx.PutIncident(i)
		e := status.Event{Type: status.IncidentCreated, Actor: operator, Incident: i.ID, States: applied.States, Notify: true}
		e.SetUpdate(applied.Update)
		tx.Record(e)
		return nil
	})
	return i
}

// join adds a subscriber, active from now on.
func (w *world) join(mode status.Mode, edit ...func(*status.Subscriber)) string {
	w.Helper()
	want := status.Subscriber{Page: page, Mode: mode, Origin: status.FromOperator}
	if mode == status.ModeEmail {
		want.Email = fmt.Sprintf("s%d@example.com", w.ids)
	} else {
		want.Endpoint = fmt.Sprintf("https://example.com/hook/%d", w.ids)
	}
	for _, e := range edit {
		e(&want)
	}
	s, err := status.NewSubscriber(want, true, w.audience.Stamp())
	w.must(err)
	_, err = w.audience.AddSubscriber(w.Context(), s, store.Beside{})
	w.must(err)
	return s.ID
}

// change changes a subscriber that is there.
func (w *world) change(id string, f func(*status.Subscriber) error) {
	w.Helper()
	_, _, err := w.audience.UpdateSubscriber(w.Context(), page, id, store.Beside{}, f)
	w.must(err)
}

func of(components ...string) func(*status.Subscriber) {
	return func(s *status.Subscriber) { s.Components = components }
}

// records are what came into the table's stream since the last time.
func (w *world) records() []table.Record {
	w.Helper()
	list, err := w.log.Records(w.Context(), w.read, 10_000)
	w.must(err)
	if len(list) > 0 {
		w.read = list[len(list)-1].Sequence
	}
	return list
}

// announce runs the function announce on records of the stream and answers what failed.
func (w *world) announce(records []table.Record) events.DynamoDBEventResponse {
	w.Helper()
	payload, err := stream.Encode("status", records...)
	w.must(err)
	var batch stream.Event
	w.must(json.Unmarshal(payload, &batch))
	answer, err := stream.Handle(w.announcer.Handle)(w.Context(), batch)
	w.must(err)
	return answer
}

// dispatch runs the function dispatch on what the topic has, as its filter lets it.
func (w *world) dispatch() error {
	w.Helper()
	for _, m := range w.topic.Take() {
		if m.Attributes[announce.AttributeNotify].Value() != "true" {
			continue
		}
		e := events.SNSEvent{Records: []events.SNSEventRecord{{SNS: events.SNSEntity{Message: m.Body}}}}
		if err := envelope.Topic("", w.dispatcher.Handle)(w.Context(), e); err != nil {
			return err
		}
	}
	return nil
}

// chunks are what a queue got, in the order of their text.
func (w *world) chunks(q *queuememory.Queue) []deliver.Chunk {
	w.Helper()
	return w.decode(q.Take())
}

func (w *world) decode(messages []queue.Message) []deliver.Chunk {
	w.Helper()
	slices.SortFunc(messages, func(a, b queue.Message) int {
		if a.Body < b.Body {
			return -1
		}
		return 1
	})
	var list []deliver.Chunk
	for _, m := range messages {
		c, err := deliver.DecodeChunk([]byte(m.Body))
		w.must(err)
		list = append(list, c)
	}
	return list
}

// recipients are the subscribers of chunks about a subject, sorted.
func recipients(chunks []deliver.Chunk, subject string) []string {
	var ids []string
	for _, c := range chunks {
		if c.Subject == subject {
			ids = append(ids, c.Subscribers...)
		}
	}
	slices.Sort(ids)
	return ids
}
