package mailer

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestAnErrorSaysItsOutcomeAndNoAddress(t *testing.T) {
	cause := errors.New(`554 Email address is not verified: ada.b+c@example.com, <"x y"@sub.example.org>; user@host:25`)
	err := fmt.Errorf("send mail of event 42: %w", &Error{Rejected, cause})
	if got := OutcomeOf(err); got != Rejected {
		t.Errorf("got outcome %s, want rejected", got)
	}
	if !errors.Is(err, cause) {
		t.Error("the cause is hidden")
	}
	if text := err.Error(); strings.Contains(text, "@") || strings.Contains(text, "example") || strings.Contains(text, "x y") || !strings.Contains(text, "554 Email address is not verified") {
		t.Errorf("got text %q, want the reply without addresses", text)
	}
}

func TestAnErrorThatSaysNothingIsUnknown(t *testing.T) {
	if got := OutcomeOf(errors.New("cut")); got != Unknown {
		t.Errorf("got %s, want unknown", got)
	}
}

func TestOnlyExplicitRefusalsForNowMayBeRetried(t *testing.T) {
	for outcome, want := range map[Outcome]bool{
		Throttled: true, Exhausted: true, Deferred: true, Rejected: false, Parked: false, Unknown: false,
	} {
		if got := outcome.Retryable(); got != want {
			t.Errorf("%s: got %t, want %t", outcome, got, want)
		}
	}
}

func TestAddressesThatServicesTakeAreTaken(t *testing.T) {
	for _, address := range []string{
		"a@b.example", "ada+tag@sub.example.com", "o'brien@example.com", `"ada lovelace"@example.com`, `"a\"b"@example.com`,
		"ada@xn--exmple-cua.com", "a.b-c_d@example.co.uk", strings.Repeat("a", 64) + "@example.com",
	} {
		if err := Validate(Message{From: address, To: address, Raw: []byte("x")}); err != nil {
			t.Errorf("%s: got %v, want none", address, err)
		}
	}
}

func FuzzAnAddressThatIsTakenCannotLeaveItsLine(f *testing.F) {
	for _, seed := range []string{"a@b", "a@b\r\nRCPT TO:<c@d>", `"a b"@c`, "<a@b>", "a@b>", `"\` + "\r\n" + `"@b`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		if checkAddress(address) == nil && (strings.ContainsAny(address, "\r\n\x00<>") || !strings.Contains(address, "@")) {
			t.Errorf("took %q", address)
		}
	})
}
