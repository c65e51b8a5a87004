package hooks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"allclear/internal/link"
	"allclear/internal/status"
	"allclear/internal/webhook"
	"allclear/internal/webhook/chat"
	"allclear/internal/webhook/payload"
	"allclear/internal/webhook/sender"
)

// errGone says that there is nothing to tell any more: what it was about was deleted.
var errGone = errors.New("hooks: the subject is gone")

// compose makes the post for a subscriber. An endpoint that may not be posted to (any more) is left
// empty: the poster blocks it, and that is an attempt like others.
func (m *message) compose(ctx context.Context, s *status.Subscriber) (sender.Post, error) {
	kind := webhook.Kind(s.Mode)
	if !kind.Valid() {
		return sender.Post{}, fmt.Errorf("post to subscriber %s: %s is no endpoint", s.ID, s.Mode)
	}
	n, err := m.tell(ctx, newsKey{m.page, m.subject, m.version.Seq})
	if err != nil {
		return sender.Post{}, err
	}
	told, err := m.told(ctx, n, s)
	if err != nil {
		return sender.Post{}, err
	}
	body, err := m.body(n, bodyKey{kind, told}, s)
	if err != nil {
		return sender.Post{}, err
	}
	post := sender.Post{Body: body, Timeout: PostTimeout}
	if e, err := m.Rules.ParseEndpoint("endpoint", s.Endpoint); err == nil {
		post.Endpoint = e
	}
	if kind == webhook.Plain {
		if post.Headers, err = m.headers(body, s.Secrets); err != nil {
			return sender.Post{}, fmt.Errorf("post to subscriber %s: %w", s.ID, err)
		}
	}
	return post, nil
}

// headers name the message and sign it with the subscriber's secrets. One without any gets the name
// only.
func (m *message) headers(body []byte, secrets []status.Secret) (map[string]string, error) {
	keys := make([]webhook.Secret, len(secrets))
	for i, s := range secrets {
		var err error
		if keys[i], err = webhook.ParseSecret(fmt.Sprintf("secrets[%d]", i), s.Text); err != nil {
			return nil, err
		}
	}
	if len(keys) == 0 {
		return map[string]string{webhook.HeaderID: m.id()}, nil
	}
	signature, err := webhook.Sign(m.id(), m.Now(), body, keys...)
	return signature.Headers(), err
}

// Bounds of what is kept between messages. An event goes to many endpoints within a short time, and a
// correction of its incident must show soon.
const (
	keptNews = 16
	keptFor  = 10 * time.Second
	// reads bounds how often a page that changes meanwhile is read anew. What was read last is then
	// good enough: each part of it is true, and the change brings a message of its own.
	reads = 3
)

type newsKey struct {
	page, subject string
	seq           int64
}

// news is what one event says of a subject, and the bodies made of it.
type news struct {
	key      newsKey
	at       time.Time
	in       chat.Input
	incident *status.Incident // nil for a component
	event    status.Event
	change   status.StateChange // of a component
	bodies   map[bodyKey][]byte
	moments  map[int64]time.Time // of events that were told before this one
}

// bodyKey is what a body depends on besides its news.
type bodyKey struct {
	kind webhook.Kind
	told int // of a chat message: see chat.Incident
}

// tell reads what an event says, or takes what was read a moment ago.
func (w *Worker) tell(ctx context.Context, key newsKey) (*news, error) {
	now := w.Now()
	w.mu.Lock()
	i := slices.IndexFunc(w.news, func(n *news) bool { return n.key == key && now.Sub(n.at) < keptFor })
	if i >= 0 {
		defer w.mu.Unlock()
		return w.news[i], nil
	}
	w.mu.Unlock()
	n, err := w.read(ctx, key)
	if err != nil {
		return nil, err
	}
	n.at = now
	w.mu.Lock()
	defer w.mu.Unlock()
	w.news = slices.DeleteFunc(w.news, func(n *news) bool { return n.key == key })
	if len(w.news) == keptNews {
		w.news = slices.Delete(w.news, 0, 1)
	}
	w.news = append(w.news, n)
	return n, nil
}

// read reads an event and what it is about. The subject of a message is an incident, or a component
// whose state the event changed.
func (w *Worker) read(ctx context.Context, key newsKey) (*news, error) {
	events, err := w.Pages.Events(ctx, key.page, key.seq-1, 1)
	if err != nil {
		return nil, err
	}
	if len(events) == 0 || events[0].Seq != key.seq {
		return nil, fmt.Errorf("read event %d of page %s: there is none", key.seq, key.page)
	}
	n := &news{key: key, event: events[0], bodies: map[bodyKey][]byte{}, moments: map[int64]time.Time{}}
	if n.event.Incident != key.subject {
		i := slices.IndexFunc(n.event.States, func(c status.StateChange) bool { return c.Component == key.subject })
		if i < 0 {
			return nil, fmt.Errorf("read event %d of page %s: it is not about %s", key.seq, key.page, key.subject)
		}
		n.change = n.event.States[i]
	}
	if err := w.look(ctx, n); err != nil {
		return nil, gone(err)
	}
	return n, nil
}

