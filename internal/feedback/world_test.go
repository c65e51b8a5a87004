package feedback_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"allclear/internal/feedback"
	"allclear/internal/ledger"
	"allclear/internal/memory"
	"allclear/internal/status"
	"allclear/internal/store"
)

const (
	page     = "pagexxxxxxxx"
	incident = "incidentxxxx"
	seq      = 7
)

var begin = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// failer is what a test has to be for a world to be built in it.
type failer interface {
	Helper()
	Context() context.Context
	Fatal(args ...any)
}

// world is a ledger and an audience in memory, and feedback for both. Its clock stands still.
type world struct {
	*feedback.Feedback
	t     failer
	now   time.Time
	log   strings.Builder
	fault func(memory.Call) error
}

func newWorld(t failer) *world {
	w := &world{t: t, now: begin}
	clock := func() time.Time { return w.now }
	db := memory.New(memory.Options{Now: clock, Fault: func(_ context.Context, call memory.Call) error {
		if w.fault == nil {
			return nil
		}
		return w.fault(call)
	}})
	ids := 0
	newID := func() string { ids++; return fmt.Sprintf("sub%d", ids) }
	w.Feedback = &feedback.Feedback{
		Ledger:   ledger.New(db.Table("deliveries"), clock),
		Audience: store.NewAudience(db.Table("audience"), store.Options{Now: clock, NewID: newID}),
		Logger:   slog.New(slog.NewTextHandler(&w.log, nil)),
	}
	return w
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// subscriber adds an active one.
func (w *world) subscriber(email string, edit ...func(*status.Subscriber)) string {
	w.t.Helper()
	want := status.Subscriber{Page: page, Mode: status.ModeEmail, Email: email, Origin: status.FromOperator}
	for _, e := range edit {
		e(&want)
	}
	s, err := status.NewSubscriber(want, true, w.Audience.Stamp())
	w.check(err)
	_, err = w.Audience.AddSubscriber(w.t.Context(), s, store.Beside{})
	w.check(err)
	return s.ID
}

func (w *world) read(subscriber string) *status.Subscriber {
	w.t.Helper()
	s, err := w.Audience.Subscriber(w.t.Context(), page, subscriber)
	w.check(err)
	return s
}

func (w *world) claim(subscriber string) ledger.Claim {
	w.t.Helper()
	c, err := w.Ledger.Claim(w.t.Context(), incident, ledger.Target{Subscriber: subscriber, Seq: seq}, "worker")
	w.check(err)
	return c
}

// total counts what became of the incident's notifications.
func (w *world) total() ledger.Counts {
	w.t.Helper()
	e, err := w.Ledger.Evidence(w.t.Context(), incident)
	w.check(err)
	return e.Total
}

func (w *world) suppressed(email string) status.QuarantineReason {
	w.t.Helper()
	s, err := w.Audience.Suppressed(w.t.Context(), email)
	w.check(err)
	if s == nil {
		return ""
	}
	return s.Reason
}

type object = map[string]any

// tags are those of a mail about the incident.
func tags(subscriber string) object {
	return object{
		"page": []string{page}, "subject": []string{incident}, "event": []string{fmt.Sprintf("%s-%d", page, seq)},
		"subscriber": []string{subscriber}, "ses:configuration-set": []string{"allclear"},
	}
}

// event is one of SES about a mail with tags, sent at begin, and what belongs to its type.
func event(kind string, tags object, name string, details object) string {
	e := object{
		"eventType": kind,
		"mail":      object{"timestamp": stamp(begin), "messageId": "0100", "destination": []string{"a@example.com"}, "tags": tags},
	}
	if name != "" {
		e[name] = details
	}
	text, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func stamp(t time.Time) string { return t.Format("2006-01-02T15:04:05.000Z") }

func sent(subscriber string) string { return event("Send", tags(subscriber), "send", object{}) }

func delivered(subscriber string, at time.Time) string {
	return event("Delivery", tags(subscriber), "delivery", object{"timestamp": stamp(at), "recipients": []string{"a@example.com"}})
}

func delayed(subscriber string) string {
	return event("DeliveryDelay", tags(subscriber), "deliveryDelay", object{"timestamp": stamp(begin), "delayType": "MailboxFull"})
}

func bounced(tags object, email, kind, subKind string, at time.Time) string {
	return event("Bounce", tags, "bounce", object{
		"bounceType": kind, "bounceSubType": subKind, "timestamp": stamp(at), "bouncedRecipients": []object{{"emailAddress": email}},
	})
}

func complained(tags object, email string) string {
	return event("Complaint", tags, "complaint", object{
		"complaintSubType": nil, "complaintFeedbackType": "abuse", "timestamp": stamp(begin), "complainedRecipients": []object{{"emailAddress": email}},
	})
}
