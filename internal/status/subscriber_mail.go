package status

import (
	"slices"
	"time"
)

// When a mailbox that returns mails without a final reason counts as out of reach. Services that send
// mail have tried each of them for half a day and more before they give it up.
const (
	ReturnedDays   = 5 // different days on which mails came back
	ReturnedWithin = 30 * wholeDay
)

const wholeDay = 24 * time.Hour

// MailReturned takes in that a mail to a subscriber came back although its address may be right: the
// mailbox is full, its server is away. When that was so on ReturnedDays days within ReturnedWithin,
// and nothing was delivered since the first of them, the subscriber is quarantined as failing, from
// which it can be reactivated. Several mails of one day count once, so the many updates of one bad
// hour do no harm, and neither does the same report again.
func (s *Subscriber) MailReturned(at, now time.Time) {
	if s.Mode != ModeEmail || s.State == Unsubscribed || s.State == Quarantined {
		return
	}
	if at.After(now) {
		at = now // it was written by another clock
	}
	days := append(slices.Clone(s.Returned), at.UTC().Truncate(wholeDay))
	slices.SortFunc(days, time.Time.Compare)
	days = slices.CompactFunc(days, time.Time.Equal)
	oldest := days[len(days)-1].Add(-ReturnedWithin)
	days = slices.DeleteFunc(days, func(d time.Time) bool { return !d.After(oldest) })
	if slices.EqualFunc(days, s.Returned, time.Time.Equal) {
		return
	}
	s.Returned, s.UpdatedAt = days, now
	if len(days) >= ReturnedDays {
		_ = s.Quarantine(Failing, now) // refuses only who is unsubscribed
	}
}

// MailDelivered takes in that a mail to a subscriber was delivered: what came back until the end of
// that day is forgotten. A quarantine stays.
func (s *Subscriber) MailDelivered(at, now time.Time) {
	if s.State == Quarantined {
		return
	}
	later := slices.IndexFunc(s.Returned, func(d time.Time) bool { return d.After(at) })
	switch {
	case len(s.Returned) == 0 || later == 0:
		return
	case later < 0:
		s.Returned = nil
	default:
		s.Returned = slices.Clone(s.Returned[later:])
	}
	s.UpdatedAt = now
}
