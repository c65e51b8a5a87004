package feedback_test

import (
	"context"
	"testing"
	"time"

	"allclear/internal/ledger"
	"allclear/internal/mailer"
	"allclear/internal/mailer/memory"
	"allclear/internal/mailer/simulator"
	"allclear/internal/status"
)

// direct hands events on at once, while the mail is still being sent.
type direct func(ctx context.Context, body string) error

func (d direct) Publish(ctx context.Context, body string) error { return d(ctx, body) }

func TestTheSimulatorOfALaptopIsUnderstood(t *testing.T) {
	w := newWorld(t)
	sender := simulator.New(new(memory.Mailer), direct(w.Handle), simulator.Options{Now: func() time.Time { return w.now }})
	ids := map[string]string{}
	for _, name := range []string{"ada", "bounce", "suppressionlist", "complaint", "delay", "mailboxfull", "reject"} {
		email := name + "@example.com"
		id := w.subscriber(email)
		ids[name] = id
		claim := w.claim(id)
		_, err := sender.Send(t.Context(), mailer.Message{
			From: "status@example.com", To: email, Raw: []byte("Subject: x\r\n\r\n"),
			Tags: map[string]string{"page": page, "subject": incident, "event": page + "-7", "subscriber": id},
		})
		w.check(err)
		w.check(w.Ledger.Finish(t.Context(), claim, ledger.Sent))
	}
	want := ledger.Counts{Recipients: 7, Sent: 6, Delivered: 2, Bounced: 3, Failed: 1, FirstSent: begin, LastSent: begin}
	if got := w.total(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for name, reason := range map[string]status.QuarantineReason{
		"ada": "", "bounce": status.Bounced, "suppressionlist": status.Bounced, "complaint": status.Complained, "delay": "", "mailboxfull": "", "reject": "",
	} {
		s := w.read(ids[name])
		if got := w.suppressed(s.Email); got != reason || s.Reason != reason {
			t.Errorf("%s: got suppressed for %q and quarantined for %q, want %q", name, got, s.Reason, reason)
		}
	}
	if got := w.read(ids["mailboxfull"]).Returned; len(got) != 1 {
		t.Errorf("got %v, want one day held against the full mailbox", got)
	}
}
