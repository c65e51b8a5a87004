package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"allclear/internal/deliver"
	"allclear/internal/ledger"
	"allclear/internal/link"
	"allclear/internal/local"
	"allclear/internal/mailer"
	"allclear/internal/mailing"
	"allclear/internal/reach"
	"allclear/internal/sqlite"
	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/table"
)

// How a laptop delivers: chunks that go on at a time, and subscribers that are added at a time.
const (
	chunksAtOnce = 32
	addedAtOnce  = 64
	fewMails     = 10_000
)

// mails tells few and many subscribers of one incident, by the handler of the queue on a laptop's
// tables, with a mailer that throws everything away.
func mails(ctx context.Context, s settings) (rows []row, err error) {
	few, err := newMailing(ctx, filepath.Join(s.folder, "few"), min(fewMails, s.subscribers))
	if err != nil {
		return nil, err
	}
	many, err := newMailing(ctx, filepath.Join(s.folder, "many"), s.subscribers)
	if err != nil {
		return nil, err
	}
	n := float64(many.subscribers)
	return []row{
		{fmt.Sprintf("mails to %d subscribers, from claim to record", few.subscribers), fmt.Sprintf("%.0f a second", few.rate()), ""},
		{fmt.Sprintf("the same to %d", many.subscribers), fmt.Sprintf("%.0f a second", many.rate()), "≥ 2,000 a second"},
		{"calls for each: mail service, ledger writes", fmt.Sprintf("%.2f, %.2f", float64(many.sent.Load())/n, float64(many.book.writes.Load())/n), "1, ≤ 2"},
		{fmt.Sprintf("most memory that mailing %d takes", few.subscribers), fmt.Sprintf("%d MB", few.extra>>20), ""},
		{fmt.Sprintf("the same with %d", many.subscribers), fmt.Sprintf("%d MB", many.extra>>20), "the same, ≤ 64 MB"},
	}, nil
}

// mailed is one page whose subscribers were all told of one incident.
type mailed struct {
	subscribers int
	page        string
	incident    string
	seq         int64
	pages       *store.Store
	audience    *store.Audience
	book        *writes
	sent        atomic.Int64
	took        time.Duration
	extra       int64 // bytes of memory, at most, above what was in use before
}

func (m *mailed) rate() float64 { return float64(m.subscribers) / m.took.Seconds() }

func newMailing(ctx context.Context, folder string, subscribers int) (m *mailed, err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	db, err := sqlite.Open(filepath.Join(folder, "allclear.db"), sqlite.Options{Streams: []string{"status", "audience"}})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	m = &mailed{
		subscribers: subscribers, page: store.RandomID(), book: &writes{Table: db.Table("deliveries")},
		pages: store.New(db.Table("status"), store.Options{}), audience: store.NewAudience(db.Table("audience"), store.Options{}),
	}
	fmt.Fprintf(os.Stderr, "  adding %d subscribers …\n", subscribers)
	if err := errors.Join(subscribe(ctx, m.audience, m.page, m.subscribers), m.post(ctx)); err != nil {
		return nil, err
	}
	if err := m.deliver(ctx); err != nil {
		return nil, err
	}
	if n := m.sent.Load(); n != int64(subscribers) {
		return nil, fmt.Errorf("%d mails to %d subscribers", n, subscribers)
	}
	return m, nil
}

// subscribe adds n subscribers, each in a transaction of its own, many at a time.
func subscribe(ctx context.Context, audience *store.Audience, page string, n int) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(addedAtOnce)
	for n := range n {
		group.Go(func() error {
			want := status.Subscriber{Page: page, Mode: status.ModeEmail, Email: fmt.Sprintf("subscriber%d@example.com", n), Origin: status.FromOperator}
			s, err := status.NewSubscriber(want, true, audience.Stamp())
			if err == nil {
				_, err = audience.AddSubscriber(ctx, s, store.Beside{})
			}
			return err
		})
	}
	return group.Wait()
}

