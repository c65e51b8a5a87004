package subscribe_test

import (
	"bytes"
	"strings"
	"testing"

	"allclear/internal/link"
	"allclear/internal/status"
	"allclear/internal/subscribe"
)

// What links in mails do that were sent before the key was replaced: those to unsubscribe work, also
// by one click; the others are over, show nothing and change nothing.
func TestAfterTheKeyIsReplacedOldLinksOnlyUnsubscribe(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ada, bob := w.active("ada@example.com"), w.active("bob@example.com")
		w.must(200, "POST", "/subscribe", want("email", "carol@example.com"))
		carol := w.at(status.ModeEmail, "carol@example.com", "")
		manage, leave, leaveByAPI, confirm := w.token(link.Manage, ada), w.token(link.Unsubscribe, ada), w.token(link.Unsubscribe, bob), w.token(link.Confirm, carol)

		rotated, err := link.NewSigner(2, map[byte][]byte{1: bytes.Repeat([]byte{7}, link.MinKey), 2: bytes.Repeat([]byte{8}, link.MinKey)})
		if err != nil {
			t.Fatal(err)
		}
		w.links = rotated
		w.handler = subscribe.New(subscribe.Options{Store: w.store, Audience: w.audience, Links: rotated, MailFrom: "status@example.com", PublicURL: func() string { return publicURL }})

		for path, token := range map[string]string{"/subscriptions/confirm": confirm, "/subscriptions/manage": manage} {
			for _, g := range []got{w.must(410, "GET", path+"?t="+token, ""), w.must(410, "POST", path, form("t", token, "action", "save", "scope", "page", "kinds", "incidents"))} {
				if !strings.Contains(g.body, "too old") || !strings.Contains(g.body, "Mail me the link</button>") || strings.Contains(g.body, "@example.com") {
					t.Errorf("%s: got\n%s", path, g.body)
				}
			}
		}
		if got := w.stored(carol.ID).State; got != status.Unconfirmed {
			t.Errorf("an old link confirmed: got %s", got)
		}
		w.must(200, "GET", "/subscriptions/manage?t="+w.token(link.Manage, ada), "")
		w.must(200, "GET", "/subscriptions/unsubscribe?t="+leave, "")
		w.must(200, "POST", "/subscriptions/unsubscribe?t="+leave, "List-Unsubscribe=One-Click", "Content-Type: application/x-www-form-urlencoded")
		w.must(200, "DELETE", v2+"?"+form("subscriber[id]", leaveByAPI), "")
		for _, s := range []*status.Subscriber{ada, bob} {
			if got := w.stored(s.ID).State; got != status.Unsubscribed {
				t.Errorf("an old link to unsubscribe: got %s", got)
			}
		}
		w.must(200, "POST", "/subscriptions/confirm", form("t", w.token(link.Confirm, carol)))
	})
}
