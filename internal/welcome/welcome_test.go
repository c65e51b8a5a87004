package welcome_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"allclear/internal/deliver"
	"allclear/internal/ledger"
	"allclear/internal/link"
	"allclear/internal/mailer"
	mailermemory "allclear/internal/mailer/memory"
	"allclear/internal/mailing"
	"allclear/internal/memory"
	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/stream"
	"allclear/internal/table"
	"allclear/internal/welcome"
)

const (
	pageID    = "samplepage01" // what the sample events speak of
	publicURL = "https://status.larkspur.example"
)

var (
	begin    = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	operator = status.Actor{Kind: status.ActorKey, Name: "test"}
)

// world is a page, its audience with its stream, and who welcomes.
type world struct {
	*testing.T
	*welcome.Welcome
	pages  *store.Store
	stream *memory.Table
	mailer *mailermemory.Mailer
	quota  mailer.Quota
	fault  func(memory.Call) error // of the audience
	log    bytes.Buffer

	mu     sync.Mutex
	now    time.Time
	ids    atomic.Int64
	played int64 // of the stream
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, now: begin, quota: mailer.Quota{Rate: mailer.Unlimited, Max24h: mailer.Unlimited}}
	w.mailer = &mailermemory.Mailer{Limits: func(context.Context) (mailer.Quota, error) { return w.quota, nil }}
	db := memory.New(memory.Options{Now: w.Now, Streams: []string{"Audience"}, Fault: func(_ context.Context, c memory.Call) error {
		if w.fault != nil {
			return w.fault(c)
		}
		return nil
	}})
	w.stream = db.Table("Audience")
	options := store.Options{Now: w.Now, NewID: func() string { return fmt.Sprintf("sample%06d", w.ids.Add(1)) }}
	w.pages = store.New(db.Table("Status"), options)
	settings := status.DefaultSettings("Larkspur")
	settings.NotificationsFromEmail = "status@larkspur.example"
	if _, err := w.pages.CreatePage(t.Context(), pageID, settings, operator); err != nil {
		t.Fatal(err)
	}
	signer, err := link.NewSigner(1, map[byte][]byte{1: bytes.Repeat([]byte{1}, link.MinKey)})
	if err != nil {
		t.Fatal(err)
	}
	book := ledger.New(db.Table("Deliveries"), w.Now)
	quotas := &deliver.QuotaCache{Read: mailing.ReadQuota(w.mailer), Now: w.Now, MaxAge: time.Hour}
	w.Welcome = &welcome.Welcome{
		Audience: store.NewAudience(w.stream, options), Pages: w.pages, Turns: deliver.NewTurns(book, quotas, w, "clock"),
		Mailer: w.mailer, Links: signer, PublicURL: publicURL, Logger: slog.New(slog.NewTextHandler(&w.log, nil)),
	}
	return w
}

func (w *world) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// Sleep implements deliver.Clock.
func (w *world) Sleep(ctx context.Context, until time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if until.After(w.now) {
		w.now = until
	}
	return ctx.Err()
}

// ask adds a subscriber and asks for a mail to it.
func (w *world) ask(email string, confirmed bool, kind store.MailKind) *status.Subscriber {
	w.Helper()
	want := status.Subscriber{Page: pageID, Mode: status.ModeEmail, Email: email, Origin: status.FromVisitor}
	s, err := status.NewSubscriber(want, confirmed, w.Audience.Stamp())
	if err == nil {
		_, err = w.Audience.AddSubscriber(w.Context(), s, store.Beside{Mail: kind})
	}
	if err != nil {
		w.Fatal(err)
	}
	return s
}

// change changes a subscriber, and asks for a mail if kind says so.
func (w *world) change(s *status.Subscriber, kind store.MailKind, f func(*status.Subscriber) error) {
	w.Helper()
	if _, _, err := w.Audience.UpdateSubscriber(w.Context(), pageID, s.ID, store.Beside{Mail: kind}, f); err != nil {
		w.Fatal(err)
	}
}

// changes are what was written to the audience since the last time.
func (w *world) changes() []table.Record {
	w.Helper()
	records, err := w.stream.Records(w.Context(), w.played, 1000)
	if err != nil {
		w.Fatal(err)
	}
	if len(records) > 0 {
		w.played = records[len(records)-1].Sequence
	}
	return records
}

// records are the same as the stream shows them.
func (w *world) records() (list []stream.Record) {
	w.Helper()
	for _, r := range w.changes() {
		list = append(list, stream.Record{Sequence: fmt.Sprint(r.Sequence), Kind: r.Kind, Key: r.Key, New: r.New, At: r.At})
	}
	return list
}

