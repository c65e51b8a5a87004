package subscribe_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/link"
	"allclear/internal/status"
)

// newest is the field that says which secret a page was made with.
var newest = regexp.MustCompile(`name="newest" value="([^"]+)"`)

func TestSomebodySubscribesConfirmsChangesAndLeaves(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		if g := w.must(200, "GET", "/subscribe", ""); !strings.Contains(g.body, `action="/subscribe"`) || !strings.Contains(g.body, "API &lt;b&gt;") {
			t.Errorf("got no form:\n%s", g.body)
		}
		w.must(200, "POST", "/subscribe", form("email", "Ada@Example.com", "scope", "parts", "component_ids", apiID, "component_ids", groupID, "kinds", "incidents"))
		s := w.at(status.ModeEmail, "ada@example.com", "")
		if s == nil || s.State != status.Unconfirmed || s.Origin != status.FromVisitor || s.Email != "Ada@example.com" {
			t.Fatalf("got %+v, want an unconfirmed visitor", s)
		}
		if diff := cmp.Diff([]string{apiID, groupID}, s.Components); diff != "" {
			t.Errorf("components (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]status.NoticeKind{status.IncidentNotices}, s.Kinds); diff != "" {
			t.Errorf("kinds (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"confirm " + s.ID}, w.mails()); diff != "" {
			t.Errorf("mails (-want +got):\n%s", diff)
		}

		confirm := w.token(link.Confirm, s)
		for range 2 { // a scanner looks, then a person
			g := w.must(200, "GET", "/subscriptions/confirm?t="+confirm, "")
			if !strings.Contains(g.body, "Confirm subscription</button>") || w.stored(s.ID).State != status.Unconfirmed {
				t.Errorf("got no button, or it was pressed by looking:\n%s", g.body)
			}
		}
		g := w.must(200, "POST", "/subscriptions/confirm", form("t", confirm))
		if s = w.stored(s.ID); s.State != status.Active || s.ConfirmedAt == nil {
			t.Errorf("got %s, want active", s.State)
		}
		if strings.Contains(g.body, "whsec_") {
			t.Error("a subscriber by mail gets a secret")
		}
		manage := anyToken.FindStringSubmatch(g.body)[1]
		for range 2 { // the link still says so, and no longer leads to what is subscribed
			g := w.must(200, "POST", "/subscriptions/confirm", form("t", confirm))
			if !strings.Contains(g.body, "You are subscribed") || anyToken.MatchString(g.body) {
				t.Errorf("got\n%s", g.body)
			}
		}

		g = w.must(200, "GET", "/subscriptions/manage?t="+manage, "")
		for _, part := range []string{
			`value="` + apiID + `" checked>`, `value="` + groupID + `" checked>`, `value="` + webID + `">`,
			`value="incidents" checked>`, `value="maintenances">`, "to Ada@example.com",
		} {
			if !strings.Contains(g.body, part) {
				t.Errorf("no %s in\n%s", part, g.body)
			}
		}
		if strings.Contains(g.body, `value="components"`) {
			t.Error("mails are offered the states of components")
		}
		g = w.must(200, "POST", "/subscriptions/manage", want("t", manage, "action", "save"))
		if s = w.stored(s.ID); len(s.Components) != 0 || len(s.Kinds) != 0 || !strings.Contains(g.body, "Saved.") {
			t.Errorf("got %v, %v, want everything:\n%s", s.Components, s.Kinds, g.body)
		}

		leave := w.token(link.Unsubscribe, s)
		if g := w.must(200, "GET", "/subscriptions/unsubscribe?t="+leave, ""); !strings.Contains(g.body, "Unsubscribe</button>") || w.stored(s.ID).State != status.Active {
			t.Error("got no button, or it was pressed by looking")
		}
		for range 2 { // programs try again
			w.must(200, "POST", "/subscriptions/unsubscribe?t="+leave, "List-Unsubscribe=One-Click")
		}
		if s = w.stored(s.ID); s.State != status.Unsubscribed || s.Email != "" || w.at(status.ModeEmail, "ada@example.com", "") != nil {
			t.Errorf("got %s %q, want it unsubscribed and forgotten", s.State, s.Email)
		}
		// The link of an old mail does not end what was subscribed since, and does not say that it did.
		again := w.active("ada@example.com")
		if g := w.must(200, "POST", "/subscriptions/unsubscribe?t="+leave, "List-Unsubscribe=One-Click"); w.stored(again.ID).State != status.Active ||
			!strings.Contains(g.body, "they belong to another subscription") {
			t.Errorf("got %s, and\n%s", w.stored(again.ID).State, g.body)
		}
		w.must(410, "GET", "/subscriptions/manage?t="+manage, "")
		w.must(410, "POST", "/subscriptions/confirm", form("t", confirm))
		time.Sleep(status.UnsubscribedFor + time.Hour)
		w.must(200, "POST", "/subscriptions/unsubscribe?t="+leave, "List-Unsubscribe=One-Click")
	})
}

