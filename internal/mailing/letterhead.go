package mailing

import (
	"fmt"
	"strconv"

	"allclear/internal/address"
	"allclear/internal/mailer"
	"allclear/internal/notify"
	"allclear/internal/status"
	"allclear/internal/words"
)

// Tags that every mail carries, and that come back with all that the mail service tells of it.
// Their values are ids, so they have only the characters that the service allows.
const (
	TagPage       = "page"
	TagSubscriber = "subscriber"
	TagSubject    = "subject" // the incident or maintenance; of notices only
	TagEvent      = "event"   // <page>-<seq>; of notices only
	TagKind       = "kind"    // store.MailKind; of mails about a subscription only
)

func noticeTags(page, subject string, seq int64, subscriber string) map[string]string {
	return map[string]string{
		TagPage: page, TagSubscriber: subscriber, TagSubject: subject,
		TagEvent: page + "-" + strconv.FormatInt(seq, 10),
	}
}

// Envelope says whom the mails of a page are from: the page by the title that their subject and text
// have, at the address in its settings, else at fallback.
// event makes the Message-ID, together with the subscriber. A page without a usable address is a
// *mailer.Error of outcome Parked: its mails wait until it has one.
func Envelope(p status.Page, fallback, event string) (notify.Envelope, error) {
	text, where := p.Settings.NotificationsFromEmail, "setting notifications_from_email"
	if text == "" {
		text, where = fallback, "the deployment's sender address"
	}
	from, err := address.Parse(text)
	if err != nil {
		return notify.Envelope{}, &mailer.Error{
			Outcome: mailer.Parked, Err: fmt.Errorf("page %s cannot send mails: %s: %w", p.ID, where, err),
		}
	}
	return notify.Envelope{FromName: words.Line(words.PageTitle(p.Settings.Name)), From: from, Event: event}, nil
}
