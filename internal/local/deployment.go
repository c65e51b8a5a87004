// Package local is a whole deployment on one machine: the same handlers that run on Lambda, with
// SQLite behind the table port, a folder as bucket behind a CDN-like front, and an event-source
// loop that is wired by serverless.yml. It holds wiring only; what a step does is in that step's
// package. cmd/allclear calls it.
package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"allclear/internal/api"
	"allclear/internal/bucket/directory"
	"allclear/internal/front"
	"allclear/internal/ledger"
	"allclear/internal/page"
	"allclear/internal/publish"
	"allclear/internal/recovery"
	"allclear/internal/sqlite"
	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/table"
	"allclear/internal/tick"
	"allclear/internal/webhook"
)

// Program is what is built into the program: its wiring, its site, and a text that changes with
// the way it renders.
type Program struct {
	Wiring   fs.FS // serverless.yml and resources/
	Site     fs.FS // the built site
	Renderer string
}

// Tables of a deployment. Those with a stream keep a change log.
const (
	statusTable     = "status"
	audienceTable   = "audience"
	deliveriesTable = "deliveries"
	messagesTable   = "messages" // the queues and topics, which are services of their own on AWS
)

// Deployment is an opened data folder.
type Deployment struct {
	Folder Folder
	Store  *store.Store
	// Audience keeps the subscribers.
	Audience *store.Audience
	Logger   *slog.Logger

	program Program
	db      *sqlite.DB
}

// Open opens a data folder, or makes it. It takes no lock: several programs may read and write
// the tables at once, but only one may Publish or Serve.
func Open(folder Folder, program Program, logger *slog.Logger) (*Deployment, error) {
	if err := folder.make(); err != nil {
		return nil, err
	}
	db, err := sqlite.Open(folder.database(), sqlite.Options{Streams: []string{statusTable, audienceTable}})
	if err != nil {
		return nil, err
	}
	return &Deployment{
		Folder: folder, Logger: logger, program: program, db: db,
		Store:    store.New(db.Table(statusTable), store.Options{}),
		Audience: store.NewAudience(db.Table(audienceTable), store.Options{}),
	}, nil
}

// Close closes the database.
func (d *Deployment) Close() error { return d.db.Close() }

// Table is the Status table, for a program that fills it.
func (d *Deployment) Table() table.Table { return d.db.Table(statusTable) }

// Page is the id of the deployment's page, made on first use with the given name.
func (d *Deployment) Page(ctx context.Context, name string) (string, error) {
	pages, err := d.Store.Pages(ctx)
	if err != nil {
		return "", err
	}
	if len(pages) > 0 {
		return pages[0], nil
	}
	id := d.Store.NewID()
	_, err = d.Store.CreatePage(ctx, id, status.DefaultSettings(name), status.Actor{Kind: status.ActorSystem, Name: "allclear"})
	return id, err
}

// Hush records of every event of which subscribers should have heard by now that it was dispatched,
// to nobody: for a past that a page is filled with, and that no run of tick need announce.
func (d *Deployment) Hush(ctx context.Context) error {
	pages, err := d.Store.Pages(ctx)
	if err != nil {
		return err
	}
	records := ledger.New(d.db.Table(deliveriesTable), nil)
	for _, page := range pages {
		now := d.Store.Now()
		events, err := d.Store.EventsBetween(ctx, page, now.Add(-ledger.DispatchWindow), now)
		if err != nil {
			return err
		}
		missing, err := records.Undispatched(ctx, page, events)
		if err != nil {
			return err
		}
		for _, e := range missing {
			if err := records.Dispatched(ctx, page, e.Seq, 0); err != nil {
				return err
			}
		}
	}
	return nil
}

// localKey is the name of the API key that every data folder has.
const localKey = "local"

// Key is the text of the folder's own API key, made on first use.
func (d *Deployment) Key(ctx context.Context) (string, error) {
	text, err := os.ReadFile(d.Folder.key())
	if err == nil && strings.TrimSpace(string(text)) != "" {
		key := strings.TrimSpace(string(text))
		if _, err := d.Store.Key(ctx, key); err == nil {
			return key, nil
		}
		return key, d.Store.AddKey(ctx, localKey, key) // the file outlived the table
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read local.key: %w", err)
	}
	key := store.NewKey()
	if err := os.WriteFile(d.Folder.key(), []byte(key+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("write local.key: %w", err)
	}
	return key, d.Store.AddKey(ctx, localKey, key)
}

// backend is what reads and writes the published documents: one process at a time has it.
type backend struct {
	bucket    *directory.Bucket
	publisher *publish.Publisher
	ticker    *tick.Ticker
	site      page.Site
}

func (d *Deployment) backend(publicURL string) (*backend, error) {
	bucket, err := directory.Open(d.Folder.public())
	if err != nil {
		return nil, err
	}
	site, err := page.SiteFrom(d.program.Site)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read built site: %w", err), bucket.Close())
	}
	b := &backend{bucket: bucket, site: site}
	b.publisher = &publish.Publisher{
		Store: d.Store, Bucket: bucket, PublicURL: publicURL, Site: site, Renderer: d.program.Renderer, OneByOne: true, Logger: d.Logger,
	}
	b.ticker = &tick.Ticker{Store: d.Store, Publisher: b.publisher, Logger: d.Logger}
	return b, nil
}

