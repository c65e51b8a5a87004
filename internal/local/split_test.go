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
	const operators, public = http.StatusAccepted, http.StatusOK
	h := split(answer(operators), answer(public))
	for path, want := range map[string]int{
		"/v1": operators, "/v1/": operators, "/v1/pages/x.json": operators, "//v1//pages": operators,
		"/": public, "/v1x": public, "//api/v2/summary.json": public, "/../x": public, "/v2/../v1/": public,
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://status.example.com"+path, nil))
		if w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
	}
}
