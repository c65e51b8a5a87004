package subscribe_test

import (
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/link"
	"allclear/internal/memory"
	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/subscribe"
	"allclear/internal/webhook"
)

var update = flag.Bool("update", false, "write the goldens anew")

var badMails = map[string]string{
	"nothing":             "",
	"a line break":        "a@example.com\r\nBcc: b@example.com",
	"NUL":                 "a\x00@example.com",
	"300 characters":      strings.Repeat("a", 300) + "@example.com",
	"a quoted local part": `"a b"@example.com`,
	"a foreign local":     "ü@example.com",
	"a name":              "A <a@example.com>",
	"a network address":   "a@[127.0.0.1]",
	"no full domain":      "a@localhost",
	"a broken domain":     "a@exa mple.com",
}

var badEndpoints = map[string]string{
	"plain http": "http://example.com/", "loopback": "https://127.0.0.1/", "decimal": "https://2130706433/", "hexadecimal": "https://0x7f000001/",
	"octal": "https://0177.0.0.1/", "short": "https://127.1/", "IPv4-mapped": "https://[::ffff:127.0.0.1]/", "NAT64": "https://[64:ff9b::7f00:1]/",
	"link-local": "https://[fe80::1]/", "metadata": "https://169.254.169.254/latest", "private": "https://10.0.0.1/", "a private name": "https://db.internal/",
	"a port": "https://example.com:8443/", "a password": "https://a:b@example.com/", "a line break": "https://example.com/\r\nHost: x",
	"javascript": "javascript:alert(1)", "too long": "https://example.com/" + strings.Repeat("a", 3000),
}

// Every refusal says which field is wrong, on the page and to programs, and shows what was typed.
func TestBadInputIsRefusedByTheNameOfItsField(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		check := func(name, label, field, body, api string) {
			t.Helper()
			g := w.must(422, "POST", "/subscribe", body)
			if !strings.Contains(g.body, `href="#`+field+`">`+label+" ") || !strings.Contains(g.body, `role="alert"`) ||
				!strings.Contains(g.body, "<title>Error: Subscribe to updates ") {
				t.Errorf("%s: got\n%s", name, g.body)
			}
			if g := w.must(422, "POST", v2, api); api != "" && !strings.Contains(g.body, `"message":"subscriber.`+field+` `) {
				t.Errorf("%s: got %s", name, g.body)
			}
		}
		for name, mail := range badMails {
			check(name, "Mail address", "email", want("email", mail), form("subscriber[email]", mail))
			if g := w.must(422, "POST", "/subscriptions/manage", form("email", mail)); !strings.Contains(g.body, "<title>Error: ") {
				t.Errorf("%s: got\n%s", name, g.body)
			}
			if mail != "" {
				w.must(422, "DELETE", v2, form("subscriber[email]", mail))
			}
		}
		for name, endpoint := range badEndpoints {
			check(name, "Webhook address", "endpoint", want("email", "a@example.com", "endpoint", endpoint),
				form("subscriber[email]", "a@example.com", "subscriber[endpoint]", endpoint))
		}
		check("no owner", "Mail address", "email", want("endpoint", "https://example.com/"), form("subscriber[endpoint]", "https://example.com/"))
		check("an unknown component", "Components", "component_ids", form("email", "a@example.com", "scope", "parts", "component_ids", "<b>nosuch"),
			form("subscriber[email]", "a@example.com", "subscriber[component_ids][0]", "<b>nosuch"))
		for name, body := range map[string]string{
			"no component": "scope=parts&kinds=incidents", "no kind": "scope=page", "an unknown kind": "scope=page&kinds=%3Cb%3Epoems",
			"a kind that is for webhooks": "scope=page&kinds=components",
		} {
			if g := w.must(422, "POST", "/subscribe", "email=a@example.com&"+body); !strings.Contains(g.body, `value="a@example.com"`) {
				t.Errorf("%s: what was typed is gone:\n%s", name, g.body)
			}
		}
		w.must(422, "POST", v2, form("subscriber[phone_number]", "123"))
		if got := w.mails(); len(got) != 0 {
			t.Errorf("got %v, want nobody mailed", got)
		}
	})
}

func TestAnInternationalDomainBecomesOneThatMailServersTake(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.must(200, "POST", "/subscribe", want("email", " ada@Bücher.example "))
		if w.at(status.ModeEmail, "ada@xn--bcher-kva.example", "") == nil {
			t.Error("it is not there")
		}
	})
}

