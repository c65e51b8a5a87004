package cost_test

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"allclear/internal/announce"
	"allclear/internal/deliver"
	"allclear/internal/dispatch"
	"allclear/internal/feedback"
	"allclear/internal/ledger"
	"allclear/internal/link"
	"allclear/internal/mailer"
	mailermemory "allclear/internal/mailer/memory"
	"allclear/internal/mailer/simulator"
	"allclear/internal/mailing"
	"allclear/internal/queue"
	queuememory "allclear/internal/queue/memory"
	"allclear/internal/reach"
	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/table"
	"allclear/internal/topic"
	topicmemory "allclear/internal/topic/memory"
)

// telling are the functions behind the stream, in a world: what one hands on the next gets.
type telling struct {
	*world
	audience   *store.Audience
	subscribed int
	events     topicmemory.Topic
	mails      queuememory.Queue
	reports    reports

	announce func(context.Context, status.Event) error
	dispatch func(context.Context, string) error
	mail     func(context.Context, string) error
	feedback func(context.Context, string) error
}

// newTelling makes the functions on the world's table: the other tables' keys are others, so they
// can lie in the one that is counted.
func newTelling(w *world, tbl table.Table, pages *store.Store) *telling {
	clock := func() time.Time { return w.now }
	logger := slog.New(slog.DiscardHandler)
	links, err := link.NewSigner(1, map[byte][]byte{1: []byte("a key that signs the links of a test")})
	if err != nil {
		w.t.Fatal(err)
	}
	t := &telling{world: w, audience: store.NewAudience(tbl, store.Options{Now: clock, NewID: pages.NewID})}
	t.events.After = func(context.Context, topic.Message) error { w.tally.call("Publish"); return nil }
	t.mails.After = func(context.Context, []queue.Message) error { w.tally.call("SendMessageBatch"); return nil }
	entries := ledger.New(tbl, clock)
	who := &reach.Reader{Pages: pages, Audience: t.audience, Modes: []status.Mode{status.ModeEmail}}
	mails := simulator.New(&mailermemory.Mailer{
		After: func(context.Context, mailer.Message) error { w.tally.call("SendEmail"); return nil },
	}, &t.reports, simulator.Options{Now: clock, Logger: logger})
	t.announce = (&announce.Announcer{Topic: &t.events, PublicURL: publicURL, Now: clock, Logger: logger}).Announce
	t.dispatch = (&dispatch.Dispatcher{
		Pages: pages, Audience: t.audience, Records: entries, Mail: &t.mails, Webhook: &queuememory.Queue{}, Logger: logger,
	}).Handle
	t.mail = mailing.Handler(&deliver.Worker[*status.Subscriber]{
		Ledger: entries, Pace: entries, Incidents: who, Subscribers: who,
		// An account with limits is the usual one: its slots are one write for each chunk.
		Quotas: &deliver.QuotaCache{Now: clock, MaxAge: time.Hour, Read: func(context.Context) (ledger.Quota, error) {
			return ledger.Quota{PerSecond: 1000, PerDay: 1e6, At: w.now}, nil
		}},
		Sender: &mailing.Sender{Pages: pages, Mailer: mails, Links: links, PublicURL: publicURL, MailFrom: "status@example.com", Now: clock},
		Clock:  worldClock{w}, ClockName: "counted", NewID: pages.NewID, Queue: deliver.MailQueue, Logger: logger,
		Crew: func() deliver.Crew { return deliver.InOrder{} },
	}, logger)
	t.feedback = (&feedback.Feedback{Ledger: entries, Audience: t.audience, Logger: logger}).Handle
	return t
}

// told counts what it takes to tell so many subscribers of one event, from the stream to what SES
// says of each mail: that it was sent, and delivered.
func (t *telling) told(subscribers int) usage {
	t.t.Helper()
	t.subscribe(subscribers)
	t.do("POST", "/incidents", `{"incident":{"name":"Elevated errors","body":"We are looking into it."}}`)
	e := t.newestEvent()
	t.tally.take()
	ctx := t.t.Context()
	check := func(step string, err error) {
		t.t.Helper()
		t.tally.call("Invoke")
		if err != nil {
			t.t.Fatalf("%s: %v", step, err)
		}
	}
	check("announce", t.announce(ctx, e))
	for _, m := range t.events.Take() {
		check("dispatch", t.dispatch(ctx, m.Body))
	}
	for _, m := range t.mails.Take() {
		check("mail", t.mail(ctx, m.Body))
	}
	for _, m := range t.reports.take() {
		t.tally.call("Publish")
		check("feedback", t.feedback(ctx, m))
	}
	used := t.tally.take()
	if used.calls["SendEmail"] != subscribers {
		t.t.Fatalf("%d mails to %d subscribers", used.calls["SendEmail"], subscribers)
	}
	return used
}

// subscribe adds subscribers until there are n.
func (t *telling) subscribe(n int) {
	t.t.Helper()
	for have := t.subscribed; have < n; have++ {
		want := status.Subscriber{
			Page: pageID, Mode: status.ModeEmail, Email: fmt.Sprintf("subscriber%d@example.com", have), Origin: status.FromOperator,
		}
		s, err := status.NewSubscriber(want, true, t.audience.Stamp())
		if err == nil {
			_, err = t.audience.AddSubscriber(t.t.Context(), s, store.Beside{})
		}
		if err != nil {
			t.t.Fatal(err)
		}
	}
	t.subscribed = max(t.subscribed, n)
	t.now = t.now.Add(time.Minute) // whoever is confirmed at the time of an event is not told of it
}

func (t *telling) newestEvent() status.Event {
	t.t.Helper()
	page, err := t.pages.Page(t.t.Context(), pageID)
	if err != nil {
		t.t.Fatal(err)
	}
	events, err := t.pages.Events(t.t.Context(), pageID, page.Seq-1, 1)
	if err != nil || len(events) != 1 {
		t.t.Fatalf("read event %d: %v, %v", page.Seq, events, err)
	}
	return events[0]
}

// reports keeps what SES would publish.
type reports struct{ bodies []string }

func (r *reports) Publish(_ context.Context, body string) error {
	r.bodies = append(r.bodies, body)
	return nil
}

func (r *reports) take() []string {
	taken := r.bodies
	r.bodies = nil
	return taken
}

// worldClock sleeps by moving the world's time.
type worldClock struct{ *world }

func (c worldClock) Now() time.Time { return c.now }

func (c worldClock) Sleep(_ context.Context, until time.Time) error {
	if until.After(c.now) {
		c.world.now = until
	}
	return nil
}