// play hands over all that the stream has to show and answers the errors.
func (w *world) play(records []stream.Record) error {
	w.Helper()
	var failures []error
	for _, r := range records {
		failures = append(failures, w.Each(w.Context(), r))
	}
	return errors.Join(failures...)
}

// sent holds that mails went to these, since the beginning.
func (w *world) sent(says string, want ...string) {
	w.Helper()
	var got []string
	for _, m := range w.mailer.Sent() {
		got = append(got, m.To)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		w.Errorf("%s: got mails to %v, want %v", says, got, want)
	}
}

func TestARecordHandledTwiceAlsoAtOnceIsMailedOnce(t *testing.T) {
	w := newWorld(t)
	w.ask("ada@customer.example", false, store.MailConfirm)
	records := w.records()
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			if err := w.play(records); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if err := w.play(w.records()); err != nil { // of the claim itself
		t.Error(err)
	}
	w.advance(time.Hour)
	if err := w.Pending(t.Context(), pageID); err != nil {
		t.Error(err)
	}
	w.sent("once", "ada@customer.example")
}

func TestOnlyWhoMayStillGetAMailGetsIt(t *testing.T) {
	bounce := func(reason status.QuarantineReason) func(*world, *status.Subscriber) {
		return func(w *world, s *status.Subscriber) {
			w.change(s, "", func(s *status.Subscriber) error { return s.Quarantine(reason, w.Now()) })
		}
	}
	confirm := func(w *world, s *status.Subscriber) {
		w.change(s, "", func(s *status.Subscriber) error { return s.Confirm(w.Now()) })
	}
	leave := func(w *world, s *status.Subscriber) {
		w.change(s, "", func(s *status.Subscriber) error { s.Unsubscribe(w.Now()); return nil })
	}
	suppress := func(w *world, s *status.Subscriber) {
		if err := w.Audience.Suppress(w.Context(), pageID, "another", s.Email, status.Complained); err != nil {
			w.Fatal(err)
		}
	}
	purge := func(w *world, s *status.Subscriber) {
		key := table.Key{}
		for _, r := range w.records() {
			if strings.HasPrefix(r.Key.Sort, "SUBSCRIBER#") {
				key = r.Key
			}
		}
		if err := w.stream.Write(w.Context(), table.Delete(key)); err != nil {
			w.Fatal(err)
		}
	}
	nothing := func(*world, *status.Subscriber) {}
	for _, c := range []struct {
		name      string
		kind      store.MailKind
		confirmed bool
		meanwhile func(*world, *status.Subscriber)
		want      bool
	}{
		{"who waits to confirm", store.MailConfirm, false, nothing, true},
		{"who has confirmed meanwhile", store.MailConfirm, false, confirm, false},
		{"who has left before confirming", store.MailConfirm, false, leave, false},
		{"whose address must not be mailed, unconfirmed", store.MailConfirm, false, suppress, false},
		{"who is gone", store.MailConfirm, false, purge, false},
		{"who is active and wants its link", store.MailManage, true, nothing, true},
		{"who is unconfirmed and wants its link", store.MailManage, false, nothing, false},
		{"who has left and wanted its link", store.MailManage, true, leave, false},
		{"whose address must not be mailed, active", store.MailManage, true, suppress, false},
		{"whose endpoint is failing and wants its link", store.MailManage, true, bounce(status.Failing), true},
		{"whose mail bounced and wants its link", store.MailManage, true, bounce(status.Bounced), false},
		{"who waits to confirm and was quarantined", store.MailManage, false, bounce(status.Failing), false},
	} {
		w := newWorld(t)
		s := w.ask("ada@customer.example", c.confirmed, c.kind)
		records := w.records()
		w.played = 0
		c.meanwhile(w, s)
		if err := w.play(records); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if got := len(w.mailer.Sent()) == 1; got != c.want {
			t.Errorf("%s: got a mail %t, want %t", c.name, got, c.want)
		}
		w.advance(time.Hour)
		if err := w.Pending(t.Context(), pageID); err != nil || len(w.mailer.Sent()) > 1 {
			t.Errorf("%s, later: got %d mails, %v", c.name, len(w.mailer.Sent()), err)
		}
	}
}

