package subscribe_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/link"
	"allclear/internal/status"
)

// known are addresses that stand in every way there is with the page.
func (w *world) known() []string {
	w.t.Helper()
	const unconfirmed, bounced, left = "unconfirmed@example.org", "bounced@example.org", "left@example.org"
	w.must(200, "POST", "/subscribe", want("email", unconfirmed))
	w.active("active@example.org")
	s := w.active(bounced)
	if err := w.audience.Suppress(w.t.Context(), pageID, s.ID, bounced, status.Bounced); err != nil {
		w.t.Fatal(err)
	}
	if err := w.audience.Suppress(w.t.Context(), pageID, "nobody", "complained@example.org", status.Complained); err != nil {
		w.t.Fatal(err)
	}
	s = w.active(left)
	w.must(200, "POST", "/subscriptions/unsubscribe", form("t", w.token(link.Unsubscribe, s)))
	time.Sleep(24 * time.Hour) // so that every one of them may be mailed again
	return []string{unconfirmed, "active@example.org", bounced, "complained@example.org", left}
}

// Not even the time that the answer takes tells who is subscribed.
func TestTheAnswerIsTheSameAndAsLateForKnownAndUnknownAddresses(t *testing.T) {
	for _, c := range []struct{ name, method, path, body string }{
		{"subscribing", "POST", "/subscribe", "scope=page&kinds=incidents&email="},
		{"asking for the link", "POST", "/subscriptions/manage", "email="},
		{"Statuspage's subscribing", "POST", v2, "subscriber[email]="},
		{"Statuspage's leaving", "DELETE", v2, "subscriber[email]="},
	} {
		t.Run(c.name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				known := w.known()
				w.slow = 7 * time.Millisecond
				ask := func(email string) (string, time.Duration) {
					began := time.Now()
					g := w.must(200, c.method, c.path, c.body+email)
					return strings.ReplaceAll(g.body, email, "ADDRESS"), time.Since(began)
				}
				body, took := ask("nobody@example.org")
				for _, email := range known {
					gotBody, gotTook := ask(email)
					if diff := cmp.Diff(body, gotBody); diff != "" || gotTook != took {
						t.Errorf("%s: after %s instead of %s (-unknown +known):\n%s", email, gotTook, took, diff)
					}
				}
			})
		})
	}
}

func TestWhoIsKnownGetsTheMailThatHelps(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		known := w.known()
		before := len(w.mails())
		for _, email := range known {
			w.must(200, "POST", "/subscribe", form("email", email, "scope", "parts", "component_ids", apiID, "kinds", "incidents"))
			w.must(200, "POST", "/subscribe", want("email", email)) // once a day is enough
		}
		unconfirmed, active := w.at(status.ModeEmail, known[0], ""), w.at(status.ModeEmail, known[1], "")
		left := w.at(status.ModeEmail, known[4], "")
		if diff := cmp.Diff([]string{"confirm " + unconfirmed.ID, "manage " + active.ID, "confirm " + left.ID}, w.mails()[before:]); diff != "" {
			t.Errorf("mails (-want +got):\n%s", diff)
		}
		if len(unconfirmed.Components) != 0 || len(active.Components) != 0 {
			t.Errorf("got %v and %v, want the last wish, and what the confirmed one had", unconfirmed.Components, active.Components)
		}
	})
}

// Its mailbox was full whenever it was asked to confirm, and is not any more.
func TestWhoCouldNotBeReachedBeforeConfirmingIsAskedAgain(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.must(200, "POST", "/subscribe", want("email", "a@example.com"))
		s := w.at(status.ModeEmail, "a@example.com", "")
		w.change(s.ID, func(s *status.Subscriber) error { return s.Quarantine(status.Failing, w.audience.Now()) })
		time.Sleep(24 * time.Hour)
		w.must(200, "POST", "/subscribe", want("email", "a@example.com"))
		if diff := cmp.Diff([]string{"confirm " + s.ID, "confirm " + s.ID}, w.mails()); diff != "" {
			t.Errorf("mails (-want +got):\n%s", diff)
		}
		if got := w.stored(s.ID).State; got != status.Unconfirmed {
			t.Errorf("got %s, want it to wait for its owner", got)
		}
	})
}

// The first write counts the request, the second asks for the mail: in between its owner acts.
func TestWhoConfirmsOrLeavesMeanwhileGetsTheMailThatHelpsThen(t *testing.T) {
	for name, c := range map[string]struct {
		act  func(*world, *status.Subscriber) error
		want string
	}{
		"confirms": {func(w *world, s *status.Subscriber) error { return s.Confirm(w.audience.Now()) }, "manage "},
		"leaves":   {func(w *world, s *status.Subscriber) error { s.Unsubscribe(w.audience.Now()); return nil }, "confirm "},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				w.must(200, "POST", "/subscribe", want("email", "a@example.com"))
				s := w.at(status.ModeEmail, "a@example.com", "")
				time.Sleep(24 * time.Hour)
				w.meanwhile = func() { w.change(s.ID, func(s *status.Subscriber) error { return c.act(w, s) }) }
				w.must(200, "POST", "/subscribe", want("email", "a@example.com"))
				mails := w.mails()
				if now := w.at(status.ModeEmail, "a@example.com", ""); len(mails) != 2 || now == nil || !strings.HasPrefix(mails[1], c.want) || !strings.HasSuffix(mails[1], now.ID) {
					t.Errorf("got %v, want %s", mails, c.want)
				}
			})
		})
	}
}

