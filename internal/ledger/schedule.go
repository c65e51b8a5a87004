package ledger

import (
	"math"
	"slices"
	"time"
)

// Quota is what the mail service allows the account, as it was read.
type Quota struct {
	PerSecond float64   // 0 or less means without limit
	PerDay    int64     // in any 24 hours; 0 or less means without limit
	Used      int64     // sent in the 24 hours before At, by whomever
	At        time.Time // when it was read
}

func (q Quota) unlimited() bool { return q.PerSecond <= 0 && q.PerDay <= 0 }

// The bounds within which senders keep the rate together although their clocks differ.
const (
	// Skew is the most by which two clocks may differ.
	Skew = time.Second
	// Late is the most by which a sending may begin after its slot.
	Late = time.Second
	// maxLanes bounds the lanes: about as many as there are senders at once.
	maxLanes = 4
	// horizon is how far ahead slots are given. Who would wait longer parks.
	horizon = 30 * time.Second
	// overRate is how soon who found no slot within the horizon comes back.
	overRate = time.Minute
	day      = 24 * time.Hour
)

// schedule is whose turn it is to send. The rate is divided into lanes, each of a whole number of
// sendings a second at even distance. A lane belongs to one clock: what that clock spaces keeps its
// distance whatever time it shows. It passes to another clock only after Skew and Late have gone by,
// so that the slots of the two cannot meet however wrong they are. So the lanes' rates add up, and
// no second ever sees more than the quota.
type schedule struct {
	PerSecond int64            `json:"per_second"` // of all lanes; 0 is without limit
	Spacing   int64            `json:"spacing_us"` // of a rate below one a second, else 0
	PerDay    int64            `json:"per_day"`
	ReadAt    time.Time        `json:"read_at,omitzero"` // when the quota was read
	Others    int64            `json:"others"`           // sent in 24 hours past this ledger
	Lanes     []lane           `json:"lanes"`
	Hours     map[string]int64 `json:"hours,omitempty"` // slots by hour, named by dayHour
}

type lane struct {
	Rate  int64  `json:"rate"`
	Clock string `json:"clock,omitempty"`
	Next  int64  `json:"next_us"` // Unix microseconds: the next slot of Clock
}

const hourLayout = "2006-01-02T15"

// Grant is an answer to a sender. Slots may be fewer than asked for, or none: then the rest is to
// ask again at Until.
type Grant struct {
	Slots   []time.Time   // when to begin each sending; later by at most Late, keeping the distances
	Spacing time.Duration // the sender waits this long after its last sending if it was late
	Until   time.Time     // zero when all were granted
	Daily   bool          // it is the quota of the day that is used up
}

// reserve takes up to n slots for a sender whose clock shows now.
func (s schedule) reserve(n int, clock string, now time.Time, q Quota) (schedule, Grant) {
	s = s.adopt(q, now)
	var g Grant
	if s.PerDay > 0 {
		left, until := s.left(now)
		if int64(n) > left {
			n, g.Until, g.Daily = int(left), until, true
		}
	}
	if s.PerSecond == 0 && s.Spacing == 0 {
		for range n {
			g.Slots = append(g.Slots, now)
		}
	} else if n > 0 {
		s.slots(&g, n, clock, now)
	}
	s.book(g.Slots, now)
	return s, g
}

// adopt takes over a quota that is newer than the one known. If the rate changes, all lanes begin
// anew after all slots that are given, as lanes of nobody.
func (s schedule) adopt(q Quota, now time.Time) schedule {
	s.Lanes = slices.Clone(s.Lanes)
	if !s.ReadAt.IsZero() && !q.At.After(s.ReadAt) {
		return s
	}
	s.ReadAt = q.At
	s.PerDay = max(q.PerDay, 0)
	s.Others = max(0, q.Used-s.used(now))
	perSecond, spacing := int64(0), int64(0)
	switch {
	case q.PerSecond >= 1:
		perSecond = int64(q.PerSecond)
	case q.PerSecond > 0:
		spacing = int64(math.Ceil(1e6 / q.PerSecond))
	}
	if perSecond == s.PerSecond && spacing == s.Spacing && len(s.Lanes) > 0 {
		return s
	}
	s.PerSecond, s.Spacing = perSecond, spacing
	next := int64(0)
	for _, l := range s.Lanes {
		next = max(next, l.Next)
	}
	n := min(max(perSecond, 1), maxLanes)
	s.Lanes = make([]lane, n)
	for i := range s.Lanes {
		s.Lanes[i] = lane{Rate: perSecond / n, Next: next}
		if int64(i) < perSecond%n {
			s.Lanes[i].Rate++
		}
	}
	return s
}

