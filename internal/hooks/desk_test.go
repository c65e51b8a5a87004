package hooks_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/deliver"
	"allclear/internal/hooks"
	"allclear/internal/ledger"
	"allclear/internal/link"
	"allclear/internal/memory"
	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/table"
	"allclear/internal/webhook"
	"allclear/internal/webhook/sender"
)

const (
	page      = "thepage"
	publicURL = "https://status.example.com"
	queueName = "WebhookQueue"
)

var (
	begin = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	actor = status.Actor{Kind: status.ActorKey, Name: "test"}
)

// received is one post as a receiver sees it.
type received struct {
	path   string
	header http.Header
	body   string
}

// desk is one worker on memory tables, with a real receiver on loopback.
type desk struct {
	*hooks.Worker
	t        *testing.T
	now      time.Time
	pages    *store.Store
	audience *store.Audience
	mails    table.Table // the Audience table
	book     *ledger.Ledger
	signer   *link.Signer
	server   *httptest.Server
	answer   func(http.ResponseWriter) // 204 if nil
	got      []received
	queue    []string
	log      bytes.Buffer
	reads    int // of pages
	ids      int
	fault    func(memory.Call) error
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, now: begin}
	clock := func() time.Time { return d.now }
	newID := func() string { d.ids++; return fmt.Sprintf("id%010d", d.ids) }
	db := memory.New(memory.Options{Now: clock, Fault: func(_ context.Context, c memory.Call) error {
		if d.fault != nil {
			return d.fault(c)
		}
		return nil
	}})
	d.mails = db.Table("Audience")
	d.pages = store.New(db.Table("Status"), store.Options{Now: clock, NewID: newID})
	d.audience = store.NewAudience(d.mails, store.Options{Now: clock, NewID: newID})
	d.book = ledger.New(db.Table("Deliveries"), clock)
	var err error
	d.signer, err = link.NewSigner(1, map[byte][]byte{1: make([]byte, link.MinKey)})
	d.must(err)
	_, err = d.pages.CreatePage(t.Context(), page, status.DefaultSettings("Harbour"), actor)
	d.must(err)
	d.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		d.got = append(d.got, received{r.URL.Path, r.Header, string(body)})
		if d.answer != nil {
			d.answer(w)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(d.server.Close)
	rules := webhook.Rules{AllowLoopback: true}
	d.Worker = &hooks.Worker{
		Ledger: d.book, Incidents: d, Subscribers: d, Audience: d.audience, Pages: d,
		Poster: sender.New(sender.Options{Rules: rules, Now: clock}), Rules: rules, Links: d.signer,
		PublicURL: publicURL, Queue: queueName,
		Now: clock, NewID: newID, Logger: slog.New(slog.NewTextHandler(&d.log, nil)),
	}
	return d
}

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// Notifying implements deliver.Incidents.
func (d *desk) Notifying(ctx context.Context, page, subject string, from int64) ([]deliver.Version, error) {
	if _, err := d.pages.Incident(ctx, page, subject); err != nil && !strings.HasPrefix(subject, "component") {
		return nil, nil
	}
	events, err := d.pages.Events(ctx, page, from-1, 100)
	var versions []deliver.Version
	for _, e := range events {
		states := slices.ContainsFunc(e.States, func(c status.StateChange) bool { return c.Component == subject })
		if e.Incident == subject && e.Notify || states {
			versions = append(versions, deliver.Version{Seq: e.Seq, Kind: string(e.Type)})
		}
	}
	return versions, err
}

// Wants implements deliver.Subscribers.
func (d *desk) Wants(ctx context.Context, page, _, id string, versions []deliver.Version) (*status.Subscriber, deliver.Version, bool, error) {
	s, err := d.audience.Subscriber(ctx, page, id)
	return s, versions[len(versions)-1], err == nil && s.State == status.Active, err
}

// The methods of hooks.Pages, counted.

func (d *desk) Page(ctx context.Context, id string) (status.Page, error) {
	d.reads++
	return d.pages.Page(ctx, id)
}

func (d *desk) Configuration(ctx context.Context, page string) (*status.Configuration, error) {
	d.reads++
	return d.pages.Configuration(ctx, page)
}

func (d *desk) Incident(ctx context.Context, page, id string) (*status.Incident, error) {
	d.reads++
	return d.pages.Incident(ctx, page, id)
}

func (d *desk) Events(ctx context.Context, page string, after int64, limit int) ([]status.Event, error) {
	d.reads++
	return d.pages.Events(ctx, page, after, limit)
}

// Enqueue implements deliver.Enqueuer.
func (d *desk) Enqueue(_ context.Context, queue, body string) error {
	if queue != queueName {
		d.t.Errorf("got queue %q, want %q", queue, queueName)
	}
	d.queue = append(d.queue, body)
	return nil
}

