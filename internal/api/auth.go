package api

import (
	"net/http"
	"strings"
	"time"

	"allclear/internal/status"
	"allclear/internal/store"
)

// authenticate finds the key of a request, and with it what the request will be about. Clients send
// it in several forms: "OAuth <key>" is the documented one, in any case; also "Bearer <key>", the
// key alone, and ?api_key=<key>.
func (c *call) authenticate(now time.Time) error {
	text := keyOf(c.r)
	if text == "" {
		return &status.Error{Code: status.Unauthorized, Message: "Could not authenticate: send an API key as \"Authorization: OAuth <key>\""}
	}
	var err error
	c.key, c.store, err = c.handler.store.Admit(c.ctx(), store.Request{
		Key: text, Page: c.id("page"), Incident: c.id("incident"), Once: c.r.Header.Get("Idempotency-Key"),
		Changes: c.writes(), At: now,
	})
	return err
}

func keyOf(r *http.Request) string {
	words := strings.Fields(r.Header.Get("Authorization"))
	switch {
	case len(words) == 1 && !isScheme(words[0]):
		return words[0]
	case len(words) == 2 && isScheme(words[0]):
		return words[1]
	default: // nothing, or what a proxy on the way put there
		return r.URL.Query().Get("api_key")
	}
}

func isScheme(word string) bool {
	return strings.EqualFold(word, "OAuth") || strings.EqualFold(word, "Bearer")
}
