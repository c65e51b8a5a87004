package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"allclear/internal/ledger"
	"allclear/internal/memory"
)

// sender is a clock that reserves slots and uses them, up to ledger.Late after their time.
type sender struct {
	name string
	skew time.Duration
	free time.Time // by the true time: when it is done with its last slots
}

// However the clocks of the senders go wrong within a second, and however late they are within
// another, no second and no 24 hours of the true time see more than the quota.
func TestTogetherTheSendersKeepTheQuota(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := begin
		var skew time.Duration
		tbl := memory.New(memory.Options{Now: func() time.Time { return begin }}).Table("Deliveries")
		l := ledger.New(tbl, func() time.Time { return now.Add(skew) })
		quota := ledger.Quota{
			PerSecond: rapid.SampledFrom([]float64{0.3, 1, 2, 3.7, 14, 50}).Draw(t, "per second"),
			PerDay:    rapid.SampledFrom([]int64{0, 30, 200}).Draw(t, "per day"), At: begin,
		}
		senders := make([]*sender, rapid.IntRange(1, 6).Draw(t, "senders"))
		for i := range senders {
			senders[i] = &sender{name: fmt.Sprint(i), skew: time.Duration(rapid.Int64Range(-500, 500).Draw(t, "skew")) * time.Millisecond}
		}
		pause := rapid.SampledFrom([]int{10, 1000, 3_600_000}).Draw(t, "pause")
		var starts []time.Time
		for range rapid.IntRange(1, 40).Draw(t, "reservations") {
			now = now.Add(time.Duration(rapid.IntRange(0, pause).Draw(t, "ms")) * time.Millisecond)
			s := rapid.SampledFrom(senders).Draw(t, "sender")
			if now.Before(s.free) {
				continue
			}
			skew = s.skew
			g, err := l.Reserve(context.Background(), rapid.IntRange(1, 10).Draw(t, "n"), s.name, quota)
			if err != nil {
				t.Fatal(err)
			}
			late := time.Duration(rapid.Int64Range(0, ledger.Late.Milliseconds()).Draw(t, "late")) * time.Millisecond
			for _, slot := range g.Slots {
				start := slot.Add(-skew).Add(late)
				if start.Before(now) {
					t.Fatalf("at %v %s got a slot in the past: %v", now, s.name, start)
				}
				starts = append(starts, start)
				s.free = start.Add(g.Spacing)
			}
		}
		slices.SortFunc(starts, time.Time.Compare)
		within := func(n int, window time.Duration) {
			for i := n; n > 0 && i < len(starts); i++ {
				if d := starts[i].Sub(starts[i-n]); d < window {
					t.Fatalf("%d starts within %v, want at most %d in %v", n+1, d, n, window)
				}
			}
		}
		within(max(1, int(quota.PerSecond)), time.Duration(float64(time.Second)/min(1, quota.PerSecond)))
		within(int(quota.PerDay), 24*time.Hour)
	})
}

// reserve asks and fails the test on an error.
func (b *book) reserve(n int, clock string, q ledger.Quota) ledger.Grant {
	b.t.Helper()
	g, err := b.Reserve(b.t.Context(), n, clock, q)
	b.must(err)
	return g
}

func TestAReservationIsOneWriteAndNoneWithoutAQuota(t *testing.T) {
	b := newBook(t)
	if g := b.reserve(10, "a", ledger.Quota{PerSecond: 14, PerDay: 100, At: begin}); len(g.Slots) != 10 || !g.Until.IsZero() || b.writes != 1 {
		t.Errorf("got %+v with %d writes", g, b.writes)
	}
	if g := b.reserve(10, "a", ledger.Quota{PerSecond: -1, PerDay: -1, At: begin}); len(g.Slots) != 10 || b.writes != 1 {
		t.Errorf("got %+v with %d writes in all", g, b.writes)
	}
}

func TestOneSenderGetsTheWholeRate(t *testing.T) {
	b := newBook(t)
	var slots []time.Time
	for range 20 {
		g := b.reserve(10, "a", ledger.Quota{PerSecond: 14, At: begin})
		slots = append(slots, g.Slots...)
		b.now = slots[len(slots)-1]
	}
	if got, want := slots[199].Sub(begin), 199*time.Second/14; got < want-time.Second/14 || got > want+time.Second/14 {
		t.Errorf("the last of 200 slots is after %v, want about %v", got, want)
	}
}

func TestSendersAtOnceShareTheRate(t *testing.T) {
	b := newBook(t)
	quota := ledger.Quota{PerSecond: 14, At: begin}
	free := map[string]time.Time{"a": begin, "b": begin, "c": begin}
	sent := 0
	for b.now.Before(begin.Add(time.Minute)) {
		for _, clock := range []string{"a", "b", "c"} {
			if free[clock].After(b.now) {
				continue
			}
			for _, slot := range b.reserve(10, clock, quota).Slots {
				free[clock] = slot
				if slot.Before(begin.Add(time.Minute)) {
					sent++
				}
			}
		}
		b.now = b.now.Add(10 * time.Millisecond)
	}
	if want := 14 * 60; sent < want*9/10 {
		t.Errorf("in a minute three senders got %d slots of %d", sent, want)
	}
}

