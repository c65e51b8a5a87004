package recovery_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"allclear/internal/bucket"
	bucketmemory "allclear/internal/bucket/memory"
	"allclear/internal/memory"
	"allclear/internal/page"
	"allclear/internal/publish"
	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/table"
)

const pageID = "thepage"

var (
	operator = status.Actor{Kind: status.ActorKey, Name: "test"}
	errFault = errors.New("the network is down")
)

type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

// world is one page, its bucket, and tables that can be swapped under it.
type world struct {
	t         fataler
	table     *faulty
	store     *store.Store
	bucket    *watched
	publisher *publish.Publisher
	now       time.Time
	ids       int
	incidents []string
}

func newWorld(t fataler) *world {
	w := &world{t: t, now: time.Date(2026, 2, 27, 12, 0, 0, 0, time.UTC), bucket: &watched{Bucket: &bucketmemory.Bucket{}, t: t}}
	w.use(memory.New(memory.Options{}).Table("status"))
	if _, err := w.store.CreatePage(context.Background(), pageID, status.DefaultSettings("Test"), operator); err != nil {
		t.Fatalf("create page: %v", err)
	}
	w.commit(func(tx *store.Tx, cfg *status.Configuration) error {
		for _, id := range []string{"api", "web"} {
			cfg.AddComponent(status.Component{ID: id, Name: strings.ToUpper(id), CreatedAt: tx.Stamp.Now}, "")
		}
		tx.Record(status.Event{Type: status.ComponentCreated, Actor: operator})
		return nil
	})
	return w
}

// use goes on with another table, as after a restore in place.
func (w *world) use(t table.Table) {
	w.table = &faulty{Table: t}
	w.store = w.open(w.table)
	w.publisher = &publish.Publisher{
		Store: w.store, Bucket: w.bucket, PublicURL: "https://status.example.com", Renderer: "1", OneByOne: true, Logger: slog.New(slog.DiscardHandler),
	}
}

func (w *world) open(t table.Table) *store.Store {
	return store.New(t, store.Options{
		Now:   func() time.Time { w.now = w.now.Add(time.Second); return w.now },
		NewID: func() string { w.ids++; return fmt.Sprintf("id%010d", w.ids) },
	})
}

// faulty is a table whose writes fail when told to.
type faulty struct {
	table.Table
	writes int
	failAt int // the write that fails, from 1; 0 for none
}

func (f *faulty) Write(ctx context.Context, actions ...table.Action) error {
	f.writes++
	if f.writes == f.failAt {
		return errFault
	}
	return f.Table.Write(ctx, actions...)
}

// backup is a copy of the table as it is now.
func (w *world) backup() table.Table {
	w.t.Helper()
	c := memory.New(memory.Options{}).Table("restored")
	keys, err := w.store.Keys(context.Background())
	if err != nil {
		w.t.Fatalf("list keys: %v", err)
	}
	partitions := []string{store.PagePartition(pageID), "PAGES", "KEYS"}
	for _, k := range keys {
		partitions = append(partitions, "KEY#"+k.Hash)
	}
	for _, p := range partitions {
		for _, item := range w.items(w.table.Table, p) {
			if err := c.Write(context.Background(), table.Put(item)); err != nil {
				w.t.Fatalf("copy %s: %v", item.Key, err)
			}
		}
	}
	return c
}

func (w *world) items(t table.Table, partition string) []table.Item {
	w.t.Helper()
	items, err := table.All(context.Background(), t, table.Query{Partition: partition})
	if err != nil {
		w.t.Fatalf("read %s: %v", partition, err)
	}
	return items
}

func (w *world) commit(change func(*store.Tx, *status.Configuration) error) {
	w.t.Helper()
	_, err := w.store.Commit(context.Background(), pageID, func(tx *store.Tx) error {
		cfg, err := tx.Configuration()
		if err != nil {
			return err
		}
		return change(tx, cfg)
	})
	if err != nil {
		w.t.Fatalf("commit: %v", err)
	}
}

func (w *world) post(component string, state status.ComponentState) string {
	w.t.Helper()
	var id string
	w.commit(func(tx *store.Tx, cfg *status.Configuration) error {
		name := "Trouble"
		i, applied, err := status.NewIncident(status.IncidentChange{
			Name: &name, Components: map[string]status.ComponentState{component: state},
		}, cfg, tx.Stamp)
		if err != nil {
			return err
		}
		id = i.ID
		tx.PutIncident(i)
		tx.Record(status.Event{Type: status.IncidentCreated, Actor: operator, Incident: i.ID, States: applied.States, Notify: true})
		return nil
	})
	w.incidents = append(w.incidents, id)
	return id
}

