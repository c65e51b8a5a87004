package sender

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestTheStatusDecidesWhatBecameOfAPost(t *testing.T) {
	server, o := receiver(t, func(w http.ResponseWriter, r *http.Request) {
		code, _ := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
		w.Header().Set("Retry-After", "90")
		w.Header().Set("Location", "https://127.0.0.1/")
		w.WriteHeader(code)
	})
	later := now.Add(90 * time.Second)
	for code, want := range map[int]Result{
		200: {Outcome: Delivered}, 201: {Outcome: Delivered}, 202: {Outcome: Delivered}, 204: {Outcome: Delivered}, 299: {Outcome: Delivered},
		300: {Outcome: Refused}, 301: {Outcome: Refused}, 302: {Outcome: Refused}, 304: {Outcome: Refused}, 307: {Outcome: Refused}, 308: {Outcome: Refused},
		400: {Outcome: Refused}, 401: {Outcome: Refused}, 403: {Outcome: Refused}, 404: {Outcome: Refused}, 413: {Outcome: Refused}, 422: {Outcome: Refused},
		410: {Outcome: Gone},
		408: {Outcome: Retry, NotBefore: later}, 425: {Outcome: Retry, NotBefore: later}, 429: {Outcome: Retry, NotBefore: later},
		500: {Outcome: Retry, NotBefore: later}, 502: {Outcome: Retry, NotBefore: later}, 503: {Outcome: Retry, NotBefore: later}, 599: {Outcome: Retry, NotBefore: later},
	} {
		got := post(t, server, o, "/"+strconv.Itoa(code))
		if (got.Err == nil) != (want.Outcome == Delivered) {
			t.Errorf("%d: got the error %v", code, got.Err)
		}
		if want.Status = code; want != (Result{Outcome: got.Outcome, Status: got.Status, NotBefore: got.NotBefore}) {
			t.Errorf("%d: got %+v, want %+v", code, got, want)
		}
	}
}

func TestRetryAfterIsReadInEveryFormAndCapped(t *testing.T) {
	for given, want := range map[string]time.Duration{
		"":                               0,
		"0":                              0,
		"1":                              time.Second,
		" 120 ":                          2 * time.Minute,
		"0.35":                           time.Second,
		"86400":                          24 * time.Hour,
		"86401":                          24 * time.Hour,
		"99999999999999999999999":        24 * time.Hour,
		strings.Repeat("9", 400):         24 * time.Hour,
		"-5":                             0,
		"1e9":                            0,
		"NaN":                            0,
		"1.2.3":                          0,
		".":                              0,
		"soon":                           0,
		"Sun, 08 Mar 2026 10:30:00 GMT":  time.Hour,
		"Sunday, 08-Mar-26 10:30:00 GMT": time.Hour,
		"Sun, 08 Mar 2026 09:29:59 GMT":  0,
		"Wed, 08 Mar 2126 09:30:00 GMT":  24 * time.Hour,
	} {
		wanted := time.Time{}
		if want > 0 {
			wanted = now.Add(want)
		}
		if got := retryAfter(given, now); !got.Equal(wanted) {
			t.Errorf("%q: got %s, want %s", given, got, wanted)
		}
	}
}
