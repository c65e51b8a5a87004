package subscribe_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/subscribe"
)

var errBroken = errors.New("the table does not answer")

func limited(change func(*subscribe.Limits)) func(*subscribe.Options) {
	return func(o *subscribe.Options) {
		change(&o.Limits)
		o.Viewer = func(r *http.Request) string { return r.Header.Get("From-Address") }
	}
}

// Each limit is reached by the last of some requests, and is over after some time.
func TestEveryLimitIsKept(t *testing.T) {
	each := func(format string) func(int) string { return func(n int) string { return fmt.Sprintf(format, n) } }
	for _, c := range []struct {
		name           string
		limits         func(*subscribe.Limits)
		address, email func(int) string
		pause          time.Duration
	}{
		{"of an address", func(l *subscribe.Limits) { l.Address = 3 }, each("10.%d.0.1"), func(n int) string { return []string{"A@example.com", "a@EXAMPLE.com"}[n%2] }, 24 * time.Hour},
		{"of a network", func(l *subscribe.Limits) { l.Network = 3 }, each("203.0.113.%d"), each("a%d@example.com"), time.Hour},
		{"of an IPv6 network", func(l *subscribe.Limits) { l.Network = 3 }, each("2001:db8:1:%d::1"), each("a%d@example.com"), time.Hour},
		{
			"of an IPv4 network, also in the spelling of IPv6", func(l *subscribe.Limits) { l.Network = 3 },
			func(n int) string { return fmt.Sprintf([]string{"203.0.113.%d", "::ffff:203.0.113.%d"}[n%2], n) }, each("a%d@example.com"), time.Hour,
		},
		{"of those without an address", func(l *subscribe.Limits) { l.Network = 3 }, each("nobody-%d"), each("a%d@example.com"), time.Hour},
		{"of a domain", func(l *subscribe.Limits) { l.Domain = 3 }, each("10.%d.0.1"), each("a%d@EXAMPLE.com"), time.Hour},
	} {
		for _, path := range []string{"/subscribe", "/subscriptions/manage", v2, "DELETE"} {
			t.Run(c.name+" "+path, func(t *testing.T) {
				inWorld(t, func(t *testing.T, w *world) {
					ask := func(n, code int) got {
						from, email := "From-Address: "+c.address(n), c.email(n)
						switch path {
						case v2:
							return w.must(code, "POST", v2, form("subscriber[email]", email), from)
						case "DELETE":
							return w.must(code, "DELETE", v2, form("subscriber[email]", email), from)
						default:
							return w.must(code, "POST", path, want("email", email), from)
						}
					}
					for n := range 3 {
						ask(n, 200)
					}
					g := ask(4, 429)
					if g.Header().Get("Retry-After") == "" || !strings.Contains(g.body, "too many requests") {
						t.Errorf("got %v\n%s", g.Header(), g.body)
					}
					time.Sleep(c.pause)
					ask(4, 200)
				}, limited(c.limits))
			})
		}
	}
}

func TestOverTheDailyCapMailsWaitAndTheAnswerIsTheSame(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for n := range 5 {
			w.must(200, "POST", "/subscribe", want("email", fmt.Sprintf("a%d@example.com", n)))
		}
		if got := w.mails(); len(got) != 2 {
			t.Errorf("got %d mails, want 2", len(got))
		}
		time.Sleep(24 * time.Hour)
		if n, err := w.audience.ServeWaiting(t.Context(), pageID, store.DailyConfirmations(pageID, 2), 10); n != 2 || err != nil {
			t.Errorf("the next day: got %d asked, %v, want 2", n, err)
		}
	}, limited(func(l *subscribe.Limits) { l.Confirmations = 2 }))
}

