package inboxpage_test

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/local/inboxpage"
	"allclear/internal/mailer"
	"allclear/internal/mailer/inbox"
)

const attack = `</pre></title><script>alert(1)</script><img src=x onerror=alert(1)>"'&`

const mail = "From: a@example.com\r\nSubject: Hello " + attack + "\r\nX-Odd: " + attack + "\r\nMIME-Version: 1.0\r\n" +
	"Content-Type: multipart/alternative; boundary=b\r\n\r\n" +
	"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + attack + " see https://example.com/subscriptions/confirm?t=abc. Or javascript:alert(1)\r\n" +
	"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<!DOCTYPE html><html><head><title>x</title></head><body><p>Hi</p><script>alert(1)</script>" +
	`<img src="https://tracker.example/x"><a href="https://example.com/">go</a></body></html>` + "\r\n--b--\r\n"

func send(t *testing.T, b *inbox.Inbox, to, raw string) string {
	t.Helper()
	id, err := b.Send(t.Context(), mailer.Message{From: "bounce@example.com", To: to, Raw: []byte(raw)})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func open(t *testing.T) *inbox.Inbox {
	t.Helper()
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	b, err := inbox.Open(t.TempDir(), inbox.Options{Now: func() time.Time { at = at.Add(time.Second); return at }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// get sends a request as a browser on this machine does.
func get(t *testing.T, h http.Handler, method, path string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "http://127.0.0.1:8080"+path, http.NoBody)
	r.RemoteAddr = "127.0.0.1:4000"
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	for name, want := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: got %s %q, want %q", path, name, got, want)
		}
	}
	if policy := w.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "script-src") {
		t.Errorf("%s: got policy %q", path, policy)
	}
	return w
}

