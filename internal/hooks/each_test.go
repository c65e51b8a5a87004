package hooks_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/hooks"
	"allclear/internal/ledger"
	"allclear/internal/memory"
	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/webhook"
)

func TestAMessageThatComesTwiceIsPostedOnce(t *testing.T) {
	d := newDesk(t)
	s := d.subscribes("/hook")
	incident, seq := d.posts("", status.Investigating, "We look into it.")
	d.handles(chunk(incident, seq, s.ID))
	d.handles(chunk(incident, seq, s.ID))
	d.until(d.now.Add(time.Hour))
	d.receives(1)
	d.counts(incident, ledger.Counts{Recipients: 1, Sent: 1, Delivered: 1})
}

func TestAnEndpointThatWasDownGetsTheMessageOnceItIsBackUnderTheSameID(t *testing.T) {
	d := newDesk(t)
	s := d.subscribes("/hook")
	incident, seq := d.posts("", status.Investigating, "We look into it.")
	d.answers(500)
	d.handles(chunk(incident, seq, s.ID))
	start := d.now
	d.counts(incident, ledger.Counts{Recipients: 1, Pending: 1})
	for _, after := range []time.Duration{2 * time.Minute, 10 * time.Minute, 50 * time.Minute, 4 * time.Hour} {
		d.until(start.Add(after))
	}
	d.receives(5) // at once, after seconds, 5 minutes, 30 minutes, 2 hours
	d.answer = nil
	d.until(start.Add(9 * time.Hour))
	d.receives(6)
	d.until(start.Add(100 * time.Hour))
	d.receives(6)
	for _, r := range d.got {
		if got, want := r.header.Get(webhook.HeaderID), d.got[0].header.Get(webhook.HeaderID); got != want || got == "" {
			t.Errorf("got id %q, want that of the first attempt, %q", got, want)
		}
	}
	d.counts(incident, ledger.Counts{Recipients: 1, Sent: 1, Delivered: 1})
	if f, err := d.book.Failing(t.Context(), s.ID); err != nil || f.Failures != 0 {
		t.Errorf("got %+v, %v, want its failures forgotten", f, err)
	}
}

func TestADuplicateOfAFailedMessageMakesNoSecondChainOfAttempts(t *testing.T) {
	d := newDesk(t)
	s := d.subscribes("/hook")
	incident, seq := d.posts("", status.Investigating, "We look into it.")
	d.answers(503)
	for range 3 {
		d.handles(chunk(incident, seq, s.ID))
	}
	d.receives(1)
	d.now = d.now.Add(10 * time.Second)
	if n := d.requeue(); n != 1 {
		t.Errorf("got %d messages, want one", n)
	}
	d.receives(2)
}

func TestAnEndpointThatIsGoneIsQuarantinedAtOnceWithoutAMail(t *testing.T) {
	d := newDesk(t)
	s := d.subscribes("/hook")
	incident, seq := d.posts("", status.Investigating, "We look into it.")
	d.answers(http.StatusGone)
	d.handles(chunk(incident, seq, s.ID))
	if got := d.subscriber(s.ID); got.State != status.Quarantined || got.Reason != status.Gone {
		t.Errorf("got %s for %q, want it quarantined for %q", got.State, got.Reason, status.Gone)
	}
	d.handles(chunk(incident, seq, s.ID))
	d.until(d.now.Add(time.Hour))
	d.receives(1)
	d.counts(incident, ledger.Counts{Recipients: 1, Failed: 1})
	if mails := d.asked(); len(mails) != 0 {
		t.Errorf("got mails %v, want none", mails)
	}
}

func TestAnEndpointIsLeftAloneForAsLongAsItAsks(t *testing.T) {
	for _, code := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		d := newDesk(t)
		s := d.subscribes("/hook")
		incident, seq := d.posts("", status.Investigating, "We look into it.")
		d.answers(code, "Retry-After", "3600")
		d.handles(chunk(incident, seq, s.ID))
		asked := d.now.Add(time.Hour)
		d.answer = nil
		newer, at := d.posts("", status.Investigating, "Something else.")
		d.handles(chunk(newer, at, s.ID))
		d.now = d.now.Add(30 * time.Minute)
		if n := d.requeue(); n != 0 {
			t.Errorf("got %d messages after half an hour, want both to wait for the end of the hour", n)
		}
		d.until(asked.Add(-time.Minute))
		d.receives(1)
		d.until(asked.Add(time.Minute))
		d.receives(3)
	}
}