func TestADaysQuotaEndsAndComesBack(t *testing.T) {
	b := newBook(t)
	quota := ledger.Quota{PerSecond: 100, PerDay: 15, At: begin}
	if g := b.reserve(10, "a", quota); len(g.Slots) != 10 {
		t.Errorf("got %+v, want 10 slots", g)
	}
	g := b.reserve(10, "b", quota)
	if len(g.Slots) != 5 || !g.Daily || g.Until.IsZero() {
		t.Errorf("got %+v, want the 5 slots that are left", g)
	}
	b.now = g.Until.Add(-time.Minute)
	if g := b.reserve(10, "b", quota); len(g.Slots) != 0 || !g.Daily {
		t.Errorf("a minute too early: got %+v", g)
	}
	b.now = g.Until
	if g := b.reserve(10, "b", quota); len(g.Slots) != 10 {
		t.Errorf("when it said: got %+v, want 10 slots", g)
	}
	if wait := g.Until.Sub(begin); wait < 24*time.Hour || wait > 25*time.Hour+5*time.Second {
		t.Errorf("it waited %v", wait)
	}
}

func TestWhatOthersSendCountsIntoTheDay(t *testing.T) {
	b := newBook(t)
	quota := ledger.Quota{PerSecond: 100, PerDay: 200, Used: 190, At: begin}
	b.reserve(5, "a", quota)
	quota.Used, quota.At = 195, begin.Add(time.Minute) // among them the five
	b.now = quota.At
	g := b.reserve(10, "a", quota)
	if len(g.Slots) != 5 || !g.Daily {
		t.Errorf("got %+v, want 5 slots", g)
	}
	if got := g.Until.Sub(b.now); got != time.Hour {
		t.Errorf("others may come to rest any time: asked to come back after %v, want an hour", got)
	}
}

func TestANewerQuotaIsTakenOverAndAnOlderOneIsNot(t *testing.T) {
	b := newBook(t)
	fast := ledger.Quota{PerSecond: 50, At: begin}
	slow := ledger.Quota{PerSecond: 1, At: begin.Add(time.Minute)}
	pace := func(q ledger.Quota) time.Duration {
		t.Helper()
		g := b.reserve(10, "a", q)
		b.now = b.now.Add(time.Minute)
		return g.Slots[len(g.Slots)-1].Sub(g.Slots[0])
	}
	if got := pace(fast); got > time.Second {
		t.Errorf("ten at 50 a second take %v", got)
	}
	for range 2 {
		if got := pace(slow); got < 9*time.Second {
			t.Errorf("ten at one a second take %v", got)
		}
		slow = fast // a sender that has not heard of it
	}
}

// Whoever has slots of the old rate still uses them, by a clock that may be wrong.
func TestANewRateBeginsAfterTheSlotsOfTheOldOne(t *testing.T) {
	b := newBook(t)
	slow := b.reserve(5, "a", ledger.Quota{PerSecond: 1, At: begin})
	fast := b.reserve(10, "b", ledger.Quota{PerSecond: 50, At: begin.Add(time.Millisecond)})
	last := slow.Slots[len(slow.Slots)-1]
	if want := last.Add(ledger.Skew + ledger.Late); len(fast.Slots) == 0 || fast.Slots[0].Before(want) {
		t.Errorf("got slots %v, want none before %v", fast.Slots, want)
	}
}

func TestWhoWouldWaitLongIsToComeBack(t *testing.T) {
	b := newBook(t)
	quota := ledger.Quota{PerSecond: 1, At: begin}
	for b.reserve(10, "a", quota).Until.IsZero() { //nolint:revive // until there is no slot any more
	}
	g := b.reserve(10, "b", quota)
	if len(g.Slots) != 0 || g.Daily || !g.Until.After(b.now) {
		t.Errorf("got %+v, want a time to come back and no slots", g)
	}
}

func TestAReservationWhoseAnswerIsLostIsMadeAgain(t *testing.T) {
	b := newBook(t)
	quota := ledger.Quota{PerSecond: 10, At: begin}
	lost := true
	b.fault = func(c memory.Call) error {
		if c.Moment == memory.AfterWrite && lost {
			lost = false
			return errors.New("no answer")
		}
		return nil
	}
	first := b.reserve(10, "a", quota)
	if first.Slots[0].Before(begin.Add(900 * time.Millisecond)) {
		t.Errorf("the slots begin at %v: those of the lost answer are given twice", first.Slots[0])
	}
}
