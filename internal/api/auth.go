package api

import (
	"net/http"
	"strings"

	"allclear/internal/status"
	"allclear/internal/store"
)

// authenticate finds the key of a request. Clients send it in several forms: "OAuth <key>" is the
// documented one, in any case; also "Bearer <key>", the key alone, and ?api_key=<key>.
func (h *handler) authenticate(r *http.Request) (store.APIKey, error) {
	text := keyOf(r)
	if text == "" {
		return store.APIKey{}, &status.Error{Code: status.Unauthorized, Message: "Could not authenticate: send an API key as \"Authorization: OAuth <key>\""}
	}
	return h.store.Key(r.Context(), text)
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
