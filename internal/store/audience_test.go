package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/memory"
	"allclear/internal/status"
	"allclear/internal/table"
)

// crowd is an audience in memory with a clock that a test moves.
type crowd struct {
	*Audience
	t   *testing.T
	db  *memory.DB
	mu  sync.Mutex
	now time.Time
	ids atomic.Int64
	// meanwhile happens once, after the next transaction has read and before it writes.
	meanwhile func()
}

func newCrowd(t *testing.T) *crowd {
	t.Helper()
	c := &crowd{t: t, now: begin}
	c.db = memory.New(memory.Options{Now: c.clock, Streams: []string{"audience"}, Fault: func(_ context.Context, call memory.Call) error {
		c.mu.Lock()
		f := c.meanwhile
		if call.Moment == memory.BeforeWrite {
			c.meanwhile = nil
		}
		c.mu.Unlock()
		if f != nil && call.Moment == memory.BeforeWrite {
			f()
		}
		return nil
	}})
	c.Audience = NewAudience(c.db.Table("audience"), Options{
		Now: c.clock, NewID: func() string { return fmt.Sprintf("sub%d", c.ids.Add(1)) },
	})
	return c
}

func (c *crowd) clock() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *crowd) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func (c *crowd) subscriber(email string, confirmed bool, edit ...func(*status.Subscriber)) *status.Subscriber {
	c.t.Helper()
	want := status.Subscriber{Page: "page", Mode: status.ModeEmail, Email: email, Origin: status.FromOperator}
	for _, e := range edit {
		e(&want)
	}
	s, err := status.NewSubscriber(want, confirmed, c.Stamp())
	if err != nil {
		c.t.Fatal(err)
	}
	return s
}

func (c *crowd) add(s *status.Subscriber, b Beside) Asked {
	c.t.Helper()
	asked, err := c.AddSubscriber(c.t.Context(), s, b)
	if err != nil {
		c.t.Fatal(err)
	}
	return asked
}

func (c *crowd) read(id string) *status.Subscriber {
	c.t.Helper()
	s, err := c.Subscriber(c.t.Context(), "page", id)
	if err != nil {
		c.t.Fatal(err)
	}
	return s
}

func (c *crowd) update(id string, b Beside, change func(*status.Subscriber) error) (*status.Subscriber, Asked) {
	c.t.Helper()
	s, asked, err := c.UpdateSubscriber(c.t.Context(), "page", id, b, change)
	if err != nil {
		c.t.Fatal(err)
	}
	return s, asked
}

func (c *crowd) unsubscribe(id string) {
	c.t.Helper()
	c.update(id, Beside{}, func(s *status.Subscriber) error { s.Unsubscribe(c.Now()); return nil })
}

// inserted are the items that were put where none was, as the stream shows them.
func (c *crowd) inserted(prefix string) []table.Item {
	c.t.Helper()
	records, err := c.db.Table("audience").Records(c.t.Context(), 0, 1_000_000)
	if err != nil {
		c.t.Fatal(err)
	}
	var items []table.Item
	for _, r := range records {
		if r.Kind == table.Insert && strings.HasPrefix(r.Key.Sort, prefix) {
			items = append(items, *r.New)
		}
	}
	return items
}

func notFound(err error) bool {
	known := (*status.Error)(nil)
	return errors.As(err, &known) && known.Code == status.NotFound
}

func TestASubscriberIsReadAsItWasKept(t *testing.T) {
	c := newCrowd(t)
	s := c.subscriber("a@example.com", false, func(s *status.Subscriber) {
		s.Mode, s.Endpoint, s.Components = status.ModeWebhook, "https://example.com/hook", []string{"api", "web"}
		s.Kinds, s.Secrets, s.Quiet = []status.NoticeKind{status.IncidentNotices}, []status.Secret{{Text: "whsec_x", CreatedAt: begin}}, true
	})
	c.add(s, Beside{})
	if diff := cmp.Diff(s, c.read(s.ID)); diff != "" || s.Version != 1 {
		t.Errorf("version %d (-kept +read):\n%s", s.Version, diff)
	}
	if _, err := c.Subscriber(t.Context(), "other", s.ID); !notFound(err) {
		t.Errorf("on another page: got %v, want it not found", err)
	}
}

