package feedback_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/ledger"
	"allclear/internal/memory"
	"allclear/internal/status"
	"allclear/internal/store"
)

func TestEachEventSettlesItsNotification(t *testing.T) {
	for name, c := range map[string]struct {
		body func(id string) string
		want ledger.Counts
	}{
		"sent":      {sent, ledger.Counts{Recipients: 1, Sent: 1}},
		"delayed":   {delayed, ledger.Counts{Recipients: 1, Sent: 1}},
		"delivered": {func(id string) string { return delivered(id, begin.Add(time.Minute)) }, ledger.Counts{Recipients: 1, Sent: 1, Delivered: 1}},
		"came back for good": {
			func(id string) string { return bounced(tags(id), "a@example.com", "Permanent", "General", begin) },
			ledger.Counts{Recipients: 1, Sent: 1, Bounced: 1},
		},
		"came back for now": {
			func(id string) string { return bounced(tags(id), "a@example.com", "Transient", "MailboxFull", begin) },
			ledger.Counts{Recipients: 1, Sent: 1, Bounced: 1},
		},
		"called spam": {func(id string) string { return complained(tags(id), "a@example.com") }, ledger.Counts{Recipients: 1, Sent: 1, Delivered: 1}},
		"called no spam": {func(id string) string {
			return event("Complaint", tags(id), "complaint", object{"complaintFeedbackType": "not-spam"})
		}, ledger.Counts{Recipients: 1, Sent: 1, Delivered: 1}},
		"not tried since it was called spam before": {func(id string) string {
			return event("Complaint", tags(id), "complaint", object{"complaintSubType": "OnAccountSuppressionList"})
		}, ledger.Counts{Recipients: 1, Sent: 1, Bounced: 1}},
		"rejected":     {func(id string) string { return event("Reject", tags(id), "reject", object{"reason": "Bad content"}) }, ledger.Counts{Recipients: 1, Failed: 1}},
		"not rendered": {func(id string) string { return event("Rendering Failure", tags(id), "failure", object{}) }, ledger.Counts{Recipients: 1, Failed: 1}},
	} {
		for moment, done := range map[string]func(*world, ledger.Claim){
			"before the worker's record": func(*world, ledger.Claim) {},
			"after it":                   func(w *world, c ledger.Claim) { w.check(w.Ledger.Finish(t.Context(), c, ledger.Sent)) },
			"after a lost answer":        func(w *world, c ledger.Claim) { w.check(w.Ledger.Finish(t.Context(), c, ledger.Unknown)) },
		} {
			t.Run(name+" "+moment, func(t *testing.T) {
				w := newWorld(t)
				id := w.subscriber("a@example.com")
				claim := w.claim(id)
				w.now = begin.Add(time.Second)
				done(w, claim)
				w.check(w.Handle(t.Context(), c.body(id)))
				once := w.total()
				w.check(w.Ledger.Finish(t.Context(), claim, ledger.Sent)) // as late as can be
				w.check(w.Handle(t.Context(), c.body(id)))
				if c.want.Sent > 0 {
					c.want.FirstSent, c.want.LastSent = begin, begin
				}
				for _, got := range []ledger.Counts{once, w.total()} {
					if diff := cmp.Diff(c.want, got); diff != "" {
						t.Errorf("(-want +got):\n%s", diff)
					}
				}
			})
		}
	}
}

