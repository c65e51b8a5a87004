package mailing

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"allclear/internal/deliver"
	"allclear/internal/mailer"
	"allclear/internal/notify"
	"allclear/internal/page"
	"allclear/internal/status"
)

// Bounds of what is remembered.
const (
	maxLetters = 4 // as many events as are being told at a time; each takes up to 300 KB
	// letterAge is when a letter is made anew, so that an edit reaches those who still wait.
	letterAge = time.Minute
	// prepareAhead is more than lies between the preparation of a mail and its sending.
	prepareAhead = 5 * time.Second
)

// event is what a letter tells.
type event struct {
	page, subject string
	seq           int64
	update        string
}

// letter is the mail of one event, for everybody.
type letter struct {
	event   event
	made    time.Time
	from    string
	message *notify.Message
}

// letters are the last ones made, the most recently used last.
type letters struct {
	mu   sync.Mutex
	made []letter
}

// letter is the mail of an event. It is made once for the many who get it: whoever comes while it is
// being made waits for it. It can be used for a while. An error is of a mail that certainly was not sent.
func (s *Sender) letter(ctx context.Context, m deliver.Message[*status.Subscriber], while time.Duration) (letter, error) {
	e, now := event{m.Page, m.Subject, m.Version.Seq, m.Version.Update}, s.Now()
	s.letters.mu.Lock()
	defer s.letters.mu.Unlock()
	made := slices.DeleteFunc(s.letters.made, func(l letter) bool { return now.Add(while).Sub(l.made) >= letterAge })
	if n := slices.IndexFunc(made, func(l letter) bool { return l.event == e }); n >= 0 {
		l := made[n]
		s.letters.made = append(slices.Delete(made, n, n+1), l)
		return l, nil
	}
	l, err := s.write(ctx, e, now)
	if err == nil {
		made = append(made[max(0, len(made)-maxLetters+1):], l)
	}
	s.letters.made = made
	return l, err
}

// write makes the mail of an event: its update, and the timeline before it. An update that is newer than
// what was claimed is not in it, see status.Incident.UpTo: a worker that is to tell of it claims that
// event first.
func (s *Sender) write(ctx context.Context, e event, now time.Time) (letter, error) {
	p, err := s.Pages.Page(ctx, e.page)
	if err != nil {
		return letter{}, unread(err)
	}
	incident, err := s.Pages.Incident(ctx, e.page, e.subject)
	if err != nil {
		return letter{}, unread(err)
	}
	cfg, err := s.Pages.Configuration(ctx, e.page)
	if err != nil {
		return letter{}, unread(err)
	}
	told, ok := incident.UpTo(e.update)
	if !ok {
		return letter{}, refuse(fmt.Errorf("event %d of incident %s has nothing to tell", e.seq, e.subject))
	}
	// That the event is to be told is known from whoever asks for its mail.
	kind, ok := notify.KindOf(told, &told.Updates[0], &status.Event{Page: e.page, Incident: e.subject, Notify: true})
	if !ok {
		return letter{}, refuse(fmt.Errorf("event %d of incident %s is worth no mail", e.seq, e.subject))
	}
	envelope, err := Envelope(p, s.MailFrom, fmt.Sprintf("%s/%d", e.page, e.seq))
	if err != nil {
		return letter{}, err
	}
	message, err := notify.Compile(notify.Incident{
		Page: notify.PageOf(p, s.PublicURL), Kind: kind, Incident: told, Components: notify.Attached(told, cfg),
		URL: page.IncidentAddress(s.PublicURL, told.ID),
	}, envelope)
	if err != nil {
		// Nobody's mail can be made, but everybody's will be once somebody repaired what is wrong.
		return letter{}, &mailer.Error{Outcome: mailer.Parked, Err: fmt.Errorf("make mail of incident %s: %w", e.subject, err)}
	}
	return letter{event: e, made: now, from: envelope.From.String(), message: message}, nil
}

// unread says what a failed reading means for a mail: what is gone is never told, the rest later.
func unread(err error) error {
	outcome := mailer.Deferred
	if status.IsNotFound(err) {
		outcome = mailer.Rejected
	}
	return &mailer.Error{Outcome: outcome, Err: err}
}