func TestWhatIsNoFormIsRefused(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for name, c := range map[string]struct {
			code       int
			kind, body string
		}{
			"too large":          {413, "", "email=" + strings.Repeat("a", 200_000)},
			"a broken escape":    {400, "application/x-www-form-urlencoded", "email=%zz"},
			"no UTF-8":           {400, "application/x-www-form-urlencoded", "email=a@example.com&x=%ff"},
			"too many fields":    {400, "application/x-www-form-urlencoded", strings.Repeat("a&", 5000)},
			"a broken multipart": {400, "multipart/form-data; boundary=x", "--x\r\nnonsense"},
			"no boundary":        {400, "multipart/form-data", "x"},
			"broken JSON":        {400, "application/json", `{"email":`},
			"no object":          {400, "application/json", `["email"]`},
			"two objects":        {400, "application/json", `{}{}`},
			"deep JSON":          {400, "application/json", strings.Repeat(`{"a":`, 50) + "1" + strings.Repeat("}", 50)},
		} {
			for _, r := range [][2]string{{"POST", "/subscribe"}, {"POST", "/subscriptions/confirm"}, {"POST", "/subscriptions/manage"}, {"POST", v2}, {"DELETE", v2}} {
				if g := w.do(r[0], r[1], c.body, "Content-Type: "+c.kind); g.Code != c.code {
					t.Errorf("%s: %s %s: got %d, want %d", name, r[0], r[1], g.Code, c.code)
				}
			}
		}
	})
}

func TestLinksThatAreNotGoodLeadOn(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		s := w.active("a@example.com")
		old, revoked := w.token(link.Manage, s), s
		w.change(s.ID, func(s *status.Subscriber) error { s.Revoke(w.audience.Now()); return nil })
		s = w.stored(s.ID)
		gone := *s
		gone.ID = "nosuch"
		fresh := w.token(link.Manage, s)
		for _, path := range []string{"/subscriptions/confirm", "/subscriptions/manage", "/subscriptions/unsubscribe"} {
			purpose := map[string]link.Purpose{"/subscriptions/confirm": link.Confirm, "/subscriptions/manage": link.Manage, "/subscriptions/unsubscribe": link.Unsubscribe}[path]
			for name, c := range map[string]struct {
				code  int
				token string
			}{
				"cut off": {400, fresh[:20]}, "nonsense": {400, "<b>x"}, "for something else": {400, w.token(purpose%3+1, s)}, "revoked": {410, w.token(purpose, revoked)},
			} {
				if path == "/subscriptions/unsubscribe" && name == "revoked" {
					w.must(200, "GET", path+"?t="+c.token, "") // looking reads nothing
				} else if g := w.must(c.code, "GET", path+"?t="+url.QueryEscape(c.token), ""); !strings.Contains(g.body, "Mail me the link</button>") {
					t.Errorf("%s %s: no way on:\n%s", path, name, g.body)
				}
				w.must(c.code, "POST", path, form("t", c.token, "action", "save", "scope", "page", "kinds", "incidents"))
			}
			if path != "/subscriptions/unsubscribe" {
				w.must(410, "GET", path+"?t="+w.token(purpose, &gone), "")
			}
		}
		w.must(200, "GET", "/subscriptions/manage?t="+fresh, "")
		time.Sleep(link.ManageFor)
		for _, token := range []string{old, fresh} {
			if g := w.must(410, "GET", "/subscriptions/manage?t="+token, ""); !strings.Contains(g.body, "too old") {
				t.Errorf("got\n%s", g.body)
			}
		}
		w.must(200, "GET", "/subscriptions/unsubscribe", "")
		w.must(400, "POST", "/subscriptions/confirm", "")
		if got := w.stored(s.ID).State; got != status.Active {
			t.Errorf("got %s, want it untouched", got)
		}
	})
}

func TestMethodsAndAddresses(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for _, path := range []string{"/subscribe", "/subscribe/", "/subscriptions/manage", v2} {
			for _, method := range []string{"PUT", "PATCH", "PURGE"} {
				if g := w.must(405, method, path, ""); g.Header().Get("Allow") == "" {
					t.Errorf("%s %s: no Allow", method, path)
				}
			}
			w.must(204, "OPTIONS", path, "")
		}
		w.must(405, "GET", v2, "")
		w.must(405, "DELETE", "/subscribe", "")
		for _, path := range []string{"/subscribers", "/subscribe/x", "/subscriptions", "/subscriptions/nosuch", "/subscribe.html", "/api/v2/subscribersx.json", "/api/v2/subscribers/a/b.json"} {
			w.must(400, "GET", path, "")
		}
		get, head := w.must(200, "GET", "/subscribe", ""), w.must(200, "HEAD", "/subscribe", "")
		if head.body != "" || head.Header().Get("Content-Length") != fmt.Sprint(len(get.body)) {
			t.Errorf("HEAD: got %d bytes, length %s, want none and that of GET", len(head.body), head.Header().Get("Content-Length"))
		}
	})
}

