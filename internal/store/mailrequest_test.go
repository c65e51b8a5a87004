package store

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"allclear/internal/status"
	"allclear/internal/table"
)

func resend(c *crowd) func(*status.Subscriber) error {
	return func(s *status.Subscriber) error { return s.AwaitConfirmation(c.Now()) }
}

func TestAConfirmationIsAskedForOnceADay(t *testing.T) {
	c := newCrowd(t)
	s := c.subscriber("a@example.com", false)
	beside := Beside{Mail: MailConfirm, Limits: []Limit{DailyConfirmations("page", 10)}}
	if got := c.add(s, beside); got != AskedNow {
		t.Errorf("got %q, want it asked now", got)
	}
	for range 3 {
		if _, got := c.update(s.ID, beside, resend(c)); got != AskedToday {
			t.Errorf("got %q, want it asked today", got)
		}
	}
	c.advance(24 * time.Hour)
	if _, got := c.update(s.ID, beside, resend(c)); got != AskedNow {
		t.Errorf("the next day: got %q, want it asked now", got)
	}
	items := c.inserted(PrefixMailRequest)
	if len(items) != 2 {
		t.Fatalf("got %d requests, want 2", len(items))
	}
	got, err := DecodeMailRequest(&items[0])
	want := MailRequest{Page: "page", Subscriber: s.ID, Kind: MailConfirm, Date: "2026-03-01", State: MailAsked, At: begin}
	if err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	items[0].Attributes["kind"] = "poem"
	if _, err := DecodeMailRequest(&items[0]); err == nil {
		t.Error("a request of an unknown kind is taken")
	}
	if left, err := c.Left(t.Context(), DailyConfirmations("page", 10)); err != nil || left != 9 {
		t.Errorf("got %d left, %v, want 9", left, err)
	}
}

