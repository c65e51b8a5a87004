package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/status"
	"allclear/internal/table"
)

// past are incidents that are over, and since when; what it does not name goes on.
type past map[string]time.Time

func (p past) since(_ context.Context, incidents []string) (map[string]time.Time, error) {
	over := map[string]time.Time{}
	for _, id := range incidents {
		if at, ok := p[id]; ok {
			over[id] = at
		}
	}
	return over, nil
}

func of(incident string) func(*status.Subscriber) {
	return func(s *status.Subscriber) { s.Incident = incident }
}

// look goes through the whole audience once and answers how many subscriptions ended.
func (c *crowd) look(over OverSince) (ended int) {
	c.t.Helper()
	for range 1000 {
		n, err := c.EndFollowing(c.t.Context(), "page", over)
		if err != nil {
			c.t.Fatal(err)
		}
		ended += n
		if c.looked() {
			return ended
		}
	}
	c.t.Fatal("the audience has no end")
	return ended
}

func (c *crowd) looked() bool {
	c.t.Helper()
	cursor, err := c.followersCursor(c.t.Context(), "page")
	if err != nil {
		c.t.Fatal(err)
	}
	return cursor.Part == AudienceParts
}

func TestASubscriptionToOneIncidentEndsThirtyDaysAfterIt(t *testing.T) {
	c := newCrowd(t)
	day := 24 * time.Hour
	over := past{"old": begin.Add(-30 * day), "young": begin.Add(-30*day + time.Millisecond), "deleted": {}}
	endpoint := func(s *status.Subscriber) {
		s.Mode, s.Endpoint = status.ModeWebhook, "https://hooks.example.com/old"
		s.Secrets = []status.Secret{{Text: "whsec_x", CreatedAt: begin}}
	}
	ends, stays := map[string]*status.Subscriber{}, map[string]*status.Subscriber{}
	for name, s := range map[string]*status.Subscriber{
		"old":         c.subscriber("a@example.com", true, of("old")),
		"unconfirmed": c.subscriber("b@example.com", false, of("old")),
		"endpoint":    c.subscriber("", true, of("old"), endpoint),
		"deleted":     c.subscriber("a@example.com", true, of("deleted")),
	} {
		c.add(s, Beside{})
		ends[name] = s
	}
	for name, s := range map[string]*status.Subscriber{
		"young":          c.subscriber("a@example.com", true, of("young")),
		"goes on":        c.subscriber("a@example.com", true, of("open")),
		"page":           c.subscriber("a@example.com", true),
		"component":      c.subscriber("b@example.com", true, func(s *status.Subscriber) { s.Components = []string{"api"} }),
		"of other pages": c.subscriber("a@example.com", true, of("old"), func(s *status.Subscriber) { s.Page = "other" }),
	} {
		c.add(s, Beside{})
		stays[name] = s
	}
	if n := c.look(over.since); n != len(ends) {
		t.Errorf("got %d ended, want %d", n, len(ends))
	}
	for name, s := range ends {
		after := c.read(s.ID)
		if after.State != status.Unsubscribed || after.Generation <= s.Generation {
			t.Errorf("%s: got %s, want it unsubscribed and its links ended", name, after.State)
		}
		if text := fmt.Sprintf("%+v", after); strings.Contains(text, "example.com") || strings.Contains(text, "whsec") {
			t.Errorf("%s: got %s, want nothing left of address and secrets", name, text)
		}
		if id, err := c.SubscriberAt(t.Context(), "page", s.Mode, s.Address(), s.Incident); id != "" || err != nil {
			t.Errorf("%s: its address is still that of %q, %v", name, id, err)
		}
	}
	for name, s := range stays {
		after, err := c.Subscriber(t.Context(), s.Page, s.ID)
		if err != nil || after.State != s.State || after.Version != s.Version {
			t.Errorf("%s: got %+v, %v, want it as it was", name, after, err)
		}
	}
	if mails := c.inserted(PrefixMailRequest); len(mails) > 0 {
		t.Errorf("got mails %v, want none", mails)
	}
	if audits, _, err := c.Audits(t.Context(), "page", "", 10); len(audits) > 0 || err != nil {
		t.Errorf("got audits %v, %v: no operator did this", audits, err)
	}
}

