package webhook

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"allclear/internal/status"
)

var signed = time.Date(2026, 3, 8, 9, 30, 0, 120e6, time.UTC)

// verify asks the reference library.
func verify(t *testing.T, secret Secret, s Signature, body []byte) error {
	t.Helper()
	reference, err := standardwebhooks.NewWebhook(secret.Text())
	if err != nil {
		t.Fatal(err)
	}
	header := http.Header{}
	for name, value := range s.Headers() {
		header.Set(name, value)
	}
	return reference.VerifyIgnoringTimestamp(body, header)
}

func newSecret(t *testing.T) Secret {
	t.Helper()
	s, err := NewSecret(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheReferenceLibraryVerifiesOurSignatures(t *testing.T) {
	secret := newSecret(t)
	body := []byte(`{"meta":{},"incident":{"name":"Über"}}`)
	s, err := Sign("msg_1", signed, body, secret)
	if err != nil {
		t.Fatal(err)
	}
	if err := verify(t, secret, s, body); err != nil {
		t.Error(err)
	}
	reference, err := standardwebhooks.NewWebhook(secret.Text())
	if err != nil {
		t.Fatal(err)
	}
	want, err := reference.Sign("msg_1", signed, body)
	if err != nil {
		t.Fatal(err)
	}
	if s.Value != want || s.Timestamp != "1772962200" {
		t.Errorf("got %s at %s, want %s", s.Value, s.Timestamp, want)
	}
	for what, broken := range map[string]Signature{
		"another id":        {"msg_2", s.Timestamp, s.Value},
		"another time":      {s.ID, "1772962201", s.Value},
		"another signature": {s.ID, s.Timestamp, "v1,AAAA"},
	} {
		if verify(t, secret, broken, body) == nil {
			t.Errorf("%s verifies", what)
		}
	}
	if verify(t, secret, s, append(body, ' ')) == nil || verify(t, newSecret(t), s, body) == nil {
		t.Error("another body or secret verifies")
	}
}

func TestDuringARotationBothSecretsVerify(t *testing.T) {
	now, before := newSecret(t), newSecret(t)
	s, err := Sign("msg_1", signed, []byte("{}"), now, before)
	if err != nil {
		t.Fatal(err)
	}
	for what, secret := range map[string]Secret{"new": now, "old": before} {
		if err := verify(t, secret, s, []byte("{}")); err != nil {
			t.Errorf("the %s secret: %v", what, err)
		}
	}
	if parts := strings.Split(s.Value, " "); len(parts) != 2 || !strings.HasPrefix(parts[1], "v1,") {
		t.Errorf("got %q, want two signatures with a space between", s.Value)
	}
}

func TestNothingIsSignedWithoutAnIDAndOneOrTwoSecrets(t *testing.T) {
	secret := newSecret(t)
	for what, sign := range map[string]func() (Signature, error){
		"no id":         func() (Signature, error) { return Sign("", signed, nil, secret) },
		"a dot":         func() (Signature, error) { return Sign("a.b", signed, nil, secret) },
		"no secret":     func() (Signature, error) { return Sign("a", signed, nil) },
		"three secrets": func() (Signature, error) { return Sign("a", signed, nil, secret, secret, secret) },
		"empty secret":  func() (Signature, error) { return Sign("a", signed, nil, secret, Secret{}) },
	} {
		if s, err := sign(); err == nil {
			t.Errorf("%s: got %+v", what, s)
		}
	}
}

func TestASecretComesBackFromItsText(t *testing.T) {
	secret := newSecret(t)
	again, err := ParseSecret("secret", secret.Text())
	if err != nil || again != secret {
		t.Errorf("got %v, %v", again == secret, err)
	}
	if secret == newSecret(t) {
		t.Error("two secrets are the same")
	}
	if _, err := NewSecret(io.LimitReader(rand.Reader, 31)); err == nil {
		t.Error("a secret is made of too little randomness")
	}
}

func TestWhatIsNoSecretIsRefusedAndNotRepeated(t *testing.T) {
	for given, want := range map[string]string{
		"":                                    "must begin with whsec_",
		"MfKQ9r8GKYqrTwjU":                    "must begin with whsec_",
		"whsec_":                              "24 to 64 bytes",
		"whsec_MfKQ9r8GKYqr":                  "24 to 64 bytes",
		"whsec_" + strings.Repeat("AAAA", 22): "24 to 64 bytes",
		"whsec_!!!!":                          "base64",
		"whsec_" + strings.Repeat("A", 33):    "base64",
		"whsec_" + strings.Repeat("A", 16) + "\n" + strings.Repeat("A", 16): "base64",
		"whsec_" + strings.Repeat("A", 40) + "AB==":                         "base64", // bits that mean nothing
		"whsec_" + strings.Repeat("_", 32):                                  "base64",
	} {
		_, err := ParseSecret("secret", given)
		var refusal *status.Error
		if !errors.As(err, &refusal) || refusal.Field != "secret" || !strings.Contains(refusal.Message, want) {
			t.Errorf("%q: got %v, want %q", given, err, want)
		} else if len(given) > 10 && strings.Contains(err.Error(), given[8:]) {
			t.Errorf("%q is repeated: %v", given, err)
		}
	}
}

func TestASecretDoesNotShowItself(t *testing.T) {
	secret := newSecret(t)
	text := strings.TrimPrefix(secret.Text(), "whsec_")
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("rotated", "secret", secret)
	for _, shown := range []string{log.String(), fmt.Sprint(secret), fmt.Sprintf("%+v %#v %s", secret, secret, secret)} {
		if strings.Contains(shown, text) || !strings.Contains(shown, "whsec_…") {
			t.Errorf("got %s", shown)
		}
	}
	if shown, err := json.Marshal(map[string]any{"secret": secret}); err == nil {
		t.Errorf("a secret is marshalled by accident: %s", shown)
	}
}

func TestAMessageIDIsOneOfEventSubjectAndSubscriber(t *testing.T) {
	id := MessageID("page1#7", "inc1", "sub1")
	if again := MessageID("page1#7", "inc1", "sub1"); again != id {
		t.Errorf("got %s and %s", id, again)
	}
	seen := map[string]bool{id: true}
	for _, other := range [][3]string{
		{"page1#8", "inc1", "sub1"},
		{"page1#7", "inc2", "sub1"},
		{"page1#7", "inc1", "sub2"},
		{"page1#7i", "nc1", "sub1"},
		{"page1#7", "", "inc1sub1"},
	} {
		next := MessageID(other[0], other[1], other[2])
		if seen[next] || strings.Contains(next, ".") {
			t.Errorf("%v: got %s", other, next)
		}
		seen[next] = true
	}
}

func TestAttemptsSpreadOverDays(t *testing.T) {
	var total, least time.Duration
	for attempt := range Attempts {
		delay, more := Delay(attempt, "msg_1")
		if !more {
			t.Fatalf("attempt %d is not made", attempt)
		}
		if again, _ := Delay(attempt, "msg_1"); again != delay {
			t.Errorf("attempt %d: got %s and %s", attempt, delay, again)
		}
		base := schedule[attempt]
		if delay < base || delay > base+base/5 {
			t.Errorf("attempt %d: got %s, want %s to a fifth more", attempt, delay, base)
		}
		total += delay
		least += base
	}
	if least != 75*time.Hour+35*time.Minute+5*time.Second || total <= least {
		t.Errorf("got %s in all, want more than %s", total, least)
	}
	for _, attempt := range []int{-1, Attempts} {
		if delay, more := Delay(attempt, "msg_1"); more || delay != 0 {
			t.Errorf("attempt %d: got %s, %t", attempt, delay, more)
		}
	}
	if first, _ := Delay(0, "msg_1"); first != 0 {
		t.Errorf("the first attempt waits %s", first)
	}
	delays := map[time.Duration]bool{}
	for n := range 100 {
		delay, _ := Delay(4, fmt.Sprint("msg_", n))
		delays[delay] = true
	}
	if len(delays) != 100 {
		t.Errorf("a hundred messages come back at %d moments", len(delays))
	}
}

func TestAReceiverCanAskForMoreTimeButNotForLess(t *testing.T) {
	delay, _ := Delay(1, "msg_1")
	for _, c := range []struct{ notBefore, want time.Time }{
		{time.Time{}, signed.Add(delay)},
		{signed.Add(time.Second), signed.Add(delay)},
		{signed.Add(time.Hour), signed.Add(time.Hour)},
	} {
		if got, more := Next(1, "msg_1", signed, c.notBefore); !more || !got.Equal(c.want) {
			t.Errorf("not before %s: got %s, %t, want %s", c.notBefore, got, more, c.want)
		}
	}
	if due, more := Next(Attempts, "msg_1", signed, signed.Add(time.Hour)); more {
		t.Errorf("got another attempt at %s", due)
	}
}