func TestABouncedOrComplainingAddressIsNeverMailedAgain(t *testing.T) {
	for name, c := range map[string]struct {
		body func(id string) string
		want status.QuarantineReason
	}{
		"it does not exist":      {func(id string) string { return bounced(tags(id), "a@example.com", "Permanent", "NoEmail", begin) }, status.Bounced},
		"SES suppresses it":      {func(id string) string { return bounced(tags(id), "a@example.com", "Permanent", "Suppressed", begin) }, status.Bounced},
		"written in another way": {func(id string) string { return bounced(tags(id), "A. <A@Example.COM>", "Permanent", "General", begin) }, status.Bounced},
		"a complaint":            {func(id string) string { return complained(tags(id), "a@example.com") }, status.Complained},
		"of a mail to confirm": {func(id string) string {
			return bounced(about("confirm", id), "a@example.com", "Permanent", "General", begin)
		}, status.Bounced},
		"of a mail without subject": {func(id string) string { return complained(about("", id), "a@example.com") }, status.Complained},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			id := w.subscriber("a@example.com")
			other := w.subscriber("a@example.com", func(s *status.Subscriber) { s.Incident = incident })
			for range 2 {
				w.check(w.Handle(t.Context(), c.body(id)))
			}
			if s := w.read(id); s.State != status.Quarantined || s.Reason != c.want || s.Reactivate(begin) == nil {
				t.Errorf("got %s for %q, want it quarantined for good", s.State, s.Reason)
			}
			if got := w.suppressed("a@example.com"); got != c.want {
				t.Errorf("got address suppressed for %q, want %q", got, c.want)
			}
			if s := w.read(other); s.State != status.Active {
				t.Errorf("got %s, want the other subscription left to the suppression of its address", s.State)
			}
		})
	}
}

// about are the tags of a mail about the subscription itself.
func about(subject, subscriber string) object {
	t := object{"page": []string{page}, "subscriber": []string{subscriber}}
	if subject != "" {
		t["subject"] = []string{subject}
	}
	return t
}

