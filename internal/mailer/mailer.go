// Package mailer is the port to what sends mail: SES on AWS, a captured inbox or an SMTP server on
// a laptop. It sends one finished message to one recipient and says exactly what is known of the
// outcome, because a mail that may have left is never sent again blindly. It renders nothing and
// decides nothing; internal/deliver does.
package mailer

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"regexp"
	"strings"
	"time"
)

// Limits of one call.
const (
	// MaxRaw is the most bytes of a message. https://docs.aws.amazon.com/ses/latest/dg/quotas.html
	MaxRaw = 10 << 20
	// Timeout is how long a Send takes at most, whatever its context allows.
	Timeout = 5 * time.Second
)

// Message is one finished mail to one recipient.
type Message struct {
	From string // envelope sender: an address without a name, 7-bit
	To   string // the one envelope recipient, likewise
	Raw  []byte // MIME with its header; line ends are CRLF
	// Tags come back with everything that the service later tells of this mail. Names and values
	// have 1 to 256 of the characters A-Z a-z 0-9 _ and -. A service without tags ignores them.
	Tags map[string]string
}

// Quota is what an account may send. A negative Rate or Max24h is no limit.
type Quota struct {
	Rate    float64 // recipients a second
	Max24h  float64 // recipients in any 24 hours
	Sent24h float64 // of those, used up in the last 24 hours
}

// Unlimited is a Rate or Max24h without a limit.
const Unlimited = -1

// Mailer is what an adapter offers. Implementations are safe for concurrent use.
type Mailer interface {
	// Send hands the message over and returns the id that the service gave it. It is tried once,
	// but for explicit throttling. An error is an *Error.
	Send(ctx context.Context, m Message) (id string, err error)
	// Quota reads what the account may send. It changes nothing.
	Quota(ctx context.Context) (Quota, error)
}

// Outcome is what is known of a message that Send returned an error for.
type Outcome string

// The outcomes. After all but Unknown the message certainly was not taken.
const (
	Throttled Outcome = "throttled" // above the account's rate: send again in a moment, slower
	Exhausted Outcome = "exhausted" // the daily quota is used up: send again when there is room
	Deferred  Outcome = "deferred"  // not now, or the service was not reached: send again later
	Rejected  Outcome = "rejected"  // never this message to this recipient
	Parked    Outcome = "parked"    // no message at all, until somebody repairs account or settings
	Unknown   Outcome = "unknown"   // it may have been taken: never send again blindly
)

// Retryable tells whether the same message may be sent again without anybody doing anything.
func (o Outcome) Retryable() bool { return o == Throttled || o == Exhausted || o == Deferred }

// Error says what is known of a message that was not, or perhaps not, sent. Its text names no
// address, although what a service says often does.
type Error struct {
	Outcome Outcome
	Err     error
}

func (e *Error) Error() string { return fmt.Sprintf("mail %s: %s", e.Outcome, redact(e.Err.Error())) }

func (e *Error) Unwrap() error { return e.Err }

// OutcomeOf is what an error of Send says. An error that says nothing is Unknown.
func OutcomeOf(err error) Outcome {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Outcome
	}
	return Unknown
}

var addressLike = regexp.MustCompile(`("[^"]*"|[^\s<>(),;:"]*)@[^\s<>(),;:"]*`)

func redact(s string) string { return addressLike.ReplaceAllString(s, "(address)") }

var tagText = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)

// Validate refuses a message that no adapter takes. A sender that cannot be one parks, since it is
// the same for every message; all else rejects this message.
func Validate(m Message) error {
	if err := checkAddress(m.From); err != nil {
		return &Error{Parked, fmt.Errorf("sender: %w", err)}
	}
	if err := checkAddress(m.To); err != nil {
		return &Error{Rejected, fmt.Errorf("recipient: %w", err)}
	}
	if len(m.Raw) == 0 || len(m.Raw) > MaxRaw {
		return &Error{Rejected, fmt.Errorf("message of %d bytes, want 1 to %d", len(m.Raw), MaxRaw)}
	}
	for name, value := range m.Tags {
		if !tagText.MatchString(name) || !tagText.MatchString(value) {
			return &Error{Rejected, fmt.Errorf("tag %.40q: want 1 to 256 of A-Z a-z 0-9 _ - as name and as value", name)}
		}
	}
	return nil
}

// checkAddress holds an address to what every service takes: RFC 5321, 7-bit, without a name.
func checkAddress(address string) error {
	for i := range len(address) {
		if address[i] < ' ' || address[i] > '~' {
			return fmt.Errorf("address has the byte %#x, want printable ASCII", address[i])
		}
	}
	if strings.ContainsAny(address, "<>") {
		return errors.New("want an address without angle brackets")
	}
	parsed, err := mail.ParseAddress(address)
	quoted := strings.HasPrefix(address, `"`) // a quoted local part, which the parser unquotes
	if err != nil || parsed.Name != "" || strings.TrimSpace(address) != address || !quoted && parsed.Address != address {
		return errors.New("want one plain address and nothing else")
	}
	at := strings.LastIndexByte(address, '@')
	if at > 64 || len(address) > 254 {
		return fmt.Errorf("address of %d bytes, %d of them before the @, want at most 254 and 64", len(address), at)
	}
	return nil
}
