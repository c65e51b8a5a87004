package local

import (
	"context"
	"net/http"
	"time"

	"allclear/internal/announce"
	"allclear/internal/deliver"
	"allclear/internal/dispatch"
	"allclear/internal/envelope"
	"allclear/internal/feedback"
	"allclear/internal/hooks"
	"allclear/internal/ledger"
	"allclear/internal/local/broker"
	"allclear/internal/local/inboxpage"
	"allclear/internal/local/loop"
	"allclear/internal/mailer"
	"allclear/internal/mailer/inbox"
	"allclear/internal/mailer/simulator"
	"allclear/internal/mailing"
	"allclear/internal/reach"
	"allclear/internal/secret"
	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/stream"
	"allclear/internal/subscribe"
	"allclear/internal/tick"
	"allclear/internal/topic"
	"allclear/internal/webhook"
	"allclear/internal/webhook/sender"
	"allclear/internal/welcome"
)

// Telling is how subscribers are told on one machine.
type Telling struct {
	Mailer        mailer.Mailer // nil captures mails in the inbox
	MailFrom      string        // the sender of pages that name none
	BehindProxy   bool          // visitors come through a proxy on this machine
	AllowLoopback bool          // webhooks may lead to this machine, over http and to any port
}

// chunksAtOnce are delivered at the same time, at most: the database makes the claims of many durable
// together.
const chunksAtOnce = 16

// teller is what tells subscribers: the functions behind the topic and the queues.
type teller struct {
	broker *broker.Broker
	ledger *ledger.Ledger
	inbox  *inbox.Inbox // nil where mails are really sent

	functions map[string]loop.Function
	public    http.Handler // of the endpoints for subscribing
}

// Close closes what is open.
func (t *teller) Close() error {
	if t.inbox == nil {
		return nil
	}
	return t.inbox.Close()
}

// teller makes the functions, and has the ticker fill their gaps.
func (d *Deployment) teller(ctx context.Context, b *backend, o Telling) (*teller, error) {
	links, err := secret.Signer(ctx, d.Folder)
	if err != nil {
		return nil, err
	}
	t := &teller{
		broker: broker.New(d.db.Table(messagesTable), broker.Options{}),
		ledger: ledger.New(d.db.Table(deliveriesTable), nil),
	}
	mails := o.Mailer
	if mails == nil {
		if t.inbox, err = inbox.Open(d.Folder.inbox(), inbox.Options{Once: true}); err != nil {
			return nil, err
		}
		mails = simulator.New(t.inbox, publisher{t.broker.Topic(feedbackTopic).Unlisted()}, simulator.Options{Logger: d.Logger})
	}
	url := b.publisher.PublicURL
	rules := webhook.Rules{AllowLoopback: o.AllowLoopback}
	entries := t.ledger
	queues := deliver.Queues{
		deliver.MailQueue: t.broker.Queue(deliver.MailQueue), deliver.WebhookQueue: t.broker.Queue(deliver.WebhookQueue),
	}
	announcer := &announce.Announcer{Topic: t.broker.Topic(eventsTopic), PublicURL: url, Now: time.Now, Logger: d.Logger}
	dispatcher := &dispatch.Dispatcher{
		Pages: d.Store, Audience: d.Audience, Records: entries,
		Mail: queues[deliver.MailQueue], Webhook: queues[deliver.WebhookQueue], Logger: d.Logger,
	}
	byMail := &reach.Reader{Pages: d.Store, Audience: d.Audience, Modes: []status.Mode{status.ModeEmail}}
	byPost := &reach.Reader{Pages: d.Store, Audience: d.Audience, Modes: hooks.Modes()}
	quotas := mailing.Quotas(mails)
	claims := deliver.Ledger(entries)
	if t.inbox != nil {
		claims = repeating{entries}
	}
	workers := deliver.NewPool(deliver.Worker[*status.Subscriber]{
		Ledger: claims, Pace: entries, Quotas: quotas, Incidents: byMail, Subscribers: byMail,
		Sender: &mailing.Sender{Pages: d.Store, Mailer: mails, Links: links, PublicURL: url, MailFrom: o.MailFrom, Now: time.Now},
		Clock:  deliver.WallClock{}, NewID: store.RandomID, Queue: deliver.MailQueue, Logger: d.Logger,
	}, chunksAtOnce)
	poster := &hooks.Worker{
		Ledger: entries, Incidents: byPost, Subscribers: byPost, Audience: d.Audience, Pages: d.Store,
		Poster: sender.New(sender.Options{Rules: rules}), Rules: rules, Links: links, PublicURL: url,
		Queue: deliver.WebhookQueue, Now: time.Now, NewID: store.RandomID, Logger: d.Logger,
	}
	hearing := &feedback.Feedback{Ledger: entries, Audience: d.Audience, Logger: d.Logger}
	greeter := &welcome.Welcome{
		Audience: d.Audience, Pages: d.Store, Turns: deliver.NewTurns(entries, quotas, deliver.WallClock{}, store.RandomID()),
		Mailer: mails, Links: links, PublicURL: url, MailFrom: o.MailFrom, Logger: d.Logger,
	}
	pending := func(ctx context.Context) error { return greeter.AllPending(ctx, d.Store) }
	t.functions = map[string]loop.Function{
		"announce": loop.Handler(stream.Handle(announcer.Handle)),
		"dispatch": loop.Handler(envelope.Topic("", dispatcher.Handle)),
		"mail":     loop.Handler(envelope.Queue(mailing.Handler(workers, d.Logger))),
		"webhook":  loop.Handler(envelope.Queue(poster.Each)),
		"feedback": loop.Handler(envelope.Topic("", hearing.Handle)),
		"welcome":  loop.Handler(stream.OrSchedule(stream.Handle(greeter.Each), pending)),
	}
	viewer := subscribe.Viewer
	if o.BehindProxy {
		viewer = subscribe.ViewerBehindProxy
	}
	t.public = subscribe.New(subscribe.Options{
		Store: d.Store, Audience: d.Audience, Links: links, PublicURL: func() string { return url }, Site: b.site, MailFrom: o.MailFrom,
		Endpoints: rules, Viewer: viewer, Logger: d.Logger,
	})
	b.ticker.Announcing = &tick.Announcing{Announcer: announcer, Dispatches: entries}
	b.ticker.Waiting = &tick.Waiting{Work: entries, Queues: queues, NewID: store.RandomID}
	b.ticker.Confirmations = &tick.Confirmations{Audience: d.Audience, PerDay: store.DefaultDailyConfirmations}
	b.ticker.Followers = d.Audience
	return t, nil
}

// repeating is the ledger of a worker whose mailer knows a mail that it has taken already, as the inbox
// does. So what a process that was killed had begun is not unknown: it is begun again, and ends once.
type repeating struct{ *ledger.Ledger }

// Claim takes over what ended without a record.
func (l repeating) Claim(ctx context.Context, subject string, target ledger.Target, worker string) (ledger.Claim, error) {
	return l.Attempt(ctx, subject, target, worker)
}

// publisher lets the simulated mail service publish what became of a mail.
type publisher struct{ to topic.Topic }

func (p publisher) Publish(ctx context.Context, body string) error {
	return p.to.Publish(ctx, topic.Message{Body: body})
}

// mailbox serves the captured mails; there is nothing where mails are really sent.
func (t *teller) mailbox() http.Handler {
	if t.inbox == nil {
		return http.NotFoundHandler()
	}
	return inboxpage.New(t.inbox, nil)
}