func TestNobodyCanHaveTheAddressOfSomebodyElseSuppressed(t *testing.T) {
	for name, body := range map[string]func(id string) string{
		"a bounce of another recipient":    func(id string) string { return bounced(tags(id), "victim@example.com", "Permanent", "General", begin) },
		"a complaint of another recipient": func(id string) string { return complained(tags(id), "victim@example.com") },
		"one that is no address":           func(id string) string { return complained(tags(id), "victim@example.com, a@example.com") },
		"a subscriber that is unknown":     func(string) string { return complained(tags("nobody"), "victim@example.com") },
		"without recipients": func(id string) string {
			return event("Bounce", tags(id), "bounce", object{"bounceType": "Permanent"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			id, victim := w.subscriber("a@example.com"), w.subscriber("victim@example.com")
			w.claim(id)
			w.check(w.Handle(t.Context(), body(id)))
			for _, s := range []*status.Subscriber{w.read(id), w.read(victim)} {
				if s.State != status.Active || w.suppressed(s.Email) != "" {
					t.Errorf("%s: got %s, suppressed for %q", s.Email, s.State, w.suppressed(s.Email))
				}
			}
			if strings.Contains(w.log.String(), "@") || !strings.Contains(w.log.String(), "outcome=") {
				t.Errorf("got log %s", &w.log)
			}
		})
	}
}

func TestAComplaintThatCrossesAnUnsubscribeCounts(t *testing.T) {
	w := newWorld(t)
	id, other := w.subscriber("a@example.com"), w.subscriber("b@example.com")
	leave := func(id string) {
		_, _, err := w.Audience.UpdateSubscriber(t.Context(), page, id, store.Beside{}, func(s *status.Subscriber) error {
			s.Unsubscribe(w.now)
			return nil
		})
		w.check(err)
	}
	leave(id)
	w.now = begin.Add(time.Second)
	leave(other)
	w.check(w.Handle(t.Context(), complained(tags(id), "b@example.com")))
	if got := w.suppressed("b@example.com"); got != "" {
		t.Fatalf("got the address of another suppressed for %q", got)
	}
	w.check(w.Handle(t.Context(), complained(tags(id), "a@example.com")))
	if got := w.suppressed("a@example.com"); got != status.Complained {
		t.Errorf("got suppressed for %q, want for the complaint", got)
	}
	if s := w.read(id); s.State != status.Unsubscribed || s.Email != "" {
		t.Errorf("got %+v, want it as it left", s)
	}
}

func TestTheOwnerOfAnEndpointIsMailedNoMoreAndTheEndpointIsToldStill(t *testing.T) {
	w := newWorld(t)
	id := w.subscriber("owner@example.com", func(s *status.Subscriber) { s.Mode, s.Endpoint = status.ModeWebhook, "https://example.com/hook" })
	w.check(w.Handle(t.Context(), bounced(about("manage", id), "owner@example.com", "Permanent", "General", begin)))
	if s := w.read(id); s.State != status.Active || w.suppressed("owner@example.com") != status.Bounced {
		t.Errorf("got %s, suppressed for %q", s.State, w.suppressed("owner@example.com"))
	}
}

func TestAMailboxThatIsFullForDaysIsQuarantinedUntilItTakesMails(t *testing.T) {
	full := func(w *world, id, email string, day int) {
		w.now = begin.AddDate(0, 0, 10) // they are reported late
		for range 2 {
			w.check(w.Handle(t.Context(), bounced(tags(id), email, "Transient", "MailboxFull", begin.AddDate(0, 0, day))))
		}
	}
	w := newWorld(t)
	never, again := w.subscriber("a@example.com"), w.subscriber("b@example.com")
	for _, day := range []int{0, 3, 2, 1} {
		full(w, never, "a@example.com", day)
		full(w, again, "b@example.com", day)
	}
	w.check(w.Handle(t.Context(), delivered(again, begin.AddDate(0, 0, 4))))
	full(w, never, "a@example.com", 5)
	full(w, again, "b@example.com", 5)
	w.check(w.Handle(t.Context(), delivered(again, begin.AddDate(0, 0, 4))))
	if s := w.read(never); s.State != status.Quarantined || s.Reason != status.Failing || w.suppressed("a@example.com") != "" {
		t.Errorf("got %s for %q, want it quarantined and not suppressed", s.State, s.Reason)
	}
	if s := w.read(again); s.State != status.Active || len(s.Returned) != 1 {
		t.Errorf("got %s with mails returned on %v, want only the last day held against it", s.State, s.Returned)
	}
}

func TestMailsThatComeBackForWhatTheyAreSayNothingOfTheMailbox(t *testing.T) {
	w := newWorld(t)
	id := w.subscriber("a@example.com")
	for _, kind := range []string{"MessageTooLarge", "ContentRejected", "AttachmentRejected"} {
		w.check(w.Handle(t.Context(), bounced(tags(id), "a@example.com", "Transient", kind, begin)))
	}
	w.check(w.Handle(t.Context(), bounced(tags(id), "elsewhere@example.com", "Undetermined", "Undetermined", begin)))
	if s := w.read(id); s.Returned != nil {
		t.Errorf("got %v held against it", s.Returned)
	}
}

func TestAMailThatIsCalledNoSpamIsNoComplaint(t *testing.T) {
	w := newWorld(t)
	id := w.subscriber("a@example.com")
	w.check(w.Handle(t.Context(), event("Complaint", tags(id), "complaint", object{
		"complaintFeedbackType": "not-spam", "complainedRecipients": []object{{"emailAddress": "a@example.com"}},
	})))
	if s := w.read(id); s.State != status.Active || w.suppressed("a@example.com") != "" {
		t.Errorf("got %s, suppressed for %q", s.State, w.suppressed("a@example.com"))
	}
}

func TestADeliveryWritesNothingToTheAudience(t *testing.T) {
	w := newWorld(t)
	id := w.subscriber("a@example.com")
	w.claim(id)
	w.fault = func(call memory.Call) error {
		if call.Moment == memory.BeforeWrite && call.Table == "audience" {
			t.Error("wrote to the audience")
		}
		return nil
	}
	w.check(w.Handle(t.Context(), delivered(id, begin)))
}

func TestWhatIsOfNoConcernIsPassedOverWithoutALineThatNamesAnybody(t *testing.T) {
	bad := func(name string, values ...string) object {
		changed := tags("sub1")
		changed[name] = values
		return changed
	}
	for name, body := range map[string]string{
		"a mail without tags":    event("Delivery", nil, "delivery", object{"timestamp": stamp(begin)}),
		"another program's":      event("Send", object{"campaign": []string{"spring"}}, "", nil),
		"a page that is no id":   event("Send", bad("page", "a@example.com"), "", nil),
		"two subscribers":        event("Send", bad("subscriber", "sub1", "sub2"), "", nil),
		"an event of no page":    event("Send", bad("event", "otherpage-7"), "", nil),
		"an event of no number":  event("Send", bad("event", page+"-x"), "", nil),
		"an event of number 0":   event("Send", bad("event", page+"-0"), "", nil),
		"a subject that is none": event("Send", bad("subject"), "", nil),
		"opened":                 event("Open", tags("sub1"), "open", object{}),
		"something new":          event("Teleport", tags("sub1"), "", nil),
		"not in the ledger":      sent("sub2"),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.claim("sub1")
			w.check(w.Handle(t.Context(), body))
			if got := w.log.String(); !strings.Contains(got, "level=INFO") || strings.Contains(got, "@") || strings.Count(got, "\n") != 1 {
				t.Errorf("got log %q, want one line without an address", got)
			}
			if got, want := w.total(), (ledger.Counts{Recipients: 1, Pending: 1}); got != want {
				t.Errorf("got %+v in the ledger, want %+v", got, want)
			}
		})
	}
	w := newWorld(t)
	w.check(w.Handle(t.Context(), "Successfully validated SNS topic for Amazon SES event publishing.\n"))
	if w.log.Len() > 0 {
		t.Errorf("got log %s for SES's trial message", &w.log)
	}
}