// A mail address is asked to confirm one thing a day, also by somebody who spells it in many ways.
func TestAnAddressIsMailedOnceADayWhateverIsTried(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		incident := w.incident("x", false)
		for _, body := range []string{
			want("email", "victim@example.com"), want("email", "Victim@Example.COM"), form("email", "victim@example.com", "incident", incident),
			want("email", "victim@example.com", "endpoint", "https://a.example.org/1"), want("email", "victim@example.com", "endpoint", "https://a.example.org/2"),
			want("email", "other@example.com", "endpoint", "https://a.example.org/2"), want("email", "victim@example.com", "endpoint", "https://a.example.org/2"),
		} {
			w.must(200, "POST", "/subscribe", body)
		}
		w.must(200, "POST", "/subscriptions/manage", form("email", "victim@example.com"))
		w.must(200, "DELETE", v2, "subscriber[email]=victim@example.com")
		if got := w.mails(); len(got) != 2 {
			t.Errorf("got %v, want one mail to the one and one to the other", got)
		}
	})
}

func TestASlipOfThePenDoesNotKeepAnEndpointFromItsOwner(t *testing.T) {
	const endpoint = "https://hooks.example.com/x"
	inWorld(t, func(t *testing.T, w *world) {
		w.must(200, "POST", "/subscribe", want("email", "onwer@example.com", "endpoint", endpoint))
		slip := w.at(status.ModeWebhook, endpoint, "")
		w.must(200, "POST", "/subscribe", want("email", "owner@example.com", "endpoint", endpoint))
		s := w.at(status.ModeWebhook, endpoint, "")
		if s.ID == slip.ID || s.Email != "owner@example.com" || w.stored(slip.ID).State != status.Unsubscribed {
			t.Errorf("got %+v", s)
		}
		w.must(200, "POST", "/subscriptions/confirm", form("t", w.token(link.Confirm, s)))
		w.must(200, "POST", "/subscribe", want("email", "thief@example.com", "endpoint", endpoint))
		if got := w.at(status.ModeWebhook, endpoint, ""); got.ID != s.ID || got.Email != "owner@example.com" {
			t.Errorf("got %+v, want what was confirmed to stay", got)
		}
	})
}

func TestALinkIsMailedToTheOwnerOfAWebhook(t *testing.T) {
	const endpoint = "https://hooks.example.com/x"
	inWorld(t, func(t *testing.T, w *world) {
		w.must(200, "POST", "/subscribe", want("email", "owner@example.com", "endpoint", endpoint))
		s := w.at(status.ModeWebhook, endpoint, "")
		w.must(200, "POST", "/subscriptions/confirm", form("t", w.token(link.Confirm, s)))
		w.must(200, "POST", "/subscriptions/manage", form("email", "owner@example.com", "endpoint", endpoint))
		if diff := cmp.Diff([]string{"confirm " + s.ID, "manage " + s.ID}, w.mails()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// Who asks for the link need not remember what they have subscribed to.
func TestALinkIsMailedAlsoToWhoHearsOfOneIncident(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		first, second, over := w.incident("x", false), w.incident("y", false), w.incident("z", false)
		confirmed := func(incident string) *status.Subscriber {
			w.must(200, "POST", "/subscribe", form("email", "a@example.com", "incident", incident))
			s := w.at(status.ModeEmail, "a@example.com", incident)
			w.must(200, "POST", "/subscriptions/confirm", form("t", w.token(link.Confirm, s)))
			return s
		}
		s := confirmed(first)
		confirmed(over)
		w.resolve(over)
		w.must(200, "POST", "/subscribe", form("email", "a@example.com", "incident", second))
		asked := w.at(status.ModeEmail, "a@example.com", second)
		time.Sleep(24 * time.Hour)
		before := len(w.mails())
		w.must(200, "POST", "/subscriptions/manage", form("email", "a@example.com"))
		got := w.mails()[before:]
		slices.Sort(got)
		if diff := cmp.Diff([]string{"confirm " + asked.ID, "manage " + s.ID}, got); diff != "" {
			t.Errorf("mails (-want +got):\n%s", diff)
		}
		w.must(200, "DELETE", v2, "subscriber[email]=nobody@example.com")
	})
}

func TestNoLogHoldsAnAddressOrAToken(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		s := w.active("ada@example.com")
		leave := w.token(link.Unsubscribe, s)
		w.fault = errBroken
		for _, r := range [][3]string{
			{"POST", "/subscribe", want("email", "secret@example.com", "endpoint", "https://hooks.example.com/private")},
			{"GET", "/subscriptions/manage?t=" + w.token(link.Manage, s), ""},
			{"POST", "/subscriptions/unsubscribe?t=" + leave, "List-Unsubscribe=One-Click"},
			{"POST", v2, "subscriber[email]=secret@example.com"},
			{"DELETE", v2 + "?subscriber[id]=" + leave, ""},
			{"GET", "/subscribe", ""},
		} {
			w.must(500, r[0], r[1], r[2])
		}
		if got := w.log.String(); strings.Count(got, "request failed") != 6 || strings.Contains(got, "example.com") || strings.Contains(got, leave) || strings.Contains(got, "private") {
			t.Errorf("got log\n%s", got)
		}
	})
}