func TestARedirectAndANotFoundAreFailures(t *testing.T) {
	for _, code := range []int{http.StatusFound, http.StatusPermanentRedirect, http.StatusNotFound} {
		d := newDesk(t)
		s := d.subscribes("/hook")
		incident, seq := d.posts("", status.Investigating, "We look into it.")
		d.answers(code, "Location", d.server.URL+"/elsewhere")
		d.handles(chunk(incident, seq, s.ID))
		d.until(d.now.Add(2 * time.Minute))
		d.receives(2)
		for _, r := range d.got {
			if r.path != "/hook" {
				t.Errorf("%d: posted to %s", code, r.path)
			}
		}
		if f, err := d.book.Failing(t.Context(), s.ID); err != nil || f.Failures != 2 || !strings.Contains(f.Reason, http.StatusText(code)) {
			t.Errorf("%d: got %+v, %v, want two failures of that name", code, f, err)
		}
	}
}

func TestAPrivateAddressIsNeverPostedToAndQuarantinedAfterDays(t *testing.T) {
	d := newDesk(t)
	s := d.subscribes("", func(s *status.Subscriber) { s.Endpoint = "https://169.254.169.254/latest" })
	incident, seq := d.posts("", status.Investigating, "We look into it.")
	d.handles(chunk(incident, seq, s.ID))
	d.until(d.now.Add(24 * time.Hour))
	if got := d.subscriber(s.ID); got.State != status.Active {
		t.Errorf("after a day: got %s, want it active", got.State)
	}
	d.until(d.now.Add(76 * time.Hour))
	if got := d.subscriber(s.ID); got.State != status.Quarantined {
		t.Errorf("after four days: got %s, want it quarantined", got.State)
	}
	d.counts(incident, ledger.Counts{Recipients: 1, Failed: 1})
}

func TestAfterDaysOfFailuresTheEndpointIsQuarantinedAndItsOwnerToldOnce(t *testing.T) {
	d := newDesk(t)
	s := d.subscribes("/hook")
	quiet := d.subscribes("/quiet", func(s *status.Subscriber) { s.Quiet = true })
	nobody := d.subscribes("/nobody", func(s *status.Subscriber) { s.Email = "" })
	incident, seq := d.posts("", status.Investigating, "We look into it.")
	start := d.now
	d.answers(http.StatusNotFound)
	for _, s := range []*status.Subscriber{s, quiet, nobody} {
		d.handles(chunk(incident, seq, s.ID))
	}
	d.until(start.Add(100 * time.Hour))
	d.receives(3 * webhook.Attempts)
	for _, s := range []*status.Subscriber{s, quiet, nobody} {
		if got := d.subscriber(s.ID); got.State != status.Quarantined || got.Reason != status.Failing {
			t.Errorf("%s: got %s for %q, want it quarantined for %q", s.Endpoint, got.State, got.Reason, status.Failing)
		}
	}
	mails := d.asked()
	if len(mails) != 1 || mails[0].Subscriber != s.ID || mails[0].Kind != store.MailFailing {
		t.Fatalf("got %+v, want one mail to the owner of the first", mails)
	}
	want := &store.Failing{Host: "127.0.0.1", Since: status.Millis(start), Reason: "404 Not Found"}
	if diff := cmp.Diff(want, mails[0].Failing); diff != "" {
		t.Errorf("the mail tells (-want +got):\n%s", diff)
	}
	d.counts(incident, ledger.Counts{Recipients: 3, Failed: 3})
	if strings.Contains(d.log.String(), "owner@") || strings.Contains(d.log.String(), "/hook") {
		t.Errorf("an address is in the log: %s", d.log.String())
	}
}

func TestAnEndpointThatComesBackFromQuarantineBeginsAnew(t *testing.T) {
	d := newDesk(t)
	s := d.subscribes("/hook")
	incident, seq := d.posts("", status.Investigating, "We look into it.")
	d.answers(500)
	d.handles(chunk(incident, seq, s.ID))
	d.until(d.now.Add(100 * time.Hour))
	d.reactivates(s.ID)
	incident, seq = d.posts("", status.Investigating, "Again.")
	d.handles(chunk(incident, seq, s.ID))
	if got := d.subscriber(s.ID); got.State != status.Active {
		t.Errorf("got %s after one failure, want it active", got.State)
	}
}

// Events that come faster than one message's schedule ends must not keep a dead endpoint for ever.
func TestAnEndpointThatFailsForManyEventsIsQuarantinedToo(t *testing.T) {
	d := newDesk(t)
	s := d.subscribes("/hook")
	d.answers(500)
	incident := ""
	for range 20 {
		var seq int64
		incident, seq = d.posts(incident, status.Investigating, "Still.")
		d.handles(chunk(incident, seq, s.ID))
		d.until(d.now.Add(4 * time.Hour))
	}
	if got := d.subscriber(s.ID); got.State != status.Quarantined {
		t.Errorf("got %s, want it quarantined", got.State)
	}
}

