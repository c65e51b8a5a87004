package front

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"allclear/internal/bucket"
)

// isAPI reports addresses whose clients expect JSON, also for refusals.
func isAPI(address string) bool { return strings.HasPrefix(address, "/api/") }

// preflight answers a browser that asks whether it may read from another origin, as it does when a
// script sends a header of its own. There are no credentials here that could leak.
func preflight(w http.ResponseWriter) {
	header := w.Header()
	header.Set("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")
	header.Set("Access-Control-Allow-Headers", "*, Authorization") // "*" does not include Authorization
	header.Set("Access-Control-Max-Age", "86400")
	header.Set("Allow", "GET, HEAD, OPTIONS")
	w.WriteHeader(http.StatusNoContent)
}

func methodNotAllowed(w http.ResponseWriter, r *http.Request, address string, cors bool) {
	allow := "GET, HEAD"
	if cors {
		allow += ", OPTIONS"
	}
	w.Header().Set("Allow", allow)
	refuse(w, r, address, http.StatusMethodNotAllowed, "Method not allowed")
}

// notFound answers with the page's own 404.html, or for API clients in JSON. It has no ETag and is
// not to be kept: what is not there now may be published in a moment.
func (f *Front) notFound(w http.ResponseWriter, r *http.Request, address string) {
	if !isAPI(address) {
		p, err := f.load(r.Context(), notFoundPage)
		if err == nil {
			p.describe(w.Header())
			w.Header().Set("Cache-Control", "no-cache")
			p.as(accepted(r.Header["Accept-Encoding"])).send(w, r, http.StatusNotFound)
			return
		}
		if !errors.Is(err, bucket.ErrNotFound) {
			f.logger.WarnContext(r.Context(), "404 page unavailable", "error", err)
		}
	}
	refuse(w, r, address, http.StatusNotFound, "Not found")
}

// unavailable answers when the bucket does not.
func (f *Front) unavailable(w http.ResponseWriter, r *http.Request, address string, err error) {
	f.logger.ErrorContext(r.Context(), "bucket unavailable", "error", err)
	w.Header().Set("Retry-After", "5")
	refuse(w, r, address, http.StatusServiceUnavailable, "Unavailable")
}

// refuse sends a message in the form of Statuspage's errors, or as text to people.
func refuse(w http.ResponseWriter, r *http.Request, address string, status int, message string) {
	header := w.Header()
	kind, body := "text/plain; charset=utf-8", message+"\n"
	if isAPI(address) {
		text, err := json.Marshal(struct {
			Message string `json:"message"`
			Error   string `json:"error"`
		}{message, message})
		if err == nil { // a struct of strings always encodes
			kind, body = "application/json; charset=utf-8", string(text)+"\n"
		}
	}
	header.Set("Content-Type", kind)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	header.Set("Cache-Control", "no-cache")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = io.WriteString(w, body) // the client is gone: nobody is left to be told
	}
}