// subscribes adds an active subscriber whose endpoint is a path of the receiver.
func (d *desk) subscribes(path string, change ...func(*status.Subscriber)) *status.Subscriber {
	d.t.Helper()
	want := status.Subscriber{
		Page: page, Mode: status.ModeWebhook, Endpoint: d.server.URL + path, Email: "owner@example.com", Origin: status.FromOperator,
	}
	for _, c := range change {
		c(&want)
	}
	s, err := status.NewSubscriber(want, true, d.audience.Stamp())
	d.must(err)
	_, err = d.audience.AddSubscriber(d.t.Context(), s, store.Beside{})
	d.must(err)
	return s
}

// posts makes an incident, or an update of one, and answers it with the seq of its event.
func (d *desk) posts(id string, state status.IncidentStatus, body string) (incident string, seq int64) {
	d.t.Helper()
	return d.writes(id, status.IncidentChange{Status: &state, Body: &body})
}

// whispers makes an update that nobody is to hear of.
func (d *desk) whispers(id, body string) {
	d.t.Helper()
	d.writes(id, status.IncidentChange{Body: &body, DeliverNotifications: new(false)})
}

func (d *desk) writes(id string, change status.IncidentChange) (incident string, seq int64) {
	d.t.Helper()
	d.now = d.now.Add(time.Millisecond)
	p, err := d.pages.Commit(d.t.Context(), page, func(tx *store.Tx) error {
		cfg, err := tx.Configuration()
		if err != nil {
			return err
		}
		var i *status.Incident
		if id == "" {
			change.Name = new("Cranes stand still")
			i, _, err = status.NewIncident(change, cfg, tx.Stamp)
		} else if i, err = tx.Incident(id); err == nil {
			_, err = i.Apply(change, cfg, tx.Stamp)
		}
		if err != nil {
			return err
		}
		incident = i.ID
		tx.PutIncident(i)
		event := status.Event{Type: status.IncidentUpdated, Actor: actor, Incident: i.ID, Notify: i.Updates[0].DeliverNotifications}
		event.SetUpdate(&i.Updates[0])
		tx.Record(event)
		return nil
	})
	d.must(err)
	return incident, p.Seq
}

func (d *desk) reactivates(subscriber string) {
	d.t.Helper()
	_, _, err := d.audience.UpdateSubscriber(d.t.Context(), page, subscriber, store.Beside{}, func(s *status.Subscriber) error {
		return s.Reactivate(d.now)
	})
	d.must(err)
}

func (d *desk) deletes(incident string) {
	d.t.Helper()
	_, err := d.pages.Commit(d.t.Context(), page, func(tx *store.Tx) error {
		_, err := tx.Incident(incident)
		tx.DeleteIncident(incident)
		tx.Record(status.Event{Type: status.IncidentDeleted, Actor: actor, Incident: incident})
		return err
	})
	d.must(err)
}

func chunk(subject string, seq int64, subscriber string) string {
	body, err := json.Marshal(deliver.Chunk{Page: page, Subject: subject, Seq: seq, Subscribers: []string{subscriber}})
	if err != nil {
		panic(err)
	}
	return string(body)
}

func (d *desk) handles(body string) {
	d.t.Helper()
	d.must(d.Each(d.t.Context(), body))
}

// requeue lets tick bring back what is due, and handles it.
func (d *desk) requeue() (handled int) {
	d.t.Helper()
	_, err := deliver.Requeue(d.t.Context(), d.book, d, d.NewID(), 100)
	d.must(err)
	bodies := d.queue
	d.queue = nil
	for _, body := range bodies {
		d.handles(body)
	}
	return len(bodies)
}

// until lets time pass, with a tick every minute.
func (d *desk) until(t time.Time) {
	d.t.Helper()
	for d.now.Before(t) {
		d.now = d.now.Add(time.Minute)
		d.requeue()
	}
}

func (d *desk) answers(code int, headers ...string) {
	d.answer = func(w http.ResponseWriter) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(code)
	}
}

func (d *desk) receives(want int) {
	d.t.Helper()
	if got := len(d.got); got != want {
		d.t.Errorf("got %d posts, want %d", got, want)
	}
}

func (d *desk) counts(subject string, want ledger.Counts) {
	d.t.Helper()
	e, err := d.book.Evidence(d.t.Context(), subject)
	d.must(err)
	got := e.Total
	got.FirstSent, got.LastSent = time.Time{}, time.Time{}
	if diff := cmp.Diff(want, got); diff != "" {
		d.t.Errorf("evidence (-want +got):\n%s", diff)
	}
}

func (d *desk) subscriber(id string) *status.Subscriber {
	d.t.Helper()
	s, err := d.audience.Subscriber(d.t.Context(), page, id)
	d.must(err)
	return s
}

// asked are the mails that are asked for.
func (d *desk) asked() (mails []store.MailRequest) {
	d.t.Helper()
	for part := range 16 {
		m, err := d.audience.PendingMail(d.t.Context(), page, part)
		d.must(err)
		mails = append(mails, m...)
	}
	return mails
}