func TestAConfirmationThatIsTooOldLeadsToANewOne(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.must(200, "POST", "/subscribe", want("email", "a@example.com"))
		s := w.at(status.ModeEmail, "a@example.com", "")
		old := w.token(link.Confirm, s)
		time.Sleep(link.ConfirmFor)
		for _, g := range []got{w.must(410, "GET", "/subscriptions/confirm?t="+old, ""), w.must(410, "POST", "/subscriptions/confirm", form("t", old))} {
			if !strings.Contains(g.body, "The link is too old.") || !strings.Contains(g.body, "If you are subscribed, or asked to be, we can mail you a new one.") ||
				!strings.Contains(g.body, `action="/subscriptions/manage"`) {
				t.Errorf("got\n%s", g.body)
			}
		}
		w.must(200, "POST", "/subscriptions/manage", form("email", "a@example.com"))
		if diff := cmp.Diff([]string{"confirm " + s.ID, "confirm " + s.ID}, w.mails()); diff != "" {
			t.Errorf("mails (-want +got):\n%s", diff)
		}
		w.must(200, "POST", "/subscriptions/confirm", form("t", w.token(link.Confirm, w.stored(s.ID))))
		if got := w.stored(s.ID).State; got != status.Active {
			t.Errorf("got %s", got)
		}
	})
}

func TestMailProgramsUnsubscribeWithAnyFormOfBody(t *testing.T) {
	const boundary = "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n"
	inWorld(t, func(t *testing.T, w *world) {
		for i, c := range []struct{ kind, body string }{
			{"application/x-www-form-urlencoded", "List-Unsubscribe=One-Click"},
			{"multipart/form-data; boundary=b", boundary},
			{"multipart/form-data", "broken"},
			{"", ""},
			{"text/plain", "%%%"},
		} {
			s := w.active(string(rune('a'+i)) + "@example.com")
			w.must(200, "POST", "/subscriptions/unsubscribe?t="+w.token(link.Unsubscribe, s), c.body, "Content-Type: "+c.kind)
			if got := w.stored(s.ID).State; got != status.Unsubscribed {
				t.Errorf("%s: got %s", c.kind, got)
			}
		}
	})
}

func TestAWebhookIsConfirmedByItsOwnerWhoSeesTheSecretOnce(t *testing.T) {
	const endpoint = "https://hooks.example.com/secret-path"
	inWorld(t, func(t *testing.T, w *world) {
		w.must(200, "POST", "/subscribe", want("email", "owner@example.com", "endpoint", endpoint))
		s := w.at(status.ModeWebhook, endpoint, "")
		if s == nil || s.State != status.Unconfirmed || s.Email != "owner@example.com" || len(s.Secrets) != 0 {
			t.Fatalf("got %+v, want it to wait for its owner", s)
		}
		confirm := w.token(link.Confirm, s)
		if g := w.must(200, "GET", "/subscriptions/confirm?t="+confirm, ""); !strings.Contains(g.body, "hooks.example.com") || strings.Contains(g.body, "secret-path") {
			t.Errorf("got\n%s", g.body)
		}
		g := w.must(200, "POST", "/subscriptions/confirm", form("t", confirm))
		s = w.stored(s.ID)
		if s.State != status.Active || len(s.Secrets) != 1 || !strings.Contains(unescaped(g.body), s.Secrets[0].Text) {
			t.Fatalf("got %s, %d secrets, or it is not shown", s.State, len(s.Secrets))
		}
		manage := w.token(link.Manage, s)
		for name, g := range map[string]got{
			"confirmed again": w.must(200, "POST", "/subscriptions/confirm", form("t", confirm)),
			"managed":         w.must(200, "GET", "/subscriptions/manage?t="+manage, ""),
		} {
			if strings.Contains(g.body, "whsec_") {
				t.Errorf("%s: the secret is shown again", name)
			}
		}
		first := s.Secrets[0].Text
		g = w.must(200, "GET", "/subscriptions/manage?t="+manage, "")
		press := form("t", manage, "action", "rotate", "newest", newest.FindStringSubmatch(g.body)[1])
		g = w.must(200, "POST", "/subscriptions/manage", press)
		s = w.stored(s.ID)
		if len(s.Secrets) != 2 || s.Secrets[1].Text != first || !strings.Contains(unescaped(g.body), s.Secrets[0].Text) || strings.Contains(unescaped(g.body), first) {
			t.Errorf("got %d secrets, or the wrong one is shown", len(s.Secrets))
		}
		for _, again := range []string{press, form("t", manage, "action", "rotate")} { // a second click, or a reload
			g := w.must(409, "POST", "/subscriptions/manage", again)
			if got := w.stored(s.ID).Secrets; len(got) != 2 || got[1].Text != first || strings.Contains(g.body, "whsec_") {
				t.Errorf("got %d secrets without the first, which the receiver has, or one of them is shown", len(got))
			}
		}
		g = w.must(200, "GET", "/subscriptions/manage?t="+manage, "")
		w.must(200, "POST", "/subscriptions/manage", form("t", manage, "action", "rotate", "newest", newest.FindStringSubmatch(g.body)[1]))
		if got := w.stored(s.ID).Secrets; len(got) != 2 || got[1].Text != s.Secrets[0].Text {
			t.Errorf("got %d secrets, want a third in place of the first when it is asked for", len(got))
		}
		w.change(s.ID, func(s *status.Subscriber) error { return s.Quarantine(status.Failing, w.audience.Now()) })
		if g := w.must(200, "GET", "/subscriptions/manage?t="+manage, ""); !strings.Contains(g.body, "Switch on again</button>") {
			t.Errorf("got no button:\n%s", g.body)
		}
		for range 2 {
			w.must(200, "POST", "/subscriptions/manage", form("t", manage, "action", "reactivate"))
		}
		if got := w.stored(s.ID).State; got != status.Active {
			t.Errorf("got %s, want active", got)
		}
		w.must(422, "POST", "/subscriptions/manage", form("t", manage, "action", "save", "scope", "parts", "kinds", "incidents"))
		w.must(400, "POST", "/subscriptions/manage", form("t", manage, "action", "dance"))
	})
}

