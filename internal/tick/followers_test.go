package tick_test

import (
	"strings"
	"testing"
	"time"

	"allclear/internal/memory"
	"allclear/internal/status"
	"allclear/internal/store"
)

// follow subscribes an address to an incident, and gives the ticker its audience.
func (f *fixture) follow(email, incident string) (*store.Audience, string) {
	f.Helper()
	clock := func() time.Time { return f.now }
	audience := store.NewAudience(memory.New(memory.Options{Now: clock}).Table("audience"), store.Options{Now: clock})
	want := status.Subscriber{Page: pageID, Mode: status.ModeEmail, Email: email, Incident: incident, Origin: status.FromVisitor}
	s, err := status.NewSubscriber(want, true, audience.Stamp())
	if err == nil {
		_, err = audience.AddSubscriber(f.Context(), s, store.Beside{})
	}
	if err != nil {
		f.Fatal(err)
	}
	f.ticker.Followers = audience
	return audience, s.ID
}

func (f *fixture) stateOf(a *store.Audience, id string) status.SubscriberState {
	f.Helper()
	s, err := a.Subscriber(f.Context(), pageID, id)
	if err != nil {
		f.Fatal(err)
	}
	return s.State
}

// hours ticks every five minutes.
func (f *fixture) hours(n int) {
	f.Helper()
	for range n * 12 {
		f.now = f.now.Add(5 * time.Minute)
		f.tick()
	}
}

func TestASubscriptionEndsADayAfterItIsDueAtTheLatest(t *testing.T) {
	f := newFixture(t, noon)
	id := f.maintain(noon.Add(2*time.Hour), noon.Add(3*time.Hour))
	audience, s := f.follow("a@example.com", id)
	f.hours(4)
	for f.now.Before(noon.Add(3*time.Hour + status.FollowedFor - time.Hour)) {
		f.hours(1)
		if got := f.stateOf(audience, s); got != status.Active {
			t.Fatalf("got %s at %s, want it active", got, f.now)
		}
		f.now = f.now.Add(11 * time.Hour)
	}
	f.hours(26)
	if got := f.stateOf(audience, s); got != status.Unsubscribed {
		t.Errorf("got %s a day after it was due, want it ended", got)
	}
	before := f.seq()
	f.hours(1)
	if f.seq() != before {
		t.Error("that changed the page")
	}
}

func TestTheSubscriptionOfADeletedIncidentEndsWithinADay(t *testing.T) {
	f := newFixture(t, noon)
	id := f.maintain(noon.AddDate(0, 0, 2), noon.AddDate(0, 0, 3))
	audience, s := f.follow("a@example.com", id)
	f.hours(1)
	f.commit(func(tx *store.Tx, _ *status.Configuration) error {
		if _, err := tx.Incident(id); err != nil {
			return err
		}
		tx.DeleteIncident(id)
		tx.Record(status.Event{Type: status.MaintenanceDeleted, Actor: operator, Incident: id})
		return nil
	})
	f.hours(26)
	if got := f.stateOf(audience, s); got != status.Unsubscribed {
		t.Errorf("got %s, want it ended", got)
	}
}

// Data that were restored and not recovered may lack an incident that goes on.
func TestNoSubscriptionEndsWhileThePageCannotBePublished(t *testing.T) {
	f := newFixture(t, noon)
	audience, s := f.follow("a@example.com", "lostincident")
	f.ticker.Publisher.Bucket = broken{f.bucket}
	for range 24 * 6 {
		f.now = f.now.Add(5 * time.Minute)
		if err := f.ticker.Run(t.Context()); err == nil {
			t.Fatal("got no error")
		}
	}
	if got := f.stateOf(audience, s); got != status.Active {
		t.Errorf("got %s, want it active", got)
	}
	f.ticker.Publisher.Bucket = f.bucket
	f.hours(26)
	if got := f.stateOf(audience, s); got != status.Unsubscribed {
		t.Errorf("got %s afterwards, want it ended", got)
	}
}

func TestFollowersAreLookedAtEveryTenMinutes(t *testing.T) {
	f := newFixture(t, noon)
	o, _ := f.reach()
	f.ticker.Followers = o
	for range 60 {
		f.now = f.now.Add(time.Minute)
		f.tick()
	}
	if o.looks != 6 {
		t.Errorf("got %d looks in an hour, want 6", o.looks)
	}
	o.fails["end"] = true
	f.now = noon.Add(65 * time.Minute)
	if err := f.ticker.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "end fails") {
		t.Errorf("got %v, want the failure", err)
	}
}