func TestWhatTheOperatorDoesNotOfferIsRefused(t *testing.T) {
	type refused struct{ page, mail, hook, incident bool }
	for name, c := range map[string]struct {
		change func(*status.Settings)
		want   refused
	}{
		"everything is offered": {func(*status.Settings) {}, refused{}},
		"no subscribers":        {func(s *status.Settings) { s.AllowPageSubscribers = false }, refused{page: true, mail: true, hook: true}},
		"no mails":              {func(s *status.Settings) { s.AllowEmailSubscribers = false }, refused{mail: true, incident: true}},
		"no webhooks":           {func(s *status.Settings) { s.AllowWebhookSubscribers = false }, refused{hook: true}},
		"no incidents":          {func(s *status.Settings) { s.AllowIncidentSubscribers = false }, refused{incident: true}},
		"nothing at all":        {func(s *status.Settings) { s.AllowEmailSubscribers, s.AllowWebhookSubscribers = false, false }, refused{true, true, true, true}},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				incident := w.incident("x", false)
				w.settings(c.change)
				code := func(no bool) int {
					if no {
						return 422
					}
					return 200
				}
				w.must(code(c.want.page), "GET", "/subscribe", "")
				w.must(code(c.want.mail), "POST", "/subscribe", want("email", "a@example.com"))
				w.must(code(c.want.mail), "POST", v2, form("subscriber[email]", "b@example.com"))
				w.must(code(c.want.hook), "POST", "/subscribe", want("email", "c@example.com", "endpoint", "https://c.example.org/"))
				w.must(code(c.want.incident), "POST", "/subscribe", form("email", "d@example.com", "incident", incident))
			})
		})
	}
}

func TestTheViewerIsTheLastHopThatTheCDNSaw(t *testing.T) {
	const secret = "s3cret"
	for name, c := range map[string]struct{ secret, forwarded, want string }{
		"through the CDN":                  {secret, "198.51.100.7", "198.51.100.7"},
		"and the gateway":                  {secret, "198.51.100.7, 192.0.2.1", "198.51.100.7"},
		"with what the viewer made up":     {secret, "1.1.1.1, 198.51.100.7, 192.0.2.1", "198.51.100.7"},
		"over IPv6":                        {secret, "9.9.9.9,2001:db8::7,192.0.2.1", "2001:db8::7"},
		"past the CDN":                     {"", "198.51.100.7", "192.0.2.1"},
		"past the CDN with a wrong secret": {"s3cres", "198.51.100.7", "192.0.2.1"},
		"without the header":               {secret, "", "192.0.2.1"},
		"with nonsense in it":              {secret, "nonsense", "192.0.2.1"},
	} {
		r := httptest.NewRequest(http.MethodPost, "/subscribe", http.NoBody)
		r.RemoteAddr = "192.0.2.1:0"
		r.Header.Set(subscribe.HeaderOrigin, c.secret)
		r.Header.Set("X-Forwarded-For", c.forwarded)
		if got := subscribe.ViewerBehind(secret)(r); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
		if got := subscribe.Viewer(r); got != "192.0.2.1" {
			t.Errorf("%s: without a CDN: got %q, want the other end", name, got)
		}
		r.Header.Set(subscribe.HeaderOrigin, "")
		if got := subscribe.ViewerBehind("")(r); got != "192.0.2.1" {
			t.Errorf("%s: got %q, want no trust without a secret", name, got)
		}
	}
}

func TestAProxyOnThisMachineSaysWhoAsks(t *testing.T) {
	for name, c := range map[string]struct {
		peer      string
		forwarded []string
		want      string
	}{
		"a visitor":                      {"127.0.0.1:4711", []string{"203.0.113.9"}, "203.0.113.9"},
		"over IPv6":                      {"[::1]:4711", []string{"2001:db8::9"}, "2001:db8::9"},
		"one who writes the header, too": {"127.0.0.1:4711", []string{"198.51.100.1, 203.0.113.9"}, "203.0.113.9"},
		"in two headers":                 {"127.0.0.1:4711", []string{"198.51.100.1", "203.0.113.9"}, "203.0.113.9"},
		"without the header":             {"127.0.0.1:4711", nil, "127.0.0.1"},
		"with nonsense":                  {"127.0.0.1:4711", []string{"203.0.113.9, unknown"}, "127.0.0.1"},
		"another machine":                {"192.0.2.1:4711", []string{"203.0.113.9"}, "192.0.2.1"},
		"no address":                     {"@", []string{"203.0.113.9"}, "@"},
	} {
		r := httptest.NewRequest("POST", "/subscribe", nil)
		r.RemoteAddr = c.peer
		r.Header["X-Forwarded-For"] = c.forwarded
		if got := subscribe.ViewerBehindProxy(r); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}