func (w *world) apply(id string, change status.IncidentChange) {
	w.t.Helper()
	w.commit(func(tx *store.Tx, cfg *status.Configuration) error {
		i, err := tx.Incident(id)
		if err != nil {
			return err
		}
		applied, err := i.Apply(change, cfg, tx.Stamp)
		if err != nil {
			return err
		}
		tx.PutIncident(i)
		tx.Record(status.Event{Type: status.IncidentUpdated, Actor: operator, Incident: id, States: applied.States})
		return nil
	})
}

func (w *world) resolve(id string) {
	resolved := status.Resolved
	w.apply(id, status.IncidentChange{Status: &resolved})
}

func (w *world) rename(id, name string) { w.apply(id, status.IncidentChange{Name: &name}) }

func (w *world) remove(id string) {
	w.t.Helper()
	w.commit(func(tx *store.Tx, _ *status.Configuration) error {
		if _, err := tx.Incident(id); err != nil {
			return err
		}
		tx.DeleteIncident(id)
		tx.Record(status.Event{Type: status.IncidentDeleted, Actor: operator, Incident: id})
		return nil
	})
	w.incidents = slices.DeleteFunc(w.incidents, func(other string) bool { return other == id })
}

func (w *world) publish() {
	w.t.Helper()
	if _, err := w.publisher.CatchUp(context.Background(), pageID); err != nil {
		w.t.Fatalf("publish: %v", err)
	}
}

// sweep goes once through everything.
func (w *world) sweep() {
	w.t.Helper()
	cursor := ""
	for range 100 {
		next, _, err := w.publisher.Sweep(context.Background(), pageID, cursor, 5)
		if err != nil {
			w.t.Fatalf("sweep at %q: %v", cursor, err)
		}
		if cursor = next; cursor == "" {
			return
		}
	}
	w.t.Fatalf("the sweep does not end")
}

// published are all v2 documents without what tells one version from another, and that the
// others are there.
func (w *world) published(b bucket.Bucket) map[string]string {
	w.t.Helper()
	paths, err := b.List(context.Background(), "", "", 10000)
	if err != nil {
		w.t.Fatalf("list: %v", err)
	}
	documents := map[string]string{}
	for _, path := range paths {
		if !strings.HasPrefix(path, "api/v2/") {
			documents[path] = "there"
			continue
		}
		o, _, err := b.Get(context.Background(), path)
		if err != nil {
			w.t.Fatalf("get %s: %v", path, err)
		}
		var v map[string]any
		if err := json.Unmarshal(o.Body, &v); err != nil {
			w.t.Fatalf("decode %s: %v", path, err)
		}
		delete(v["page"].(map[string]any), "updated_at")
		text, _ := json.Marshal(v)
		documents[path] = string(text)
	}
	return documents
}

// truth is what is published of the same data into an empty bucket.
func (w *world) truth() map[string]string {
	w.t.Helper()
	empty := &bucketmemory.Bucket{}
	p := *w.publisher
	p.Bucket = empty
	if _, err := p.CatchUp(context.Background(), pageID); err != nil {
		w.t.Fatalf("publish afresh: %v", err)
	}
	return w.published(empty)
}

func (w *world) there(id string) bool {
	w.t.Helper()
	n := 0
	for _, path := range page.IncidentPaths(id) {
		if _, err := w.bucket.Bucket.Head(context.Background(), path); err == nil {
			n++
		} else if !errors.Is(err, bucket.ErrNotFound) {
			w.t.Fatalf("head %s: %v", path, err)
		}
	}
	if n != 0 && n != len(page.IncidentPaths(id)) {
		w.t.Fatalf("incident %s has %d of %d documents", id, n, len(page.IncidentPaths(id)))
	}
	return n > 0
}

// watched is a bucket in which nothing may ever go back in version or time, and whose calls fail
// when told to.
type watched struct {
	bucket.Bucket
	t      fataler
	seq    int64
	at     string
	calls  int
	failAt int // the call that changes something and fails, from 1; 0 for none
}

func (b *watched) fault() error {
	b.calls++
	if b.calls == b.failAt {
		return errFault
	}
	return nil
}

func (b *watched) Delete(ctx context.Context, path string) error {
	if err := b.fault(); err != nil {
		return err
	}
	return b.Bucket.Delete(ctx, path)
}

func (b *watched) Put(ctx context.Context, path string, o bucket.Object, c bucket.Condition) (bucket.Info, error) {
	if err := b.fault(); err != nil {
		return bucket.Info{}, err
	}
	info, err := b.Bucket.Put(ctx, path, o, c)
	if err != nil {
		return info, err
	}
	if o.Seq < b.seq {
		b.t.Fatalf("%s: version %d was put after one of %d", path, o.Seq, b.seq)
	}
	b.seq = o.Seq
	if path == page.PathPointer {
		var pointer publish.Pointer
		if err := json.Unmarshal(o.Body, &pointer); err != nil {
			b.t.Fatalf("pointer: %v", err)
		}
		if pointer.At <= b.at {
			b.t.Fatalf("published at %s after %s", pointer.At, b.at)
		}
		b.at = pointer.At
	}
	return info, nil
}