func TestEveryOutcomeHasItsOwnConsequence(t *testing.T) {
	for _, c := range []struct {
		outcome mailer.Outcome
		retries bool   // the stream brings the record again
		later   bool   // the mail is sent when the trouble is over
		logs    string // at least
	}{
		{mailer.Throttled, true, true, ""},
		{mailer.Deferred, true, true, ""},
		{mailer.Exhausted, false, true, "level=ERROR msg=\"sending waits\" page=samplepage01 alarm=quota_exhausted"},
		{mailer.Parked, false, true, "level=ERROR msg=\"sending waits\" page=samplepage01 alarm=account_stopped"},
		{mailer.Rejected, false, false, "level=WARN msg=\"mail not sent again\""},
		{mailer.Unknown, false, false, "level=WARN msg=\"mail not sent again\""},
		{"odd", false, false, "level=WARN msg=\"mail not sent again\""},
	} {
		w := newWorld(t)
		w.ask("ada@customer.example", false, store.MailConfirm)
		records := w.records()
		refusal := &mailer.Error{Outcome: c.outcome, Err: errors.New("says ada@customer.example")}
		w.mailer.Before = func(context.Context, mailer.Message) error { return refusal }
		if err := w.play(records); (err != nil) != c.retries || c.retries && !errors.Is(err, refusal) {
			t.Errorf("%s: got %v, want an error %t", c.outcome, err, c.retries)
		}
		if !strings.Contains(w.log.String(), c.logs) || strings.Contains(w.log.String(), "@") {
			t.Errorf("%s: want %q and no address in the log:\n%s", c.outcome, c.logs, w.log.String())
		}
		w.mailer.Before = nil
		w.advance(time.Hour)
		if err := w.Pending(t.Context(), pageID); err != nil {
			t.Errorf("%s: %v", c.outcome, err)
		}
		if got := len(w.mailer.Sent()) == 1; got != c.later {
			t.Errorf("%s: got it sent later %t, want %t", c.outcome, got, c.later)
		}
		if err := w.play(records); err != nil || len(w.mailer.Sent()) > 1 {
			t.Errorf("%s, the record once more: got %d mails, %v", c.outcome, len(w.mailer.Sent()), err)
		}
	}
}

// A mail whose answer was lost has been taken: sending it again would be a second one.
func TestAMailWithoutAnAnswerIsNeverSentAgain(t *testing.T) {
	w := newWorld(t)
	w.ask("ada@customer.example", false, store.MailConfirm)
	w.mailer.After = func(context.Context, mailer.Message) error { return errors.New("cut off") }
	records := w.records()
	for range 2 {
		if err := w.play(records); err != nil {
			t.Error(err)
		}
	}
	w.advance(time.Hour)
	if err := w.Pending(t.Context(), pageID); err != nil {
		t.Error(err)
	}
	w.sent("once", "ada@customer.example")
}

func TestAMailIsNotLostWhenTheTableFailsBeforeItIsSent(t *testing.T) {
	for _, moment := range []memory.Moment{memory.BeforeRead, memory.BeforeWrite} {
		w := newWorld(t)
		w.ask("ada@customer.example", false, store.MailConfirm)
		records, calls := w.records(), 0
		w.fault = func(c memory.Call) error {
			if c.Moment == moment && strings.HasPrefix(c.Table, "Audience") {
				if calls++; calls == 1 {
					return errors.New("no answer")
				}
			}
			return nil
		}
		if err := w.play(records); err == nil || calls == 0 {
			t.Errorf("%s: got %v after %d calls, want an error", moment, err, calls)
		}
		if err := w.play(records); err != nil {
			t.Errorf("%s: %v", moment, err)
		}
		w.sent(fmt.Sprint(moment), "ada@customer.example")
	}
}

func TestWhatTheStreamLostPendingSends(t *testing.T) {
	w := newWorld(t)
	w.ask("ada@customer.example", false, store.MailConfirm)
	w.ask("bob@customer.example", true, store.MailManage)
	if err := w.Pending(t.Context(), pageID); err != nil {
		t.Error(err)
	}
	w.sent("the stream may still bring it")
	w.advance(5 * time.Minute)
	for range 2 {
		if err := w.Pending(t.Context(), pageID); err != nil {
			t.Error(err)
		}
	}
	if n := len(w.mailer.Sent()); n != 2 {
		t.Errorf("got %d mails, want both once", n)
	}
}

// The mail that could not leave yesterday is the one of today, whoever else asks for it.
func TestAnAddressGetsOneMailOnADayAlsoAfterAnOutage(t *testing.T) {
	w := newWorld(t)
	s := w.ask("ada@customer.example", false, store.MailConfirm)
	w.mailer.Before = func(context.Context, mailer.Message) error {
		return &mailer.Error{Outcome: mailer.Parked, Err: errors.New("paused")}
	}
	yesterday := w.records()
	if err := w.play(yesterday); err != nil {
		t.Error(err)
	}
	w.mailer.Before = nil
	w.advance(24 * time.Hour)
	if err := w.Pending(t.Context(), pageID); err != nil {
		t.Error(err)
	}
	w.change(s, store.MailConfirm, func(s *status.Subscriber) error { return s.AwaitConfirmation(w.Now()) })
	if err := w.play(yesterday); err != nil { // late
		t.Error(err)
	}
	if err := w.play(w.records()); err != nil {
		t.Error(err)
	}
	w.advance(10 * time.Minute)
	if err := w.Pending(t.Context(), pageID); err != nil {
		t.Error(err)
	}
	w.sent("today", "ada@customer.example")
}