func TestAnAddressIsSubscribedOncePerPageModeAndIncident(t *testing.T) {
	c := newCrowd(t)
	first := c.subscriber("a@example.com", true)
	c.add(first, Beside{})
	taken := (*TakenError)(nil)
	if _, err := c.AddSubscriber(t.Context(), c.subscriber("A@Example.com", true), Beside{}); !errors.As(err, &taken) || taken.Subscriber != first.ID {
		t.Errorf("got %v, want it taken by %s", err, first.ID)
	}
	for name, edit := range map[string]func(*status.Subscriber){
		"another page": func(s *status.Subscriber) { s.Page = "other" },
		"one incident": func(s *status.Subscriber) { s.Incident = "i" },
		"a webhook":    func(s *status.Subscriber) { s.Mode, s.Endpoint = status.ModeWebhook, "https://example.com" },
	} {
		if _, err := c.AddSubscriber(t.Context(), c.subscriber("a@example.com", true, edit), Beside{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if id, err := c.SubscriberAt(t.Context(), "page", status.ModeEmail, "a@EXAMPLE.com", ""); err != nil || id != first.ID {
		t.Errorf("got %q, %v, want %s", id, err, first.ID)
	}
}

func TestOfManyWhoAddOneAddressAtOnceOneDoes(t *testing.T) {
	c := newCrowd(t)
	var added, taken atomic.Int64
	var group sync.WaitGroup
	for range 8 {
		s := c.subscriber("a@example.com", false)
		group.Go(func() {
			_, err := c.AddSubscriber(t.Context(), s, Beside{Mail: MailConfirm, Limits: []Limit{DailyConfirmations("page", 100)}})
			if e := (*TakenError)(nil); errors.As(err, &e) {
				taken.Add(1)
			} else if err == nil {
				added.Add(1)
			}
		})
	}
	group.Wait()
	if added.Load() != 1 || taken.Load() != 7 || len(c.inserted(PrefixMailRequest)) != 1 {
		t.Errorf("got %d added, %d taken, %d mails, want 1, 7 and 1", added.Load(), taken.Load(), len(c.inserted(PrefixMailRequest)))
	}
}

func TestWhatHappensBetweenReadingAndWritingIsHeeded(t *testing.T) {
	type outcome struct {
		err   error
		asked Asked
	}
	limit := Limit{LimitNetwork, "192.0.2.0/24", time.Hour, 2}
	for name, test := range map[string]struct {
		meanwhile func(c *crowd, s *status.Subscriber)
		want      func(outcome) bool
	}{
		"the address is taken": {
			func(c *crowd, _ *status.Subscriber) { c.add(c.subscriber("a@example.com", true), Beside{}) },
			func(o outcome) bool { e := (*TakenError)(nil); return errors.As(o.err, &e) },
		},
		"the address is taken and left": {
			func(c *crowd, _ *status.Subscriber) {
				other := c.subscriber("a@example.com", true)
				c.add(other, Beside{})
				c.unsubscribe(other.ID)
			},
			func(o outcome) bool { e := (*LeftError)(nil); return errors.As(o.err, &e) },
		},
		"the address bounces": {
			func(c *crowd, _ *status.Subscriber) {
				if err := c.Suppress(c.t.Context(), "other", "nobody", "a@example.com", status.Bounced); err != nil {
					c.t.Error(err)
				}
			},
			func(o outcome) bool { e := (*SuppressedError)(nil); return errors.As(o.err, &e) },
		},
		"the limit is reached": {
			func(c *crowd, _ *status.Subscriber) {
				if err := c.Take(c.t.Context(), limit); err != nil {
					c.t.Error(err)
				}
			},
			func(o outcome) bool { e := (*LimitedError)(nil); return errors.As(o.err, &e) },
		},
		"the same mail is asked for": {
			func(c *crowd, s *status.Subscriber) {
				actions, _, err := c.mailActions(c.t.Context(), s, Beside{Mail: MailConfirm}, c.Now())
				if err == nil {
					err = c.table.Write(c.t.Context(), actions...)
				}
				if err != nil {
					c.t.Error(err)
				}
			},
			func(o outcome) bool { return o.err == nil && o.asked == AskedToday },
		},
	} {
		c := newCrowd(t)
		if err := c.Take(t.Context(), limit); err != nil {
			t.Fatal(err)
		}
		s := c.subscriber("a@example.com", false)
		c.mu.Lock()
		c.meanwhile = func() { test.meanwhile(c, s) }
		c.mu.Unlock()
		asked, err := c.AddSubscriber(t.Context(), s, Beside{Mail: MailConfirm, Limits: []Limit{limit}, UnlessLeft: true})
		if !test.want(outcome{err, asked}) {
			t.Errorf("%s: got %q, %v", name, asked, err)
		}
		if got := len(c.inserted(PrefixMailRequest)); got > 1 {
			t.Errorf("%s: got %d mails", name, got)
		}
	}
}

func TestUnsubscribingFreesTheAddressAndKeepsNothingOfIt(t *testing.T) {
	c := newCrowd(t)
	s := c.subscriber("a@example.com", true)
	c.add(s, Beside{})
	c.unsubscribe(s.ID)
	for part := range AudienceParts {
		items, err := table.All(t.Context(), c.table, table.Query{Partition: AudiencePartition("page", part)})
		if err != nil || strings.Contains(fmt.Sprint(items), "example.com") {
			t.Errorf("part %d: got %v, %v, want no address", part, items, err)
		}
	}
	left := (*LeftError)(nil)
	if _, err := c.AddSubscriber(t.Context(), c.subscriber("a@example.com", true), Beside{UnlessLeft: true}); !errors.As(err, &left) || !left.At.Equal(begin) {
		t.Errorf("a list: got %v, want that it has left at %s", err, begin)
	}
	again := c.subscriber("a@example.com", true)
	c.add(again, Beside{})
	if id, err := c.SubscriberAt(t.Context(), "page", status.ModeEmail, "a@example.com", ""); err != nil || id != again.ID {
		t.Errorf("got %q, %v, want %s", id, err, again.ID)
	}
	c.unsubscribe(s.ID) // once more, by an old link
	if id, err := c.SubscriberAt(t.Context(), "page", status.ModeEmail, "a@example.com", ""); err != nil || id != again.ID {
		t.Errorf("after the old one left again: got %q, %v, want %s", id, err, again.ID)
	}
}

func TestWhoDoesNotConfirmIsPurgedWithItsAddress(t *testing.T) {
	c := newCrowd(t)
	s := c.subscriber("a@example.com", false)
	c.add(s, Beside{})
	c.advance(status.UnconfirmedFor - time.Second)
	c.read(s.ID)
	c.advance(time.Second)
	if _, err := c.Subscriber(t.Context(), "page", s.ID); !notFound(err) {
		t.Errorf("got %v, want it purged", err)
	}
	c.add(c.subscriber("a@example.com", true), Beside{})
}

func TestConfirmingKeepsASubscriberForGood(t *testing.T) {
	c := newCrowd(t)
	s := c.subscriber("a@example.com", false)
	c.add(s, Beside{})
	c.update(s.ID, Beside{}, func(s *status.Subscriber) error { return s.Confirm(c.Now()) })
	c.advance(10 * status.UnconfirmedFor)
	if got := c.read(s.ID); got.State != status.Active {
		t.Errorf("got %s, want active", got.State)
	}
	taken := (*TakenError)(nil)
	if _, err := c.AddSubscriber(t.Context(), c.subscriber("a@example.com", true), Beside{}); !errors.As(err, &taken) {
		t.Errorf("got %v, want the address still taken", err)
	}
}

func TestChangesAtOnceAreAllMade(t *testing.T) {
	c := newCrowd(t)
	s := c.subscriber("a@example.com", true)
	c.add(s, Beside{})
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			_, _, err := c.UpdateSubscriber(t.Context(), "page", s.ID, Beside{}, func(s *status.Subscriber) error { s.Revoke(c.Now()); return nil })
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got := c.read(s.ID); got.Generation != 5 || got.Version != 5 {
		t.Errorf("got generation %d, version %d, want 5", got.Generation, got.Version)
	}
}

func TestWhatChangesNothingIsNotWritten(t *testing.T) {
	c := newCrowd(t)
	s := c.subscriber("a@example.com", true)
	c.add(s, Beside{})
	after, _ := c.update(s.ID, Beside{Audit: &Audit{Action: SubscriberUpdated}}, func(s *status.Subscriber) error { return s.Choose(nil, nil, c.Now().Add(time.Hour)) })
	list, _, err := c.Audits(t.Context(), "page", "", 10)
	if err != nil || after.Version != 1 || len(list) != 0 {
		t.Errorf("got version %d, audits %v, %v, want nothing written", after.Version, list, err)
	}
	refusal := status.Invalidf("x", "no")
	if _, _, err := c.UpdateSubscriber(t.Context(), "page", s.ID, Beside{}, func(*status.Subscriber) error { return refusal }); !errors.Is(err, refusal) {
		t.Errorf("got %v, want the refusal", err)
	}
}

func TestABouncedAddressIsNeverTakenAgainOnAnyPage(t *testing.T) {
	c := newCrowd(t)
	s := c.subscriber("a@example.com", true)
	c.add(s, Beside{})
	for range 2 {
		if err := c.Suppress(t.Context(), "page", s.ID, "a@example.com", status.Bounced); err != nil {
			t.Fatal(err)
		}
	}
	if got := c.read(s.ID); got.State != status.Quarantined || got.Reason != status.Bounced {
		t.Errorf("got %s for %q, want it quarantined", got.State, got.Reason)
	}
	suppressed := (*SuppressedError)(nil)
	for _, page := range []string{"page", "other"} {
		c.advance(status.QuarantinedFor)
		_, err := c.AddSubscriber(t.Context(), c.subscriber("A@example.com", true, func(s *status.Subscriber) { s.Page = page }), Beside{})
		if !errors.As(err, &suppressed) {
			t.Errorf("%s: got %v, want it suppressed", page, err)
		}
	}
	if got, err := c.Suppressed(t.Context(), "A@EXAMPLE.com"); err != nil || got == nil || got.Reason != status.Bounced {
		t.Errorf("got %v, %v, want it suppressed", got, err)
	}
	if got, err := c.Suppressed(t.Context(), "b@example.com"); err != nil || got != nil {
		t.Errorf("another: got %v, %v", got, err)
	}
	if err := c.Suppress(t.Context(), "page", "gone", "c@example.com", status.Complained); err != nil {
		t.Errorf("a subscriber that is gone: %v", err)
	}
	if err := c.Suppress(t.Context(), "page", s.ID, "c@example.com", status.Failing); err == nil {
		t.Error("a failing endpoint suppresses an address")
	}
}

func TestAnAddressIsOwnedAlsoByWhoLeftUntilSomebodySubscribesIt(t *testing.T) {
	c := newCrowd(t)
	s, other := c.subscriber("a@example.com", true), c.subscriber("b@example.com", true)
	c.add(s, Beside{})
	c.add(other, Beside{})
	owned := func(s *status.Subscriber, email string, want bool) {
		t.Helper()
		if got, err := c.Owned(t.Context(), s, email); err != nil || got != want {
			t.Errorf("%s: got %v, %v, want %v", email, got, err, want)
		}
	}
	owned(s, "A@example.com", true)
	owned(s, "b@example.com", false)
	owned(s, "", false)
	leave := func(s *status.Subscriber) *status.Subscriber {
		t.Helper()
		left, _, err := c.UpdateSubscriber(t.Context(), "page", s.ID, Beside{}, func(s *status.Subscriber) error { s.Unsubscribe(c.Now()); return nil })
		if err != nil {
			t.Fatal(err)
		}
		return left
	}
	left := leave(s)
	c.advance(time.Millisecond)
	leave(other)
	owned(left, "A@example.com", true)
	owned(left, "b@example.com", false)
	owned(left, "c@example.com", false)
	c.advance(time.Millisecond)
	c.add(c.subscriber("a@example.com", true), Beside{})
	owned(left, "a@example.com", false)
	hook := c.subscriber("o@example.com", true, func(s *status.Subscriber) { s.Mode, s.Endpoint = status.ModeWebhook, "https://example.com/" })
	c.add(hook, Beside{})
	owned(hook, "o@example.com", true)
	owned(leave(hook), "o@example.com", false)
}

func TestEverySubscriberOfAPageIsInOnePart(t *testing.T) {
	c := newCrowd(t)
	const count = 300
	want := map[string]bool{}
	for i := range count {
		s := c.subscriber(fmt.Sprintf("a%d@example.com", i), i%2 == 0)
		c.add(s, Beside{})
		want[s.ID] = true
	}
	c.add(c.subscriber("x@example.com", true, func(s *status.Subscriber) { s.Page = "other" }), Beside{})
	got := map[string]bool{}
	for part := range AudienceParts {
		after, inPart := "", 0
		for {
			list, next, err := c.Subscribers(t.Context(), "page", part, after, 7)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range list {
				if got[s.ID] {
					t.Errorf("%s comes twice", s.ID)
				}
				got[s.ID] = true
				inPart++
			}
			if after = next; next == "" {
				break
			}
		}
		if inPart < count/AudienceParts/4 {
			t.Errorf("part %d holds %d of %d", part, inPart, count)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("parts (-kept +read):\n%s", diff)
	}
	visited, inside := 0, atomic.Int64{}
	err := c.Visit(t.Context(), "page", func(*status.Subscriber) error {
		if inside.Add(1) != 1 {
			t.Error("two visits at once")
		}
		visited++
		inside.Add(-1)
		return nil
	})
	if err != nil || visited != count {
		t.Errorf("got %d visited, %v, want %d", visited, err, count)
	}
	visited = 0
	if err := c.Visit(t.Context(), "page", func(*status.Subscriber) error { visited++; return ErrEnough }); err != nil || visited == 0 || visited > AudienceParts {
		t.Errorf("got %d visited, %v, want an early end", visited, err)
	}
}

func TestNoKeyAndNoAuditShowsAnAddress(t *testing.T) {
	c := newCrowd(t)
	audit := Audit{Action: SubscriberCreated, Actor: operator}
	limits := []Limit{{LimitAddress, "a@example.com", time.Hour, 9}, {LimitDomain, "example.com", time.Hour, 9}, DailyConfirmations("page", 9)}
	s := c.subscriber("a@example.com", false)
	c.add(s, Beside{Audit: &audit, Mail: MailConfirm, Limits: limits})
	if err := c.Suppress(t.Context(), "page", s.ID, "a@example.com", status.Complained); err != nil {
		t.Fatal(err)
	}
	for _, item := range c.inserted("") {
		if strings.Contains(strings.ToLower(item.Key.String()), "example") {
			t.Errorf("key %s shows an address", item.Key)
		}
		if !strings.HasPrefix(item.Sort, prefixSubscriber) && strings.Contains(fmt.Sprint(item.Attributes), "example") {
			t.Errorf("%s shows an address: %v", item.Key, item.Attributes)
		}
	}
	c.advance(time.Second)
	if err := c.Record(t.Context(), "page", Audit{Action: SubscribersImported, Actor: operator, Count: 7}); err != nil {
		t.Fatal(err)
	}
	list, next, err := c.Audits(t.Context(), "page", "", 1)
	if err != nil || len(list) != 1 || list[0].Count != 7 || next == "" {
		t.Fatalf("got %v, %q, %v, want the newest", list, next, err)
	}
	list, _, err = c.Audits(t.Context(), "page", next, 5)
	if err != nil || len(list) != 1 || list[0].Subscriber != s.ID || list[0].Actor != operator || !list[0].At.Equal(begin) {
		t.Errorf("got %v, %v, want the older", list, err)
	}
}

func TestAnAddressThatIsAllowedAgainCanBeSubscribed(t *testing.T) {
	c := newCrowd(t)
	if err := c.Suppress(t.Context(), "page", "nobody", "a@example.com", status.Bounced); err != nil {
		t.Fatal(err)
	}
	audit := Audit{Action: AddressAllowed, Actor: operator}
	was, err := c.Allow(t.Context(), "page", "A@example.com", audit)
	if err != nil || was.Reason != status.Bounced {
		t.Errorf("got %+v, %v, want what it was suppressed for", was, err)
	}
	c.add(c.subscriber("a@example.com", true), Beside{})
	if _, err := c.Allow(t.Context(), "page", "a@example.com", audit); !notFound(err) {
		t.Errorf("once more: got %v, want that it is not suppressed", err)
	}
	audits, _, err := c.Audits(t.Context(), "page", "", 10)
	if err != nil || len(audits) != 1 {
		t.Errorf("got %v, %v, want one audit", audits, err)
	}
}
