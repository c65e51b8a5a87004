package subscribe_test

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"allclear/internal/link"
	"allclear/internal/memory"
	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/subscribe"
	"allclear/internal/table"
)

const (
	pageID    = "pagexxxxxxxx"
	publicURL = "https://status.example.com"
	groupID   = "groupxxxxxxx"
	apiID     = "apixxxxxxxxx"
	webID     = "webxxxxxxxxx"
	v2        = "/api/v2/subscribers.json"
)

var operator = status.Actor{Kind: status.ActorKey, Name: "operator"}

// world is a page in memory and the endpoints of its visitors. Time is that of a bubble: it moves
// only while everybody waits.
type world struct {
	t        *testing.T
	db       *memory.DB
	store    *store.Store
	audience *store.Audience
	links    *link.Signer
	handler  http.Handler
	log      *bytes.Buffer
	// slow is how long each call of the table takes, and fault what it fails with.
	slow  time.Duration
	fault error
	// meanwhile happens once, before a later write than the next.
	meanwhile func()
	writes    int
}

// inWorld runs a test in a bubble.
func inWorld(t *testing.T, test func(*testing.T, *world), change ...func(*subscribe.Options)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, newWorld(t, change...)) })
}

func newWorld(t *testing.T, change ...func(*subscribe.Options)) *world {
	t.Helper()
	w := &world{t: t, log: &bytes.Buffer{}}
	w.db = memory.New(memory.Options{Streams: []string{"audience"}, Fault: func(_ context.Context, call memory.Call) error {
		time.Sleep(w.slow)
		if call.Moment == memory.BeforeWrite && w.meanwhile != nil {
			if w.writes++; w.writes == 2 {
				happens := w.meanwhile
				w.meanwhile = nil
				happens()
			}
		}
		return w.fault
	}})
	var ids atomic.Int64
	options := store.Options{NewID: func() string { return fmt.Sprintf("id%010d", ids.Add(1)) }}
	w.store, w.audience = store.New(w.db.Table("status"), options), store.NewAudience(w.db.Table("audience"), options)
	signer, err := link.NewSigner(1, map[byte][]byte{1: bytes.Repeat([]byte{7}, link.MinKey)})
	if err != nil {
		t.Fatal(err)
	}
	w.links = signer
	if _, err := w.store.CreatePage(t.Context(), pageID, status.DefaultSettings("Larkspur"), operator); err != nil {
		t.Fatal(err)
	}
	w.commit(status.ComponentCreated, func(tx *store.Tx, cfg *status.Configuration) {
		now := tx.Stamp.Now
		cfg.AddGroup(status.Group{ID: groupID, Name: "Shop", CreatedAt: now, UpdatedAt: now})
		cfg.AddComponent(status.Component{ID: apiID, Name: "API <b>", CreatedAt: now, UpdatedAt: now}, "")
		cfg.AddComponent(status.Component{ID: webID, Name: "Website", CreatedAt: now, UpdatedAt: now}, groupID)
	})
	o := subscribe.Options{
		MailFrom: "status@example.com",
		Store:    w.store, Audience: w.audience, Links: signer, PublicURL: func() string { return publicURL },
		Logger: slog.New(slog.NewTextHandler(w.log, nil)),
	}
	for _, c := range change {
		c(&o)
	}
	w.handler = subscribe.New(o)
	return w
}

