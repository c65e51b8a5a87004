package status

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func byMail(edit ...func(*Subscriber)) Subscriber {
	s := Subscriber{Page: "page", Mode: ModeEmail, Email: "a@example.com", Origin: FromOperator}
	for _, e := range edit {
		e(&s)
	}
	return s
}

func mustSubscribe(t *testing.T, want Subscriber, confirmed bool) *Subscriber {
	t.Helper()
	_, clock := fixture()
	s, err := NewSubscriber(want, confirmed, clock.stamp())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestANewSubscriberIsActiveOnlyWhenItsWillIsKnown(t *testing.T) {
	known, unknown := mustSubscribe(t, byMail(), true), mustSubscribe(t, byMail(), false)
	if known.State != Active || known.ConfirmedAt == nil || known.PurgeAt != nil {
		t.Errorf("got %+v, want it active", known)
	}
	if known.Secrets == nil {
		t.Error("its secrets are no list, want an empty one as of who has left")
	}
	if unknown.State != Unconfirmed || unknown.ConfirmedAt != nil || unknown.PurgeAt == nil {
		t.Errorf("got %+v, want it unconfirmed and purged one day", unknown)
	}
}

func TestASubscriberThatCannotBeIsRefusedByField(t *testing.T) {
	_, clock := fixture()
	endpoint := func(s *Subscriber) { s.Mode, s.Email, s.Endpoint = ModeWebhook, "", "https://example.com/hook" }
	for _, c := range []struct {
		says      string
		want      Subscriber
		confirmed bool
	}{
		{"mode is not a known mode", byMail(func(s *Subscriber) { s.Mode = "pigeon" }), true},
		{"email can't be blank", byMail(func(s *Subscriber) { s.Email = "" }), true},
		{"endpoint can't be given", byMail(func(s *Subscriber) { s.Endpoint = "https://example.com" }), true},
		{"endpoint can't be blank", byMail(func(s *Subscriber) { s.Mode = ModeSlack }), true},
		{"endpoint is too long", byMail(endpoint, func(s *Subscriber) { s.Endpoint += strings.Repeat("x", MaxEndpoint) }), true},
		{"email can't be blank: the subscription is confirmed by mail", byMail(endpoint), false},
		{"component_ids can't be given", byMail(func(s *Subscriber) { s.Incident, s.Components = "i", []string{"api"} }), true},
		{"kinds has an unknown kind", byMail(func(s *Subscriber) { s.Kinds = []NoticeKind{"gossip"} }), true},
		{"kinds can have components for webhooks only", byMail(func(s *Subscriber) { s.Kinds = []NoticeKind{ComponentNotices} }), true},
		{"secrets can't be more than 2", byMail(endpoint, func(s *Subscriber) { s.Secrets = make([]Secret, 3) }), true},
	} {
		if _, err := NewSubscriber(c.want, c.confirmed, clock.stamp()); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("got %v, want %q", err, c.says)
		}
	}
}

func TestUnsubscribingForgetsTheAddressAndRevokesLinks(t *testing.T) {
	s := mustSubscribe(t, byMail(func(s *Subscriber) {
		s.Mode, s.Endpoint = ModeWebhook, "https://example.com/hook"
		s.Components, s.Secrets = []string{"api"}, []Secret{{Text: "whsec_x"}}
	}), true)
	before := s.Generation
	s.Unsubscribe(start.Add(time.Hour))
	if text := fmt.Sprintf("%+v", s); strings.Contains(text, "example.com") || strings.Contains(text, "whsec") || strings.Contains(text, "api") {
		t.Errorf("got %s, want no address, secret or choice in it", text)
	}
	if s.State != Unsubscribed || s.Generation <= before || s.PurgeAt == nil {
		t.Errorf("got %+v, want it unsubscribed with its links revoked", s)
	}
	again := *s
	s.Unsubscribe(start.Add(2 * time.Hour))
	if diff := cmp.Diff(again, *s); diff != "" {
		t.Errorf("once more (-before +after):\n%s", diff)
	}
}