func TestPendingIsBoundedAndEndsWhenNothingCanBeSent(t *testing.T) {
	w := newWorld(t)
	for n := range 60 {
		w.ask(fmt.Sprintf("s%d@customer.example", n), false, store.MailConfirm)
	}
	w.advance(time.Hour)
	tried := 0
	w.mailer.Before = func(context.Context, mailer.Message) error {
		tried++
		return &mailer.Error{Outcome: mailer.Throttled, Err: errors.New("slower")}
	}
	if err := w.Pending(t.Context(), pageID); err == nil || tried != 1 {
		t.Errorf("got %d tried, %v, want one and an error", tried, err)
	}
	w.mailer.Before = nil
	for _, want := range []int{25, 50, 60, 60} {
		if err := w.Pending(t.Context(), pageID); err != nil || len(w.mailer.Sent()) != want {
			t.Errorf("got %d mails, %v, want %d", len(w.mailer.Sent()), err, want)
		}
	}
}

func TestMailsKeepTheAccountsRateAndQuota(t *testing.T) {
	w := newWorld(t)
	w.quota = mailer.Quota{Rate: 2, Max24h: 5}
	for n := range 7 {
		w.ask(fmt.Sprintf("s%d@customer.example", n), false, store.MailConfirm)
	}
	var at []time.Time
	w.mailer.After = func(context.Context, mailer.Message) error { at = append(at, w.Now()); return nil }
	if err := w.play(w.records()); err != nil {
		t.Error(err)
	}
	if len(at) != 5 || !strings.Contains(w.log.String(), "alarm=quota_exhausted") {
		t.Errorf("got %d mails, want 5 and an alarm:\n%s", len(at), w.log.String())
	}
	for n := range at {
		if n >= 2 && at[n].Sub(at[n-2]) < time.Second {
			t.Errorf("more than 2 within a second: %v", at)
		}
	}
}

func TestWhatIsNoMailRequestIsPassedOverAndABadOneIsAnError(t *testing.T) {
	w := newWorld(t)
	w.ask("ada@customer.example", false, store.MailConfirm)
	var request stream.Record
	for _, r := range w.records() {
		if store.IsMailRequest(r.Key) {
			request = r
		}
	}
	for _, kind := range []table.ChangeKind{table.Modify, table.Remove} {
		r := request
		if r.Kind = kind; kind == table.Remove {
			r.New = nil
		}
		if err := w.Each(t.Context(), r); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
	w.sent("only inserts count")
	request.New.Attributes["kind"] = "poem"
	if err := w.Each(t.Context(), request); err == nil || !strings.Contains(err.Error(), "MAILREQUEST#") {
		t.Errorf("got %v, want an error that names the key", err)
	}
}

func TestAPageThatIsAwayOrHasNoSenderLosesNothing(t *testing.T) {
	w := newWorld(t)
	w.ask("ada@customer.example", false, store.MailConfirm)
	records, pages := w.records(), w.Pages
	w.Pages = away{}
	if err := w.play(records); err != nil {
		t.Error(err)
	}
	w.Pages = pages
	sender := func(address string) {
		t.Helper()
		_, err := w.pages.Commit(t.Context(), pageID, func(tx *store.Tx) error {
			tx.Page.Settings.NotificationsFromEmail = address
			tx.Record(status.Event{Type: status.PageUpdated, Actor: operator})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	sender("")
	if err := w.play(records); err != nil || !strings.Contains(w.log.String(), "alarm=account_stopped") {
		t.Errorf("got %v, want an alarm:\n%s", err, w.log.String())
	}
	w.sent("not yet")
	w.MailFrom = "noreply@allclear.example"
	w.advance(time.Hour)
	if err := w.Pending(t.Context(), pageID); err != nil {
		t.Error(err)
	}
	w.sent("repaired", "ada@customer.example")
	if got := w.mailer.Sent()[0].From; got != w.MailFrom {
		t.Errorf("got it from %s, want the deployment's address", got)
	}
}

type away struct{}

func (away) Page(context.Context, string) (status.Page, error) {
	return status.Page{}, status.NotFoundf("page not found")
}
