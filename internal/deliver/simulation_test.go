package deliver_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"allclear/internal/deliver"
	"allclear/internal/ledger"
	"allclear/internal/table"
)

const (
	mostSteps = 300_000
	// runs are how often the dice are thrown for each world that rapid draws: some races are rare, and
	// so are the worlds in which they can happen.
	runs = 8
)

// Whatever fails, dies, repeats itself or comes late: nobody is told twice or in the wrong order,
// nobody who left is told, no second and no day sees more than the quota, and with the trouble over
// everybody was told what it was owed, or the ledger says that nobody knows.
func TestNobodyIsToldTwiceAndNobodyIsForgotten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		throw := dice(rapid.Uint64().Draw(t, "dice"))
		people, events, workers := rapid.IntRange(1, 12).Draw(t, "people"), rapid.IntRange(1, 4).Draw(t, "events"), rapid.IntRange(1, 4).Draw(t, "workers")
		trouble := rapid.SampledFrom([]int{0, 150, 40, 15}).Draw(t, "trouble")
		stalls := rapid.SampledFrom([]int{0, 100, 15}).Draw(t, "stalls")
		span := rapid.SampledFrom([]time.Duration{5 * time.Second, 20 * time.Second, time.Minute, 6 * time.Minute}).Draw(t, "span")
		quota := ledger.Quota{
			PerSecond: rapid.SampledFrom([]float64{0, 0.5, 1, 3, 14}).Draw(t, "per second"),
			PerDay:    rapid.SampledFrom([]int64{0, 0, 7, 20}).Draw(t, "per day"),
		}
		for n := 0; n < runs && !t.Failed(); n++ {
			w := newWorld(throw, trouble, stalls, quota)
			w.play(span, people, events, workers)
			w.drain()
			w.judge()
			w.calm = true
			w.end()
			for _, wrong := range w.wrong {
				t.Errorf("run %d: %s", n, wrong)
			}
		}
	})
}

// play lets people come and go and events happen for some minutes, with workers about.
func (w *world) play(span time.Duration, people, events, workers int) {
	type step struct {
		at time.Time
		do func()
	}
	var steps []step
	at := func(within time.Duration, do func()) {
		steps = append(steps, step{w.now.Add(time.Duration(w.dice(int(within.Milliseconds()))) * time.Millisecond), do})
	}
	for i := range people {
		p := &person{
			id: fmt.Sprintf("p%d", i), confirmed: begin.Add(time.Duration(w.dice(1)*w.dice(int(span/time.Second))) * time.Second),
			kinds: [][]string{{"update"}, {"update", "resolved"}, {"update", "resolved"}, {"resolved"}}[w.dice(3)],
			left:  map[int64]int{}, claims: map[string]bool{}, reported: map[int64]State{},
		}
		w.people = append(w.people, p)
		if w.dice(3) == 0 {
			at(span+time.Minute, func() { p.gone = true })
		}
	}
	for range events {
		at(span, func() { w.post([]string{"update", "update", "resolved"}[w.dice(2)]) })
	}
	slices.SortStableFunc(steps, func(a, b step) int { return a.at.Compare(b.at) })
	for range workers {
		w.worker()
	}
	w.tick()
	w.tick()
	for _, s := range steps {
		w.until(s.at)
		s.do()
	}
	w.until(w.now.Add(3 * time.Minute))
}

// tick brings back what waits, twice at once.
func (w *world) tick() {
	w.ids++
	w.spawnAgain(fmt.Sprintf("tick%d", w.ids), 0, func(p *process) error {
		for {
			book := ledger.New(w.table, func() time.Time { return w.now })
			w.ids++
			calm := w.calm
			if _, err := deliver.Requeue(context.Background(), book, w, fmt.Sprint("taker", w.ids), 3); err != nil && calm {
				w.violated("%s: %v", p.name, err)
			}
			w.pause(w.now.Add(time.Minute).Truncate(time.Minute))
		}
	})
}

// advance runs one step; whoever died is replaced.
func (w *world) advance() bool {
	p, err := w.step()
	switch {
	case err != nil:
		w.violated("%v", err)
	case w.steps > mostSteps:
		w.violated("it does not drain: %d messages, %d reports to come", len(w.queue), w.reports)
	case p.crashed && p.again != nil:
		p.again()
	}
	return err == nil && w.steps <= mostSteps
}