func TestWhoseIncidentIsOverHasNotLeftThePage(t *testing.T) {
	c := newCrowd(t)
	c.add(c.subscriber("a@example.com", true, of("old")), Beside{})
	c.look(past{"old": {}}.since)
	c.add(c.subscriber("a@example.com", true), Beside{UnlessLeft: true})
	c.advance(status.UnsubscribedFor + time.Second)
	key := addressKey("page", status.ModeEmail, "a@example.com", "old")
	if items, err := c.db.Table("audience").Get(t.Context(), key); err != nil || items[0] != nil {
		t.Errorf("got %v, %v, want the hash of the address forgotten with its subscriber", items[0], err)
	}
}

func TestAComplaintAfterTheEndStillSuppressesTheAddress(t *testing.T) {
	c := newCrowd(t)
	s := c.subscriber("a@example.com", true, of("old"))
	c.add(s, Beside{})
	c.look(past{"old": {}}.since)
	if owned, err := c.Owned(t.Context(), c.read(s.ID), "a@example.com"); !owned || err != nil {
		t.Errorf("got %v, %v, want that it was the subscriber's", owned, err)
	}
}

func TestAnIncidentThatIsReopenedMeanwhileKeepsItsSubscribers(t *testing.T) {
	c := newCrowd(t)
	s := c.subscriber("a@example.com", true, of("old"))
	c.add(s, Beside{})
	asked := 0
	over := func(ctx context.Context, incidents []string) (map[string]time.Time, error) {
		if asked++; asked > 1 {
			return nil, nil // since it was found to be over, it is open again
		}
		return past{"old": {}}.since(ctx, incidents)
	}
	if n := c.look(over); n != 0 || c.read(s.ID).State != status.Active || asked < 2 {
		t.Errorf("got %d ended and %s after %d looks at the incident", n, c.read(s.ID).State, asked)
	}
}

func TestASubscriberThatChangesMeanwhileIsLookedAtAnew(t *testing.T) {
	c := newCrowd(t)
	s := c.subscriber("a@example.com", true, of("old"))
	c.add(s, Beside{})
	over := past{"old": {}}
	c.meanwhile = func() {
		delete(over, "old") // and the change below makes the transaction fail, and read all of it again
		c.update(s.ID, Beside{}, func(s *status.Subscriber) error {
			return s.Choose(nil, []status.NoticeKind{status.IncidentNotices}, begin)
		})
	}
	if n := c.look(over.since); n != 0 || c.read(s.ID).State != status.Active {
		t.Errorf("got %d ended and %s, want the subscriber as it was changed", n, c.read(s.ID).State)
	}
	left := c.subscriber("b@example.com", true, of("gone"))
	c.add(left, Beside{})
	c.meanwhile = func() { c.unsubscribe(left.ID) }
	c.advance(followersEvery)
	if n := c.look(past{"gone": {}}.since); n != 0 {
		t.Errorf("got %d ended, want that it had left by itself", n)
	}
}

func TestOneLookIsBoundedAndTheNextGoesOn(t *testing.T) {
	c := newCrowd(t)
	const count = 3 * endedPerLook
	for i := range count {
		c.add(c.subscriber(fmt.Sprintf("a%d@example.com", i), true, of("old")), Beside{})
	}
	over := past{"old": {}}
	n, err := c.EndFollowing(t.Context(), "page", over.since)
	if err != nil || n == 0 || n > endedPerLook || c.looked() {
		t.Errorf("got %d of %d at once, %v, want %d at most", n, count, err, endedPerLook)
	}
	if n += c.look(over.since); n != count {
		t.Errorf("got %d of %d ended in the end", n, count)
	}
}

func TestTheAudienceIsLookedThroughOnceADay(t *testing.T) {
	c := newCrowd(t)
	c.look(past{}.since)
	s := c.subscriber("a@example.com", true, of("old"))
	c.add(s, Beside{})
	reads := 0
	over := func(ctx context.Context, incidents []string) (map[string]time.Time, error) {
		reads++
		return past{"old": {}}.since(ctx, incidents)
	}
	c.advance(followersEvery - time.Minute)
	if n := c.look(over); n != 0 || reads > 0 {
		t.Errorf("got %d ended on the same day, %d reads of incidents", n, reads)
	}
	c.advance(time.Minute)
	if n := c.look(over); n != 1 {
		t.Errorf("got %d ended on the next day, want 1", n)
	}
}