// look reads the present state of page and incident at one version.
func (w *Worker) look(ctx context.Context, n *news) error {
	n.in.PublicURL = w.PublicURL
	page, err := w.Pages.Page(ctx, n.key.page)
	for range reads {
		if err != nil {
			return err
		}
		if n.in.Configuration, err = w.Pages.Configuration(ctx, page.ID); err != nil {
			return err
		}
		if n.event.Incident == n.key.subject {
			if n.incident, err = w.Pages.Incident(ctx, page.ID, n.key.subject); err != nil {
				return err
			}
		}
		n.in.Page = page
		if page, err = w.Pages.Page(ctx, page.ID); err == nil && page.Seq == n.in.Page.Seq {
			return nil
		}
	}
	return err
}

// gone turns an error of what is not there into errGone.
func gone(err error) error {
	if status.IsNotFound(err) {
		return errGone
	}
	return err
}

// place is where in the timeline the update stands that an event is about.
func (n *news) place() int {
	if n.event.Update == nil {
		return 0
	}
	return max(0, slices.IndexFunc(n.incident.Updates, func(u status.Update) bool { return u.ID == n.event.Update.ID }))
}

// told is the place of the newest update that a chat was told before, or that was posted before it
// was subscribed: a message to it tells in short what it missed since. Other messages carry the whole
// timeline, or are about a component.
func (m *message) told(ctx context.Context, n *news, s *status.Subscriber) (int, error) {
	if n.incident == nil || !webhook.Kind(s.Mode).Chat() {
		return 0, nil
	}
	since, err := m.moment(ctx, n)
	if err != nil {
		return 0, err
	}
	if s.ConfirmedAt != nil && s.ConfirmedAt.After(since) {
		since = *s.ConfirmedAt
	}
	told := n.place() + 1
	for told < len(n.incident.Updates) && n.incident.Updates[told].CreatedAt.After(since) {
		told++
	}
	return told, nil
}

// moment is when the event happened that the subscriber was told of last, zero for none.
func (m *message) moment(ctx context.Context, n *news) (time.Time, error) {
	seq := m.claim.Told
	if seq == 0 {
		return time.Time{}, nil
	}
	m.mu.Lock()
	at, known := n.moments[seq]
	m.mu.Unlock()
	if known {
		return at, nil
	}
	events, err := m.Pages.Events(ctx, m.page, seq-1, 1)
	if err != nil {
		return time.Time{}, err
	}
	if len(events) > 0 && events[0].Seq == seq {
		at = events[0].At
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	n.moments[seq] = at
	return at, nil
}

// nobody stands in a body for what is the subscriber's own. It is in the first value of the message,
// so what people wrote cannot be taken for it.
const nobody = "{subscriber}"

// body is the message for a subscriber. It is made once for each kind of receiver, and for those that
// missed the same.
func (w *Worker) body(n *news, key bodyKey, s *status.Subscriber) ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	body := n.bodies[key]
	if body == nil {
		var err error
		if body, err = w.write(n, key); err != nil {
			return nil, gone(err)
		}
		n.bodies[key] = body
	}
	if key.kind != webhook.Plain {
		return body, nil
	}
	token := w.Links.Token(link.Link{Purpose: link.Unsubscribe, Page: s.Page, Subject: s.ID, Generation: s.Generation})
	return bytes.Replace(body, []byte(nobody), []byte(token), 1), nil
}

func (w *Worker) write(n *news, key bodyKey) ([]byte, error) {
	if key.kind == webhook.Plain {
		in := payload.Input{
			Page: n.in.Page, Configuration: n.in.Configuration, PublicURL: n.in.PublicURL,
			Unsubscribe:   link.UnsubscribeURL(n.in.PublicURL, nobody),
			Documentation: link.WebhooksURL(n.in.PublicURL), GeneratedAt: n.at,
		}
		if n.incident != nil {
			return payload.IncidentUpdate(in, n.incident)
		}
		return payload.ComponentUpdate(in, &n.event, n.change)
	}
	if n.incident != nil {
		return chat.Incident(key.kind, n.in, n.incident, n.place(), key.told)
	}
	return chat.Component(key.kind, n.in, &n.event, n.change)
}