func TestAMessageThatAloneIsRefusedFailsAndItsEndpointStays(t *testing.T) {
	d := newDesk(t)
	s := d.subscribes("/hook")
	incident, seq := d.posts("", status.Investigating, "POISON")
	d.answer = func(w http.ResponseWriter) {
		if strings.Contains(d.got[len(d.got)-1].body, "POISON") {
			w.WriteHeader(http.StatusBadRequest)
		}
	}
	d.handles(chunk(incident, seq, s.ID))
	for range 5 {
		d.until(d.now.Add(20 * time.Hour))
		other, seq := d.posts("", status.Investigating, "Fine.")
		d.handles(chunk(other, seq, s.ID))
	}
	if got := d.subscriber(s.ID); got.State != status.Active {
		t.Errorf("got %s, want it active: it takes all others", got.State)
	}
	d.counts(incident, ledger.Counts{Recipients: 1, Failed: 1})
}

func TestWhoLeavesBetweenAttemptsGetsNothing(t *testing.T) {
	d := newDesk(t)
	s := d.subscribes("/hook")
	incident, seq := d.posts("", status.Investigating, "We look into it.")
	d.answers(500)
	d.handles(chunk(incident, seq, s.ID))
	_, _, err := d.audience.UpdateSubscriber(t.Context(), page, s.ID, store.Beside{}, func(s *status.Subscriber) error { s.Unsubscribe(d.now); return nil })
	d.must(err)
	d.until(d.now.Add(time.Hour))
	d.receives(1)
	d.counts(incident, ledger.Counts{})
}

func TestANewerEventIsPostedAtOnceAndTheOlderOneNeverAfterIt(t *testing.T) {
	d := newDesk(t)
	s := d.subscribes("/hook")
	incident, older := d.posts("", status.Investigating, "We look into it.")
	d.answers(500)
	d.handles(chunk(incident, older, s.ID))
	d.until(d.now.Add(10 * time.Minute))
	d.receives(3)
	_, newer := d.posts(incident, status.Resolved, "It is over.")
	d.answer = nil
	d.handles(chunk(incident, newer, s.ID))
	d.receives(4)
	if last := d.got[3].body; !strings.Contains(last, "It is over.") || !strings.Contains(last, "We look into it.") {
		t.Errorf("got %s, want the whole timeline", last)
	}
	d.until(d.now.Add(3 * time.Hour))
	d.receives(4)
	d.counts(incident, ledger.Counts{Recipients: 1, Sent: 1, Delivered: 1})
}

func TestAnOvertakenMessageBringsTheNewestEventInPlaceOfBoth(t *testing.T) {
	d := newDesk(t)
	s := d.subscribes("/hook")
	incident, older := d.posts("", status.Investigating, "We look into it.")
	_, newer := d.posts(incident, status.Resolved, "It is over.")
	d.answers(500)
	d.handles(chunk(incident, older, s.ID))
	d.handles(chunk(incident, newer, s.ID))
	d.receives(1)
	d.answer = nil
	d.now = d.now.Add(time.Minute)
	if n := d.requeue(); n != 1 {
		t.Errorf("got %d messages that wait, want one", n)
	}
	d.receives(2)
	if !strings.Contains(d.got[1].body, "It is over.") {
		t.Errorf("got %s, want the newest", d.got[1].body)
	}
}

func TestOfADeletedIncidentNothingIsPosted(t *testing.T) {
	d := newDesk(t)
	s := d.subscribes("/hook")
	incident, seq := d.posts("", status.Investigating, "We look into it.")
	d.answers(500)
	d.handles(chunk(incident, seq, s.ID))
	d.deletes(incident)
	d.until(d.now.Add(time.Hour))
	d.receives(1)
}

func TestTwoFailuresDaysApartAreNotDaysOfFailure(t *testing.T) {
	d := newDesk(t)
	s := d.subscribes("/hook")
	d.answers(500)
	for range 2 {
		incident, seq := d.posts("", status.Investigating, "We look into it.")
		d.handles(chunk(incident, seq, s.ID))
		d.deletes(incident)
		d.until(d.now.Add(100 * time.Hour))
	}
	d.receives(2)
	if got := d.subscriber(s.ID); got.State != status.Active {
		t.Errorf("got %s, want it active", got.State)
	}
}

func TestAPostWhoseRecordIsLostIsRepeatedUnderTheSameID(t *testing.T) {
	d := newDesk(t)
	s := d.subscribes("/hook")
	incident, seq := d.posts("", status.Investigating, "We look into it.")
	dead := errors.New("the worker is dead")
	d.fault = func(memory.Call) error {
		if len(d.got) > 0 {
			return dead
		}
		return nil
	}
	if err := d.Each(t.Context(), chunk(incident, seq, s.ID)); !errors.Is(err, dead) {
		t.Errorf("got error %v, want that nothing is recorded", err)
	}
	d.fault = nil
	d.handles(chunk(incident, seq, s.ID)) // while the claim lives it waits
	d.receives(1)
	d.until(d.now.Add(5 * time.Minute))
	d.receives(2)
	if a, b := d.got[0].header.Get(webhook.HeaderID), d.got[1].header.Get(webhook.HeaderID); a != b {
		t.Errorf("got ids %q and %q, want the same", a, b)
	}
}