func TestMailsAreListedNewestFirstAlsoAsJSON(t *testing.T) {
	b := open(t)
	h := inboxpage.New(b, nil)
	if w := get(t, h, "GET", "/inbox.json"); w.Body.String() != "[]\n" {
		t.Errorf("got %s, want an empty list", w.Body)
	}
	if w := get(t, h, "GET", "/inbox"); !strings.Contains(w.Body.String(), "none yet") {
		t.Errorf("got\n%s", w.Body)
	}
	first := send(t, b, "ada@example.com", "Subject: One\r\n\r\nx")
	second := send(t, b, "bob@example.com", "Subject: Two\r\n\r\nInvestigating: x")
	var got []map[string]string
	w := get(t, h, "GET", "/inbox.json")
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Header().Get("Content-Type") != "application/json; charset=utf-8" {
		t.Fatal(err)
	}
	want := []map[string]string{
		{"id": second, "to": "bob@example.com", "subject": "Two", "date": "2026-03-04T05:06:09Z"},
		{"id": first, "to": "ada@example.com", "subject": "One", "date": "2026-03-04T05:06:08Z"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, path := range []string{"/inbox", "/inbox/"} {
		body := get(t, h, "GET", path).Body.String()
		if !strings.Contains(body, `<p class="preview">Investigating: x</p>`) {
			t.Errorf("%s: nothing tells mails of one subject apart\n%s", path, body)
		}
		if at := strings.Index(body, `href="/inbox/`+second+`"`); at < 0 || at > strings.Index(body, `href="/inbox/`+first+`"`) {
			t.Errorf("%s: got\n%s", path, body)
		}
	}
}

func TestAMailDoesNothing(t *testing.T) {
	b := open(t)
	h := inboxpage.New(b, nil)
	id := send(t, b, "ada@example.com", mail)
	for _, path := range []string{"/inbox", "/inbox/" + id} {
		body := get(t, h, "GET", path).Body.String()
		if strings.Contains(body, "<script") || strings.Contains(body, "<img") || !strings.Contains(body, "&lt;script&gt;") {
			t.Errorf("%s: got\n%s", path, body)
		}
	}
	body := get(t, h, "GET", "/inbox/"+id).Body.String()
	for _, part := range []string{
		`<iframe title="The mail as HTML" sandbox="allow-popups allow-popups-to-escape-sandbox" src="/inbox/` + id + `.html">`,
		`<a href="https://example.com/subscriptions/confirm?t=abc">`, `</a>. Or javascript:alert(1)`, "X-Odd: ", `href="/inbox/` + id + `.eml"`,
	} {
		if !strings.Contains(body, part) {
			t.Errorf("no %s in\n%s", part, body)
		}
	}
	w := get(t, h, "GET", "/inbox/"+id+".html")
	policy := w.Header().Get("Content-Security-Policy")
	for _, part := range []string{"sandbox allow-popups allow-popups-to-escape-sandbox;", "default-src 'none'", "img-src data:;", "frame-ancestors 'self'"} {
		if !strings.Contains(policy, part) {
			t.Errorf("got policy %q, want %s", policy, part)
		}
	}
	if strings.Contains(policy, "allow-scripts") || strings.Contains(policy, "allow-same-origin") || !strings.HasPrefix(w.Body.String(), `<!DOCTYPE html><html><head><base target="_blank"/>`) {
		t.Errorf("got policy %q and\n%s", policy, w.Body)
	}
}

func TestTheRawMessageIsWhatWasSent(t *testing.T) {
	b := open(t)
	h := inboxpage.New(b, nil)
	id := send(t, b, "ada@example.com", mail)
	if w := get(t, h, "GET", "/inbox/"+id+".eml"); w.Body.String() != mail || w.Header().Get("Content-Type") != "message/rfc822" {
		t.Errorf("got %q", w.Body)
	}
	if w := get(t, h, "HEAD", "/inbox/"+id+".eml"); w.Code != 200 || w.Body.Len() != 0 {
		t.Errorf("HEAD: got %d and %d bytes", w.Code, w.Body.Len())
	}
}

func TestWhatIsNotReadableIsSaid(t *testing.T) {
	b := open(t)
	id := send(t, b, "ada@example.com", "Content-Type: text/plain; charset=klingon\r\n\r\nx")
	if body := get(t, inboxpage.New(b, nil), "GET", "/inbox/"+id).Body.String(); !strings.Contains(body, "klingon") || !strings.Contains(body, "(no subject)") {
		t.Errorf("got\n%s", body)
	}
}

func TestOtherRequestsAreRefused(t *testing.T) {
	h := inboxpage.New(open(t), nil)
	for path, want := range map[string]int{
		"/inbox/nosuch": 404, "/inbox/nosuch.eml": 404, "/inbox/../x.eml": 404, "/inbox/.html": 404, "/inboxes": 404, "/inbox.css": 200,
	} {
		if got := get(t, h, "GET", path).Code; got != want {
			t.Errorf("%s: got %d, want %d", path, got, want)
		}
	}
	if w := get(t, h, "POST", "/inbox"); w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: got %d", w.Code)
	}
	for name, c := range map[string]struct {
		from, host string
		want       int
	}{
		"this machine": {"127.0.0.1:1", "localhost:8080", 200}, "over IPv6": {"[::1]:1", "[::1]:8080", 200}, "without a port": {"[::1]:1", "[::1]", 200},
		"another machine": {"192.0.2.1:1", "127.0.0.1:8080", 403}, "a name that leads here": {"127.0.0.1:1", "evil.example:8080", 403},
		"nobody knows": {"", "127.0.0.1", 403},
	} {
		w := get(t, h, "GET", "/inbox.json", func(r *http.Request) { r.RemoteAddr, r.Host = c.from, c.host })
		if w.Code != c.want {
			t.Errorf("%s: got %d, want %d", name, w.Code, c.want)
		}
	}
	for _, header := range []string{"X-Forwarded-For", "Forwarded", "Via", "X-Real-IP", "X-Forwarded-Host"} {
		w := get(t, h, "GET", "/inbox.json", func(r *http.Request) {
			r.RemoteAddr, r.Host = "127.0.0.1:1", "127.0.0.1:8080"
			r.Header.Set(header, "192.0.2.1")
		})
		if w.Code != 403 {
			t.Errorf("through a proxy that says %s: got %d, want 403", header, w.Code)
		}
	}
}

// broken is an inbox on a disk that fails.
type broken struct{ *inbox.Inbox }

func (broken) Read(string) (inbox.Mail, error) { return inbox.Mail{}, errors.New("the disk fails") }

func TestAFailureIsLoggedAndNotShown(t *testing.T) {
	var log strings.Builder
	h := inboxpage.New(broken{open(t)}, slog.New(slog.NewTextHandler(&log, nil)))
	if w := get(t, h, "GET", "/inbox/1"); w.Code != 500 || strings.Contains(w.Body.String(), "disk") || !strings.Contains(log.String(), "disk") {
		t.Errorf("got %d %s, log %s", w.Code, w.Body, log.String())
	}
}