// post makes the page and an incident with three components.
func (m *mailed) post(ctx context.Context) error {
	actor := status.Actor{Kind: status.ActorSystem, Name: "bench"}
	settings := status.DefaultSettings("Example")
	settings.NotificationsFromEmail = "status@example.com"
	if _, err := m.pages.CreatePage(ctx, m.page, settings, actor); err != nil {
		return err
	}
	page, err := m.pages.Commit(ctx, m.page, func(tx *store.Tx) error {
		cfg, err := tx.Configuration()
		if err != nil {
			return err
		}
		name, body := "Elevated errors", "We are looking into reports of errors and will say more within 30 minutes."
		states := map[string]status.ComponentState{}
		for n := range 3 {
			id := tx.Stamp.NewID()
			cfg.AddComponent(status.Component{ID: id, Name: fmt.Sprintf("Component %d", n)}, "")
			states[id] = status.PartialOutage
		}
		i, applied, err := status.NewIncident(status.IncidentChange{Name: &name, Body: &body, Components: states}, cfg, tx.Stamp)
		if err != nil {
			return err
		}
		event := status.Event{Type: status.IncidentCreated, Actor: actor, Incident: i.ID, States: applied.States, Notify: true}
		event.SetUpdate(applied.Update)
		m.incident = i.ID
		tx.PutIncident(i)
		tx.Record(event)
		return nil
	})
	m.seq = page.Seq
	return err
}

// deliver hands out chunks, as the queue does, and watches the memory.
func (m *mailed) deliver(ctx context.Context) error {
	each, err := m.handler()
	if err != nil {
		return err
	}
	before, err := inUse()
	if err != nil {
		return err
	}
	stop, peak := watch()
	began := time.Now()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(chunksAtOnce)
	c := deliver.Chunk{Page: m.page, Subject: m.incident, Seq: m.seq}
	hand := func() {
		body, err := json.Marshal(c)
		c.Subscribers = nil
		group.Go(func() error { return errors.Join(err, each(ctx, string(body))) })
	}
	err = m.audience.Visit(ctx, m.page, func(s *status.Subscriber) error {
		if c.Subscribers = append(c.Subscribers, s.ID); len(c.Subscribers) == deliver.ChunkSize {
			hand()
		}
		return nil
	})
	if len(c.Subscribers) > 0 {
		hand()
	}
	err = errors.Join(err, group.Wait())
	m.took = time.Since(began)
	close(stop)
	m.extra = <-peak - before
	return err
}

func (m *mailed) handler() (func(context.Context, string) error, error) {
	links, err := link.NewSigner(1, map[byte][]byte{1: []byte("a key that signs the links of a bench")})
	if err != nil {
		return nil, err
	}
	book := ledger.New(m.book, nil)
	quiet := slog.New(slog.DiscardHandler)
	reader := &reach.Reader{Pages: m.pages, Audience: m.audience, Modes: []status.Mode{status.ModeEmail}}
	bin := &discard{sent: &m.sent}
	return mailing.Handler(deliver.NewPool(deliver.Worker[*status.Subscriber]{
		Ledger: book, Pace: book, Incidents: reader, Subscribers: reader, Clock: deliver.WallClock{},
		Sender: &mailing.Sender{Pages: m.pages, Mailer: bin, Links: links, PublicURL: "http://" + local.DefaultAddress, Now: time.Now},
		Quotas: &deliver.QuotaCache{Read: mailing.ReadQuota(bin), Now: time.Now, MaxAge: time.Minute},
		NewID:  store.RandomID, Queue: "MailQueue", Logger: quiet,
	}, chunksAtOnce), quiet), nil
}

// discard is a mail service without limits that takes every mail and keeps none.
type discard struct{ sent *atomic.Int64 }

func (d *discard) Send(_ context.Context, m mailer.Message) (string, error) {
	if err := mailer.Validate(m); err != nil {
		return "", err
	}
	return strconv.FormatInt(d.sent.Add(1), 10), nil
}

func (d *discard) Quota(context.Context) (mailer.Quota, error) {
	return mailer.Quota{Rate: mailer.Unlimited, Max24h: mailer.Unlimited}, nil
}

// writes counts the writes of a table.
type writes struct {
	table.Table
	writes atomic.Int64
}

func (w *writes) Write(ctx context.Context, actions ...table.Action) error {
	w.writes.Add(1)
	return w.Table.Write(ctx, actions...)
}

// watch looks at the memory in use, often, until stop is closed; then it tells the most.
func watch() (stop chan struct{}, peak <-chan int64) {
	stop, most := make(chan struct{}), make(chan int64, 1)
	go func() {
		ticker := time.NewTicker(10 * time.Millisecond)
		defer ticker.Stop()
		highest := int64(0)
		for {
			if now, err := resident(); err == nil {
				highest = max(highest, now)
			}
			select {
			case <-ticker.C:
			case <-stop:
				most <- highest
				return
			}
		}
	}()
	return stop, most
}

// inUse is the resident memory once everything that is not needed is given back.
func inUse() (int64, error) {
	debug.FreeOSMemory()
	return resident()
}

// resident is that of this process in bytes, where the system tells it as Linux does.
func resident() (int64, error) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0, errors.New("the system does not tell")
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize()), err
}
