package api_test

import (
	"net/http/httptest"
	"strings"
	"testing"
)

func TestAKeyIsTakenInEveryFormThatClientsSend(t *testing.T) {
	d := newDesk(t)
	for _, header := range []string{
		"OAuth " + key, "oauth " + key, "OAUTH " + key, "Bearer " + key, "bearer  " + key, key, " " + key + " ",
	} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/v1/pages", nil)
		r.Header.Set("Authorization", header)
		if got := d.serve(r).Code; got != 200 {
			t.Errorf("%q: got %d, want 200", header, got)
		}
	}
	for _, header := range []string{"", "Basic dXNlcjpwYXNz", "OAuth"} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/v1/pages?api_key="+key, nil)
		if header != "" {
			r.Header.Set("Authorization", header)
		}
		if got := d.serve(r).Code; got != 200 {
			t.Errorf("api_key beside %q: got %d, want 200", header, got)
		}
	}
}

func TestWithoutAGoodKeyNothingIsAnswered(t *testing.T) {
	for path, methods := range paths {
		d, names := furnished(t)
		for method := range strings.FieldsSeq(methods) {
			for _, header := range []string{
				"", "OAuth", "OAuth wrong", "Bearer " + key + "x", "Basic " + key, "OAuth " + key + " x", "Token " + key,
				"OAuth " + strings.Repeat("x", 10000), "OAuth \xff\x01", strings.ToUpper(key),
			} {
				r := httptest.NewRequestWithContext(t.Context(), method, names.Replace(path), strings.NewReader(`{"incident":{"name":"x"}}`))
				if header != "" {
					r.Header.Set("Authorization", header)
				}
				d.unchanged(func() {
					a := d.serve(r)
					if a.Code != 401 || a.Header.Get("WWW-Authenticate") != "OAuth" {
						t.Errorf("%s %s as %.30q: got %d %v, want 401", method, path, header, a.Code, a.Header)
					}
					problem(t, a)
				})
			}
		}
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/v1/pages?api_key=%00&api_key="+key, nil)
		if got := d.serve(r).Code; got != 401 {
			t.Errorf("a NUL as key: got %d, want 401", got)
		}
		if strings.Contains(d.log.String(), key) {
			t.Errorf("the key is in the log: %s", d.log)
		}
	}
}
