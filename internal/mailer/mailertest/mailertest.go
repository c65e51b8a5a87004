// Package mailertest is what every adapter of the mailer port is held to: one body of tests, run by
// the adapter's own test against mailers that it opens. How services refuse differs, so what their
// refusals mean is tested beside each adapter.
package mailertest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/mailer"
)

// Sent is a message as the service took it.
type Sent struct {
	From, To string
	Raw      string
}

// Harness is a mailer with a way to see what it sent.
type Harness struct {
	Mailer mailer.Mailer
	// Sender is an envelope sender that the service accepts.
	Sender string
	// Sent gives everything that was sent so far, in any order.
	Sent func(t *testing.T) []Sent
	// BodyOnly says that Sent cannot tell the header: Raw is what follows it.
	BodyOnly bool
}

// Run tests the mailers that open returns; each has sent nothing and is used by one test.
func Run(t *testing.T, open func(t *testing.T) Harness) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(t *testing.T, h Harness)
	}{
		{"a message is sent as it is, to one recipient", asItIs},
		{"every message has an id of its own", ids},
		{"lines with dots and long texts come through", awkward},
		{"recipients that nobody can be are rejected", recipients},
		{"a sender that nobody can be parks", senders},
		{"what breaks a limit is rejected", limits},
		{"a context that ended before sends nothing", cancelled},
		{"many may send at once", concurrent},
		{"the quota can be read", quota},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

// raw is a small message.
func (h Harness) raw(to, body string) []byte {
	return fmt.Appendf(nil, "From: Status <%s>\r\nTo: <%s>\r\nSubject: Test\r\nMessage-ID: <1@example.com>\r\n"+
		"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n", h.Sender, to, body)
}

func (h Harness) message(to, body string) mailer.Message {
	return mailer.Message{
		From: h.Sender, To: to, Raw: h.raw(to, body), Tags: map[string]string{"event": "42", "subscriber": "abc_1-2"},
	}
}

func (h Harness) send(t *testing.T, m mailer.Message) string {
	t.Helper()
	id, err := h.Mailer.Send(t.Context(), m)
	if err != nil {
		t.Fatalf("Send: %v", err)
	}
	return id
}

// expect compares what was sent, by recipient.
func (h Harness) expect(t *testing.T, messages ...mailer.Message) {
	t.Helper()
	want, got := map[string]Sent{}, map[string]Sent{}
	for _, m := range messages {
		raw := string(m.Raw)
		if h.BodyOnly {
			_, raw, _ = strings.Cut(raw, "\r\n\r\n")
		}
		want[m.To] = Sent{m.From, m.To, raw}
	}
	sent := h.Sent(t)
	for _, s := range sent {
		got[s.To] = s
	}
	if diff := cmp.Diff(want, got); diff != "" || len(sent) != len(messages) {
		t.Errorf("got %d messages, want %d (-want +got):\n%s", len(sent), len(messages), diff)
	}
}

func asItIs(t *testing.T, h Harness) {
	m := h.message("ada@example.com", "Hello")
	h.send(t, m)
	h.expect(t, m)
}

func ids(t *testing.T, h Harness) {
	seen := map[string]bool{}
	for _, to := range []string{"a@example.com", "b@example.com", "c@example.com"} {
		id := h.send(t, h.message(to, "Hello"))
		if id == "" || seen[id] {
			t.Errorf("got id %q, want one of its own", id)
		}
		seen[id] = true
	}
}

func awkward(t *testing.T, h Harness) {
	body := ".\r\n..\r\n.dot\r\n\r\nFrom here\r\n" + strings.Repeat(strings.Repeat("x", 70)+"\r\n", 2000) + "<&>=3D last"
	m := h.message("ada+status@sub.xn--exmple-cua.com", body)
	h.send(t, m)
	h.expect(t, m)
}

// unaddressable are texts that are no 7-bit address without a name.
func unaddressable() map[string]string {
	return map[string]string{
		"nothing": "", "a word": "ada", "no local part": "@example.com", "no domain": "ada@", "two": "a@example.com, b@example.com",
		"a name": "Ada <ada@example.com>", "brackets": "<ada@example.com>", "a comment": "ada@example.com (Ada)",
		"a space": "ada @example.com", "a space behind": "ada@example.com ", "CR LF": "ada@example.com\r\nBcc: eve@example.com",
		"LF": "ada\n@example.com", "NUL": "ada\x00@example.com", "an umlaut": "ädä@example.com", "an umlaut in the domain": "ada@exämple.com",
		"a command": "ada@example.com> SIZE=1", "a long local part": strings.Repeat("a", 65) + "@example.com",
		"a long address": "ada@" + strings.Repeat("long.", 50) + "example.com",
	}
}

func recipients(t *testing.T, h Harness) {
	for name, to := range unaddressable() {
		m := h.message("ada@example.com", "Hello")
		m.To = to
		_, err := h.Mailer.Send(t.Context(), m)
		if err == nil || mailer.OutcomeOf(err) != mailer.Rejected {
			t.Errorf("%s: got %v, want rejected", name, err)
		} else if strings.Contains(to, "@") && strings.Contains(err.Error(), "example") {
			t.Errorf("%s: got error %v, which names the address", name, err)
		}
	}
	h.expect(t)
}

func senders(t *testing.T, h Harness) {
	for name, from := range unaddressable() {
		m := h.message("ada@example.com", "Hello")
		m.From = from
		if _, err := h.Mailer.Send(t.Context(), m); err == nil || mailer.OutcomeOf(err) != mailer.Parked {
			t.Errorf("%s: got %v, want parked", name, err)
		}
	}
	h.expect(t)
}

func limits(t *testing.T, h Harness) {
	for name, change := range map[string]func(*mailer.Message){
		"no message":        func(m *mailer.Message) { m.Raw = nil },
		"a large message":   func(m *mailer.Message) { m.Raw = make([]byte, mailer.MaxRaw+1) },
		"an empty tag":      func(m *mailer.Message) { m.Tags = map[string]string{"event": ""} },
		"a tag with a dot":  func(m *mailer.Message) { m.Tags = map[string]string{"event": "a.b"} },
		"a tag's long name": func(m *mailer.Message) { m.Tags = map[string]string{strings.Repeat("n", 257): "x"} },
	} {
		m := h.message("ada@example.com", "Hello")
		change(&m)
		if _, err := h.Mailer.Send(t.Context(), m); err == nil || mailer.OutcomeOf(err) != mailer.Rejected {
			t.Errorf("%s: got %v, want rejected", name, err)
		}
	}
	h.expect(t)
}

func cancelled(t *testing.T, h Harness) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Mailer.Send(ctx, h.message("ada@example.com", "Hello")); err == nil || mailer.OutcomeOf(err) != mailer.Deferred {
		t.Errorf("got %v, want deferred: nobody was asked", err)
	}
	h.expect(t)
}

func concurrent(t *testing.T, h Harness) {
	const number, each = 4, 5
	var want []mailer.Message
	var group sync.WaitGroup
	for i := range number {
		var mine []mailer.Message
		for j := range each {
			mine = append(mine, h.message(fmt.Sprintf("r%d-%d@example.com", i, j), fmt.Sprintf("Hello %d of %d", j, i)))
		}
		want = append(want, mine...)
		group.Go(func() {
			for _, m := range mine {
				if _, err := h.Mailer.Send(t.Context(), m); err != nil {
					t.Errorf("Send: %v", err)
				}
			}
		})
	}
	group.Wait()
	h.expect(t, want...)
}

func quota(t *testing.T, h Harness) {
	q, err := h.Mailer.Quota(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if q.Rate == 0 || q.Max24h == 0 || q.Sent24h < 0 {
		t.Errorf("got %+v, want a rate and a daily quota, or none of them", q)
	}
}
