package local

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"allclear/internal/deliver"
	"allclear/internal/ledger"
	"allclear/internal/mailer"
	"allclear/internal/mailer/inbox"
	"allclear/internal/memory"
)

// desk is all that a worker asks, with one thing to tell, and the inbox to tell it by.
type desk struct{ *inbox.Inbox }

func (desk) Notifying(context.Context, string, string, int64) ([]deliver.Version, error) {
	return []deliver.Version{{Seq: 7}}, nil
}

func (desk) Wants(_ context.Context, _, _, id string, versions []deliver.Version) (string, deliver.Version, bool, error) {
	return id, versions[0], true, nil
}

func (d desk) Send(ctx context.Context, m deliver.Message[string]) (deliver.Outcome, error) {
	_, err := d.Inbox.Send(ctx, mail(m.Subscriber))
	return deliver.Sent, err
}

func mail(subscriber string) mailer.Message {
	return mailer.Message{
		From: "status@example.com", To: subscriber + "@example.com",
		Raw: []byte("Message-ID: <7." + subscriber + "@example.com>\r\n\r\nSlow answers\r\n"),
	}
}

// A process is killed with two claims: under one the mail is in the inbox already, under the other it
// is not. The next one sends that, and the first no second time.
func TestWhatAKilledProcessHadBegunEndsOnce(t *testing.T) {
	folder, ctx := t.TempDir(), t.Context()
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	entries := ledger.New(memory.New(memory.Options{Now: func() time.Time { return now }}).Table("deliveries"), func() time.Time { return now })
	open := func() desk {
		b, err := inbox.Open(folder, inbox.Options{Once: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = b.Close() })
		return desk{b}
	}
	killed := open()
	for _, id := range []string{"ada", "bob"} {
		if c, err := (repeating{entries}).Claim(ctx, "theincident", ledger.Target{Subscriber: id, Seq: 7}, "killed"); err != nil || c.Result != ledger.Taken {
			t.Fatalf("claim: %+v, %v", c, err)
		}
	}
	if _, err := killed.Inbox.Send(ctx, mail("ada")); err != nil {
		t.Fatal(err)
	}
	killed.Close()

	d := open()
	unlimited := func(context.Context) (ledger.Quota, error) { return ledger.Quota{}, nil }
	w := deliver.Worker[string]{
		Ledger: repeating{entries}, Pace: entries, Incidents: d, Subscribers: d, Sender: d, Clock: deliver.WallClock{}, ClockName: "clock",
		Quotas: &deliver.QuotaCache{Read: unlimited, Now: time.Now, MaxAge: time.Hour},
		NewID:  func() string { return "next" }, Queue: deliver.MailQueue, Logger: slog.New(slog.DiscardHandler),
	}
	now = now.Add(ledger.AttemptLease + ledger.Skew)
	chunk := deliver.Chunk{Page: "thepage", Subject: "theincident", Seq: 7, Subscribers: []string{"ada", "bob"}}
	for _, want := range []deliver.Report{{Sent: 2}, {Covered: 2}} {
		if got, err := w.Handle(ctx, chunk); err != nil || got != want {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
	}
	to := map[string]int{}
	for _, m := range d.List() {
		to[m.To]++
	}
	if to["ada@example.com"] != 1 || to["bob@example.com"] != 1 || len(to) != 2 {
		t.Errorf("got mails %v, want one to each", to)
	}
}
