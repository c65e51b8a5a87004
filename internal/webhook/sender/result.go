package sender

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"allclear/internal/webhook"
)

// Outcome is what became of a post.
type Outcome string

// The outcomes. All but Delivered and Gone are tried again by the schedule.
const (
	Delivered Outcome = "delivered" // 2xx
	Retry     Outcome = "retry"     // 408, 425, 429, 5xx, no answer in time, no connection; it may have arrived
	Refused   Outcome = "refused"   // 3xx and any other 4xx: the receiver does not want it, or not so
	Gone      Outcome = "gone"      // 410: the receiver asks never to be posted to again
	Blocked   Outcome = "blocked"   // the name leads to an address that is not public; nothing was sent
)

// Result is what became of a post. Err is nil exactly when it was delivered; it names no more of
// the endpoint than its host.
type Result struct {
	Outcome Outcome
	Status  int // of HTTP; 0 without an answer
	// NotBefore is when a receiver that was too busy asks to be tried again, at most
	// webhook.MaxRetryAfter from now; zero when it did not ask.
	NotBefore time.Time
	Err       error
}

// answered judges an answer by the status that it means.
func (s *Sender) answered(e webhook.Endpoint, response *http.Response, text []byte) Result {
	r := Result{Status: e.Meant(response.StatusCode, text)}
	switch code := r.Status; {
	case code >= 200 && code <= 299:
		r.Outcome = Delivered
		return r
	case code == http.StatusGone:
		r.Outcome = Gone
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests, code >= 500:
		r.Outcome = Retry
		r.NotBefore = retryAfter(response.Header.Get("Retry-After"), s.now())
	default:
		r.Outcome = Refused
	}
	r.Err = fmt.Errorf("post to %s: answered %s", e, statusText(r.Status))
	return r
}

// failed judges a post that got no answer.
func (s *Sender) failed(e webhook.Endpoint, err error) Result {
	r := Result{Outcome: Retry, Err: fmt.Errorf("post to %s: %w", e, bare(err))}
	if blocked := (*blockedError)(nil); errors.As(err, &blocked) {
		r.Outcome = Blocked
	}
	return r
}

// statusText is our own name of a status: the words of an answer are the receiver's.
func statusText(code int) string {
	return strings.TrimSpace(strconv.Itoa(code) + " " + http.StatusText(code))
}

// retryAfter reads the header of RFC 9110, section 10.2.3: seconds, which some write with a
// fraction, or a date. What is in the past or cannot be read asks for nothing.
func retryAfter(value string, now time.Time) time.Time {
	value = strings.TrimSpace(value)
	latest := now.Add(webhook.MaxRetryAfter)
	if value != "" && strings.Trim(value, "0123456789.") == "" {
		seconds, err := strconv.ParseFloat(value, 64) // out of range is infinite
		switch {
		case math.IsInf(seconds, 1) || err == nil && seconds >= webhook.MaxRetryAfter.Seconds():
			return latest
		case err != nil || seconds == 0:
			return time.Time{}
		}
		return now.Add(time.Duration(math.Ceil(seconds)) * time.Second)
	}
	at, err := http.ParseTime(value)
	switch {
	case err != nil || !at.After(now):
		return time.Time{}
	case at.After(latest):
		return latest
	}
	return at.UTC()
}
