package replay

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	bucketmemory "allclear/internal/bucket/memory"
	"allclear/internal/deliver"
	"allclear/internal/ledger"
	"allclear/internal/link"
	"allclear/internal/mailer"
	mailermemory "allclear/internal/mailer/memory"
	"allclear/internal/memory"
	"allclear/internal/publish"
	queuememory "allclear/internal/queue/memory"
	"allclear/internal/status"
	"allclear/internal/store"
	topicmemory "allclear/internal/topic/memory"
)

// The page that samples speak of.
const (
	pageID    = "samplepage01"
	publicURL = "https://status.example.com"
	mailFrom  = "status@example.com"
	apiKey    = "sample-key"
	origin    = "sample-origin" // tells requests that came through the CDN
)

// The names of queues and topics, as they are in resources/.
const (
	mailQueue    = deliver.MailQueue
	webhookQueue = deliver.WebhookQueue
	eventsTopic  = "EventsTopic"
)

// world is a deployment in memory.
type world struct {
	clock     *clock
	names     *counter // of workers and the like
	tables    []*tableRecorder
	store     *store.Store
	audience  *store.Audience
	ledger    *ledger.Ledger
	bucket    *bucketRecorder
	publisher *publish.Publisher
	events    *topicmemory.Topic
	mail      *queuememory.Queue
	webhook   *queuememory.Queue
	mailer    *mailermemory.Mailer
	poster    *poster
	links     *link.Signer
	secrets   secrets
	logger    *slog.Logger
}

// newWorld makes the page with three components, published, and its subscribers.
func newWorld(ctx context.Context) (*world, error) {
	w := &world{
		clock: &clock{now: begin}, names: &counter{prefix: "worker"}, secrets: secrets{}, logger: slog.New(slog.DiscardHandler),
		bucket: &bucketRecorder{Bucket: &bucketmemory.Bucket{}}, events: &topicmemory.Topic{}, mail: &queuememory.Queue{},
		webhook: &queuememory.Queue{}, poster: &poster{},
		mailer: &mailermemory.Mailer{Limits: func(context.Context) (mailer.Quota, error) {
			return mailer.Quota{Rate: 14, Max24h: 50_000}, nil
		}},
	}
	db := memory.New(memory.Options{Now: w.clock.Now, Streams: []string{"Status"}})
	record := func(name string) *tableRecorder {
		r := &tableRecorder{Table: db.Table(name), name: name}
		r.forget()
		w.tables = append(w.tables, r)
		return r
	}
	options := store.Options{Now: w.clock.tick, NewID: (&counter{prefix: "sample"}).next}
	w.store, w.audience = store.New(record("Status"), options), store.NewAudience(record("Audience"), options)
	w.ledger = ledger.New(record("Deliveries"), w.clock.Now)
	w.publisher = &publish.Publisher{
		Store: w.store, Bucket: w.bucket, PublicURL: publicURL, Renderer: "sample", OneByOne: true, Logger: w.logger,
	}
	var err error
	if w.links, err = link.NewSigner(1, map[byte][]byte{1: bytes.Repeat([]byte("sample"), link.MinKey)}); err != nil {
		return nil, err
	}
	if err := w.makePage(ctx); err != nil {
		return nil, err
	}
	if err := subscribers(ctx, store.NewAudience(db.Table("Audience"), store.Options{})); err != nil {
		return nil, err
	}
	_, err = w.publisher.CatchUp(ctx, pageID)
	return w, err
}

func (w *world) makePage(ctx context.Context) error {
	actor := status.Actor{Kind: status.ActorSystem, Name: "sample"}
	if _, err := w.store.CreatePage(ctx, pageID, status.DefaultSettings("Sample"), actor); err != nil {
		return err
	}
	if err := w.store.AddKey(ctx, "sample", apiKey); err != nil {
		return err
	}
	_, err := w.store.Commit(ctx, pageID, func(tx *store.Tx) error {
		cfg, err := tx.Configuration()
		if err != nil {
			return err
		}
		cfg.AddGroup(status.Group{ID: "samplegroup1", Name: "Cloud", CreatedAt: begin, UpdatedAt: begin})
		for id, name := range map[string]string{"samplecompa1": "API", "samplecompb2": "Dashboard"} {
			cfg.AddComponent(status.Component{ID: id, Name: name, Showcase: true, CreatedAt: begin, UpdatedAt: begin}, "")
		}
		cfg.SetMembers("samplegroup1", []string{"samplecompa1", "samplecompb2"})
		cfg.AddComponent(status.Component{ID: "samplecompc3", Name: "Website", Showcase: true, CreatedAt: begin, UpdatedAt: begin}, "")
		tx.Record(status.Event{Type: status.ComponentCreated, Actor: actor})
		return nil
	})
	return err
}

// subscribers subscribes two people by mail and one program by webhook, to the whole page.
func subscribers(ctx context.Context, audience *store.Audience) error {
	for id, s := range map[string]status.Subscriber{
		"samplesubs01": {Mode: status.ModeEmail, Email: "ada@example.com", Origin: status.FromVisitor},
		"samplesubs02": {Mode: status.ModeEmail, Email: "grace@example.com", Origin: status.FromOperator},
		"samplesubs03": {
			Mode: status.ModeWebhook, Endpoint: "https://hooks.example.com/allclear", Email: "ada@example.com", Origin: status.FromVisitor,
			Secrets: []status.Secret{{Text: "whsec_c2FtcGxlc2FtcGxlc2FtcGxlc2FtcGxlc2FtcGxl", CreatedAt: begin}},
		},
	} {
		s.Page = pageID
		added, err := status.NewSubscriber(s, true, status.Stamp{Now: begin, NewID: func() string { return id }})
		if err != nil {
			return err
		}
		if _, err := audience.AddSubscriber(ctx, added, store.Beside{}); err != nil {
			return err
		}
	}
	return nil
}

func indent(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encode effect: %w", err)
	}
	return b.Bytes(), nil
}
