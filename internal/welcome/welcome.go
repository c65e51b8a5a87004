// Package welcome sends the mails about a subscription itself: the one that asks for confirmation
// and the one with the link to what was chosen. It sends what was asked for, at most once, to whom
// may still get it; asking, with its limits, is the matter of internal/store. The function welcome,
// on the stream of the Audience table, is made of it, and whoever closes gaps calls Pending.
package welcome

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"allclear/internal/deliver"
	"allclear/internal/link"
	"allclear/internal/mailer"
	"allclear/internal/mailing"
	"allclear/internal/notify"
	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/stream"
	"allclear/internal/table"
)

// Pages reads pages. *store.Store is one.
type Pages interface {
	Page(ctx context.Context, id string) (status.Page, error)
}

// Welcome sends mails that are asked for. It is safe for concurrent use. All fields but MailFrom
// are needed.
type Welcome struct {
	Audience  *store.Audience // its clock is that of dates and links
	Pages     Pages
	Turns     *deliver.Turns
	Mailer    mailing.Mailer
	Links     *link.Signer
	PublicURL string // of the page, without a trailing slash
	MailFrom  string // the sender of pages that name none
	Logger    *slog.Logger
}

// Each handles one record of the Audience stream, for stream.Handle: the insert of a mail request.
// All else is passed over. A mail that was explicitly not taken is an error, so that the record
// comes again; but while the account may send nothing at all, what is asked for waits for Pending.
//
// Running it twice, also at once, is harmless: a request is claimed by one conditional write, which
// succeeds once, before its mail is sent, and given back only where the mail certainly was not
// taken. Who dies with a claim, or gets no answer, leaves a mail that may have left: nobody sends it
// again that day.
func (w *Welcome) Each(ctx context.Context, r stream.Record) error {
	if r.Kind != table.Insert || r.New == nil || !store.IsMailRequest(r.Key) {
		return nil
	}
	request, err := store.DecodeMailRequest(r.New)
	if err != nil {
		return err
	}
	err = w.serve(ctx, request)
	if later := (*laterError)(nil); errors.As(err, &later) && later.alarm != deliver.NoAlarm {
		w.Logger.ErrorContext(ctx, "sending waits", "page", request.Page, "alarm", string(later.alarm), "error", err)
		return nil
	}
	return err
}

// laterError says that no mail can leave at present: this one was not sent, and neither would others
// be.
type laterError struct {
	err   error
	alarm deliver.Alarm
}

func (e *laterError) Error() string { return e.err.Error() }
func (e *laterError) Unwrap() error { return e.err }

// serve sends the mail of a request, if it is still to be sent.
func (w *Welcome) serve(ctx context.Context, r store.MailRequest) error {
	if r.Date != w.Audience.Now().Format(status.DateLayout) {
		// It comes back as a request of today, so that this day, too, sees one mail at most.
		return ignoreClaimed(w.Audience.RenewMail(ctx, r))
	}
	p, err := w.Pages.Page(ctx, r.Page)
	if status.IsNotFound(err) {
		return nil // not there, or away while it is restored: Pending asks again
	}
	if err != nil {
		return err
	}
	envelope, err := mailing.Envelope(p, w.MailFrom, fmt.Sprintf("%s/%s/%s", r.Page, r.Kind, r.Date))
	if err != nil {
		return &laterError{err, deliver.AccountStopped}
	}
	err = w.Turns.Take(ctx, func() error { return w.send(ctx, r, p, envelope) })
	if wait := (*deliver.WaitError)(nil); errors.As(err, &wait) {
		later := &laterError{err: err}
		if wait.Daily {
			later.alarm = deliver.QuotaExhausted
		}
		return later
	}
	return err
}

// send claims a request and sends its mail. The subscriber is read after the claim: who has left, or
// must not be mailed any more, gets nothing, and the claim stays.
func (w *Welcome) send(ctx context.Context, r store.MailRequest, p status.Page, e notify.Envelope) error {
	if err := w.Audience.ClaimMail(ctx, r); err != nil {
		return ignoreClaimed(err)
	}
	s, err := w.recipient(ctx, r)
	if err != nil {
		return w.giveBack(ctx, r, err)
	}
	if s == nil {
		w.Logger.InfoContext(ctx, "mail not wanted any more", "page", r.Page, "subscriber", r.Subscriber, "mail", string(r.Kind))
		return nil
	}
	mail, err := w.mail(r, p, e, s)
	if err == nil {
		limited, cancel := context.WithTimeout(ctx, deliver.SendTimeout)
		defer cancel()
		_, err = w.Mailer.Send(limited, mail)
	}
	return w.settle(ctx, r, err)
}

// settle decides what becomes of a claim by what is known of its mail.
func (w *Welcome) settle(ctx context.Context, r store.MailRequest, err error) error {
	if err == nil {
		w.Logger.InfoContext(ctx, "mail sent", "page", r.Page, "subscriber", r.Subscriber, "mail", string(r.Kind))
		return nil
	}
	later := &laterError{err: fmt.Errorf("send %s mail: %w", r.Kind, err)}
	switch mailer.OutcomeOf(err) {
	case mailer.Throttled, mailer.Deferred:
	case mailer.Exhausted:
		later.alarm = deliver.QuotaExhausted
	case mailer.Parked:
		later.alarm = deliver.AccountStopped
	case mailer.Rejected, mailer.Unknown:
		w.abandon(ctx, r, err)
		return nil
	default:
		w.abandon(ctx, r, err)
		return nil
	}
	w.Turns.Forget()
	return w.giveBack(ctx, r, later)
}

// abandon leaves a claim as it is: the mail never will, or may already have, left.
func (w *Welcome) abandon(ctx context.Context, r store.MailRequest, err error) {
	w.Logger.WarnContext(ctx, "mail not sent again", "page", r.Page, "subscriber", r.Subscriber, "mail", string(r.Kind), "error", err)
}

// giveBack releases a claim under which certainly nothing was sent, also when the invocation is
// being ended.
func (w *Welcome) giveBack(ctx context.Context, r store.MailRequest, cause error) error {
	return errors.Join(cause, w.Audience.ReleaseMail(context.WithoutCancel(ctx), r))
}

// recipient is who gets the mail, nil for nobody. It reads consistently.
func (w *Welcome) recipient(ctx context.Context, r store.MailRequest) (*status.Subscriber, error) {
	s, err := w.Audience.Subscriber(ctx, r.Page, r.Subscriber)
	if status.IsNotFound(err) {
		return nil, nil //nolint:nilnil // nobody is no error here
	}
	if err != nil {
		return nil, err
	}
	if !mayGet(r.Kind, s) {
		return nil, nil //nolint:nilnil // as above
	}
	suppression, err := w.Audience.Suppressed(ctx, s.Email)
	if err != nil || suppression != nil {
		return nil, err
	}
	return s, nil
}

// mayGet tells whether a subscriber may get such a mail: one who waits for confirmation is asked for
// it and gets nothing else.
func mayGet(kind store.MailKind, s *status.Subscriber) bool {
	switch {
	case s.Email == "":
		return false
	case kind == store.MailConfirm:
		return s.State == status.Unconfirmed
	case s.State == status.Quarantined:
		return s.ConfirmedAt != nil && !s.Reason.Final()
	default:
		return s.State == status.Active
	}
}

func ignoreClaimed(err error) error {
	if errors.Is(err, store.ErrClaimed) {
		return nil
	}
	return err
}
