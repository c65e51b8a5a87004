package subscribe

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"allclear/internal/status"
	"allclear/internal/store"
)

// answer is a whole answer.
type answer struct {
	status int
	body   []byte
}

// statusOf is the only place that knows which HTTP status an error has. What is not there is 410:
// a 404 would become a page of the CDN.
func statusOf(err error) int {
	known, limited := (*status.Error)(nil), (*store.LimitedError)(nil)
	if errors.As(err, &limited) {
		return http.StatusTooManyRequests
	}
	if !errors.As(err, &known) {
		return http.StatusInternalServerError
	}
	switch known.Code {
	case status.Malformed, status.Unauthorized:
		return http.StatusBadRequest
	case status.Invalid:
		return http.StatusUnprocessableEntity
	case status.NotFound:
		return http.StatusGone
	case status.Conflict:
		return http.StatusConflict
	case status.TooLarge:
		return http.StatusRequestEntityTooLarge
	case status.Limited:
		return http.StatusTooManyRequests
	case status.Unavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}

// sentence is what a visitor may read of an error.
func sentence(err error) string {
	known, limited := (*status.Error)(nil), (*store.LimitedError)(nil)
	switch {
	case errors.As(err, &limited):
		return "There were too many requests. Please try again " + whenOver(limited) + "."
	case errors.As(err, &known) && labelOf(known.Field) != "":
		return labelOf(known.Field) + " " + known.Message + "."
	case errors.As(err, &known):
		return known.Error() + "."
	default:
		return "Something went wrong on our side. Please try again."
	}
}

func whenOver(e *store.LimitedError) string {
	if e.Name == store.LimitAddress {
		return "tomorrow"
	}
	return "in an hour"
}

// fieldOf is the field that an error is about, "" for none.
func fieldOf(err error) string {
	if known := (*status.Error)(nil); errors.As(err, &known) {
		return known.Field
	}
	return ""
}

// note sets what an error says in headers, and tells the log of those that are our fault. The
// path is one of a few: tokens are in the query, which is not logged.
func (h *handler) note(w http.ResponseWriter, r *http.Request, err error) {
	limited := (*store.LimitedError)(nil)
	switch code := statusOf(err); {
	case errors.As(err, &limited):
		wait := max(limited.Until.Sub(h.Audience.Now()), time.Second)
		w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)))
	case code == http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "5")
	case code == http.StatusInternalServerError:
		h.Logger.ErrorContext(r.Context(), "request failed", "method", r.Method, "error", err)
	}
}

// send writes an answer. No cache keeps it: it may be about one person.
func send(w http.ResponseWriter, r *http.Request, contentType string, a answer) {
	header := w.Header()
	if len(a.body) > 0 {
		header.Set("Content-Type", contentType)
		header.Set("Content-Length", fmt.Sprint(len(a.body)))
	}
	w.WriteHeader(a.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(a.body) // the client is gone: nobody is left to be told
	}
}

// secure sets what all answers have.
func secure(header http.Header, policy string) {
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Security-Policy", policy)
	header.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
	header.Set("Referrer-Policy", "no-referrer") // an address may hold a token
	header.Set("X-Content-Type-Options", "nosniff")
}