// spacing is the distance of a lane's slots in microseconds, never a little too small.
func (s *schedule) spacing(l lane) int64 {
	if s.Spacing > 0 {
		return s.Spacing
	}
	return (1e6 + l.Rate - 1) / l.Rate
}

// slots takes slots from the lanes of this clock and from those that are idle. A clock that has
// neither takes over one lane of another.
func (s *schedule) slots(g *Grant, n int, clock string, now time.Time) {
	const gap = int64((Skew + Late) / time.Microsecond)
	at := now.UnixMicro()
	usable := make([]bool, len(s.Lanes))
	some, first := false, 0
	for i, l := range s.Lanes {
		usable[i] = l.Clock == clock || l.Next+gap <= at
		some = some || usable[i]
		if l.Next < s.Lanes[first].Next {
			first = i
		}
	}
	usable[first] = usable[first] || !some
	end := now.Add(horizon).UnixMicro()
	for range n {
		best, start := -1, int64(0)
		for i, l := range s.Lanes {
			from := max(l.Next, at)
			if l.Clock != clock {
				// Lanes that begin together begin one after the other, so that slots are even.
				from = max(l.Next+gap, at+int64(i)*s.spacing(l)/int64(len(s.Lanes)))
			}
			if usable[i] && (best < 0 || from < start) {
				best, start = i, from
			}
		}
		if start > end {
			if g.Until.IsZero() {
				g.Until, g.Daily = now.Add(overRate), false
			}
			return
		}
		l := &s.Lanes[best]
		l.Clock, l.Next = clock, start+s.spacing(*l)
		g.Slots = append(g.Slots, time.UnixMicro(start).UTC())
		g.Spacing = max(g.Spacing, time.Duration(s.spacing(*l))*time.Microsecond)
	}
}

// oldestHour is the first hour that any 24 hours from now on may reach into.
func oldestHour(now time.Time) string {
	return now.Add(-day - Skew - Late).UTC().Format(hourLayout)
}

// used counts the slots of the last 24 hours and those to come: whole hours, so rather too many.
func (s *schedule) used(now time.Time) int64 {
	total, oldest := int64(0), oldestHour(now)
	for hour, n := range s.Hours {
		if hour >= oldest {
			total += n
		}
	}
	return total
}

// left is what the quota of the day still has, and when to ask again if that is not enough: when an
// hour drops out of the count, or within the hour if others use the quota too.
func (s *schedule) left(now time.Time) (n int64, until time.Time) {
	oldest := oldestHour(now)
	for hour := range s.Hours {
		begin, err := time.Parse(hourLayout, hour)
		if free := begin.Add(day + time.Hour + Skew + Late); err == nil && hour >= oldest && (until.IsZero() || free.Before(until)) {
			until = free
		}
	}
	if soon := now.Add(time.Hour); until.IsZero() || s.Others > 0 && soon.Before(until) {
		until = soon
	}
	return max(0, s.PerDay-s.Others-s.used(now)), until
}

// book counts slots in their hours and forgets hours that are past counting.
func (s *schedule) book(slots []time.Time, now time.Time) {
	oldest := oldestHour(now.Add(-time.Hour)) // a slower clock may still need it
	counted := map[string]int64{}
	for hour, n := range s.Hours {
		if hour >= oldest {
			counted[hour] = n
		}
	}
	for _, slot := range slots {
		counted[slot.UTC().Format(hourLayout)]++
	}
	s.Hours = counted
}
