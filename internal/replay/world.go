package replay

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"golang.org/x/tools/txtar"

	"allclear/internal/bucket"
	bucketmemory "allclear/internal/bucket/memory"
	"allclear/internal/memory"
	"allclear/internal/publish"
	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/table"
	"allclear/internal/tick"
)

// The page that samples speak of.
const (
	pageID    = "samplepage01"
	publicURL = "https://status.example.com"
	apiKey    = "sample-key"
)

// begin is when the page was made; each look at the clock is a second later.
var begin = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// world is a deployment in memory.
type world struct {
	table     table.Table
	store     *store.Store
	audience  *store.Audience
	bucket    *recorder
	publisher *publish.Publisher
	ticker    *tick.Ticker
	secrets   secrets
	logger    *slog.Logger
	now       time.Time
	ids       int
}

// newWorld makes the page with three components, published.
func newWorld(ctx context.Context) (*world, error) {
	w := &world{now: begin, secrets: secrets{}, logger: slog.New(slog.DiscardHandler), bucket: &recorder{Bucket: &bucketmemory.Bucket{}}}
	db := memory.New(memory.Options{Now: func() time.Time { return w.now }, Streams: []string{"status"}})
	w.table = db.Table("status")
	options := store.Options{
		Now:   func() time.Time { w.now = w.now.Add(time.Second); return w.now },
		NewID: func() string { w.ids++; return fmt.Sprintf("sample%06d", w.ids) },
	}
	w.store, w.audience = store.New(w.table, options), store.NewAudience(db.Table("audience"), options)
	w.publisher = &publish.Publisher{
		Store: w.store, Bucket: w.bucket, PublicURL: publicURL, Renderer: "sample", OneByOne: true, Logger: w.logger,
	}
	w.ticker = &tick.Ticker{Store: w.store, Publisher: w.publisher, Logger: w.logger}
	actor := status.Actor{Kind: status.ActorSystem, Name: "sample"}
	if _, err := w.store.CreatePage(ctx, pageID, status.DefaultSettings("Sample"), actor); err != nil {
		return nil, err
	}
	if err := w.store.AddKey(ctx, "sample", apiKey); err != nil {
		return nil, err
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
	if err != nil {
		return nil, err
	}
	_, err = w.publisher.CatchUp(ctx, pageID)
	return w, err
}

// items are all items of the page's partition by sort key, as indented JSON.
func (w *world) items(ctx context.Context) (map[string]string, error) {
	items, err := table.All(ctx, w.table, table.Query{Partition: store.PagePartition(pageID)})
	if err != nil {
		return nil, err
	}
	texts := make(map[string]string, len(items))
	for i := range items {
		text, err := indent(items[i].Attributes)
		if err != nil {
			return nil, err
		}
		texts[items[i].Sort] = string(text)
	}
	return texts, nil
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

// recorder is a bucket that remembers what was put and deleted.
type recorder struct {
	bucket.Bucket
	puts []effect
}

type effect struct {
	path    string
	object  bucket.Object
	deleted bool
}

func (r *recorder) Put(ctx context.Context, path string, o bucket.Object, c bucket.Condition) (bucket.Info, error) {
	info, err := r.Bucket.Put(ctx, path, o, c)
	if err == nil {
		r.puts = append(r.puts, effect{path: path, object: o})
	}
	return info, err
}

func (r *recorder) Delete(ctx context.Context, path string) error {
	r.puts = append(r.puts, effect{path: path, deleted: true})
	return r.Bucket.Delete(ctx, path)
}

// files tells the puts in their order. Only the documents of single incidents and the page's
// status are told whole: the others repeat them, and have golden files of their own.
func (r *recorder) files() []txtar.File {
	if len(r.puts) == 0 {
		return nil
	}
	var list strings.Builder
	var whole []txtar.File
	for _, e := range r.puts {
		if e.deleted {
			fmt.Fprintf(&list, "DELETE %s\n", e.path)
			continue
		}
		fmt.Fprintf(&list, "PUT %s  %s  %s  seq=%d\n", e.path, e.object.ContentType, e.object.CacheControl, e.object.Seq)
		if e.path == "api/v2/status.json" || (strings.HasPrefix(e.path, "api/v2/incidents/") && !slices.Contains(
			[]string{"api/v2/incidents/unresolved.json", "api/v2/incidents/resolved.json"}, e.path)) {
			var v any
			if json.Unmarshal(e.object.Body, &v) == nil {
				if text, err := indent(v); err == nil {
					whole = append(whole, txtar.File{Name: "document " + e.path, Data: text})
				}
			}
		}
	}
	return append([]txtar.File{{Name: "documents", Data: []byte(list.String())}}, whole...)
}
