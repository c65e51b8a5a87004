package local

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"golang.org/x/sync/errgroup"
)

// ServeOptions are what an operator can choose.
type ServeOptions struct {
	Addr      string        // HOST:PORT; port 0 picks a free one
	PublicURL string        // where visitors reach the page; "" for the address itself
	Tick      time.Duration // the schedule's "every minute"
	RateLimit int           // requests a minute and key; 0 for no limit
	Telling   Telling
	// Seed fills the tables of a new folder before anything else, nil for an empty page.
	Seed func(ctx context.Context, d *Deployment) error
	// Ready is called once, when everything is published and reachable.
	Ready func(c Contract, elapsed time.Duration)
}

// shutdownTime bounds how long a stopping serve waits for open requests and for what is committed
// to be published.
const shutdownTime = 20 * time.Second

// Serve runs the deployment until ctx ends, then drains it. What was committed but not published
// when an earlier process died is published first.
func (d *Deployment) Serve(ctx context.Context, o ServeOptions) error {
	started := time.Now()
	release, err := d.Folder.lock()
	if err != nil {
		return err
	}
	defer release()
	if err := d.Folder.removeContract(); err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.Addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", o.Addr, err)
	}
	s := &server{Deployment: d, options: o, listener: listener, started: started}
	if o.PublicURL == "" {
		s.options.PublicURL = s.url()
	}
	return errors.Join(s.run(ctx), d.Folder.removeContract())
}

// server is one run of Serve.
type server struct {
	*Deployment
	options  ServeOptions
	listener net.Listener
	started  time.Time
	backend  *backend
	teller   *teller
	key      string
	page     string // the id that local.json names
}

// url is the address that the listener has, with a host that a browser can open.
func (s *server) url() string {
	host, port, err := net.SplitHostPort(s.listener.Addr().String())
	if err != nil {
		return "http://" + s.listener.Addr().String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

func (s *server) run(ctx context.Context) error {
	defer s.listener.Close()
	backend, err := s.Deployment.backend(s.options.PublicURL)
	if err != nil {
		return err
	}
	defer backend.bucket.Close()
	s.backend = backend
	if s.teller, err = s.Deployment.teller(ctx, backend, s.options.Telling); err != nil {
		return err
	}
	defer s.teller.Close()

	// What is published already can be read from here on; the rest follows below.
	web := webServer(s.handler(backend, s.teller, s.options), readTime)
	web.BaseContext = func(net.Listener) context.Context { return context.WithoutCancel(ctx) }
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := web.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve: %w", err)
		}
		return nil
	})
	group.Go(func() error { return s.pipeline(ctx, web) })
	return group.Wait()
}

// readTime bounds how long a client may take to send a request.
const readTime = time.Minute

// webServer bounds what one client can hold up. There is more time to answer than to send, so
// that who sends too slowly is told.
func webServer(h http.Handler, read time.Duration) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: min(read, 10*time.Second), ReadTimeout: read, WriteTimeout: 2 * read, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10,
	}
}

// pipeline sets up what the folder lacks, publishes what is unpublished, and then runs the
// functions on their events. When ctx ends it first lets no more requests in, then publishes what
// those before committed.
func (s *server) pipeline(ctx context.Context, web *http.Server) error {
	background := context.WithoutCancel(ctx)
	shutDown := func() error {
		limited, cancel := context.WithTimeout(background, shutdownTime)
		defer cancel()
		return web.Shutdown(limited)
	}
	if err := s.setUp(ctx); err != nil {
		if ctx.Err() != nil {
			err = nil // told to stop meanwhile
		}
		return errors.Join(err, shutDown())
	}
	sources, err := s.sources()
	if err != nil {
		return errors.Join(err, shutDown())
	}
	running := make(chan error, 1)
	go func() { running <- sources.Run(background) }()
	go s.expire(ctx)
	s.options.Ready(s.contract(), time.Since(s.started))
	select {
	case err := <-running:
		return errors.Join(err, shutDown())
	case <-ctx.Done():
	}
	limited, cancel := context.WithTimeout(background, shutdownTime)
	defer cancel()
	return errors.Join(shutDown(), sources.Drain(limited), <-running)
}

// setUp makes sure of page, key, site and documents, and says where they are.
func (s *server) setUp(ctx context.Context) error {
	pages, err := s.Store.Pages(ctx)
	if err != nil {
		return err
	}
	if len(pages) == 0 && s.options.Seed != nil {
		if err := s.options.Seed(ctx, s.Deployment); err != nil {
			return fmt.Errorf("seed: %w", err)
		}
	}
	if s.page, err = s.Page(ctx, DefaultName); err != nil {
		return err
	}
	if s.key, err = s.Key(ctx); err != nil {
		return err
	}
	if err := s.prepare(ctx, s.backend, s.page); err != nil {
		return err
	}
	if err := s.backend.ticker.Run(ctx); err != nil {
		return err
	}
	return s.Folder.writeContract(s.contract())
}

func (s *server) contract() Contract {
	c := Contract{
		PublicURL: s.options.PublicURL, APIURL: s.url() + "/v1", PageID: s.page, APIKey: s.key, PID: os.Getpid(),
	}
	if s.teller.inbox != nil {
		inbox := s.url() + "/inbox"
		c.InboxURL = &inbox
	}
	return c
}

// follow rewrites local.json when an import took over another page's id.
func (s *server) follow(ctx context.Context) error {
	pages, err := s.Store.Pages(ctx)
	if err != nil || len(pages) == 0 || pages[0] == s.page {
		return err
	}
	s.page = pages[0]
	return s.Folder.writeContract(s.contract())
}
