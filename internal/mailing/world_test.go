package mailing_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"allclear/internal/deliver"
	"allclear/internal/ledger"
	"allclear/internal/link"
	mailermemory "allclear/internal/mailer/memory"
	"allclear/internal/mailing"
	"allclear/internal/memory"
	"allclear/internal/status"
	"allclear/internal/store"
)

const (
	pageID    = "larkspurpage"
	publicURL = "https://status.larkspur.example"
)

var begin = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// world is a page with an incident and subscribers, and a worker that mails them.
type world struct {
	*testing.T
	pages    *store.Store
	audience *store.Audience
	book     *ledger.Ledger
	mailer   *mailermemory.Mailer
	sender   *mailing.Sender
	worker   deliver.Worker[*status.Subscriber]
	incident string
	log      bytes.Buffer

	mu       sync.Mutex
	now      time.Time
	versions []deliver.Version // of the incident
	reads    atomic.Int64      // of incidents
	before   func()            // the next reading of an incident, if set
	ids      atomic.Int64
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, now: begin, mailer: &mailermemory.Mailer{}}
	db := memory.New(memory.Options{Now: w.Now})
	options := store.Options{Now: w.Now, NewID: func() string { return fmt.Sprintf("sample%06d", w.ids.Add(1)) }}
	w.pages, w.audience = store.New(db.Table("Status"), options), store.NewAudience(db.Table("Audience"), options)
	w.book = ledger.New(db.Table("Deliveries"), w.Now)
	settings := status.DefaultSettings("Larkspur")
	settings.NotificationsFromEmail, settings.TimeZone = "status@larkspur.example", "Europe/Berlin"
	if _, err := w.pages.CreatePage(t.Context(), pageID, settings, operator); err != nil {
		t.Fatal(err)
	}
	keys, err := link.NewSigner(1, map[byte][]byte{1: bytes.Repeat([]byte{1}, link.MinKey)})
	if err != nil {
		t.Fatal(err)
	}
	w.sender = &mailing.Sender{Pages: w, Mailer: w.mailer, Links: keys, PublicURL: publicURL, Now: w.Now}
	w.worker = deliver.Worker[*status.Subscriber]{
		Ledger: w.book, Pace: w.book, Incidents: w, Subscribers: w, Sender: w.sender, Clock: w, ClockName: "clock",
		Quotas: &deliver.QuotaCache{Read: mailing.ReadQuota(w.mailer), Now: w.Now, MaxAge: time.Minute},
		NewID:  options.NewID, Queue: "MailQueue", Logger: slog.New(slog.NewTextHandler(&w.log, nil)),
		Crew: func() deliver.Crew { return deliver.InOrder{} },
	}
	w.post(status.IncidentChange{
		Name: new("Errors at checkout"), Body: new("Some payments **fail**. We are looking into it."),
		Components: map[string]status.ComponentState{"checkout0001": status.PartialOutage},
	})
	return w
}

var operator = status.Actor{Kind: status.ActorKey, Name: "test"}

func (w *world) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// Sleep implements deliver.Clock.
func (w *world) Sleep(ctx context.Context, until time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if until.After(w.now) {
		w.now = until
	}
	return ctx.Err()
}

// Page, Incident and Configuration implement mailing.Pages.
func (w *world) Page(ctx context.Context, id string) (status.Page, error) {
	return w.pages.Page(ctx, id)
}

func (w *world) Incident(ctx context.Context, page, id string) (*status.Incident, error) {
	w.reads.Add(1)
	if before := w.before; before != nil {
		w.before = nil
		before()
	}
	return w.pages.Incident(ctx, page, id)
}

func (w *world) Configuration(ctx context.Context, page string) (*status.Configuration, error) {
	return w.pages.Configuration(ctx, page)
}

// Notifying implements deliver.Incidents.
func (w *world) Notifying(_ context.Context, _, _ string, from int64) ([]deliver.Version, error) {
	var newer []deliver.Version
	for _, v := range w.versions {
		if v.Seq >= from {
			newer = append(newer, v)
		}
	}
	return newer, nil
}

// Wants implements deliver.Subscribers.
func (w *world) Wants(ctx context.Context, page, _, id string, versions []deliver.Version) (*status.Subscriber, deliver.Version, bool, error) {
	s, err := w.audience.Subscriber(ctx, page, id)
	if err != nil {
		return nil, deliver.Version{}, false, err
	}
	return s, versions[len(versions)-1], s.State == status.Active, nil
}

// post makes the incident, or changes it, a minute later. It is a version to be told if its update is
// to be delivered.
func (w *world) post(change status.IncidentChange) {
	w.Helper()
	w.advance(time.Minute)
	var event status.Event
	p, err := w.pages.Commit(w.Context(), pageID, func(tx *store.Tx) error {
		cfg, err := tx.Configuration()
		if err != nil {
			return err
		}
		var i *status.Incident
		var applied status.Applied
		if w.incident == "" {
			cfg.AddComponent(status.Component{ID: "checkout0001", Name: "Checkout"}, "")
			i, applied, err = status.NewIncident(change, cfg, tx.Stamp)
		} else if i, err = tx.Incident(w.incident); err == nil {
			applied, err = i.Apply(change, cfg, tx.Stamp)
		}
		if err != nil {
			return err
		}
		event = status.Event{
			Type: status.IncidentCreated, Actor: operator, Incident: i.ID, States: applied.States, Notify: applied.Update.DeliverNotifications,
		}
		event.SetUpdate(applied.Update)
		w.incident = i.ID
		tx.PutIncident(i)
		tx.Record(event)
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
	if event.Notify {
		w.versions = append(w.versions, deliver.Version{Seq: p.Seq, Update: event.Update.ID})
	}
}

// edit corrects an update of the incident.
func (w *world) edit(id string, change status.UpdateChange) {
	w.Helper()
	_, err := w.pages.Commit(w.Context(), pageID, func(tx *store.Tx) error {
		i, err := tx.Incident(w.incident)
		if err != nil {
			return err
		}
		if _, err = i.EditUpdate(id, change, tx.Stamp); err != nil {
			return err
		}
		tx.PutIncident(i)
		tx.Record(status.Event{Type: status.IncidentUpdated, Actor: operator, Incident: i.ID})
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
}

// set changes the page's settings.
func (w *world) set(change func(*status.Settings)) {
	w.Helper()
	_, err := w.pages.Commit(w.Context(), pageID, func(tx *store.Tx) error {
		change(&tx.Page.Settings)
		tx.Record(status.Event{Type: status.PageUpdated, Actor: operator})
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
}

// subscribe adds an active subscriber.
func (w *world) subscribe(email string) *status.Subscriber {
	w.Helper()
	want := status.Subscriber{Page: pageID, Mode: status.ModeEmail, Email: email, Origin: status.FromOperator}
	s, err := status.NewSubscriber(want, true, w.audience.Stamp())
	if err == nil {
		_, err = w.audience.AddSubscriber(w.Context(), s, store.Beside{})
	}
	if err != nil {
		w.Fatal(err)
	}
	return s
}

// message asks the sender for the newest mail to a subscriber.
func (w *world) message(s *status.Subscriber) deliver.Message[*status.Subscriber] {
	return deliver.Message[*status.Subscriber]{
		Page: pageID, Subject: w.incident, Version: w.versions[len(w.versions)-1], Subscriber: s.ID, Details: s,
	}
}

// chunk asks for the newest event to be told.
func (w *world) chunk(subscribers ...string) deliver.Chunk {
	return deliver.Chunk{Page: pageID, Subject: w.incident, Seq: w.versions[len(w.versions)-1].Seq, Subscribers: subscribers}
}
