package schematest

import (
	"context"
	"strings"
	"testing"
	"time"

	"allclear/internal/memory"
	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/table"
)

// audienceItems are items of every kind of the Audience table, as its stream shows them.
func audienceItems(t *testing.T) []table.Item {
	t.Helper()
	clock := func() time.Time { return now }
	tbl := memory.New(memory.Options{Now: clock, Streams: []string{"Audience"}}).Table("Audience")
	a := store.NewAudience(tbl, store.Options{Now: clock})
	ctx := t.Context()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	actor := status.Actor{Kind: status.ActorKey, Name: "sample"}
	add := func(want status.Subscriber, confirmed bool) *status.Subscriber {
		t.Helper()
		want.Page = samplePage
		s, err := status.NewSubscriber(want, confirmed, a.Stamp())
		check(err)
		beside := store.Beside{
			Audit: &store.Audit{Action: store.SubscriberCreated, Actor: actor},
			Answer: func(*status.Subscriber, store.Asked) (*store.Answer, error) {
				return &store.Answer{Key: s.ID, Request: store.HashKey("request"), Status: 201, Body: "{}"}, nil
			},
		}
		if !confirmed {
			beside.Mail, beside.Limits = store.MailConfirm, []store.Limit{store.DailyConfirmations(samplePage, 1)}
			beside.Patient = want.Origin == status.FromRoster
		}
		_, err = a.AddSubscriber(ctx, s, beside)
		check(err)
		return s
	}
	change := func(s *status.Subscriber, f func(*status.Subscriber) error) {
		t.Helper()
		_, _, err := a.UpdateSubscriber(ctx, samplePage, s.ID, store.Beside{}, f)
		check(err)
	}
	hook := status.Subscriber{
		Mode: status.ModeWebhook, Endpoint: "https://hooks.example.com/status", Email: "owner@example.com", Origin: status.FromOperator,
		Kinds: status.NoticeKinds(), Secrets: []status.Secret{{Text: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", CreatedAt: now}},
	}
	waiting := status.Subscriber{Mode: status.ModeEmail, Email: "b@example.com", Origin: status.FromRoster, Incident: "sampleincid1"}
	asked := add(status.Subscriber{Mode: status.ModeEmail, Email: "a@example.com", Origin: status.FromVisitor, Components: []string{"samplegroup1"}}, false)
	change(asked, func(s *status.Subscriber) error { s.MailReturned(now, now); return nil })
	left := add(waiting, false)
	add(status.Subscriber{Mode: status.ModeEmail, Email: "d@example.com", Origin: status.FromVisitor}, false)
	failing := hook
	failing.Endpoint = "https://failing.example.com/status"
	_, _, err := a.UpdateSubscriber(ctx, samplePage, add(failing, true).ID, store.Beside{
		Mail: store.MailFailing, Failing: &store.Failing{Host: "failing.example.com", Since: now, Reason: "503 Service Unavailable"},
	}, func(s *status.Subscriber) error { return s.Quarantine(status.Failing, now) })
	check(err)
	change(add(hook, true), func(s *status.Subscriber) error { return s.Quarantine(status.Gone, now) })
	change(left, func(s *status.Subscriber) error { s.Unsubscribe(now); return nil })
	check(a.Suppress(ctx, samplePage, "nobody", "c@example.com", status.Bounced))
	check(a.Suppress(ctx, samplePage, "nobody", "e@example.com", status.Complained))
	_, err = a.Allow(ctx, samplePage, "e@example.com", store.Audit{Action: store.AddressAllowed, Actor: actor})
	check(err)
	check(a.Record(ctx, samplePage, store.Audit{Action: store.SubscribersImported, Actor: actor}))
	_, err = a.EndFollowing(ctx, samplePage, func(context.Context, []string) (map[string]time.Time, error) { return nil, nil })
	check(err)
	records, err := tbl.Records(ctx, 0, 1000)
	check(err)
	var items []table.Item
	for _, r := range records {
		if r.New != nil {
			items = append(items, *r.New)
		}
	}
	return items
}

func TestTheExamplesWaitInEveryLine(t *testing.T) {
	lines := map[string]bool{}
	for _, item := range audienceItems(t) {
		if strings.HasPrefix(item.Partition, "WAITING#") {
			lines[strings.Split(item.Sort, "#")[0]] = true
		}
	}
	if !lines["WAITING"] || !lines["WAITLIST"] {
		t.Errorf("got %v", lines)
	}
}

func TestTheExamplesHaveASubscriberInEveryState(t *testing.T) {
	states := map[string]bool{}
	for _, item := range audienceItems(t) {
		if strings.HasPrefix(item.Sort, "SUBSCRIBER#") {
			states[item.Attributes["state"].(string)] = true
		}
	}
	for _, want := range status.SubscriberStates() {
		if !states[string(want)] {
			t.Errorf("no subscriber is %s", want)
		}
	}
}
