package simulator_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/mailer"
	"allclear/internal/mailer/mailertest"
	"allclear/internal/mailer/memory"
	"allclear/internal/mailer/simulator"
)

// events are what was published.
type events struct {
	mu     sync.Mutex
	bodies []string
	err    error
}

func (e *events) Publish(_ context.Context, body string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err == nil {
		e.bodies = append(e.bodies, body)
	}
	return e.err
}

// told are the events, each as its type and what it says of the reason.
func (e *events) told(t *testing.T) []string {
	t.Helper()
	var told []string
	for _, body := range e.bodies {
		var got struct {
			EventType     string
			Bounce        *struct{ BounceType, BounceSubType string }
			DeliveryDelay *struct{ DelayType string }
		}
		if err := json.Unmarshal([]byte(body), &got); err != nil {
			t.Fatal(err)
		}
		text := got.EventType
		if got.Bounce != nil {
			text += " " + got.Bounce.BounceType + " " + got.Bounce.BounceSubType
		}
		if got.DeliveryDelay != nil {
			text += " " + got.DeliveryDelay.DelayType
		}
		told = append(told, text)
	}
	return told
}

func message(to string) mailer.Message {
	return mailer.Message{
		From: "status@example.com", To: to, Raw: []byte("Subject: x\r\n\r\n"),
		Tags: map[string]string{"page": "page1", "event": "page1-7", "subscriber": "sub1"},
	}
}

func now() time.Time { return time.Date(2026, 3, 1, 12, 0, 7, 123456789, time.UTC) }

func TestTheSimulatorIsAMailer(t *testing.T) {
	mailertest.Run(t, func(*testing.T) mailertest.Harness {
		m := new(memory.Mailer)
		return mailertest.Harness{
			Mailer: simulator.New(m, new(events), simulator.Options{}), Sender: "status@example.com",
			Sent: func(*testing.T) []mailertest.Sent {
				var sent []mailertest.Sent
				for _, each := range m.Sent() {
					sent = append(sent, mailertest.Sent{From: each.From, To: each.To, Raw: string(each.Raw)})
				}
				return sent
			},
		}
	})
}

func TestTheNameOfTheRecipientSaysWhatHappens(t *testing.T) {
	for to, want := range map[string][]string{
		"ada@example.com":                         {"Send", "Delivery"},
		"success@simulator.amazonses.com":         {"Send", "Delivery"},
		"ooto@simulator.amazonses.com":            {"Send", "Delivery"},
		"bounce@simulator.amazonses.com":          {"Send", "Bounce Permanent General"},
		"Bounce+label@example.com":                {"Send", "Bounce Permanent General"},
		"bouncer@example.com":                     {"Send", "Delivery"},
		`"bounce@x"@example.com`:                  {"Send", "Delivery"},
		"suppressionlist@simulator.amazonses.com": {"Send", "Bounce Permanent Suppressed"},
		"complaint+1@simulator.amazonses.com":     {"Send", "Delivery", "Complaint"},
		"delay@example.com":                       {"Send", "DeliveryDelay TransientCommunicationFailure"},
		"mailboxfull@example.com":                 {"Send", "DeliveryDelay MailboxFull", "Bounce Transient MailboxFull"},
		"reject@example.com":                      {"Send", "Reject"},
	} {
		told := new(events)
		if _, err := simulator.New(new(memory.Mailer), told, simulator.Options{Now: now}).Send(t.Context(), message(to)); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, told.told(t)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", to, diff)
		}
	}
}

func TestAnEventNamesTheMailAndItsTags(t *testing.T) {
	told := new(events)
	id, err := simulator.New(new(memory.Mailer), told, simulator.Options{Now: now}).Send(t.Context(), message("ada@example.com"))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"eventType":"Send","mail":{"timestamp":"2026-03-01T12:00:07.123Z","source":"status@example.com","sendingAccountId":"000000000000",` +
		`"messageId":"` + id + `","destination":["ada@example.com"],"headersTruncated":false,` +
		`"tags":{"event":["page1-7"],"page":["page1"],"ses:configuration-set":["local"],"subscriber":["sub1"]}},"send":{}}`
	if diff := cmp.Diff(want, told.bodies[0]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAMailThatWasNotSentHasNoEvents(t *testing.T) {
	told := new(events)
	refuses := &memory.Mailer{Before: func(context.Context, mailer.Message) error {
		return &mailer.Error{Outcome: mailer.Throttled, Err: errors.New("too fast")}
	}}
	if _, err := simulator.New(refuses, told, simulator.Options{}).Send(t.Context(), message("ada@example.com")); mailer.OutcomeOf(err) != mailer.Throttled {
		t.Errorf("got %v, want the refusal", err)
	}
	if len(told.bodies) > 0 {
		t.Errorf("got events %v", told.bodies)
	}
}

func TestAMailIsSentAlsoWhenItsEventsAreLost(t *testing.T) {
	var log strings.Builder
	through := new(memory.Mailer)
	m := simulator.New(through, &events{err: errors.New("disk is full")}, simulator.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if id, err := m.Send(t.Context(), message("ada@example.com")); err != nil || id == "" || len(through.Sent()) != 1 {
		t.Errorf("got %q, %v and %d sent, want it sent", id, err, len(through.Sent()))
	}
	if got := log.String(); strings.Count(got, "simulated events lost") != 1 || strings.Contains(got, "@") {
		t.Errorf("got log %s", got)
	}
}
