package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"allclear/internal/bucket"
	"allclear/internal/bucket/directory"
	"allclear/internal/demo"
	"allclear/internal/local"
	"allclear/internal/publish"
	"allclear/internal/sqlite"
	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/table"
)

// site is a page with a history, published once.
type site struct {
	folder    string
	page      string
	open      string // the incident that change posted last, "" when it is resolved
	store     *store.Store
	publisher *publish.Publisher
	reads     *counter
	bucket    *puts
	close     func() error
}

// publishing publishes single changes of two pages in turns: one with 100 incidents of history,
// one with many.
func publishing(ctx context.Context, s settings) (rows []row, err error) {
	short, err := newSite(ctx, filepath.Join(s.folder, "short"), 100)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(os.Stderr, "  making a history of %d incidents …\n", s.history)
	long, err := newSite(ctx, filepath.Join(s.folder, "long"), s.history)
	if err != nil {
		return nil, errors.Join(err, short.close())
	}
	const rounds = 60
	times := map[*site][]time.Duration{}
	work := map[*site]string{}
	for n := range rounds {
		for _, site := range []*site{short, long} {
			took, counted, err := site.change(ctx)
			if err != nil {
				return nil, err
			}
			if n >= rounds/6 {
				times[site] = append(times[site], took)
			}
			work[site] = counted
		}
	}
	if err := errors.Join(short.close(), long.close()); err != nil {
		return nil, err
	}
	a, b := quantile(times[short], 0.5), quantile(times[long], 0.5)
	rows = []row{
		{"one publish with 100 incidents of history", millis(a) + ", " + work[short], ""},
		{fmt.Sprintf("one publish with %d", s.history), millis(b) + ", " + work[long], "same reads and puts"},
		{"ratio of the times", fmt.Sprintf("%.2f", float64(b)/float64(a)), "≤ 1.2"},
	}
	more, err := running(ctx, s, long.folder)
	return append(rows, more...), err
}

func newSite(ctx context.Context, folder string, n int) (*site, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	db, err := sqlite.Open(filepath.Join(folder, "allclear.db"), sqlite.Options{Streams: []string{"status"}})
	if err != nil {
		return nil, err
	}
	files, err := directory.Open(filepath.Join(folder, "public"))
	if err != nil {
		return nil, err
	}
	s := &site{folder: folder, reads: &counter{Table: db.Table("status")}, bucket: &puts{Bucket: files}}
	s.close = func() error { return errors.Join(files.Close(), db.Close()) }
	if err := demo.History(ctx, db.Table("status"), time.Now(), n, demo.Options{}); err != nil {
		return nil, err
	}
	s.store = store.New(s.reads, store.Options{})
	s.publisher = &publish.Publisher{
		Store: s.store, Bucket: s.bucket, PublicURL: "http://" + local.DefaultAddress, OneByOne: true, Logger: slog.New(slog.DiscardHandler),
	}
	pages, err := s.store.Pages(ctx)
	if err != nil {
		return nil, err
	}
	s.page = pages[0]
	_, err = s.publisher.CatchUp(ctx, s.page)
	return s, err
}

// change posts an incident, or resolves the one before, and times the publish that follows.
func (s *site) change(ctx context.Context) (time.Duration, string, error) {
	_, err := s.store.Commit(ctx, s.page, func(tx *store.Tx) error {
		cfg, err := tx.Configuration()
		if err != nil {
			return err
		}
		name, resolved := "Elevated errors", status.Resolved
		event := status.Event{Type: status.IncidentCreated, Actor: status.Actor{Kind: status.ActorSystem, Name: "bench"}}
		var i *status.Incident
		if s.open == "" {
			i, _, err = status.NewIncident(status.IncidentChange{Name: &name}, cfg, tx.Stamp)
		} else if i, err = tx.Incident(s.open); err == nil {
			_, err = i.Apply(status.IncidentChange{Status: &resolved}, cfg, tx.Stamp)
		}
		if err != nil {
			return err
		}
		event.Incident = i.ID
		tx.PutIncident(i)
		tx.Record(event)
		if s.open = ""; i.Open() {
			s.open = i.ID
		}
		return nil
	})
	if err != nil {
		return 0, "", err
	}
	s.reads.calls, s.bucket.heads, s.bucket.puts = 0, 0, 0
	began := time.Now()
	_, err = s.publisher.CatchUp(ctx, s.page)
	took := time.Since(began)
	return took, fmt.Sprintf("%d table reads, %d heads, %d puts", s.reads.calls, s.bucket.heads, s.bucket.puts), err
}

// running starts the program on the long history and looks at start time and memory.
func running(ctx context.Context, s settings, folder string) (rows []row, err error) {
	addr := local.DefaultAddress // as published, so that nothing has to be rendered anew
	first, err := start(ctx, s.program, folder, addr)
	if err != nil {
		return nil, err
	}
	if err := first.stop(); err != nil {
		return nil, err
	}
	var starts []time.Duration
	var peak int64
	for range 5 {
		began := time.Now()
		ready, err := firstAnswer(ctx, s, folder, addr, began)
		if err != nil {
			return nil, err
		}
		starts = append(starts, ready.took)
		peak = max(peak, ready.resident)
	}
	return []row{
		{fmt.Sprintf("process start to first 200 with %d, median of %d", s.history, len(starts)), millis(quantile(starts, 0.5)), "≤ 500 ms"},
		{"resident memory then, after 20 posts (highest)", fmt.Sprintf("%d MB", peak>>20), "≤ 100 MB"},
	}, nil
}

type readiness struct {
	took     time.Duration
	resident int64
}

func firstAnswer(ctx context.Context, s settings, folder, addr string, began time.Time) (r readiness, err error) {
	done := make(chan readiness, 1)
	asking, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		for asking.Err() == nil {
			request, err := http.NewRequestWithContext(asking, http.MethodGet, "http://"+addr+"/api/v2/summary.json", nil)
			if err != nil {
				return
			}
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				time.Sleep(time.Millisecond)
				continue
			}
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				done <- readiness{took: time.Since(began)}
				return
			}
		}
	}()
	server, err := start(ctx, s.program, folder, addr)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	r = <-done
	for n := range 20 {
		if _, err := server.post(ctx, "/incidents", fmt.Sprintf(`{"incident":{"name":"Number %d","status":"resolved"}}`, n)); err != nil {
			return r, err
		}
	}
	r.resident, err = server.resident()
	return r, err
}

// counter counts reads of a table.
type counter struct {
	table.Table
	calls int
}

func (c *counter) Get(ctx context.Context, keys ...table.Key) ([]*table.Item, error) {
	c.calls++
	return c.Table.Get(ctx, keys...)
}

func (c *counter) Query(ctx context.Context, q table.Query) (table.Result, error) {
	c.calls++
	return c.Table.Query(ctx, q)
}

// puts counts what is asked of a bucket.
type puts struct {
	bucket.Bucket
	heads, puts int
}

func (p *puts) Head(ctx context.Context, path string) (bucket.Info, error) {
	p.heads++
	return p.Bucket.Head(ctx, path)
}

func (p *puts) Put(ctx context.Context, path string, o bucket.Object, c bucket.Condition) (bucket.Info, error) {
	p.puts++
	return p.Bucket.Put(ctx, path, o, c)
}
