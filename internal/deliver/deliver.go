// Package deliver is the protocol by which a worker turns a chunk of subscribers into messages:
// nobody gets one twice, nobody is forgotten, nobody hears the older after the newer, and the
// account's rate is kept. It knows the ledger's answers and nothing of mail, addresses or texts: what
// a message is and how it is sent is the Sender's. The function mail calls it.
package deliver

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"allclear/internal/ledger"
	"allclear/internal/status"
)

// The queues of the pipeline, by their logical ids in resources/. Waiting work names the one that it
// goes back to.
const (
	MailQueue    = "MailQueue"
	WebhookQueue = "WebhookQueue"
)

// ChunkSize is the most subscribers in one chunk.
const ChunkSize = 10

// Chunk asks for one event of a subject to be sent to some subscribers. It is a message of the
// queue, as JSON.
type Chunk struct {
	Page        string   `json:"page"`
	Subject     string   `json:"subject"` // id of the incident or maintenance, or of the component whose state is told
	Seq         int64    `json:"seq"`     // of the event
	Subscribers []string `json:"subscribers"`
}

// DecodeChunk reads a message of the queue. What is no chunk is a status.Error that names the field.
func DecodeChunk(message []byte) (Chunk, error) {
	var c Chunk
	if err := json.Unmarshal(message, &c); err != nil {
		return Chunk{}, &status.Error{Code: status.Malformed, Message: "the message is no chunk: " + err.Error()}
	}
	return c, c.check()
}

func (c Chunk) check() error {
	if !status.ValidID(c.Page) {
		return status.Invalidf("page", "is no id")
	}
	if !status.ValidID(c.Subject) {
		return status.Invalidf("subject", "is no id")
	}
	if c.Seq < 1 {
		return status.Invalidf("seq", "must be at least 1")
	}
	if n := len(c.Subscribers); n < 1 || n > ChunkSize {
		return status.Invalidf("subscribers", "must be 1 to %d, not %d", ChunkSize, n)
	}
	for i, id := range c.Subscribers {
		if !status.ValidID(id) {
			return status.Invalidf(fmt.Sprintf("subscribers[%d]", i), "is no id")
		}
	}
	return nil
}

// Version is one event of a subject that notifies, as the subject stands now.
type Version struct {
	Seq int64
	// In the words of those who read them; deliver only hands them on.
	Kind   string
	Update string // id of the update that the event posted, "" for an event that is about none
}

// Incidents tells what there is to say.
type Incidents interface {
	// Notifying reads the events of a subject with a seq of at least from that subscribers are to
	// hear of, the oldest first; none if the subject is gone.
	Notifying(ctx context.Context, page, subject string, from int64) ([]Version, error)
}

// Subscribers tells who wants to hear it. S is what the Sender has to know of a subscriber.
type Subscribers[S any] interface {
	// Wants reads a subscriber consistently and answers the newest of the versions that it is to
	// hear of; false if none: unsubscribed, suppressed, or not interested.
	Wants(ctx context.Context, page, subject, subscriber string, versions []Version) (S, Version, bool, error)
}

// Ledger records who was told what. *ledger.Ledger is one.
type Ledger interface {
	Outstanding(ctx context.Context, subject string, targets []ledger.Target) ([]ledger.Target, error)
	Claim(ctx context.Context, subject string, target ledger.Target, worker string) (ledger.Claim, error)
	Finish(ctx context.Context, c ledger.Claim, state ledger.State) error
	Release(ctx context.Context, c ledger.Claim) error
}

// Pace says when to send, and keeps what has to wait. *ledger.Ledger is one.
type Pace interface {
	Reserve(ctx context.Context, n int, clock string, q ledger.Quota) (ledger.Grant, error)
	Park(ctx context.Context, d ledger.Due) error
}

// Quotas knows what the account may send. *QuotaCache is one.
type Quotas interface {
	Quota(ctx context.Context) (ledger.Quota, error)
	Forget() // what it knows is out of date
}

// Message is what is to be sent to one subscriber. The Sender tags it with subject, seq and
// subscriber, so that feedback can settle it.
type Message[S any] struct {
	Page       string
	Subject    string
	Version    Version
	Subscriber string
	Details    S
}

// Outcome is what became of one sending.
type Outcome string

// The outcomes. Only an explicit answer is another than Lost: a message that may have left is never
// sent again.
const (
	Sent      Outcome = "sent"
	Refused   Outcome = "refused"    // for good: this message will never be taken
	Throttled Outcome = "throttled"  // too fast; certainly not sent
	OverQuota Outcome = "over_quota" // the quota of the day is used up; certainly not sent
	Stopped   Outcome = "stopped"    // the account may not send at present; certainly not sent
	Lost      Outcome = "lost"       // no answer, or one that is not understood
)

// Sender sends one message, once: it must not repeat a call that may have been carried out. The
// error explains an outcome other than Sent for the log; it holds no address.
type Sender[S any] interface {
	Send(ctx context.Context, m Message[S]) (Outcome, error)
}

// Preparer is a Sender that can do before a message's turn what may take long and is no sending, such
// as reading what there is to tell. Sendings begin at the rate; those that then wait for the same
// reading would all leave at its end, in one moment. An error has an outcome as that of Send has, and
// then there is no sending.
type Preparer[S any] interface {
	Prepare(ctx context.Context, m Message[S]) (Outcome, error)
}

// Clock is the time, and waiting for it.
type Clock interface {
	Now() time.Time
	Sleep(ctx context.Context, until time.Time) error
}

// Worker delivers chunks. All fields but Crew are needed. What it holds must be safe for concurrent
// use: the subscribers of a chunk are claimed and read, and sendings go on, at the same time, so that
// the time that a call takes does not hold up the rate. But sendings begin one after the other, in
// their slots.
type Worker[S any] struct {
	Ledger      Ledger
	Pace        Pace
	Quotas      Quotas
	Incidents   Incidents
	Subscribers Subscribers[S]
	Sender      Sender[S]
	Clock       Clock
	ClockName   string        // of this process, made anew at its start; Handle runs once at a time, or in a Pool
	NewID       func() string // a new random name at each call
	Queue       string        // that chunks come from and return to
	Crew        func() Crew   // nil for goroutines
	Logger      *slog.Logger

	line *line // of a Pool, nil without one
}

// Alarm is a condition that people have to know of: sending waits until it is over.
type Alarm string

// The alarms.
const (
	NoAlarm        Alarm = ""
	QuotaExhausted Alarm = "quota_exhausted"
	AccountStopped Alarm = "account_stopped"
)

// Report counts what became of a chunk's subscribers.
type Report struct {
	Sent    int // accepted by the mail service
	Covered int // told, or maybe told, of this or a newer event by somebody else
	Skipped int // did not want it
	Failed  int // refused for good
	Lost    int // may have been sent
	Parked  int // wait in the ledger
	Alarm   Alarm
}
