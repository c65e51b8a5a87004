// Package simulator lets a mailer that delivers nothing, such as the inbox of a laptop, tell what
// becomes of its mails: it publishes the events that SES would, so that feedback is the same there.
// Every mail is delivered, but for those to the names by which SES's own mailbox simulator makes a
// mail come back, and some more. It changes no mail. Only a laptop's wiring makes one; in front of a
// mailer that really sends it would tell lies.
package simulator

import (
	"context"
	"log/slog"
	"time"

	"allclear/internal/mailer"
)

// Publisher takes an event as text. A topic is one, with an adapter of a line.
type Publisher interface {
	Publish(ctx context.Context, body string) error
}

// Options of a Mailer. Its zero value is ready for use.
type Options struct {
	Now    func() time.Time // time.Now if nil
	Logger *slog.Logger     // told of events that were lost; slog.Default if nil
}

// Mailer is another mailer that also tells what became of its mails. It is safe for concurrent use
// if that one and the publisher are.
type Mailer struct {
	mailer.Mailer
	events Publisher
	now    func() time.Time
	logger *slog.Logger
}

var _ mailer.Mailer = (*Mailer)(nil)

// New makes a Mailer that sends through another and publishes events.
func New(through mailer.Mailer, events Publisher, o Options) *Mailer {
	m := &Mailer{Mailer: through, events: events, now: o.Now, logger: o.Logger}
	if m.now == nil {
		m.now = time.Now
	}
	if m.logger == nil {
		m.logger = slog.Default()
	}
	return m
}

// Send implements mailer.Mailer: it sends, and, if that went well, publishes what happened next.
// An event that cannot be published is lost, and the mail is as good as without it: its
// notification stays sent, as when SES is silent.
func (m *Mailer) Send(ctx context.Context, message mailer.Message) (string, error) {
	id, err := m.Mailer.Send(ctx, message)
	if err != nil {
		return id, err
	}
	for _, body := range tell(id, message, m.now()) {
		if err := m.events.Publish(ctx, body); err != nil {
			m.logger.WarnContext(ctx, "simulated events lost", "error", err)
			break
		}
	}
	return id, nil
}