func TestChatsAreToldFromTheirAddress(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for endpoint, mode := range map[string]status.Mode{
			"https://hooks.slack.com/services/T/B/x": status.ModeSlack, "https://discord.com/api/webhooks/1/x": status.ModeDiscord,
			"https://chat.example.com/hooks/x": status.ModeMattermost,
		} {
			pairs := []string{"email", "o" + string(mode) + "@example.com", "endpoint", endpoint}
			if mode == status.ModeMattermost {
				pairs = append(pairs, "mattermost", "yes")
			}
			w.must(200, "POST", "/subscribe", want(pairs...))
			s := w.at(mode, endpoint, "")
			if s == nil || len(s.Kinds) != 0 {
				t.Errorf("%s: got %+v", endpoint, s)
				continue
			}
			if g := w.must(200, "POST", "/subscriptions/confirm", form("t", w.token(link.Confirm, s))); strings.Contains(g.body, "whsec_") {
				t.Errorf("%s: messages of chats are not signed, but there is a secret", endpoint)
			}
		}
	})
}

func TestOneIncidentIsSubscribedToUntilItIsOver(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		open, over := w.incident("Checkout <b>fails", false), w.incident("It was", true)
		if g := w.must(200, "GET", "/subscribe?incident="+open, ""); !strings.Contains(g.body, "Checkout &lt;b&gt;fails") || !strings.Contains(g.body, `name="incident" value="`+open+`"`) ||
			strings.Contains(g.body, `name="scope"`) {
			t.Errorf("got\n%s", g.body)
		}
		w.must(200, "POST", "/subscribe", form("email", "a@example.com", "incident", open))
		s := w.at(status.ModeEmail, "a@example.com", open)
		if s == nil || s.Incident != open {
			t.Fatalf("got %+v", s)
		}
		if g := w.must(200, "GET", "/subscriptions/confirm?t="+w.token(link.Confirm, s), ""); !strings.Contains(g.body, "Checkout") {
			t.Errorf("got\n%s", g.body)
		}
		w.must(200, "POST", "/subscriptions/confirm", form("t", w.token(link.Confirm, s)))
		w.must(200, "POST", "/subscriptions/manage", form("t", w.token(link.Manage, s), "action", "save", "scope", "parts", "component_ids", apiID))
		for _, id := range []string{over, "nosuch", "../x", strings.Repeat("a", 500)} {
			w.must(410, "GET", "/subscribe?incident="+id, "")
			w.must(410, "POST", "/subscribe", form("email", "b@example.com", "incident", id))
		}
	})
}

func TestTheAddressThatPostsNameExplainsThem(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		g := w.must(200, "GET", link.PathWebhooks, "")
		if !strings.Contains(g.body, "<h1>Webhooks</h1>") || !strings.Contains(g.body, "webhook-signature") {
			t.Errorf("got\n%s", g.body)
		}
		w.must(405, "POST", link.PathWebhooks, "")
		if g := w.must(200, "GET", link.PathSubscribe, ""); !strings.Contains(g.body, `href="`+link.PathWebhooks+`"`) {
			t.Error("the form does not lead there")
		}
	})
}