func TestAQuarantineThatFailsIsMadeUpFor(t *testing.T) {
	d := newDesk(t)
	s := d.subscribes("/hook")
	incident, seq := d.posts("", status.Investigating, "We look into it.")
	d.answers(http.StatusGone)
	d.fault = func(c memory.Call) error {
		if c.Table == "Audience" && c.Moment == memory.BeforeWrite {
			return errors.New("no answer")
		}
		return nil
	}
	if err := d.Each(t.Context(), chunk(incident, seq, s.ID)); err == nil {
		t.Error("got no error, want the message back")
	}
	d.fault = nil
	d.now = d.now.Add(ledger.AttemptLease)
	d.handles(chunk(incident, seq, s.ID))
	if got := d.subscriber(s.ID); got.State != status.Quarantined {
		t.Errorf("got %s, want it quarantined", got.State)
	}
}

func TestNothingIsBegunWithoutTheTimeToEndIt(t *testing.T) {
	d := newDesk(t)
	s := d.subscribes("/hook")
	incident, seq := d.posts("", status.Investigating, "We look into it.")
	deadline := time.Now().Add(time.Hour)
	ctx, cancel := context.WithDeadline(t.Context(), deadline)
	defer cancel()
	d.now = deadline.Add(-hooks.PostTimeout)
	d.must(d.Each(ctx, chunk(incident, seq, s.ID)))
	d.receives(0)
	d.requeue()
	d.receives(1)
}

func TestWhoseClaimIsNearlyOverDoesNotBegin(t *testing.T) {
	d := newDesk(t)
	s := d.subscribes("/hook")
	incident, seq := d.posts("", status.Investigating, "We look into it.")
	d.fault = func(c memory.Call) error {
		if c.Table == "Status" && c.Moment == memory.BeforeRead { // it takes long
			d.now = d.now.Add(5 * time.Second)
		}
		return nil
	}
	d.handles(chunk(incident, seq, s.ID))
	d.receives(0)
	d.fault = nil
	d.requeue()
	d.receives(1)
}

func TestWhatIsNoMessageOfThisQueueIsRefusedWithTheField(t *testing.T) {
	d := newDesk(t)
	for body, field := range map[string]string{
		`{`: "",
		`{"page":"thepage","subject":"s","seq":1,"subscribers":[]}`:        "subscribers",
		`{"page":"thepage","subject":"s","seq":1,"subscribers":["a","b"]}`: "subscribers",
		`{"page":"thepage","subject":"s","seq":0,"subscribers":["a"]}`:     "seq",
	} {
		problem, ok := errors.AsType[*status.Error](d.Each(t.Context(), body))
		if !ok || problem.Field != field {
			t.Errorf("%s: got %v, want a status.Error on %q", body, problem, field)
		}
	}
}

func TestManyEndpointsOfOneEventTakeOneReadOfIt(t *testing.T) {
	d := newDesk(t)
	incident, seq := d.posts("", status.Investigating, "We look into it.")
	for n := range 30 {
		s := d.subscribes("/hook", func(s *status.Subscriber) { s.Endpoint += "/" + string(rune('a'+n)) })
		d.handles(chunk(incident, seq, s.ID))
	}
	d.receives(30)
	if want := len([]string{"event", "page", "configuration", "incident", "page"}); d.reads != want {
		t.Errorf("got %d reads, want %d", d.reads, want)
	}
	bodies := map[string]bool{}
	for _, r := range d.got {
		bodies[r.body] = true
	}
	if len(bodies) != 30 {
		t.Errorf("got %d bodies, want each with its own link", len(bodies))
	}
}

func TestACorrectionShowsInTheNextAttempt(t *testing.T) {
	d := newDesk(t)
	s := d.subscribes("/hook")
	incident, seq := d.posts("", status.Investigating, "Teh cranes.")
	d.answers(500)
	d.handles(chunk(incident, seq, s.ID))
	_, err := d.pages.Commit(t.Context(), page, func(tx *store.Tx) error {
		i, err := tx.Incident(incident)
		if err != nil {
			return err
		}
		i.Updates[0].Body = "The cranes."
		tx.PutIncident(i)
		tx.Record(status.Event{Type: status.IncidentUpdated, Actor: actor, Incident: incident})
		return nil
	})
	d.must(err)
	d.until(d.now.Add(time.Minute))
	d.receives(2)
	if i := slices.IndexFunc(d.got, func(r received) bool { return strings.Contains(r.body, "The cranes.") }); i != 1 {
		t.Errorf("the correction is in post %d, want the second", i)
	}
}
