package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"allclear/internal/status"
)

// problem is the body of every refusal. Statuspage documents message, its clients read error.
type problem struct {
	Message string `json:"message"`
	Error   string `json:"error"`
}

const maxMessage = 1000 // bytes

// statusOf is the only place that knows which HTTP status an error has.
func statusOf(code status.Code) int {
	switch code {
	case status.Malformed:
		return http.StatusBadRequest
	case status.Invalid:
		return http.StatusUnprocessableEntity
	case status.Unauthorized:
		return http.StatusUnauthorized
	case status.NotFound:
		return http.StatusNotFound
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

// limited is a refusal that says when to come again.
type limited struct {
	refusal *status.Error
	wait    time.Duration
}

func (e *limited) Error() string { return e.refusal.Error() }
func (e *limited) Unwrap() error { return e.refusal }

// wrongMethod is a refusal that the domain has no word for.
type wrongMethod struct{ message string }

func (e *wrongMethod) Error() string { return e.message }

func errMethod(method string, m methods) error {
	return &wrongMethod{fmt.Sprintf("%.20q is not possible here, only %s", method, strings.ReplaceAll(allow(m), ", HEAD", ""))}
}

// refuse answers with an error. What a user may not read goes to the log under the request's id.
func (h *handler) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var (
		known *status.Error
		wait  *limited
		wrong *wrongMethod
	)
	code, message := http.StatusInternalServerError, ""
	switch {
	case errors.As(err, &wrong):
		code, message = http.StatusMethodNotAllowed, wrong.message
	case errors.As(err, &known):
		code, message = statusOf(known.Code), known.Error()
	case r.Context().Err() != nil:
		// Nobody waits for the answer any more, or there was no time left to make it.
		code, message = http.StatusServiceUnavailable, "The request took too long; try again"
	}
	if errors.As(err, &wait) {
		w.Header().Set("Retry-After", strconv.Itoa(int((wait.wait+time.Second-1)/time.Second)))
	}
	switch code {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", "OAuth")
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "1")
	case http.StatusInternalServerError:
		id := h.nameOf(r.Context())
		h.logger.ErrorContext(r.Context(), "request failed", "request", id, "method", r.Method, "path", r.URL.Path, "error", err)
		message = "Something went wrong on our side (request " + id + ")"
	}
	message = status.Cut(message, maxMessage) // it may quote what was sent
	body, err := encode(problem{message, message})
	if err != nil {
		body = nil
	}
	reply{status: code, body: body}.write(w)
}

func (h *handler) nameOf(ctx context.Context) string {
	if h.requestID != nil {
		if id := h.requestID(ctx); id != "" {
			return id
		}
	}
	return h.store.NewID()
}

// recoverPanic turns a bug into an answer. Handlers write only once they have the whole answer,
// so nothing has been sent before.
func (h *handler) recoverPanic(w http.ResponseWriter, r *http.Request) {
	p := recover()
	if p == nil {
		return
	}
	if p == http.ErrAbortHandler { //nolint:errorlint // it is this very value
		panic(p)
	}
	h.refuse(w, r, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
}
