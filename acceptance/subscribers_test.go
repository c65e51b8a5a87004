package acceptance

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"mime/quotedprintable"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// captured is one mail of the inbox.
type captured struct {
	ID      string `json:"id"`
	To      string `json:"to"`
	Subject string `json:"subject"`
	Date    string `json:"date"`
}

// mails are those to an address, newest first.
func (s *server) mails(to string) (found []captured) {
	s.t.Helper()
	var all []captured
	s.decode("/inbox.json", &all)
	for _, m := range all {
		if m.To == to {
			found = append(found, m)
		}
	}
	return found
}

// mail waits for the nth mail to an address, from 1, and gives it decoded enough to be searched.
func (s *server) mail(to string, n int) string {
	s.t.Helper()
	s.eventually(fmt.Sprintf("mail %d to %s is there", n, to), func() bool { return len(s.mails(to)) >= n })
	list := s.mails(to)
	code, raw := s.get("/inbox/" + list[len(list)-n].ID + ".eml")
	if code != http.StatusOK {
		s.t.Fatalf("mail %s: %d", list[0].ID, code)
	}
	head, _, _ := strings.Cut(raw, "\r\n\r\n")
	text, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(raw[len(head):])))
	if err != nil {
		s.t.Fatal(err)
	}
	return strings.ReplaceAll(head, "\r\n ", "") + html.UnescapeString(string(text))
}

// linkIn finds a link to a path in a mail.
func (s *server) linkIn(mail, path string) string {
	s.t.Helper()
	found := regexp.MustCompile(regexp.QuoteMeta(s.PublicURL+path) + `\?t=[A-Za-z0-9_-]+`).FindString(mail)
	if found == "" {
		s.t.Fatalf("no link to %s in\n%s", path, mail)
	}
	return found
}

// post sends a form as a browser, or a mail program, does.
func (s *server) post(address string, form url.Values) (int, string) {
	s.t.Helper()
	response, err := http.PostForm(address, form) //nolint:noctx // a test on loopback
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func (s *server) subscribe(email string) {
	s.t.Helper()
	if code, body := s.post(s.PublicURL+"/subscribe", url.Values{"email": {email}, "kinds": {"incidents", "maintenances"}}); code != http.StatusOK {
		s.t.Fatalf("subscribe: %d %s", code, body)
	}
}

// token is the form that the button on a page sends.
func token(link string) url.Values {
	_, t, _ := strings.Cut(link, "?t=")
	return url.Values{"t": {t}}
}

func TestASubscriberHearsOfEverythingOnceAndNothingAfterLeaving(t *testing.T) {
	s := serve(t, t.TempDir(), "--tick", "50ms")
	const ada, bob = "ada@example.com", "bob@example.com"
	s.subscribe(ada)
	s.subscribe(bob) // never confirms
	confirm := s.linkIn(s.mail(ada, 1), "/subscriptions/confirm")
	if code, _ := s.post(confirm, token(confirm)); code != http.StatusOK {
		t.Fatalf("confirm: %d", code)
	}

	var incident object
	s.call("POST", "/incidents", `{"incident":{"name":"Slow answers","body":"We are looking."}}`, http.StatusCreated, &incident)
	first := s.mail(ada, 2)
	for _, want := range []string{"Slow answers", "We are looking.", "List-Unsubscribe-Post: List-Unsubscribe=One-Click", "/incidents/" + incident.ID} {
		if !strings.Contains(first, want) {
			t.Errorf("the mail has no %q", want)
		}
	}
	s.call("PATCH", "/incidents/"+incident.ID, `{"incident":{"status":"resolved"}}`, http.StatusOK, nil)
	s.mail(ada, 3)
	s.call("POST", "/incidents", `{"incident":{"name":"Quiet","deliver_notifications":false}}`, http.StatusCreated, nil)

	unsubscribe := s.linkIn(first, "/subscriptions/unsubscribe")
	if code, _ := s.post(unsubscribe, url.Values{"List-Unsubscribe": {"One-Click"}}); code != http.StatusOK {
		t.Fatalf("unsubscribe: %d", code)
	}
	s.call("POST", "/incidents", `{"incident":{"name":"Afterwards"}}`, http.StatusCreated, &incident)
	s.subscribe("carol@example.com")
	s.mail("carol@example.com", 1) // whatever was to come before it has come
	if code := s.stop(); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	again := serve(t, s.dir) // also what waited at the stop
	if got := len(again.mails(ada)); got != 3 {
		t.Errorf("%d mails to somebody who left after 3", got)
	}
	if got := len(again.mails(bob)); got != 1 {
		t.Errorf("%d mails to somebody who never confirmed, want 1", got)
	}
	var evidence struct{ Recipients, Sent, Delivered int }
	var incidents []object
	again.call("GET", "/incidents", "", http.StatusOK, &incidents)
	again.call("GET", "/incidents/"+incidents[len(incidents)-1].ID+"/deliveries", "", http.StatusOK, &evidence)
	if evidence.Recipients != 2 || evidence.Delivered != 2 {
		t.Errorf("the evidence of two events to one subscriber: got %+v", evidence)
	}
}

func TestAWebhookIsPostedToOnceAndSigned(t *testing.T) {
	var mu sync.Mutex
	var got []map[string]any
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body map[string]any
		mu.Lock()
		defer mu.Unlock()
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil || r.Header.Get("webhook-signature") == "" {
			t.Errorf("signature %q, %v", r.Header.Get("webhook-signature"), err)
		}
		got = append(got, body)
		w.WriteHeader(http.StatusNoContent)
	}))
	defer receiver.Close()
	s := serve(t, t.TempDir(), "--tick", "50ms", "--allow-loopback")
	s.call("POST", "/subscribers", fmt.Sprintf(
		`{"subscriber":{"endpoint":%q,"email":"owner@example.com","skip_confirmation_notification":true}}`, receiver.URL+"/hook"), http.StatusCreated, nil)
	s.call("POST", "/incidents", `{"incident":{"name":"Slow answers"}}`, http.StatusCreated, nil)
	s.eventually("the webhook is posted", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(got) > 0
	})
	if code := s.stop(); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	mu.Lock()
	defer mu.Unlock()
	incident, _ := got[0]["incident"].(map[string]any)
	if len(got) != 1 || incident["name"] != "Slow answers" {
		t.Errorf("got %d posts, the first %v", len(got), got[0])
	}
}

