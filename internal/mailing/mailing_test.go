package mailing_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"allclear/internal/deliver"
	"allclear/internal/envelope"
	"allclear/internal/ledger"
	"allclear/internal/link"
	"allclear/internal/mailer"
	mailermemory "allclear/internal/mailer/memory"
	"allclear/internal/mailing"
	"allclear/internal/status"
)

var update = flag.Bool("update", false, "write the golden files under testdata anew")

// One chunk from the queue to what the mail service gets, whole.
func TestAMailIsAsItIsExpectedToTheLastByte(t *testing.T) {
	w := newWorld(t)
	ada := w.subscribe("ada@customer.example")
	w.handle(mailing.Handler(&w.worker, slog.New(slog.DiscardHandler)), w.chunk(ada.ID))
	sent := w.mailer.Sent()
	if len(sent) != 1 {
		t.Fatalf("got %d mails, want one", len(sent))
	}
	envelope, err := json.MarshalIndent(map[string]any{"from": sent[0].From, "to": sent[0].To, "tags": sent[0].Tags}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got := txtar.Format(&txtar.Archive{Files: []txtar.File{
		{Name: "envelope.json", Data: append(envelope, '\n')},
		{Name: "mail.eml", Data: bytes.ReplaceAll(sent[0].Raw, []byte("\r\n"), []byte("\n"))},
	}})
	const file = "testdata/incident-created.txtar"
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func (w *world) handle(each func(context.Context, string) error, c deliver.Chunk) {
	w.Helper()
	body, err := json.Marshal(c)
	if err == nil {
		err = each(w.Context(), string(body))
	}
	if err != nil {
		w.Error(err)
	}
}

func TestAChunkHandledTwiceIsMailedOnce(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.subscribe("ada@customer.example"), w.subscribe("bob@customer.example")
	each := mailing.Handler(&w.worker, slog.New(slog.DiscardHandler))
	w.handle(each, w.chunk(ada.ID, bob.ID))
	w.handle(each, w.chunk(bob.ID, ada.ID))
	if got, want := w.recipients(), []string{"ada@customer.example", "bob@customer.example"}; !cmp.Equal(got, want) {
		t.Errorf("got mails to %v, want %v", got, want)
	}
}

func (w *world) recipients() (list []string) {
	for _, m := range w.mailer.Sent() {
		list = append(list, m.To)
	}
	return list
}

func TestWhatIsNoChunkIsAnError(t *testing.T) {
	w := newWorld(t)
	each := mailing.Handler(&w.worker, slog.New(slog.DiscardHandler))
	for body, says := range map[string]string{
		"":   "no chunk",
		"[]": "no chunk",
		`{"page":"A","subject":"b","seq":1,"subscribers":["c"]}`: "page is no id",
		`{"page":"a","subject":"b","seq":1,"subscribers":[]}`:    "subscribers must be",
	} {
		if err := each(t.Context(), body); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v, want an error that says %q", body, err, says)
		}
	}
}

// told remembers the chunks that it is given.
type told []deliver.Chunk

func (d *told) Handle(_ context.Context, c deliver.Chunk) (deliver.Report, error) {
	*d = append(*d, c)
	return deliver.Report{}, nil
}

func TestTheSampleEventOfTheQueueIsHandled(t *testing.T) {
	text, err := os.ReadFile("../../events/sqs/mail-chunk.json")
	if err != nil {
		t.Fatal(err)
	}
	var event events.SQSEvent
	if err := json.Unmarshal(text, &event); err != nil {
		t.Fatal(err)
	}
	var got told
	answer, err := envelope.Queue(mailing.Handler(&got, slog.New(slog.DiscardHandler)))(t.Context(), event)
	if err != nil || len(answer.BatchItemFailures) > 0 {
		t.Errorf("got %+v, %v", answer, err)
	}
	want := told{{Page: "samplepage01", Subject: "sample000001", Seq: 3, Subscribers: []string{"samplesubs01", "samplesubs02"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("chunks (-want +got):\n%s", diff)
	}
}

func TestEveryOutcomeOfTheMailerHasItsOwnConsequence(t *testing.T) {
	for _, c := range []struct {
		is   error
		want deliver.Outcome
	}{
		{nil, deliver.Sent},
		{&mailer.Error{Outcome: mailer.Throttled, Err: errors.New("slower")}, deliver.Throttled},
		{&mailer.Error{Outcome: mailer.Deferred, Err: errors.New("later")}, deliver.Throttled},
		{&mailer.Error{Outcome: mailer.Exhausted, Err: errors.New("enough")}, deliver.OverQuota},
		{&mailer.Error{Outcome: mailer.Rejected, Err: errors.New("never")}, deliver.Refused},
		{&mailer.Error{Outcome: mailer.Parked, Err: errors.New("paused")}, deliver.Stopped},
		{&mailer.Error{Outcome: mailer.Unknown, Err: errors.New("cut off")}, deliver.Lost},
		{&mailer.Error{Outcome: "odd", Err: errors.New("odd")}, deliver.Lost},
		{errors.New("says nothing"), deliver.Lost},
	} {
		w := newWorld(t)
		w.mailer.Before = func(context.Context, mailer.Message) error { return c.is }
		got, err := w.sender.Send(t.Context(), w.message(w.subscribe("ada@customer.example")))
		if got != c.want || !errors.Is(err, c.is) {
			t.Errorf("%v: got %s, %v, want %s", c.is, got, err, c.want)
		}
	}
}

// What fails before the mailer is called was certainly not sent, so nothing is lost.
func TestAMailThatCannotBeMadeIsNotSentAndNotLost(t *testing.T) {
	deleted := func(w *world, m *deliver.Message[*status.Subscriber]) { m.Subject = "gone00000000" }
	from := func(address string) func(*world, *deliver.Message[*status.Subscriber]) {
		return func(w *world, _ *deliver.Message[*status.Subscriber]) {
			w.set(func(s *status.Settings) { s.NotificationsFromEmail = address })
		}
	}
	to := func(change func(*status.Subscriber)) func(*world, *deliver.Message[*status.Subscriber]) {
		return func(_ *world, m *deliver.Message[*status.Subscriber]) { change(m.Details) }
	}
	for _, c := range []struct {
		name  string
		spoil func(*world, *deliver.Message[*status.Subscriber])
		want  deliver.Outcome
		says  string
	}{
		{"the incident is gone", deleted, deliver.Refused, "not found"},
		{"the page is gone", func(_ *world, m *deliver.Message[*status.Subscriber]) { m.Page = "nopage" }, deliver.Refused, "not found"},
		{"the update is gone", func(_ *world, m *deliver.Message[*status.Subscriber]) { m.Version.Update = "gone00000000" }, deliver.Refused, "nothing to tell"},
		{"the event is about no update", func(_ *world, m *deliver.Message[*status.Subscriber]) { m.Version.Update = "" }, deliver.Refused, "nothing to tell"},
		{"no sender", from(""), deliver.Stopped, "deployment's sender address: email can't be blank"},
		{"a sender that is none", from("status"), deliver.Stopped, "setting notifications_from_email: email must have"},
		{"the page's address is none", func(w *world, _ *deliver.Message[*status.Subscriber]) { w.sender.PublicURL = "status.example" }, deliver.Stopped, "must be an absolute"},
		{"the database does not answer", func(w *world, _ *deliver.Message[*status.Subscriber]) { w.sender.Pages = deaf{} }, deliver.Throttled, "no answer"},
		{"an address that is none", to(func(s *status.Subscriber) { s.Email = "ada at home" }), deliver.Refused, "read address: email must have"},
		{"a webhook", to(func(s *status.Subscriber) { s.Mode = status.ModeWebhook }), deliver.Refused, "no subscriber by mail"},
		{"another's subscriber", to(func(s *status.Subscriber) { s.ID = "other" }), deliver.Refused, "no subscriber by mail"},
		{"nobody", func(_ *world, m *deliver.Message[*status.Subscriber]) { m.Details = nil }, deliver.Refused, "no subscriber by mail"},
	} {
		w := newWorld(t)
		m := w.message(w.subscribe("ada@customer.example"))
		c.spoil(w, &m)
		got, err := w.sender.Send(t.Context(), m)
		if got != c.want || err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %s, %v, want %s that says %q", c.name, got, err, c.want, c.says)
		}
		if err != nil && strings.Contains(err.Error(), "ada") {
			t.Errorf("%s: the error names the address: %v", c.name, err)
		}
		if n := len(w.mailer.Sent()); n != 0 {
			t.Errorf("%s: got %d mails, want none", c.name, n)
		}
	}
}

type deaf struct{ mailing.Pages }

func (deaf) Page(context.Context, string) (status.Page, error) {
	return status.Page{}, errors.New("no answer")
}

func TestAPageWithoutASenderOfItsOwnUsesTheDeployments(t *testing.T) {
	w := newWorld(t)
	w.sender.MailFrom = "noreply@allclear.example"
	w.set(func(s *status.Settings) { s.NotificationsFromEmail = "" })
	if got, err := w.sender.Send(t.Context(), w.message(w.subscribe("ada@customer.example"))); got != deliver.Sent {
		t.Fatalf("got %s, %v", got, err)
	}
	m := w.mailer.Sent()[0]
	if header := w.header(m).Get("From"); m.From != "noreply@allclear.example" || !strings.Contains(header, "<noreply@allclear.example>") {
		t.Errorf("got it from %s, %s, want the deployment's address", m.From, header)
	}
}

func TestSenderSubjectAndListSayThePageByTheSameName(t *testing.T) {
	for name, want := range map[string]string{
		"Larkspur":                  "Larkspur Status",
		"Larkspur Status":           "Larkspur Status",
		"Larkspur Status Page":      "Larkspur Status Page",
		"Müller, \"Söhne\" & Co. 🔥": "Müller, \"Söhne\" & Co. 🔥 Status",
		"حالة الخدمة":               "حالة الخدمة Status",
		"稼働\r\nBcc: <e@e.example>":  "稼働 Bcc: <e@e.example> Status",
	} {
		w := newWorld(t)
		w.set(func(s *status.Settings) { s.Name = name })
		if got, err := w.sender.Send(t.Context(), w.message(w.subscribe("ada@customer.example"))); got != deliver.Sent {
			t.Fatalf("%q: got %s, %v", name, got, err)
		}
		header := w.header(w.mailer.Sent()[0])
		decode := new(mime.WordDecoder).DecodeHeader
		from, err := mail.ParseAddress(header.Get("From"))
		if err != nil || from.Name != want {
			t.Errorf("%q: got it from %q, %v, want %q", name, header.Get("From"), err, want)
		}
		if got, err := decode(header.Get("Subject")); err != nil || got != "["+want+"] Errors at checkout" {
			t.Errorf("%q: got the subject %q, %v, want it to begin with [%s]", name, got, err, want)
		}
		// A phrase and something in angle brackets, as an address is one.
		list, err := mail.ParseAddress(strings.Replace(header.Get("List-Id"), "<"+pageID+".", "<"+pageID+"@", 1))
		if err != nil || list.Name != want {
			t.Errorf("%q: got the list %q, %v, want %q", name, header.Get("List-Id"), err, want)
		}
		if got := header.Get("Bcc"); got != "" {
			t.Errorf("%q: got Bcc %q", name, got)
		}
	}
}

func (w *world) header(m mailer.Message) mail.Header {
	w.Helper()
	read, err := mail.ReadMessage(bytes.NewReader(m.Raw))
	if err != nil {
		w.Fatal(err)
	}
	return read.Header
}

func TestAStoppedAccountKeepsEverybodyWaitingAndRaisesAnAlarm(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.subscribe("ada@customer.example"), w.subscribe("bob@customer.example")
	w.set(func(s *status.Settings) { s.NotificationsFromEmail = "" })
	each := mailing.Handler(&w.worker, slog.New(slog.NewTextHandler(&w.log, nil)))
	w.handle(each, w.chunk(ada.ID, bob.ID))
	for _, says := range []string{"level=ERROR", "alarm=account_stopped", "cannot send mails", "parked=2"} {
		if !strings.Contains(w.log.String(), says) {
			t.Errorf("the log does not say %q:\n%s", says, w.log.String())
		}
	}
	if strings.Contains(w.log.String(), "@") {
		t.Errorf("the log has an address:\n%s", w.log.String())
	}
	w.set(func(s *status.Settings) { s.NotificationsFromEmail = "status@larkspur.example" })
	w.advance(time.Hour)
	if n, err := deliver.Requeue(t.Context(), w.book, enqueue(func(body string) { w.handle(each, decode(t, body)) }), "taker", 10); err != nil || n != 1 {
		t.Errorf("got %d chunks back, %v, want one", n, err)
	}
	if got := w.recipients(); len(got) != 2 {
		t.Errorf("repaired: got mails to %v, want both", got)
	}
}

type enqueue func(body string)

func (e enqueue) Enqueue(_ context.Context, _, body string) error {
	e(body)
	return nil
}

func decode(t *testing.T, body string) deliver.Chunk {
	t.Helper()
	c, err := deliver.DecodeChunk([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The links are the recipient's own, and are good for one purpose each.
func TestTheLinksInAMailAreTheSubscribersOwn(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.subscribe("ada@customer.example"), w.subscribe("bob@customer.example")
	ada.Generation = 7
	for _, s := range []*status.Subscriber{ada, bob} {
		if got, err := w.sender.Send(t.Context(), w.message(s)); got != deliver.Sent {
			t.Fatalf("got %s, %v", got, err)
		}
	}
	for n, s := range []*status.Subscriber{ada, bob} {
		m := w.mailer.Sent()[n]
		unsubscribe := w.header(m).Get("List-Unsubscribe")
		token := strings.TrimSuffix(strings.TrimPrefix(unsubscribe, "<"+link.UnsubscribeURL(publicURL, "")), ">")
		got, err := w.sender.Links.Read(token, link.Unsubscribe, w.Now().AddDate(50, 0, 0))
		want := link.Link{Purpose: link.Unsubscribe, Page: pageID, Subject: s.ID, Generation: s.Generation}
		if err != nil || got != want {
			t.Errorf("%s: got %+v, %v, want %+v", unsubscribe, got, err, want)
		}
		flat := strings.ReplaceAll(strings.ReplaceAll(string(m.Raw), "=\r\n", ""), "=3D", "=")
		found := regexp.MustCompile(regexp.QuoteMeta(link.ManageURL(publicURL, "")) + `([A-Za-z0-9_-]+)`).FindStringSubmatch(flat)
		if found == nil {
			t.Fatal("no link to manage")
		}
		got, err = w.sender.Links.Read(found[1], link.Manage, w.Now())
		want = link.Link{Purpose: link.Manage, Page: pageID, Subject: s.ID, Generation: s.Generation, Expires: w.Now().Add(link.ManageFor)}
		if err != nil || got != want {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
	}
}

func TestAMailIsMadeOnceForAllAndAnewAfterAMinute(t *testing.T) {
	w := newWorld(t)
	ada := w.subscribe("ada@customer.example")
	send := func(m deliver.Message[*status.Subscriber], wantReads int64) {
		t.Helper()
		if got, err := w.sender.Send(t.Context(), m); got != deliver.Sent {
			t.Fatalf("got %s, %v", got, err)
		}
		if got := w.reads.Load(); got != wantReads {
			t.Errorf("got %d readings, want %d", got, wantReads)
		}
	}
	first := w.message(ada)
	send(first, 1)
	send(first, 1)
	w.advance(59 * time.Second)
	send(first, 1)
	w.advance(time.Second)
	send(first, 2)
	other := first
	for n := range 3 {
		other.Version.Seq = int64(100 + n)
		send(other, int64(3+n))
	}
	send(first, 5)
	other.Version.Seq = 200
	send(other, 6)
	other.Version.Seq = 100 // the one that was used longest ago made room
	send(other, 7)
	send(first, 7)
}

// A mail that is prepared waits for nothing when its turn has come, also if that is a moment later.
func TestAPreparedMailIsSentWithoutReading(t *testing.T) {
	w := newWorld(t)
	m := w.message(w.subscribe("ada@customer.example"))
	for _, pass := range []time.Duration{0, time.Second, 57 * time.Second} {
		w.advance(pass)
		if _, err := w.sender.Prepare(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		w.advance(2 * time.Second)
		before := w.reads.Load()
		if got, err := w.sender.Send(t.Context(), m); got != deliver.Sent || w.reads.Load() != before {
			t.Errorf("got %s, %v after %d readings more, want it sent after none", got, err, w.reads.Load()-before)
		}
	}
}

// Two updates that follow each other closely are two mails, each with its own text on top, however the
// readings of one and the commits of the other mix.
func TestAnUpdateThatComesBetweenClaimAndMailIsNotToldTwice(t *testing.T) {
	w := newWorld(t)
	each := mailing.Handler(&w.worker, slog.New(slog.DiscardHandler))
	ada := w.subscribe("ada@customer.example")
	w.post(status.IncidentChange{Body: new("A cable is cut.")})
	first := w.chunk(ada.ID)
	w.before = func() {
		w.post(status.IncidentChange{
			Status: new(status.Resolved), Body: new("All is well again."),
			Components: map[string]status.ComponentState{"checkout0001": status.Operational},
		})
	}
	w.handle(each, first)
	w.handle(each, w.chunk(ada.ID))
	mails := w.mailer.Sent()
	if len(mails) != 2 {
		t.Fatalf("got %d mails, want one for each update", len(mails))
	}
	w.says(mails[0], "has news of an incident", "A cable is cut.", "Investigating", "Partial outage")
	w.hides(mails[0], "All is well again.", "Resolved", "Operational")
	w.says(mails[1], "reports that an incident is over", "All is well again.", "A cable is cut.", "Operational")
	w.hides(mails[1], "Partial outage")
}

// What is not to be delivered is news in no mail; a later mail has it in its timeline, as the page has.
func TestAnUpdateThatIsNotToBeDeliveredIsNoMailsNews(t *testing.T) {
	w := newWorld(t)
	each := mailing.Handler(&w.worker, slog.New(slog.DiscardHandler))
	ada := w.subscribe("ada@customer.example")
	waiting := w.chunk(ada.ID)
	w.post(status.IncidentChange{Status: new(status.Identified), Body: new("Said quietly."), DeliverNotifications: new(false)})
	w.handle(each, waiting)
	w.post(status.IncidentChange{Status: new(status.Monitoring), Body: new("Said aloud.")})
	w.handle(each, w.chunk(ada.ID))
	mails := w.mailer.Sent()
	if len(mails) != 2 {
		t.Fatalf("got %d mails, want two", len(mails))
	}
	w.says(mails[0], "reports a new incident", "Some payments", "Investigating")
	w.hides(mails[0], "Said quietly.", "Identified")
	w.says(mails[1], "Said aloud.", "Said quietly.", "Monitoring")
}

// What was decided when an update was posted is not decided anew by who corrects it later.
func TestACorrectionReachesWhoStillWaits(t *testing.T) {
	w := newWorld(t)
	ada := w.subscribe("ada@customer.example")
	m := w.message(ada)
	w.edit(m.Version.Update, status.UpdateChange{Body: new("No payment fails."), DeliverNotifications: new(false)})
	if got, err := w.sender.Send(t.Context(), m); got != deliver.Sent {
		t.Fatalf("got %s, %v", got, err)
	}
	w.says(w.mailer.Sent()[0], "reports a new incident", "No payment fails.")
}

// readable is the plain text of a mail and its HTML, decoded.
func (w *world) readable(m mailer.Message) string {
	w.Helper()
	flat, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(m.Raw)))
	if err != nil {
		w.Fatal(err)
	}
	return string(flat)
}

func (w *world) says(m mailer.Message, texts ...string) {
	w.Helper()
	for _, text := range texts {
		if !strings.Contains(w.readable(m), text) {
			w.Errorf("the mail does not say %q", text)
		}
	}
}

func (w *world) hides(m mailer.Message, texts ...string) {
	w.Helper()
	for _, text := range texts {
		if strings.Contains(w.readable(m), text) {
			w.Errorf("the mail says %q", text)
		}
	}
}

// Many workers share one sender: each mail is its recipient's own, and the incident is read once.
func TestManyWorkersShareOneSender(t *testing.T) {
	w := newWorld(t)
	w.worker.Logger, w.worker.Crew = slog.New(slog.DiscardHandler), nil
	pool := deliver.NewPool(w.worker, 8)
	each := mailing.Handler(pool, slog.New(slog.DiscardHandler))
	want := map[string]string{}
	var group sync.WaitGroup
	for range 20 {
		var ids []string
		for range 5 {
			s := w.subscribe(fmt.Sprintf("s%d@customer.example", len(want)))
			want[s.ID] = s.Email
			ids = append(ids, s.ID)
		}
		for range 2 {
			group.Go(func() { w.handle(each, w.chunk(ids...)) })
		}
	}
	group.Wait()
	got := map[string]string{}
	for _, m := range w.mailer.Sent() {
		id := m.Tags[mailing.TagSubscriber]
		if got[id] != "" {
			t.Errorf("%s got a second mail", id)
		}
		got[id] = m.To
		if to := w.header(m).Get("To"); to != "<"+m.To+">" {
			t.Errorf("%s got the mail of %s", id, to)
		}
	}
	if w.mayWait(); !cmp.Equal(got, want) {
		t.Errorf("mails (-want +got):\n%s", cmp.Diff(want, got))
	}
	if n := w.reads.Load(); n != 1 {
		t.Errorf("the incident was read %d times, want once", n)
	}
}

// mayWait is for chunks that met a live claim of their double: they parked, and find nothing to do.
func (w *world) mayWait() {
	w.Helper()
	w.advance(time.Hour)
	before := len(w.mailer.Sent())
	each := mailing.Handler(&w.worker, slog.New(slog.DiscardHandler))
	if _, err := deliver.Requeue(w.Context(), w.book, enqueue(func(body string) { w.handle(each, decode(w.T, body)) }), "taker", 1000); err != nil {
		w.Error(err)
	}
	if n := len(w.mailer.Sent()); n != before {
		w.Errorf("what waited was mailed %d times more", n-before)
	}
}

func TestAQuotaIsReadInTheLedgersWords(t *testing.T) {
	failure := errors.New("no answer")
	for _, c := range []struct {
		says string
		is   mailer.Quota
		want ledger.Quota
	}{
		{"no limits", mailer.Quota{Rate: mailer.Unlimited, Max24h: mailer.Unlimited}, ledger.Quota{}},
		{"a usual account", mailer.Quota{Rate: 14, Max24h: 50000, Sent24h: 100.5}, ledger.Quota{PerSecond: 14, PerDay: 50000, Used: 101}},
		{"slower than one a second", mailer.Quota{Rate: 0.5, Max24h: mailer.Unlimited, Sent24h: 7}, ledger.Quota{PerSecond: 0.5}},
		{"a day without limit of the rate", mailer.Quota{Rate: mailer.Unlimited, Max24h: 200}, ledger.Quota{PerDay: 200}},
		{"nothing a day", mailer.Quota{Rate: 14, Max24h: 0}, ledger.Quota{PerDay: 1, Used: 1}},
		{"nothing a second", mailer.Quota{Rate: 0, Max24h: 200}, ledger.Quota{PerDay: 1, Used: 1}},
	} {
		m := &mailermemory.Mailer{Limits: func(context.Context) (mailer.Quota, error) { return c.is, nil }}
		if got, err := mailing.ReadQuota(m)(t.Context()); err != nil || got != c.want {
			t.Errorf("%s: got %+v, %v, want %+v", c.says, got, err, c.want)
		}
	}
	m := &mailermemory.Mailer{Limits: func(context.Context) (mailer.Quota, error) { return mailer.Quota{}, failure }}
	if _, err := mailing.ReadQuota(m)(t.Context()); !errors.Is(err, failure) {
		t.Errorf("got %v, want the mailer's error", err)
	}
}

func TestAnAccountThatMaySendNothingKeepsEverybodyWaiting(t *testing.T) {
	w := newWorld(t)
	w.mailer.Limits = func(context.Context) (mailer.Quota, error) { return mailer.Quota{Rate: 1}, nil }
	r, err := w.worker.Handle(t.Context(), w.chunk(w.subscribe("ada@customer.example").ID))
	if want := (deliver.Report{Parked: 1, Alarm: deliver.QuotaExhausted}); err != nil || r != want {
		t.Errorf("got %+v, %v, want %+v", r, err, want)
	}
}