// prepare brings the bucket up to the program: the site's files, and documents rendered as it would.
func (d *Deployment) prepare(ctx context.Context, b *backend, pageID string) error {
	if err := publish.UploadSite(ctx, b.bucket, d.program.Site); err != nil {
		return err
	}
	return b.publisher.Renew(ctx, pageID)
}

// Publish publishes what is unpublished, for a program that changed the tables while no serve
// runs on the folder. When one does, it does nothing: serve follows by itself. It keeps the
// address that was published before.
func (d *Deployment) Publish(ctx context.Context) error {
	err := d.alone(func(b *backend) error { return d.publish(ctx, b) })
	if busy := (*BusyError)(nil); errors.As(err, &busy) {
		return nil
	}
	return err
}

// Recover makes the folder's pages go on above what is published, after an older allclear.db was
// put back, and publishes them. A running serve is a *BusyError: it has to be stopped before the
// file is put back anyway.
func (d *Deployment) Recover(ctx context.Context, progress recovery.Progress) (done []recovery.Recovered, err error) {
	err = d.alone(func(b *backend) error {
		if done, err = recovery.Recover(ctx, d.Store, b.bucket, progress); err != nil {
			return err
		}
		return d.publish(ctx, b)
	})
	return done, err
}

// alone does something with the published documents while no serve runs on the folder.
func (d *Deployment) alone(do func(*backend) error) error {
	release, err := d.Folder.lock()
	if err != nil {
		return err
	}
	defer release()
	b, err := d.backend("")
	if err != nil {
		return err
	}
	defer b.bucket.Close()
	return do(b)
}

func (d *Deployment) publish(ctx context.Context, b *backend) error {
	id, err := d.Page(ctx, DefaultName)
	if err != nil {
		return err
	}
	if b.publisher.PublicURL, err = b.publishedURL(ctx, id); err != nil {
		return err
	}
	if err := d.prepare(ctx, b, id); err != nil {
		return err
	}
	_, err = b.publisher.CatchUp(ctx, id)
	return err
}

// publishedURL is the address in the documents that are there, or the default one.
func (b *backend) publishedURL(ctx context.Context, pageID string) (string, error) {
	pointer, err := b.publisher.Pointer(ctx, pageID)
	if err != nil {
		return "", err
	}
	if pointer == nil || pointer.URL == "" {
		return "http://" + DefaultAddress, nil
	}
	return pointer.URL, nil
}

// handler is everything that one port serves: the operator API, the page, the endpoints for
// subscribing, and the captured mails.
func (d *Deployment) handler(b *backend, t *teller, o ServeOptions) http.Handler {
	operators := api.New(api.Options{
		Store: d.Store, Audience: d.Audience, Evidence: t.ledger,
		Endpoints: webhook.Rules{AllowLoopback: o.Telling.AllowLoopback}, PublicURL: func() string { return b.publisher.PublicURL },
		RateLimit: o.RateLimit, Logger: d.Logger,
	})
	return split(operators, t.public, t.mailbox(), front.New(b.bucket, front.Options{Logger: d.Logger}))
}

// split sends each path to its handler, as the distributions do on AWS, and all else to the page's.
// It is no ServeMux, since that redirects "//api/v2/…" and "/../…" before the front can serve the one
// and refuse the other.
func split(operators, public, inbox, page http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := "/" + strings.TrimLeft(r.URL.Path, "/")
		first, _, _ := strings.Cut(path[1:], "/")
		switch {
		case first == "v1":
			operators.ServeHTTP(w, r)
		case first == "subscribe", first == "subscriptions", strings.HasPrefix(path, "/api/v2/subscribers"):
			public.ServeHTTP(w, r)
		case first == "inbox", first == "inbox.json", first == "inbox.css":
			inbox.ServeHTTP(w, r)
		default:
			page.ServeHTTP(w, r)
		}
	})
}

// Defaults of a new deployment.
const (
	DefaultAddress = "127.0.0.1:8080"
	DefaultName    = "My status page"
	DefaultTick    = time.Minute
)
