package memory_test

import (
	"context"
	"errors"
	"testing"

	"allclear/internal/mailer"
	"allclear/internal/mailer/mailertest"
	"allclear/internal/mailer/memory"
)

func TestMemoryIsAMailer(t *testing.T) {
	mailertest.Run(t, func(*testing.T) mailertest.Harness {
		m := new(memory.Mailer)
		return mailertest.Harness{Mailer: m, Sender: "status@example.com", Sent: func(*testing.T) []mailertest.Sent {
			var sent []mailertest.Sent
			for _, each := range m.Sent() {
				sent = append(sent, mailertest.Sent{From: each.From, To: each.To, Raw: string(each.Raw)})
			}
			return sent
		}}
	})
}

func TestAFaultBeforeSendsNothingAndOneAfterLosesTheAnswer(t *testing.T) {
	fault := func(context.Context, mailer.Message) error {
		return &mailer.Error{Outcome: mailer.Unknown, Err: errors.New("cut")}
	}
	message := mailer.Message{From: "a@example.com", To: "b@example.com", Raw: []byte("Subject: x\r\n\r\n")}
	for name, c := range map[string]struct {
		mailer *memory.Mailer
		sent   int
	}{"before": {&memory.Mailer{Before: fault}, 0}, "after": {&memory.Mailer{After: fault}, 1}} {
		_, err := c.mailer.Send(t.Context(), message)
		if mailer.OutcomeOf(err) != mailer.Unknown || err == nil || len(c.mailer.Sent()) != c.sent {
			t.Errorf("%s: got %v and %d sent, want the fault and %d", name, err, len(c.mailer.Sent()), c.sent)
		}
	}
}