func TestWhatIsNoEventIsAnErrorThatQuotesNothing(t *testing.T) {
	for body, says := range map[string]string{
		"":                  "it is no JSON",
		"a@example.com":     "it is no JSON",
		`["a@example.com"]`: "of the wrong kind",
		`{"mail":{"tags":{"a@example.com":"b@example.com"}}}`:       "of the wrong kind",
		`{"mail":{"destination":["a@example.com"]}}`:                "eventType is missing",
		event("Bounce", tags("sub1"), "", nil):                      "bounce is missing",
		event("Complaint", tags("sub1"), "", nil):                   "complaint is missing",
		event("Delivery", tags("sub1"), "", nil):                    "delivery is missing",
		event("Delivery", tags("sub1"), "delivery", object{}):       "delivery.timestamp is no time",
		event("Bounce", tags("sub1"), "bounce", object{}):           "bounce.timestamp is no time",
		`{"eventType":"Send","mail":{"timestamp":"a@example.com"}}`: "mail.timestamp is no time",
	} {
		w := newWorld(t)
		err := w.Handle(t.Context(), body)
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "@") {
			t.Errorf("%s: got %v, want %q", body, err, says)
		}
	}
}

func TestAFailureOfOneTableDoesNotKeepTheOtherAndAnotherRunDoesTheRest(t *testing.T) {
	for _, down := range []string{"audience", "deliveries"} {
		t.Run(down, func(t *testing.T) {
			w := newWorld(t)
			id := w.subscriber("a@example.com")
			w.claim(id)
			outage := errors.New("table is down")
			w.fault = func(call memory.Call) error {
				if call.Table == down {
					return outage
				}
				return nil
			}
			body := complained(tags(id), "a@example.com")
			if err := w.Handle(t.Context(), body); !errors.Is(err, outage) {
				t.Fatalf("got %v, want the outage", err)
			}
			w.fault = nil
			if counted, barred := w.total().Delivered == 1, w.suppressed("a@example.com") != ""; counted == barred {
				t.Errorf("got counted %v and suppressed %v, want what could be done", counted, barred)
			}
			w.check(w.Handle(t.Context(), body))
			if w.total().Delivered != 1 || w.suppressed("a@example.com") != status.Complained {
				t.Error("the second run leaves something undone")
			}
		})
	}
}
