package replay

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"time"

	"github.com/aws/aws-lambda-go/cfn"
	"github.com/aws/aws-lambda-go/lambda"

	"allclear/internal/announce"
	"allclear/internal/api"
	"allclear/internal/customresource"
	"allclear/internal/deliver"
	"allclear/internal/dispatch"
	"allclear/internal/envelope"
	"allclear/internal/feedback"
	"allclear/internal/hooks"
	"allclear/internal/keys"
	"allclear/internal/lambdahttp"
	"allclear/internal/mailing"
	"allclear/internal/page"
	"allclear/internal/reach"
	"allclear/internal/setup"
	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/stream"
	"allclear/internal/subscribe"
	"allclear/internal/tick"
	"allclear/internal/welcome"
)

// invoke runs the handler of a function, exactly as Lambda would call it.
func (w *world) invoke(ctx context.Context, function string, payload []byte) ([]byte, error) {
	var handler any
	switch function {
	case "announce":
		handler = stream.Handle(w.announcer().Handle)
	case "api":
		handler = lambdahttp.Handler(api.New(api.Options{
			Store: w.store, Audience: w.audience, PublicURL: func() string { return publicURL }, Logger: w.logger,
			RequestID: func(context.Context) string { return "sample" },
		}))
	case "dispatch":
		d := &dispatch.Dispatcher{Pages: w.store, Audience: w.audience, Records: w.ledger, Mail: w.mail, Webhook: w.webhook, Logger: w.logger}
		handler = envelope.Topic("", d.Handle)
	case "feedback":
		handler = envelope.Topic("", (&feedback.Feedback{Ledger: w.ledger, Audience: w.audience, Logger: w.logger}).Handle)
	case "keys":
		handler = keys.Handler(w.store, func() string { return "ac_sample" })
	case "mail":
		handler = envelope.Queue(mailing.Handler(w.mailWorker(), w.logger))
	case "publish":
		handler = stream.HandleBatch(w.publisher.HandleBatch)
	case "setup":
		return w.setUp(ctx, payload)
	case "subscribe":
		handler = lambdahttp.Handler(subscribe.New(subscribe.Options{
			MailFrom: mailFrom,
			Store:    w.store, Audience: w.audience, Links: w.links, PublicURL: func() string { return publicURL }, Site: sampleFiles,
			Viewer: subscribe.ViewerBehind(origin), Logger: w.logger,
			Wait: func(context.Context, time.Duration) {}, // nobody measures how long a sample takes
		}))
	case "tick":
		ticker := w.ticker()
		handler = func(ctx context.Context, _ json.RawMessage) error { return ticker.Run(ctx) }
	case "webhook":
		handler = envelope.Queue(w.webhookWorker().Each)
	case "welcome":
		greeter := w.welcome()
		handler = stream.OrSchedule(stream.Handle(greeter.Each), func(ctx context.Context) error { return greeter.AllPending(ctx, w.store) })
	default:
		return nil, fmt.Errorf("function %s cannot be replayed", function)
	}
	return lambda.NewHandler(handler).Invoke(ctx, payload)
}

func (w *world) announcer() *announce.Announcer {
	return &announce.Announcer{Topic: w.events, PublicURL: publicURL, Now: w.clock.Now, Logger: w.logger}
}

func (w *world) ticker() *tick.Ticker {
	return &tick.Ticker{
		Store: w.store, Publisher: w.publisher, Logger: w.logger,
		Announcing: &tick.Announcing{Announcer: w.announcer(), Dispatches: w.ledger},
		Waiting: &tick.Waiting{
			Work: w.ledger, Queues: deliver.Queues{mailQueue: w.mail, webhookQueue: w.webhook}, NewID: w.names.next,
		},
		Confirmations: &tick.Confirmations{Audience: w.audience, PerDay: store.DefaultDailyConfirmations},
		Followers:     w.audience,
	}
}

// quotas are the account's, by the clock of this world.
func (w *world) quotas() *deliver.QuotaCache {
	return &deliver.QuotaCache{Read: mailing.ReadQuota(w.mailer), Now: w.clock.Now, MaxAge: time.Minute}
}

func (w *world) mailWorker() *deliver.Worker[*status.Subscriber] {
	who := &reach.Reader{Pages: w.store, Audience: w.audience, Modes: []status.Mode{status.ModeEmail}}
	return &deliver.Worker[*status.Subscriber]{
		Ledger: w.ledger, Pace: w.ledger, Quotas: w.quotas(), Incidents: who, Subscribers: who,
		Sender: &mailing.Sender{Pages: w.store, Mailer: w.mailer, Links: w.links, PublicURL: publicURL, MailFrom: mailFrom, Now: w.clock.Now},
		Clock:  w.clock, ClockName: w.names.next(), NewID: w.names.next, Queue: mailQueue, Logger: w.logger,
		Crew: func() deliver.Crew { return deliver.InOrder{} },
	}
}

func (w *world) webhookWorker() *hooks.Worker {
	who := &reach.Reader{Pages: w.store, Audience: w.audience, Modes: hooks.Modes()}
	return &hooks.Worker{
		Ledger: w.ledger, Incidents: who, Subscribers: who, Audience: w.audience, Pages: w.store, Poster: w.poster, Links: w.links,
		PublicURL: publicURL, Queue: webhookQueue, Now: w.clock.Now, NewID: w.names.next, Logger: w.logger,
	}
}

func (w *world) welcome() *welcome.Welcome {
	return &welcome.Welcome{
		Audience: w.audience, Pages: w.store, Turns: deliver.NewTurns(w.ledger, w.quotas(), w.clock, w.names.next()),
		Mailer: w.mailer, Links: w.links, PublicURL: publicURL, MailFrom: mailFrom, Logger: w.logger,
	}
}

// setUp answers what is sent to the URL of the event, where a stack waits for it.
func (w *world) setUp(ctx context.Context, payload []byte) (answer []byte, err error) {
	files, err := fs.Sub(sampleSite, "site")
	if err != nil {
		return nil, fmt.Errorf("read sample site: %w", err)
	}
	s := &setup.Setup{
		Store: w.store, Bucket: w.bucket, Secrets: w.secrets, Files: files,
		Site: sampleFiles, OneByOne: true, Logger: w.logger,
	}
	send := func(_ context.Context, r *cfn.Response) (err error) {
		answer, err = json.Marshal(r)
		return err
	}
	h := lambda.NewHandler(customresource.Handler(s.Do, customresource.Options{Logger: w.logger, Send: send}))
	_, err = h.Invoke(ctx, payload)
	return answer, err
}

// sampleFiles are those of sampleSite.
var sampleFiles = page.Site{Scripts: []string{"/assets/main-sample.js"}}