func TestAPageThatIsNotThereYetIsUnavailable(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.handler = subscribe.New(subscribe.Options{Store: store.New(memory.New(memory.Options{}).Table("status"), store.Options{}), Audience: w.audience, Links: w.links, MailFrom: "status@example.com"})
		w.must(503, "GET", "/subscribe", "")
		w.must(503, "POST", v2, "subscriber[email]=a@example.com")
	})
}

func TestOnALaptopWebhooksMayLeadThere(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.must(200, "POST", "/subscribe", want("email", "a@example.com", "endpoint", "http://127.0.0.1:9000/hook"))
	}, func(o *subscribe.Options) { o.Endpoints = webhook.Rules{AllowLoopback: true} })
}

// Statuspage's clients send forms and JSON, read mode and message, and come from any origin.
func TestStatuspagesAPIAnswersAsBefore(t *testing.T) {
	var out strings.Builder
	inWorld(t, func(t *testing.T, w *world) {
		incident := w.incident("x", false)
		active := w.active("known@example.com")
		show := func(name, method, path, body string, headers ...string) {
			g := w.do(method, path, body, headers...)
			fmt.Fprintf(&out, "-- %s --\n%d %s\n", name, g.Code, g.Header().Get("Content-Type"))
			for _, h := range []string{"Access-Control-Allow-Origin", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers", "Allow"} {
				if v := g.Header().Get(h); v != "" {
					fmt.Fprintf(&out, "%s: %s\n", h, v)
				}
			}
			out.WriteString("\n" + g.body + "\n")
		}
		show("mail", "POST", v2, form("subscriber[email]", "a@example.com"))
		show("mail, without .json, as JSON", "POST", "/api/v2/subscribers", `{"subscriber":{"email":"b@example.com","component_ids":["`+apiID+`"]}}`, "Content-Type: application/json")
		show("somebody known", "POST", v2, form("subscriber[email]", "known@example.com"))
		show("components", "POST", v2, form("subscriber[email]", "c@example.com", "subscriber[component_ids][0]", apiID, "subscriber[component_ids][1]", groupID))
		show("an incident", "POST", v2, form("subscriber[email]", "d@example.com", "subscriber[incident_id]", incident))
		show("a webhook", "POST", v2, form("subscriber[email]", "e@example.com", "subscriber[endpoint]", "https://hooks.example.com/x"))
		show("a text message", "POST", v2, form("subscriber[phone_number]", "5551234"))
		show("nothing", "POST", v2, "")
		show("an incident that is no more", "POST", v2, form("subscriber[email]", "d@example.com", "subscriber[incident_id]", "nosuch"))
		show("leaving by address", "DELETE", v2, form("subscriber[email]", "known@example.com"))
		show("leaving by id", "DELETE", "/api/v2/subscribers/"+active.ID+".json", "")
		show("leaving by link", "DELETE", v2+"?"+form("subscriber[id]", w.token(link.Unsubscribe, active)), "")
		show("reading", "GET", v2, "")
		show("a preflight", "OPTIONS", v2, "")
		if w.stored(active.ID).State != status.Unsubscribed {
			t.Error("the link has not unsubscribed")
		}
		if diff := cmp.Diff([]string{apiID, groupID}, w.at(status.ModeEmail, "c@example.com", "").Components); diff != "" {
			t.Errorf("components (-want +got):\n%s", diff)
		}
	})
	golden(t, "v2.txt", out.String())
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// Mails that confirm could not leave, and people would wait for them.
func TestAPageWithoutASenderTakesNoSubscriptions(t *testing.T) {
	w := newWorld(t, func(o *subscribe.Options) { o.MailFrom = "" })
	for _, method := range []string{"GET", "POST"} {
		if g := w.do(method, "/subscribe", want("email", "ada@example.com")); g.Code != http.StatusUnprocessableEntity || !strings.Contains(g.body, "This page takes no") {
			t.Errorf("%s: got %d, want that it takes none:\n%s", method, g.Code, g.body)
		}
	}
	w.settings(func(s *status.Settings) { s.NotificationsFromEmail = "status@page.example" })
	w.must(http.StatusOK, "POST", "/subscribe", want("email", "ada@example.com"))
}