func TestARequestedMailIsClaimedByOne(t *testing.T) {
	c := newCrowd(t)
	s := c.subscriber("a@example.com", false)
	c.add(s, Beside{Mail: MailConfirm})
	pending := func() (list []MailRequest) {
		for part := range AudienceParts {
			l, err := c.PendingMail(t.Context(), "page", part)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, l...)
		}
		return list
	}
	list := pending()
	if len(list) != 1 {
		t.Fatalf("got %v pending, want one", list)
	}
	var claimed atomic.Int64
	var group sync.WaitGroup
	for range 5 {
		group.Go(func() {
			if err := c.ClaimMail(t.Context(), list[0]); err == nil {
				claimed.Add(1)
			} else if !errors.Is(err, ErrClaimed) {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if claimed.Load() != 1 || len(pending()) != 0 {
		t.Errorf("got %d claims and %v pending, want one and none", claimed.Load(), pending())
	}
	if err := c.ReleaseMail(t.Context(), list[0]); err != nil || len(pending()) != 1 {
		t.Errorf("released: got %v and %v pending, want it to be sent again", err, pending())
	}
	c.advance(mailRequestKept)
	if len(pending()) != 0 {
		t.Errorf("got %v, want it expired", pending())
	}
}

// What could not be sent yesterday is today's mail: there is no second one beside it.
func TestAMailOfAnEarlierDayIsAskedForAnewOnceToday(t *testing.T) {
	for _, c := range []struct {
		says      string
		before    func(*crowd, MailRequest)
		wantErr   error
		wantToday int
	}{
		{"nobody sent it", func(*crowd, MailRequest) {}, nil, 1},
		{"another was asked for today", func(c *crowd, r MailRequest) { c.update(r.Subscriber, Beside{Mail: MailConfirm}, resend(c)) }, nil, 1},
		{"it was claimed", func(c *crowd, r MailRequest) {
			if err := c.ClaimMail(c.t.Context(), r); err != nil {
				c.t.Fatal(err)
			}
		}, ErrClaimed, 0},
	} {
		crowd := newCrowd(t)
		s := crowd.subscriber("a@example.com", false)
		crowd.add(s, Beside{Mail: MailConfirm})
		old, err := DecodeMailRequest(&crowd.inserted(PrefixMailRequest)[0])
		if err != nil {
			t.Fatal(err)
		}
		crowd.advance(24 * time.Hour)
		c.before(crowd, old)
		if err := crowd.RenewMail(t.Context(), old); !errors.Is(err, c.wantErr) {
			t.Errorf("%s: got %v, want %v", c.says, err, c.wantErr)
		}
		if err := crowd.RenewMail(t.Context(), old); !errors.Is(err, ErrClaimed) {
			t.Errorf("%s, once more: got %v, want it claimed", c.says, err)
		}
		pending, err := crowd.PendingMail(t.Context(), "page", partOf(s.ID))
		if err != nil || len(pending) != c.wantToday {
			t.Errorf("%s: got %+v pending, %v, want %d", c.says, pending, err, c.wantToday)
		}
		for _, r := range pending {
			if r.Date != "2026-03-02" || r.At != crowd.Now() {
				t.Errorf("%s: got %+v, want it of today", c.says, r)
			}
		}
		if n := len(crowd.inserted(PrefixMailRequest)); n != 1+c.wantToday {
			t.Errorf("%s: got %d inserts, want %d", c.says, n, 1+c.wantToday)
		}
	}
}

// What could not be sent yesterday does not join what the same address is asked to confirm today.
func TestARenewedConfirmationIsTheOnlyOneOfItsAddressThatDay(t *testing.T) {
	c := newCrowd(t)
	first := c.subscriber("a@example.com", false)
	c.add(first, Beside{Mail: MailConfirm})
	old, err := DecodeMailRequest(&c.inserted(PrefixMailRequest)[0])
	if err != nil {
		t.Fatal(err)
	}
	c.advance(24 * time.Hour)
	second := c.subscriber("A@example.com", false, func(s *status.Subscriber) { s.Incident = "incident" })
	if got := c.add(second, Beside{Mail: MailConfirm}); got != AskedNow {
		t.Errorf("got %q, want it asked now", got)
	}
	if err := c.RenewMail(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	if got := len(c.inserted(PrefixMailRequest)); got != 2 {
		t.Errorf("got %d requests, want yesterday's and one of today", got)
	}
	if err := c.RenewMail(t.Context(), old); !errors.Is(err, ErrClaimed) {
		t.Errorf("once more: got %v, want it claimed", err)
	}
	c.advance(24 * time.Hour)
	c.serve(DailyConfirmations("page", 10), 1)
	if got := len(c.inserted(PrefixMailRequest)); got != 3 {
		t.Errorf("got %d requests, want the renewed one a day later", got)
	}
}

func TestConfirmationsOverTheDailyCapWaitForTheirTurn(t *testing.T) {
	c := newCrowd(t)
	capacity := DailyConfirmations("page", 3)
	var all []*status.Subscriber
	for i := range 8 {
		c.advance(time.Second)
		s := c.subscriber(fmt.Sprintf("a%d@example.com", i), false)
		want := AskedNow
		if i >= 3 {
			want = AskedLater
		}
		if got := c.add(s, Beside{Mail: MailConfirm, Limits: []Limit{capacity}}); got != want {
			t.Errorf("%d: got %q, want %q", i, got, want)
		}
		all = append(all, s)
	}
	serve := func(want int) {
		t.Helper()
		if got, err := c.ServeWaiting(t.Context(), "page", capacity, 100); err != nil || got != want {
			t.Errorf("got %d asked, %v, want %d", got, err, want)
		}
	}
	serve(0)
	// Who confirmed otherwise, left or was purged has no place in the line.
	c.update(all[3].ID, Beside{}, func(s *status.Subscriber) error { return s.Confirm(c.Now()) })
	c.unsubscribe(all[4].ID)
	c.advance(24 * time.Hour)
	serve(3)
	serve(0)
	if got := len(c.inserted(PrefixMailRequest)); got != 6 {
		t.Errorf("got %d requests, want 6", got)
	}
	c.advance(24 * time.Hour)
	serve(0)
	if r, err := c.table.Query(t.Context(), table.Query{Partition: "WAITING#page"}); err != nil || len(r.Items) != 0 {
		t.Errorf("got %v, %v, want nobody waiting", r.Items, err)
	}
}

func TestAnAddressIsAskedToConfirmOneThingADay(t *testing.T) {
	c := newCrowd(t)
	capacity := DailyConfirmations("page", 10)
	beside := Beside{Mail: MailConfirm, Limits: []Limit{capacity}}
	var all []*status.Subscriber
	for i, want := range []Asked{AskedNow, AskedTomorrow, AskedTomorrow} {
		s, err := status.NewSubscriber(status.Subscriber{
			Page: "page", Mode: status.ModeWebhook, Endpoint: fmt.Sprintf("https://example.com/%d", i), Email: "A@example.com",
		}, false, c.Stamp())
		if err != nil {
			t.Fatal(err)
		}
		if got := c.add(s, beside); got != want {
			t.Errorf("%d: got %q, want %q", i, got, want)
		}
		all = append(all, s)
	}
	if left, err := c.Left(t.Context(), capacity); err != nil || left != 9 {
		t.Errorf("got %d left, %v, want 9: a mail that waits does not count", left, err)
	}
	for day, want := range []int{0, 1, 1, 0} {
		for range 2 {
			if got, err := c.ServeWaiting(t.Context(), "page", capacity, 100); err != nil || got != want {
				t.Errorf("day %d: got %d asked, %v, want %d", day, got, err, want)
			}
			want = 0
		}
		c.advance(24 * time.Hour)
	}
	if got := len(c.inserted(PrefixMailRequest)); got != 3 {
		t.Errorf("got %d requests, want one for each", got)
	}
	other := c.subscriber("a@example.com", false)
	if got := c.add(other, beside); got != AskedNow {
		t.Errorf("a day later: got %q, want it asked now", got)
	}
	if _, got := c.update(all[0].ID, beside, resend(c)); got != AskedTomorrow {
		t.Errorf("before it is confirmed: got %q, want tomorrow", got)
	}
	c.update(other.ID, Beside{}, func(s *status.Subscriber) error { return s.Confirm(c.Now()) })
	if _, got := c.update(all[0].ID, beside, resend(c)); got != AskedNow {
		t.Errorf("after it is confirmed: got %q, want it asked now", got)
	}
}

func TestALimitThatIsReachedLetsNothingThrough(t *testing.T) {
	c := newCrowd(t)
	address := Limit{LimitAddress, "a@example.com", time.Hour, 2}
	network := Limit{LimitNetwork, "192.0.2.0/24", time.Hour, 5}
	for range 2 {
		if err := c.Take(t.Context(), address, network); err != nil {
			t.Fatal(err)
		}
	}
	limited := (*LimitedError)(nil)
	if err := c.Take(t.Context(), network, address); !errors.As(err, &limited) || limited.Name != LimitAddress || !limited.Until.Equal(begin.Add(time.Hour)) {
		t.Errorf("got %v, want the address's limit until the hour ends", err)
	}
	if left, err := c.Left(t.Context(), network); err != nil || left != 3 {
		t.Errorf("got %d left, %v, want 3: what is refused counts nothing", left, err)
	}
	s := c.subscriber("a@example.com", false)
	if _, err := c.AddSubscriber(t.Context(), s, Beside{Mail: MailConfirm, Limits: []Limit{address}}); !errors.As(err, &limited) {
		t.Errorf("got %v, want the limit", err)
	}
	if _, err := c.Subscriber(t.Context(), "page", s.ID); !notFound(err) {
		t.Errorf("got %v, want nobody added", err)
	}
	c.advance(time.Hour)
	if err := c.Take(t.Context(), address, network); err != nil {
		t.Errorf("the next hour: %v", err)
	}
	if err := c.Take(t.Context(), Limit{LimitDomain, "example.com", time.Hour, 0}); !errors.As(err, &limited) {
		t.Errorf("a limit of none: got %v", err)
	}
}

func TestManyAtOnceNeverPassALimit(t *testing.T) {
	c := newCrowd(t)
	limit := Limit{LimitNetwork, "192.0.2.0/24", time.Hour, 5}
	var taken atomic.Int64
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			if err := c.Take(t.Context(), limit); err == nil {
				taken.Add(1)
			}
		})
	}
	group.Wait()
	if left, err := c.Left(t.Context(), limit); err != nil || taken.Load() > 5 || left != 5-taken.Load() {
		t.Errorf("got %d through, %d left, %v, want 5 at most", taken.Load(), left, err)
	}
}

func TestTheNewsOfAFailingEndpointGoesWithItsRequest(t *testing.T) {
	c := newCrowd(t)
	s := c.subscriber("a@example.com", true)
	failing := Failing{Host: "example.com", Since: begin, Reason: "404 Not Found"}
	c.add(s, Beside{})
	beside := Beside{Mail: MailFailing, Failing: &failing}
	quarantine := func(s *status.Subscriber) error { return s.Quarantine(status.Failing, c.Now()) }
	if _, got := c.update(s.ID, beside, quarantine); got != AskedNow {
		t.Errorf("got %q, want it asked now", got)
	}
	if _, got := c.update(s.ID, beside, quarantine); got != AskedToday {
		t.Errorf("got %q, want it asked today", got)
	}
	item := c.inserted(PrefixMailRequest)[0]
	r, err := DecodeMailRequest(&item)
	if err != nil || r.Failing == nil || *r.Failing != failing {
		t.Errorf("got %+v, %v, want %+v in it", r, err, failing)
	}
	if err := c.ClaimMail(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if err := c.ReleaseMail(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	delete(item.Attributes, "failing")
	if _, err := DecodeMailRequest(&item); err == nil {
		t.Error("a request without its news is taken")
	}
	item.Attributes["kind"], item.Attributes["failing"] = string(MailManage), map[string]any{"host": "example.com"}
	if _, err := DecodeMailRequest(&item); err == nil {
		t.Error("a request with another's news is taken")
	}
}