func TestSecretsOfAFolderAreItsOwnersOnly(t *testing.T) {
	s := serve(t, t.TempDir())
	info, err := os.Stat(filepath.Join(s.dir, "signing-key.secret"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("signing-key.secret: %v, %v; want mode 0600", info, err)
	}
}

func TestLinksToUnsubscribeOutliveTheKeyThatSignedThem(t *testing.T) {
	s := serve(t, t.TempDir(), "--tick", "50ms")
	const ada, bob = "ada@example.com", "bob@example.com"
	s.subscribe(ada)
	s.subscribe(bob)
	confirm := s.linkIn(s.mail(ada, 1), "/subscriptions/confirm")
	if code, _ := s.post(confirm, token(confirm)); code != http.StatusOK {
		t.Fatalf("confirm: %d", code)
	}
	unconfirmed := s.linkIn(s.mail(bob, 1), "/subscriptions/confirm")
	s.call("POST", "/incidents", `{"incident":{"name":"Slow answers"}}`, http.StatusCreated, nil)
	old := s.mail(ada, 2)
	leave, manage := s.linkIn(old, "/subscriptions/unsubscribe"), s.linkIn(old, "/subscriptions/manage")

	output, code := allclear(t, "key", "rotate-links", "--data", s.dir)
	if code != 0 || !strings.Contains(output, "restart it now") {
		t.Fatalf("rotate: exit code %d, %s", code, output)
	}
	before := s.PublicURL
	s.redeploy()
	here := func(link string) string { return s.PublicURL + strings.TrimPrefix(link, before) } // another port
	s.call("POST", "/incidents", `{"incident":{"name":"Errors"}}`, http.StatusCreated, nil)
	fresh := s.linkIn(s.mail(ada, 3), "/subscriptions/manage")
	for link, want := range map[string]int{here(manage): http.StatusGone, here(unconfirmed): http.StatusGone, fresh: http.StatusOK} {
		if code, _ := s.get(strings.TrimPrefix(link, s.PublicURL)); code != want {
			t.Errorf("%.60s…: got %d, want %d", strings.TrimPrefix(link, s.PublicURL), code, want)
		}
	}
	for range 2 { // again it says the same
		if code, _ := s.post(here(leave), url.Values{"List-Unsubscribe": {"One-Click"}}); code != http.StatusOK {
			t.Errorf("unsubscribe by an old link: %d", code)
		}
	}
	if code, _ := s.get(strings.TrimPrefix(fresh, s.PublicURL)); code != http.StatusGone {
		t.Errorf("who left is still shown: %d", code)
	}
}