func TestNothingReactivatesAnAddressThatBouncedOrComplained(t *testing.T) {
	for _, reason := range QuarantineReasons() {
		s := mustSubscribe(t, byMail(), true)
		if err := s.Quarantine(reason, start); err != nil {
			t.Fatal(err)
		}
		err := s.Reactivate(start.Add(time.Hour))
		if reason.Final() != (err != nil) || (s.State == Active) == reason.Final() {
			t.Errorf("%s: got %v, state %s", reason, err, s.State)
		}
	}
	s := mustSubscribe(t, byMail(), true)
	for _, reason := range []QuarantineReason{Failing, Bounced, Failing} {
		if err := s.Quarantine(reason, start); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Reactivate(start); err == nil {
		t.Error("a bounce is forgotten when the endpoint fails later")
	}
}

func TestTwoSecretsSignAtMost(t *testing.T) {
	s := mustSubscribe(t, byMail(func(s *Subscriber) { s.Mode, s.Endpoint = ModeWebhook, "https://example.com/hook" }), true)
	for _, secret := range []string{"one", "two", "three"} {
		if err := s.Rotate(secret, start); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.Secrets) != 2 || s.Secrets[0].Text != "three" || s.Secrets[1].Text != "two" {
		t.Errorf("got %v, want the newest two", s.Secrets)
	}
	if err := mustSubscribe(t, byMail(), true).Rotate("x", start); err == nil {
		t.Error("a subscriber by mail has a signing secret")
	}
}

// Whatever happens to a subscriber in whatever order, what its fields say goes together.
func TestNoSequenceOfChangesMakesASubscriberThatCannotBe(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		_, clock := fixture()
		want := byMail()
		if rapid.Bool().Draw(r, "webhook") {
			want.Mode, want.Endpoint = ModeWebhook, "https://example.com/hook"
		}
		s, err := NewSubscriber(want, rapid.Bool().Draw(r, "confirmed"), clock.stamp())
		if err != nil {
			r.Fatal(err)
		}
		left, final := false, false
		for range rapid.IntRange(1, 20).Draw(r, "changes") {
			now, before := clock.stamp().Now, s.Clone()
			reason := rapid.SampledFrom(QuarantineReasons()).Draw(r, "reason")
			var err error
			switch rapid.IntRange(0, 9).Draw(r, "change") {
			case 0:
				err = s.Confirm(now)
			case 1:
				s.Unsubscribe(now)
			case 2:
				if err = s.Quarantine(reason, now); err == nil {
					final = final || reason.Final()
				}
			case 3:
				err = s.Reactivate(now)
			case 4:
				err = s.Choose([]string{"api", "web", "api"}, []NoticeKind{IncidentNotices}, now)
			case 5:
				err = s.AwaitConfirmation(now)
			case 6:
				err = s.Rotate("whsec_"+now.String(), now)
			case 7:
				s.Revoke(now)
			case 8:
				s.MailReturned(now.AddDate(0, 0, rapid.IntRange(-40, 1).Draw(r, "days")), now)
			case 9:
				s.MailDelivered(now.AddDate(0, 0, rapid.IntRange(-40, 1).Draw(r, "days")), now)
			}
			if err != nil && !cmp.Equal(before, s) {
				r.Fatalf("refused with %v, and yet %s", err, cmp.Diff(before, s))
			}
			left = left || s.State == Unsubscribed
			checkSubscriber(r, s, left, final)
			if s.Generation < before.Generation {
				r.Fatalf("generation fell from %d to %d: revoked links work again", before.Generation, s.Generation)
			}
		}
	})
}

func checkSubscriber(r *rapid.T, s *Subscriber, left, final bool) {
	r.Helper()
	switch {
	case !s.State.Valid():
		r.Fatalf("state %q", s.State)
	case left && (s.State != Unsubscribed || s.Email != "" || s.Endpoint != ""):
		r.Fatalf("who has left is %s with address %q", s.State, s.Address())
	case !left && final && s.State != Quarantined:
		r.Fatalf("who must never be mailed is %s", s.State)
	case s.State == Active && s.ConfirmedAt == nil:
		r.Fatal("active without having confirmed")
	case (s.State == Active) != (s.PurgeAt == nil):
		r.Fatalf("%s, to be purged at %v", s.State, s.PurgeAt)
	case (s.State == Quarantined) != (s.QuarantinedAt != nil), (s.State == Quarantined) != (s.Reason != ""):
		r.Fatalf("%s since %v for %q", s.State, s.QuarantinedAt, s.Reason)
	case (s.State == Unsubscribed) != (s.UnsubscribedAt != nil):
		r.Fatalf("%s since %v", s.State, s.UnsubscribedAt)
	case s.State != Quarantined && len(s.Returned) >= ReturnedDays, !slices.IsSortedFunc(s.Returned, time.Time.Compare):
		r.Fatalf("%s with mails returned on %v", s.State, s.Returned)
	case len(s.Secrets) > MaxSecrets, len(slices.Compact(slices.Clone(s.Components))) != len(s.Components):
		r.Fatalf("secrets %d, components %v", len(s.Secrets), s.Components)
	}
}
