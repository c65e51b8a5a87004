package webhook

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"
)

// schedule is the time between one attempt and the next, as Standard Webhooks suggests: seconds for
// a hiccup, days for an outage.
var schedule = [Attempts]time.Duration{
	0, 5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour,
	5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
}

const (
	// Attempts is how often one message is tried, the first time included.
	Attempts = 10
	// MaxRetryAfter is the longest wait that a receiver can ask for: the last step of the schedule.
	MaxRetryAfter = 24 * time.Hour
	// jitter is the part of a wait that is added at most, so that those who failed together do not
	// come back together.
	jitter = 0.2
)

// Delay is how long to wait before an attempt, counted from 0, after the one before it. Its jitter
// depends on the message (see MessageID) and the attempt alone, so it comes out the same for
// everybody who computes it. It reports false when there are no further attempts.
func Delay(attempt int, message string) (delay time.Duration, more bool) {
	if attempt < 0 || attempt >= len(schedule) {
		return 0, false
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%d:%s", attempt, message))
	fraction := float64(binary.BigEndian.Uint64(sum[:])>>11) / (1 << 53) // in [0, 1)
	base := schedule[attempt]
	return base + time.Duration(float64(base)*jitter*fraction), true
}

// Next is when an attempt is due after a failure at a time: by the schedule, but not before what
// the receiver asked for (zero for nothing). It reports false when there are no further attempts.
func Next(attempt int, message string, failed, notBefore time.Time) (due time.Time, more bool) {
	delay, more := Delay(attempt, message)
	if !more {
		return time.Time{}, false
	}
	due = failed.Add(delay)
	if notBefore.After(due) {
		due = notBefore
	}
	return due, true
}
