package store

import (
	"fmt"
	"testing"
	"time"

	"allclear/internal/status"
	"allclear/internal/table"
)

// serve lets a line move on, and wants so many to be asked.
func (c *crowd) serve(capacity Limit, want int) {
	c.t.Helper()
	if got, err := c.ServeWaiting(c.t.Context(), "page", capacity, 1000); err != nil || got != want {
		c.t.Errorf("%s: got %d asked, %v, want %d", c.now.Format(status.DateLayout), got, err, want)
	}
}

// A long list at a small cap takes longer than an unconfirmed subscriber is kept.
func TestWhoWaitsToBeAskedIsNotPurgedMeanwhile(t *testing.T) {
	c := newCrowd(t)
	capacity := DailyConfirmations("page", 1)
	beside := Beside{Mail: MailConfirm, Limits: []Limit{capacity}}
	const days = 40
	var last *status.Subscriber
	for i := range days {
		c.advance(time.Second)
		last = c.subscriber(fmt.Sprintf("a%d@example.com", i), false)
		c.add(last, beside)
	}
	if s := c.read(last.ID); s.PurgeAt != nil {
		t.Errorf("got purge at %v, want none while it waits", s.PurgeAt)
	}
	for range days - 1 {
		c.advance(24 * time.Hour)
		c.serve(capacity, 1)
	}
	s := c.read(last.ID)
	if s.PurgeAt == nil || !s.PurgeAt.Equal(c.Now().Add(status.UnconfirmedFor)) {
		t.Errorf("got purge at %v, want %v after it was asked", s.PurgeAt, status.UnconfirmedFor)
	}
	c.advance(status.UnconfirmedFor)
	if _, err := c.Subscriber(t.Context(), "page", last.ID); !notFound(err) {
		t.Errorf("got %v, want it purged when it did not answer", err)
	}
}

// Whoever asks for it today need not stand behind fifty thousand addresses of a list.
func TestVisitorsGoBeforeLists(t *testing.T) {
	c := newCrowd(t)
	capacity := DailyConfirmations("page", 8)
	listed := Beside{Mail: MailConfirm, Limits: []Limit{capacity}, Patient: true}
	visitor := Beside{Mail: MailConfirm, Limits: []Limit{capacity}}
	for i := range 20 {
		c.advance(time.Second)
		want := AskedNow
		if i >= 6 {
			want = AskedLater
		}
		if got := c.add(c.subscriber(fmt.Sprintf("listed%d@example.com", i), false), listed); got != want {
			t.Errorf("listed %d: got %q, want %q", i, got, want)
		}
	}
	var visitors []*status.Subscriber
	for i, want := range []Asked{AskedNow, AskedNow, AskedLater, AskedLater} {
		c.advance(time.Second)
		s := c.subscriber(fmt.Sprintf("visitor%d@example.com", i), false)
		if got := c.add(s, visitor); got != want {
			t.Errorf("visitor %d: got %q, want %q", i, got, want)
		}
		visitors = append(visitors, s)
	}
	c.advance(24 * time.Hour)
	c.serve(capacity, 6) // two visitors, and four of the list
	for _, s := range visitors {
		if s := c.read(s.ID); s.PurgeAt == nil {
			t.Errorf("visitor %s still waits", s.Email)
		}
	}
	if got := c.add(c.subscriber("visitor4@example.com", false), visitor); got != AskedNow {
		t.Errorf("got %q, want a place kept for who asks today", got)
	}
	for _, want := range []int{6, 4, 0} {
		c.advance(24 * time.Hour)
		c.serve(capacity, want)
	}
	if r, err := c.table.Query(t.Context(), table.Query{Partition: "WAITING#page"}); err != nil || len(r.Items) != 0 {
		t.Errorf("got %v, %v, want nobody waiting", r.Items, err)
	}
}

// Who stands in line twice, or was asked otherwise meanwhile, is asked once.
func TestWhoWasAskedMeanwhileHasNoPlaceInTheLine(t *testing.T) {
	c := newCrowd(t)
	capacity := DailyConfirmations("page", 1)
	beside := Beside{Mail: MailConfirm, Limits: []Limit{capacity}}
	add := func(email string) *status.Subscriber {
		c.advance(time.Second)
		s := c.subscriber(email, false)
		c.add(s, beside)
		return s
	}
	add("first@example.com")
	s := add("a@example.com")
	add("b@example.com")
	c.advance(time.Second)
	if _, got := c.update(s.ID, beside, resend(c)); got != AskedLater {
		t.Errorf("got %q, want it to wait", got)
	}
	before := len(c.inserted(PrefixMailRequest))
	for _, want := range []int{1, 1, 0, 0} {
		c.advance(24 * time.Hour)
		c.serve(capacity, want)
	}
	if got := len(c.inserted(PrefixMailRequest)) - before; got != 2 {
		t.Errorf("got %d requests, want one each", got)
	}
}

// Many who were asked to confirm something else today, and wait for tomorrow, do not hold up a list.
func TestWhoWaitsForTomorrowDoesNotHoldUpLists(t *testing.T) {
	c := newCrowd(t)
	capacity := DailyConfirmations("page", 1)
	c.add(c.subscriber("first@example.com", false), Beside{Mail: MailConfirm, Limits: []Limit{capacity}})
	c.add(c.subscriber("listed@example.com", false), Beside{Mail: MailConfirm, Limits: []Limit{capacity}, Patient: true})
	c.advance(24 * time.Hour)
	c.add(c.subscriber("a@example.com", false), Beside{Mail: MailConfirm})
	for i := range 150 {
		s := c.subscriber("a@example.com", false, func(s *status.Subscriber) { s.Incident = fmt.Sprintf("incident%d", i) })
		if got := c.add(s, Beside{Mail: MailConfirm}); got != AskedTomorrow {
			t.Fatalf("got %q, want tomorrow", got)
		}
	}
	c.serve(capacity, 1)
}
