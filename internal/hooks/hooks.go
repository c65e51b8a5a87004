// Package hooks is the step behind the queue of webhooks: it brings one event to one endpoint, again
// and again over days until the endpoint says that it has it. It is internal/deliver's protocol for
// receivers that answer for themselves: the same claims, but an unknown outcome is repeated and the
// receiver knows the message by its webhook-id. An endpoint that fails for days is quarantined. The
// function webhook calls it; webhook/payload and webhook/chat write what webhook/sender posts.
package hooks

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"allclear/internal/deliver"
	"allclear/internal/ledger"
	"allclear/internal/link"
	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/webhook"
	"allclear/internal/webhook/sender"
)

// Modes are those of subscribers that are posted to: all but mail.
func Modes() []status.Mode {
	return slices.DeleteFunc(status.Modes(), func(m status.Mode) bool { return m == status.ModeEmail })
}

// Ledger records who was told what, what waits, and which endpoints fail. *ledger.Ledger is one.
type Ledger interface {
	Attempt(ctx context.Context, subject string, target ledger.Target, worker string) (ledger.Claim, error)
	Postpone(ctx context.Context, c ledger.Claim, attempts int, until time.Time) error
	Finish(ctx context.Context, c ledger.Claim, state ledger.State) error
	Park(ctx context.Context, d ledger.Due) error
	Failing(ctx context.Context, subscriber string) (ledger.Failing, error)
	Fail(ctx context.Context, subscriber, reason string, notBefore time.Time) (ledger.Failing, error)
	Busy(ctx context.Context, subscriber string, until time.Time) error
	Forget(ctx context.Context, subscriber string) error
}

// Pages reads what messages tell. *store.Store is one.
type Pages interface {
	Page(ctx context.Context, id string) (status.Page, error)
	Configuration(ctx context.Context, page string) (*status.Configuration, error)
	Incident(ctx context.Context, page, id string) (*status.Incident, error)
	Events(ctx context.Context, page string, after int64, limit int) ([]status.Event, error)
}

// Audience changes subscribers. *store.Audience is one.
type Audience interface {
	UpdateSubscriber(ctx context.Context, page, id string, b store.Beside, change func(*status.Subscriber) error) (*status.Subscriber, store.Asked, error)
}

// Poster posts once. *sender.Sender is one.
type Poster interface {
	Send(ctx context.Context, p sender.Post) sender.Result
}

// Worker posts to endpoints. All exported fields but SlowAfter are needed. It may be used by many at
// once.
type Worker struct {
	Ledger      Ledger
	Incidents   deliver.Incidents
	Subscribers deliver.Subscribers[*status.Subscriber]
	Audience    Audience
	Pages       Pages
	Poster      Poster
	Rules       webhook.Rules // of endpoints; the Poster's
	Links       *link.Signer
	PublicURL   string // of the page, without a trailing slash
	Queue       string // that messages come from and return to
	Now         func() time.Time
	NewID       func() string // a new random name at each call
	SlowAfter   time.Duration // an answer that takes longer lets other messages to the endpoint wait; 0 is slowAfter
	Logger      *slog.Logger

	mu   sync.Mutex
	news []*news // the newest last
}

// The times of one attempt.
const (
	// PostTimeout is how long a receiver has to answer, from the first look-up of its name.
	PostTimeout = sender.DefaultTimeout
	// slowAfter is long for a program that only has to take a message. A batch of messages ends with
	// its slowest, and few batches go on at a time: one endpoint must not be in all of them.
	slowAfter = 500 * time.Millisecond
	// leaseLeft is the least of a claim with which a post is begun, so that it has ended when the
	// next worker may claim.
	leaseLeft = PostTimeout + 5*time.Second
	// timeLeft is the least of an invocation's time with which a post is begun.
	timeLeft = PostTimeout + 5*time.Second
)

// When an endpoint is quarantined: it took nothing for so long, in so many tries. One message that is
// tried to the end of webhook's schedule takes a little longer.
const (
	FailingFor   = 72 * time.Hour
	failingTimes = webhook.Attempts
)
