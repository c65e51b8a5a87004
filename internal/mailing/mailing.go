// Package mailing is what internal/deliver lacks to send mails: it makes the mail of an incident or
// maintenance once, with internal/notify, completes it for each subscriber with links of their own,
// and hands it to the mailer. It decides neither who gets a mail nor when, and remembers nothing of
// what was sent. The function mail, behind the queue of chunks, is made of it; internal/welcome
// shares its letterhead and its tags.
package mailing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"allclear/internal/address"
	"allclear/internal/deliver"
	"allclear/internal/link"
	"allclear/internal/mailer"
	"allclear/internal/notify"
	"allclear/internal/status"
)

// Pages reads what mails tell. *store.Store is one.
type Pages interface {
	Page(ctx context.Context, id string) (status.Page, error)
	Incident(ctx context.Context, page, id string) (*status.Incident, error)
	Configuration(ctx context.Context, page string) (*status.Configuration, error)
}

// Mailer sends one mail. mailer.Mailer is one.
type Mailer interface {
	Send(ctx context.Context, m mailer.Message) (id string, err error)
}

// Sender sends the mails of a deliver.Worker. It is safe for concurrent use. All fields but
// MailFrom are needed.
type Sender struct {
	Pages     Pages
	Mailer    Mailer
	Links     *link.Signer
	PublicURL string // of the page, without a trailing slash
	MailFrom  string // the sender of pages that name none
	Now       func() time.Time

	letters letters
}

var (
	_ deliver.Sender[*status.Subscriber]   = (*Sender)(nil)
	_ deliver.Preparer[*status.Subscriber] = (*Sender)(nil)
)

// Prepare implements deliver.Preparer: it makes the letter, if there is none that will do until the
// message is sent.
func (s *Sender) Prepare(ctx context.Context, m deliver.Message[*status.Subscriber]) (deliver.Outcome, error) {
	if _, err := s.letter(ctx, m, prepareAhead); err != nil {
		return outcomeOf(err), err
	}
	return "", nil
}

// Send implements deliver.Sender. The mailer is called once, and only after everything else went
// well: so whatever fails before was certainly not sent.
func (s *Sender) Send(ctx context.Context, m deliver.Message[*status.Subscriber]) (deliver.Outcome, error) {
	letter, err := s.letter(ctx, m, 0)
	if err != nil {
		return outcomeOf(err), err
	}
	mail, err := s.addressed(letter, m)
	if err != nil {
		return outcomeOf(err), err
	}
	if _, err := s.Mailer.Send(ctx, mail); err != nil {
		return outcomeOf(err), fmt.Errorf("send: %w", err)
	}
	return deliver.Sent, nil
}

// addressed completes a letter for one subscriber.
func (s *Sender) addressed(l letter, m deliver.Message[*status.Subscriber]) (mailer.Message, error) {
	to := m.Details
	if to == nil || to.ID != m.Subscriber || to.Page != m.Page || to.Mode != status.ModeEmail {
		return mailer.Message{}, refuse(errors.New("it is no subscriber by mail of this page"))
	}
	mailbox, err := address.Parse(to.Email)
	if err != nil {
		return mailer.Message{}, refuse(fmt.Errorf("read address: %w", err))
	}
	now := s.Now()
	token := func(p link.Purpose, expires time.Time) string {
		return s.Links.Token(link.Link{Purpose: p, Page: to.Page, Subject: to.ID, Generation: to.Generation, Expires: expires})
	}
	raw, err := l.message.For(notify.Recipient{
		To: mailbox, Subscriber: to.ID, Date: now,
		Manage:      link.ManageURL(s.PublicURL, token(link.Manage, now.Add(link.ManageFor))),
		Unsubscribe: link.UnsubscribeURL(s.PublicURL, token(link.Unsubscribe, time.Time{})),
	})
	if err != nil {
		return mailer.Message{}, refuse(fmt.Errorf("complete mail: %w", err))
	}
	return mailer.Message{From: l.from, To: mailbox.String(), Raw: raw, Tags: noticeTags(m.Page, m.Subject, m.Version.Seq, to.ID)}, nil
}

// refuse marks what no repetition helps: this mail will never go to this subscriber.
func refuse(err error) error { return &mailer.Error{Outcome: mailer.Rejected, Err: err} }

// outcomeOf translates what is known of a mail that was not, or perhaps not, sent. What was not taken
// just now is tried again a minute later, as what was sent too fast.
func outcomeOf(err error) deliver.Outcome {
	switch mailer.OutcomeOf(err) {
	case mailer.Throttled, mailer.Deferred:
		return deliver.Throttled
	case mailer.Exhausted:
		return deliver.OverQuota
	case mailer.Rejected:
		return deliver.Refused
	case mailer.Parked:
		return deliver.Stopped
	case mailer.Unknown:
		return deliver.Lost
	default:
		return deliver.Lost
	}
}
