package welcome

import (
	"fmt"

	"allclear/internal/address"
	"allclear/internal/link"
	"allclear/internal/mailer"
	"allclear/internal/mailing"
	"allclear/internal/notify"
	"allclear/internal/status"
	"allclear/internal/store"
)

// mail makes the mail of a request with a link that works from now on. An error is a *mailer.Error:
// what is wrong with the subscriber stays so, what is wrong with the page can be repaired.
func (w *Welcome) mail(r store.MailRequest, p status.Page, e notify.Envelope, s *status.Subscriber) (mailer.Message, error) {
	to, err := address.Parse(s.Email)
	if err != nil {
		return mailer.Message{}, &mailer.Error{Outcome: mailer.Rejected, Err: fmt.Errorf("read address: %w", err)}
	}
	now := w.Audience.Now()
	what := link.Link{Page: s.Page, Subject: s.ID, Generation: s.Generation}
	recipient := notify.Recipient{To: to, Subscriber: s.ID, Date: now}
	var letter notify.Mail
	switch {
	case r.Kind == store.MailConfirm:
		what.Purpose, what.Expires = link.Confirm, now.Add(link.ConfirmFor)
		letter = notify.Confirmation{Page: notify.PageOf(p, w.PublicURL), Until: what.Expires}
		recipient.Action = link.ConfirmURL(w.PublicURL, w.Links.Token(what))
	case r.Failing != nil:
		what.Purpose, what.Expires = link.Manage, now.Add(link.ManageFor)
		letter = notify.Endpoint{
			Page: notify.PageOf(p, w.PublicURL), Host: r.Failing.Host, Since: r.Failing.Since, Reason: r.Failing.Reason,
		}
		recipient.Manage = link.ManageURL(w.PublicURL, w.Links.Token(what))
	default:
		what.Purpose, what.Expires = link.Manage, now.Add(link.ManageFor)
		letter = notify.Manage{Page: notify.PageOf(p, w.PublicURL), Until: what.Expires}
		recipient.Action = link.ManageURL(w.PublicURL, w.Links.Token(what))
	}
	message, err := notify.Compile(letter, e)
	if err != nil {
		return mailer.Message{}, &mailer.Error{Outcome: mailer.Parked, Err: fmt.Errorf("make mail: %w", err)}
	}
	raw, err := message.For(recipient)
	if err != nil {
		return mailer.Message{}, &mailer.Error{Outcome: mailer.Parked, Err: fmt.Errorf("complete mail: %w", err)}
	}
	tags := map[string]string{mailing.TagPage: s.Page, mailing.TagSubscriber: s.ID, mailing.TagKind: string(r.Kind)}
	return mailer.Message{From: e.From.String(), To: to.String(), Raw: raw, Tags: tags}, nil
}
