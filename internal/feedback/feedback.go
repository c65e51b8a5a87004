// Package feedback takes in what SES tells of the mails that were sent: it settles their notifications
// in the delivery ledger and keeps addresses that bounced or complained from ever being mailed again.
// It believes an event only as far as it fits what is kept here: nobody can have the address of
// somebody else suppressed. The function feedback calls it with each message of SES's topic.
package feedback

import (
	"context"
	"errors"
	"log/slog"

	"allclear/internal/ledger"
	"allclear/internal/status"
	"allclear/internal/store"
)

// Feedback handles the messages of the topic that a configuration set of SES publishes to. All
// fields are needed.
type Feedback struct {
	Ledger   *ledger.Ledger
	Audience *store.Audience
	Logger   *slog.Logger
}

// Handle takes in one message. What is no event of SES is an error, and goes to the function's failure
// destination; what is of no concern here, such as a mail that somebody else sent through the
// same configuration set, is logged and passed over.
//
// Running it twice, late or out of order is harmless: the ledger keeps the state that says most
// and the earliest time, whatever comes first; suppressing an address again changes nothing; and
// mails that came back are counted by the day on which they did, as a set. Only a return that is
// reported after a later delivery stays counted, one of the five that it takes, until the next.
func (f *Feedback) Handle(ctx context.Context, body string) error {
	if validates(body) {
		return nil
	}
	e, err := decode(body)
	if err != nil {
		return err
	}
	n, err := e.news()
	if err != nil {
		return err
	}
	if n.state == "" {
		f.Logger.InfoContext(ctx, "event of no concern passed over")
		return nil
	}
	about, ok := e.about()
	if !ok {
		f.Logger.InfoContext(ctx, "mail of others passed over", "outcome", string(n.state))
		return nil
	}
	// Both, also if one fails: all is done again then.
	return errors.Join(f.judge(ctx, about, n), f.settle(ctx, about, n))
}

// settle records what became of a notification. Mails about a subscription itself are none.
func (f *Feedback) settle(ctx context.Context, about notification, n news) error {
	if about.seq == 0 {
		return nil
	}
	target := ledger.Target{Subscriber: about.subscriber, Seq: about.seq}
	known, err := f.Ledger.Settle(ctx, about.subject, target, n.state, n.sentAt)
	if err == nil && !known {
		f.log(ctx, slog.LevelInfo, "notification not in the ledger", about, n)
	}
	return err
}

// judge draws the consequences for the mailbox.
func (f *Feedback) judge(ctx context.Context, about notification, n news) error {
	switch {
	case !n.deliveredAt.IsZero(): // writes only where something came back before
		return f.change(ctx, about, func(s *status.Subscriber) { s.MailDelivered(n.deliveredAt, f.Audience.Now()) })
	case n.final == "" && n.returnedAt.IsZero():
		return nil
	}
	s, err := f.Audience.Subscriber(ctx, about.page, about.subscriber)
	if status.IsNotFound(err) {
		f.log(ctx, slog.LevelInfo, "subscriber not found", about, n)
		return nil
	}
	if err != nil {
		return err
	}
	email, err := f.own(ctx, s, n.recipients)
	if err != nil {
		return err
	}
	if email == "" { // also when a mailbox forwards to another that is gone
		f.log(ctx, slog.LevelWarn, "recipient is not the subscriber", about, n)
		return nil
	}
	if n.final != "" {
		return f.Audience.Suppress(ctx, about.page, about.subscriber, email, n.final)
	}
	return f.change(ctx, about, func(s *status.Subscriber) { s.MailReturned(n.returnedAt, f.Audience.Now()) })
}

// change changes a subscriber, unless it is purged.
func (f *Feedback) change(ctx context.Context, about notification, change func(*status.Subscriber)) error {
	_, _, err := f.Audience.UpdateSubscriber(ctx, about.page, about.subscriber, store.Beside{}, func(s *status.Subscriber) error {
		change(s)
		return nil
	})
	if status.IsNotFound(err) {
		return nil
	}
	return err
}

// own is the subscriber's address if a report is about it, else "".
func (f *Feedback) own(ctx context.Context, s *status.Subscriber, recipients []recipient) (string, error) {
	for _, r := range recipients {
		email, ok := r.email()
		if !ok {
			continue
		}
		if owned, err := f.Audience.Owned(ctx, s, email); owned || err != nil {
			return email, err
		}
	}
	return "", nil
}

func (f *Feedback) log(ctx context.Context, level slog.Level, message string, about notification, n news) {
	f.Logger.Log(ctx, level, message, //nolint:sloglint // each caller's is constant
		"page", about.page, "incident", about.subject, "sequence", about.seq, "subscriber", about.subscriber, "outcome", string(n.state))
}
