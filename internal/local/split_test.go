package local

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestOperatorsAndThePublicShareAPortWithoutRedirects(t *testing.T) {
	answer := func(status int) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
	}
	const operators, page, public, inbox = http.StatusAccepted, http.StatusOK, http.StatusCreated, http.StatusTeapot
	h := split(answer(operators), answer(public), answer(inbox), answer(page))
	for path, want := range map[string]int{
		"/v1": operators, "/v1/": operators, "/v1/pages/x.json": operators, "//v1//pages": operators,
		"/": page, "/v1x": page, "//api/v2/summary.json": page, "/../x": page, "/v2/../v1/": page,
		"/subscribe": public, "//subscriptions/confirm": public, "/api/v2/subscribers.json": public, "/subscribers": page,
		"/inbox": inbox, "/inbox/1.eml": inbox, "/inbox.json": inbox, "/inbox.css": inbox, "/inboxes": page,
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://status.example.com"+path, nil))
		if w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
	}
}