func (w *world) commit(what status.EventType, change func(*store.Tx, *status.Configuration)) {
	w.t.Helper()
	_, err := w.store.Commit(w.t.Context(), pageID, func(tx *store.Tx) error {
		cfg, err := tx.Configuration()
		if err != nil {
			return err
		}
		change(tx, cfg)
		tx.Record(status.Event{Type: what, Actor: operator})
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// settings changes the page's.
func (w *world) settings(change func(*status.Settings)) {
	w.t.Helper()
	w.commit(status.PageUpdated, func(tx *store.Tx, _ *status.Configuration) { change(&tx.Page.Settings) })
}

// incident opens one, and resolves it where it is to be over.
func (w *world) incident(name string, over bool) string {
	w.t.Helper()
	var i *status.Incident
	w.commit(status.IncidentCreated, func(tx *store.Tx, cfg *status.Configuration) {
		state := status.Investigating
		if over {
			state = status.Resolved
		}
		created, _, err := status.NewIncident(status.IncidentChange{Name: &name, Status: &state}, cfg, tx.Stamp)
		if err != nil {
			w.t.Fatal(err)
		}
		i = created
		tx.PutIncident(i)
	})
	return i.ID
}

// resolve ends one.
func (w *world) resolve(id string) {
	w.t.Helper()
	w.commit(status.IncidentUpdated, func(tx *store.Tx, cfg *status.Configuration) {
		i, err := tx.Incident(id)
		if err != nil {
			w.t.Fatal(err)
		}
		if _, err := i.Apply(status.IncidentChange{Status: new(status.Resolved)}, cfg, tx.Stamp); err != nil {
			w.t.Fatal(err)
		}
		tx.PutIncident(i)
	})
}

// got is an answer.
type got struct {
	*httptest.ResponseRecorder
	body string
}

// do sends a request. Whatever is answered is answered with the headers that all answers have.
func (w *world) do(method, target, body string, headers ...string) got {
	w.t.Helper()
	r := httptest.NewRequestWithContext(w.t.Context(), method, target, strings.NewReader(body))
	r.RemoteAddr = "203.0.113.7:1234"
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	recorder := httptest.NewRecorder()
	w.handler.ServeHTTP(recorder, r)
	g := got{recorder, recorder.Body.String()}
	w.checkAnswer(method+" "+target, g)
	return g
}

func (w *world) checkAnswer(what string, g got) {
	w.t.Helper()
	for name, want := range map[string]string{
		"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": "default-src 'none'",
	} {
		if got := g.Header().Get(name); !strings.HasPrefix(got, want) {
			w.t.Errorf("%s: got %s %q, want %q", what, name, got, want)
		}
	}
	switch {
	case g.Code == http.StatusForbidden, g.Code == http.StatusNotFound, g.Code >= 300 && g.Code < 400:
		w.t.Errorf("%s: got %d, which the CDN or the visitor may not see", what, g.Code)
	case strings.Contains(g.body, "<script"), strings.Contains(g.body, "<b>"):
		w.t.Errorf("%s: got a script, or a text unescaped:\n%s", what, g.body)
	}
}

// must is do with a status.
func (w *world) must(code int, method, target, body string, headers ...string) got {
	w.t.Helper()
	g := w.do(method, target, body, headers...)
	if g.Code != code {
		w.t.Fatalf("%s %s %s: got %d, want %d:\n%s", method, target, body, g.Code, code, g.body)
	}
	return g
}

// form makes a body of names and values.
func form(pairs ...string) string {
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Add(pairs[i], pairs[i+1])
	}
	return values.Encode()
}

// want is a form that asks for everything, with more fields.
func want(pairs ...string) string {
	return form(append([]string{"scope", "page", "kinds", "incidents", "kinds", "maintenances", "kinds", "components"}, pairs...)...)
}

// subscribed is the one that there is at an address, nil for nobody.
func (w *world) at(mode status.Mode, address, incident string) *status.Subscriber {
	w.t.Helper()
	id, err := w.audience.SubscriberAt(w.t.Context(), pageID, mode, address, incident)
	if err != nil {
		w.t.Fatal(err)
	}
	if id == "" {
		return nil
	}
	return w.stored(id)
}

func (w *world) stored(id string) *status.Subscriber {
	w.t.Helper()
	s, err := w.audience.Subscriber(w.t.Context(), pageID, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// mails lists what was asked to be mailed, as kind and subscriber.
func (w *world) mails() []string {
	w.t.Helper()
	records, err := w.db.Table("audience").Records(w.t.Context(), 0, 1_000_000)
	if err != nil {
		w.t.Fatal(err)
	}
	asked := []string{}
	for _, r := range records {
		if r.Kind == table.Insert && strings.HasPrefix(r.Key.Sort, store.PrefixMailRequest) {
			asked = append(asked, fmt.Sprintf("%s %s", r.New.Attributes["kind"], r.New.Attributes["subscriber"]))
		}
	}
	return asked
}

// token is what a mail to a subscriber has in its link.
func (w *world) token(purpose link.Purpose, s *status.Subscriber) string {
	l := link.Link{Purpose: purpose, Page: s.Page, Subject: s.ID, Generation: s.Generation}
	switch purpose {
	case link.Confirm:
		l.Expires = w.audience.Now().Add(link.ConfirmFor)
	case link.Manage:
		l.Expires = w.audience.Now().Add(link.ManageFor)
	case link.Unsubscribe, link.Incident:
	}
	return w.links.Token(l)
}

// active subscribes somebody by mail, to the end.
func (w *world) active(email string) *status.Subscriber {
	w.t.Helper()
	w.must(200, "POST", "/subscribe", want("email", email))
	s := w.at(status.ModeEmail, email, "")
	w.must(200, "POST", "/subscriptions/confirm", form("t", w.token(link.Confirm, s)))
	return w.stored(s.ID)
}

var anyToken = regexp.MustCompile(`[?&;]t=([A-Za-z0-9_-]+)`)

// change changes a subscriber as other functions do.
func (w *world) change(id string, change func(*status.Subscriber) error) {
	w.t.Helper()
	if _, _, err := w.audience.UpdateSubscriber(w.t.Context(), pageID, id, store.Beside{}, change); err != nil {
		w.t.Fatal(err)
	}
}

func unescaped(body string) string { return html.UnescapeString(body) }
