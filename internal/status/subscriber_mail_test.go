package status

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// returnedOn tells a subscriber of mails that came back some days after start.
func returnedOn(s *Subscriber, days ...int) {
	for _, n := range days {
		s.MailReturned(start.AddDate(0, 0, n), start.AddDate(0, 0, n))
	}
}

func TestAMailboxThatReturnsMailsOnFiveDaysIsQuarantined(t *testing.T) {
	s := mustSubscribe(t, byMail(), true)
	returnedOn(s, 0, 3, 9, 20)
	if s.State != Active {
		t.Fatalf("got %s after four days, want still active", s.State)
	}
	returnedOn(s, 29)
	if s.State != Quarantined || s.Reason != Failing || s.QuarantinedAt == nil {
		t.Fatalf("got %s for %q, want it quarantined as failing", s.State, s.Reason)
	}
	if err := s.Reactivate(start.AddDate(0, 0, 31)); err != nil || s.State != Active {
		t.Fatalf("got %s, %v, want it reactivated", s.State, err)
	}
	returnedOn(s, 32, 33, 34, 35)
	if s.State != Active {
		t.Error("what came back before the reactivation is held against it")
	}
}

func TestReturnedMailsThatProveNothingDoNotQuarantine(t *testing.T) {
	for name, happens := range map[string]func(*Subscriber){
		"many on one day": func(s *Subscriber) {
			for n := range 20 {
				s.MailReturned(start.Add(time.Duration(n)*time.Minute), start.Add(time.Hour))
			}
		},
		"the same reports again": func(s *Subscriber) { returnedOn(s, 0, 1, 2, 3, 0, 1, 2, 3) },
		"spread over more than thirty days": func(s *Subscriber) {
			returnedOn(s, 0, 8, 16, 24, 32, 40, 48)
		},
		"a delivery in between": func(s *Subscriber) {
			returnedOn(s, 0, 1, 2, 3)
			s.MailDelivered(start.AddDate(0, 0, 4), start.AddDate(0, 0, 4))
			returnedOn(s, 5, 6, 7, 8)
		},
		"to the owner of an endpoint": func(s *Subscriber) {
			s.Mode, s.Endpoint = ModeWebhook, "https://example.com/hook"
			returnedOn(s, 0, 1, 2, 3, 4, 5)
		},
	} {
		s := mustSubscribe(t, byMail(), true)
		happens(s)
		if s.State != Active {
			t.Errorf("%s: got %s, want active", name, s.State)
		}
	}
}

func TestReturnedMailsCountTheSameInAnyOrder(t *testing.T) {
	for _, days := range [][]int{{0, 1, 2, 9}, {9, 2, 1, 0}, {2, 9, 0, 9, 1, 0}} {
		s := mustSubscribe(t, byMail(), true)
		for _, n := range days {
			s.MailReturned(start.AddDate(0, 0, n), start.AddDate(0, 0, 10))
		}
		var got []int
		for _, d := range s.Returned {
			got = append(got, int(d.Sub(start.Truncate(wholeDay))/wholeDay))
		}
		if diff := cmp.Diff([]int{0, 1, 2, 9}, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", days, diff)
		}
	}
}

func TestADeliveryForgetsOnlyWhatCameBackBefore(t *testing.T) {
	s := mustSubscribe(t, byMail(), true)
	returnedOn(s, 0, 1, 2)
	before := s.Clone()
	s.MailDelivered(start.AddDate(0, 0, -1), start.AddDate(0, 0, 3))
	if diff := cmp.Diff(before, s); diff != "" {
		t.Errorf("an earlier delivery changes something (-want +got):\n%s", diff)
	}
	s.MailDelivered(start.AddDate(0, 0, 1), start.AddDate(0, 0, 3))
	if want := before.Returned[2:]; !slices.Equal(s.Returned, want) {
		t.Errorf("got %v, want %v", s.Returned, want)
	}
	s.MailDelivered(start.AddDate(0, 0, 2), start.AddDate(0, 0, 3))
	if s.Returned != nil {
		t.Errorf("got %v, want nothing left", s.Returned)
	}
}

func TestAClockThatIsAheadDoesNotForgetWhatCameBack(t *testing.T) {
	s := mustSubscribe(t, byMail(), true)
	returnedOn(s, 0, 1)
	s.MailReturned(start.AddDate(9000, 0, 0), start.AddDate(0, 0, 2))
	if len(s.Returned) != 3 || !s.Returned[2].Equal(start.AddDate(0, 0, 2).Truncate(wholeDay)) {
		t.Errorf("got %v, want the day of the report as the third", s.Returned)
	}
}