func TestOneBadRecordDoesNotKeepTheOtherSubscriptionsFromEnding(t *testing.T) {
	c := newCrowd(t)
	bad := table.Item{Key: subscriberKey("page", "bad"), Attributes: table.Attributes{"id": int64(7)}}
	if err := c.db.Table("audience").Write(t.Context(), table.Put(bad)); err != nil {
		t.Fatal(err)
	}
	for i := range 100 { // in all parts
		c.add(c.subscriber(fmt.Sprintf("a%d@example.com", i), true, of("old")), Beside{})
	}
	ended, failures := 0, 0
	for range 100 {
		n, err := c.EndFollowing(t.Context(), "page", past{"old": {}}.since)
		if ended += n; err != nil {
			failures++
		}
	}
	if ended != 100 || failures != 1 {
		t.Errorf("got %d ended and %d failures, want 100 and 1", ended, failures)
	}
}

func TestWhereTheIncidentsCannotBeReadNothingEnds(t *testing.T) {
	c := newCrowd(t)
	s := c.subscriber("a@example.com", true, of("old"))
	c.add(s, Beside{})
	failing := func(context.Context, []string) (map[string]time.Time, error) { return nil, errors.New("no answer") }
	for range AudienceParts {
		if n, err := c.EndFollowing(t.Context(), "page", failing); n != 0 {
			t.Errorf("got %d ended, %v", n, err)
		}
	}
	if c.looked() {
		t.Error("the part that could not be looked at was passed over")
	}
	if n := c.look(past{"old": {}}.since); n != 1 {
		t.Errorf("got %d ended afterwards, want 1", n)
	}
}

func TestIncidentsSayWhetherTheyAreOverAndSinceWhen(t *testing.T) {
	f := newFixture(t)
	open, resolved, reopened, deleted := f.incident(t, "open"), f.incident(t, "resolved"), f.incident(t, "reopened"), f.incident(t, "deleted")
	to := func(id string, s status.IncidentStatus) {
		t.Helper()
		f.commit(t, func(tx *Tx) error {
			cfg, err := tx.Configuration()
			if err != nil {
				return err
			}
			i, err := tx.Incident(id)
			if err != nil {
				return err
			}
			body := "More."
			if _, err := i.Apply(status.IncidentChange{Status: &s, Body: &body}, cfg, tx.Stamp); err != nil {
				return err
			}
			tx.PutIncident(i)
			tx.Record(status.Event{Type: status.IncidentUpdated, Actor: operator, Incident: id})
			return nil
		})
	}
	to(resolved, status.Resolved)
	to(reopened, status.Resolved)
	to(reopened, status.Investigating)
	f.commit(t, func(tx *Tx) error {
		if _, err := tx.Incident(deleted); err != nil {
			return err
		}
		tx.DeleteIncident(deleted)
		tx.Record(status.Event{Type: status.IncidentDeleted, Actor: operator, Incident: deleted})
		return nil
	})
	i, err := f.Incident(t.Context(), "page", resolved)
	if err != nil {
		t.Fatal(err)
	}
	got, err := f.Over(t.Context(), "page", []string{open, resolved, reopened, deleted, resolved})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]time.Time{resolved: *i.ResolvedAt, deleted: {}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestOfAPageThatIsBeingRestoredNoIncidentIsOver(t *testing.T) {
	f := newFixture(t)
	plan, err := PlanRestore(t.Context(), f.Store, f.Store)
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.TakeAway(t.Context()); err != nil {
		t.Fatal(err)
	}
	if over, err := f.Over(t.Context(), "page", []string{"nosuch"}); len(over) > 0 || !notFound(err) {
		t.Errorf("got %v, %v, want that the page is not there", over, err)
	}
}

// incident makes one and answers its id.
func (f *fixture) incident(t *testing.T, name string) string {
	t.Helper()
	var id string
	f.commit(t, func(tx *Tx) error {
		cfg, err := tx.Configuration()
		if err != nil {
			return err
		}
		i, _, err := status.NewIncident(status.IncidentChange{Name: &name}, cfg, tx.Stamp)
		if err != nil {
			return err
		}
		id = i.ID
		tx.PutIncident(i)
		tx.Record(status.Event{Type: status.IncidentCreated, Actor: operator, Incident: id})
		return nil
	})
	return id
}