func (w *world) until(t time.Time) {
	for w.now.Before(t) && w.advance() { //nolint:revive // the step is the condition
	}
	w.now = maxTime(w.now, t)
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// drain ends the trouble and waits until nothing is left to be done.
func (w *world) drain() {
	w.calm = true
	for {
		waiting := w.items("DUE")
		w.queue = slices.DeleteFunc(w.queue, func(m *message) bool { return m.gone })
		if len(w.queue) == 0 && len(waiting) == 0 && w.reports == 0 && w.busy == 0 {
			return
		}
		if len(w.queue) == 0 && w.reports == 0 && w.busy == 0 {
			w.skip(waiting[0].Sort)
		}
		if !w.advance() {
			return
		}
	}
}

// skip lets everybody sleep until the first of what waits is due: an empty day has too many steps.
func (w *world) skip(sort string) {
	due, err := time.Parse("DUE#2006-01-02T15:04:05.000Z", sort[:len("DUE#2006-01-02T15:04:05.000Z")])
	if err != nil {
		w.violated("key of waiting work: %v", err)
	}
	for _, p := range w.procs {
		p.wake = maxTime(p.wake, due)
	}
}

func (w *world) items(partition string) []table.Item {
	items, err := table.All(context.Background(), w.table, table.Query{Partition: partition})
	if err != nil {
		w.violated("read %s: %v", partition, err)
	}
	return items
}

// states are those that the ledger has of the notices to a person, by event.
func (w *world) states(id string) map[int64]State {
	states := map[int64]State{}
	for shard := range 16 {
		for _, item := range w.items(fmt.Sprintf("%s#%d", subject, shard)) {
			if item.Sort != id {
				continue
			}
			for _, n := range item.Attributes["notices"].([]any) {
				n := n.(map[string]any)
				states[n["seq"].(int64)] = State(n["state"].(string))
			}
		}
	}
	return states
}

func (w *world) judge() {
	if len(w.wrong) > 0 {
		return
	}
	sends, delivered, bounced := 0, 0, 0
	for _, p := range w.people {
		states := w.states(p.id)
		for _, seq := range p.owed {
			w.judgeOwed(p, seq, states)
		}
		for seq := range p.left {
			sends++
			if got, want := states[seq], p.reported[seq]; got != want {
				w.violated("%s, event %d: the ledger says %s, feedback was told %s", p.id, seq, got, want)
			}
			switch p.reported[seq] {
			case ledger.Delivered:
				delivered++
			case ledger.Bounced:
				bounced++
			default:
			}
		}
	}
	e, err := ledger.New(w.table, func() time.Time { return w.now.Add(2 * time.Hour) }).Evidence(context.Background(), subject)
	total := e.Total
	if err != nil || total.Pending != 0 || total.Sent != sends+total.Unknown || total.Delivered != delivered || total.Bounced != bounced {
		w.violated("evidence %+v, %v; want %d sent, %d delivered, %d bounced", total, err, sends, delivered, bounced)
	}
	w.judgeRate("second", int(max(w.quota.PerSecond, 1)), w.quota.PerSecond > 0, time.Duration(float64(time.Second)/min(1, max(w.quota.PerSecond, 0.1))))
	w.judgeRate("day", int(w.quota.PerDay), w.quota.PerDay > 0, 24*time.Hour)
}

// judgeOwed holds that a person was told of an event, or of a newer one.
func (w *world) judgeOwed(p *person, seq int64, states map[int64]State) {
	if p.gone || p.newest >= seq {
		return
	}
	if p.harmed {
		for at, state := range states {
			if at >= seq && (state == ledger.Claimed || state == ledger.Unknown || state == ledger.Failed) {
				return // reported as unknown, or refused
			}
		}
	}
	w.violated("%s was never told of event %d (harmed: %t, ledger: %v)", p.id, seq, p.harmed, states)
}

// judgeRate holds that no window saw more than n sendings begin.
func (w *world) judgeRate(name string, n int, limited bool, window time.Duration) {
	for i := n; limited && i < len(w.starts); i++ {
		if d := w.starts[i].Sub(w.starts[i-n]); d < window {
			w.violated("%d sendings began within %v, more than the quota of %d a %s", n+1, d, n, name)
			return
		}
	}
}
