package hooks_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"allclear/internal/deliver"
	"allclear/internal/table"
)

// Whatever fails, dies, repeats itself or comes late: once all is over, every endpoint that is still
// subscribed has the newest version of each incident, none got an older one after a newer one, and
// those that never answered are quarantined.
func TestEveryEndpointHasTheNewestAndNeverTheOlderAfterIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(rapid.Uint64().Draw(t, "dice"), rapid.SampledFrom([]int{0, 100, 25}).Draw(t, "trouble"))
		defer w.end()
		w.people(rapid.IntRange(1, 4).Draw(t, "endpoints"))
		for range rapid.IntRange(1, 3).Draw(t, "workers") {
			w.worker()
		}
		w.tick()
		w.tick()
		for range rapid.IntRange(1, 8).Draw(t, "events") {
			w.until(w.now.Add(w.some(rapid.SampledFrom([]time.Duration{time.Second, time.Minute, 5 * time.Hour}).Draw(t, "pause"))))
			w.post(fmt.Sprint("incident", w.throw(1)))
		}
		w.drain()
		w.judge()
		for _, wrong := range w.wrong {
			t.Errorf("%s", wrong)
		}
	})
}

// post adds an update to an incident, and enqueues its messages, some twice and some late.
func (w *world) post(incident string) {
	w.seq += 2
	w.versions[incident] = append(w.versions[incident], w.seq)
	for _, e := range w.endpoints {
		if !e.active() {
			continue
		}
		body, err := json.Marshal(deliver.Chunk{Page: page, Subject: incident, Seq: w.seq, Subscribers: []string{e.id}})
		if err != nil {
			w.violated("encode: %v", err)
		}
		for range 1 + w.throw(1)*w.throw(1) {
			w.queue = append(w.queue, &queued{body: string(body), visible: w.now.Add(w.some(2 * time.Minute))})
		}
	}
}

// people makes endpoints: most work or are down for hours, some for ever, some leave.
func (w *world) people(n int) {
	for i := range n {
		e := &endpoint{id: fmt.Sprint("hook", i), has: map[string]int64{}, taken: map[string]int{}, quiet: map[string]time.Time{}}
		switch w.throw(5) {
		case 0:
			e.down = w.now.Add(10_000 * time.Hour)
			e.dead = true
		case 1, 2:
			e.down = w.now.Add(w.some(40 * time.Hour))
		case 3:
			e.leaves = w.now.Add(w.some(time.Hour))
		default:
		}
		w.endpoints = append(w.endpoints, e)
	}
}

// worker handles messages, one at a time, until it dies; then another takes its place.
func (w *world) worker() {
	worker := w.newWorker()
	w.spawn(func(p *process) {
		for {
			m := w.receive()
			if m == nil {
				w.pause(w.now.Add(5 * time.Second))
				continue
			}
			p.busy, p.calm = true, w.calm
			if err := worker.Each(context.Background(), m.body); err == nil {
				m.gone = true
			} else if p.calm {
				w.violated("without trouble: %v", err)
			}
			p.busy = false
		}
	}, w.worker)
}

// tick brings back what is due.
func (w *world) tick() {
	w.spawn(func(p *process) {
		for {
			p.busy, p.calm = true, w.calm
			w.ids++
			_, err := deliver.Requeue(context.Background(), w.book, w, fmt.Sprint("taker", w.ids), 5)
			if err != nil && p.calm {
				w.violated("without trouble: %v", err)
			}
			p.busy = false
			w.pause(w.now.Add(time.Minute))
		}
	}, w.tick)
}

// receive takes a message for six minutes.
func (w *world) receive() *queued {
	w.queue = slices.DeleteFunc(w.queue, func(m *queued) bool { return m.gone })
	var visible []*queued
	for _, m := range w.queue {
		if !m.visible.After(w.now) {
			visible = append(visible, m)
		}
	}
	if len(visible) == 0 {
		return nil
	}
	m := visible[w.throw(len(visible)-1)]
	m.visible = w.now.Add(6 * time.Minute)
	return m
}

// until lets some time pass.
func (w *world) until(t time.Time) {
	for w.now.Before(t) && w.step() { //nolint:revive // the step is the condition
	}
}

// drain ends the trouble and waits until nothing is left to be done. Empty days are skipped.
func (w *world) drain() {
	w.calm = true
	for w.step() {
		w.queue = slices.DeleteFunc(w.queue, func(m *queued) bool { return m.gone })
		if len(w.queue) > 0 || slices.ContainsFunc(w.procs, func(p *process) bool { return p.busy }) {
			continue
		}
		waiting, err := table.All(context.Background(), w.table, table.Query{Partition: "DUE"})
		if err != nil {
			w.violated("read what is due: %v", err)
		}
		if len(waiting) == 0 {
			return
		}
		const layout = "DUE#2006-01-02T15:04:05.000Z"
		due, err := time.Parse(layout, waiting[0].Sort[:len(layout)])
		if err != nil {
			w.violated("key of waiting work: %v", err)
		}
		for _, p := range w.procs {
			if due.After(p.wake) {
				p.wake = due
			}
		}
	}
}

func (w *world) judge() {
	if len(w.wrong) > 0 {
		return
	}
	for _, e := range w.endpoints {
		if e.dead && e.leaves.IsZero() && len(w.versions) > 0 && !e.quarantined {
			w.violated("%s never answered and is not quarantined", e.id)
		}
		if !e.active() || e.dead {
			continue
		}
		for incident, versions := range w.versions {
			if newest := versions[len(versions)-1]; e.has[incident] != newest {
				w.violated("%s has event %d of %s, not %d", e.id, e.has[incident], incident, newest)
			}
		}
		for id, n := range e.taken {
			if w.trouble == 0 && n > 1 {
				w.violated("%s took %s %d times although nothing failed", e.id, id, n)
			}
		}
	}
	for incident := range w.versions {
		evidence, err := w.book.Evidence(context.Background(), incident)
		if err != nil || w.trouble == 0 && evidence.Total.Pending+evidence.Total.Unknown > 0 {
			w.violated("evidence of %s: %+v, %v", incident, evidence.Total, err)
		}
	}
}

// endpoint is one receiver.
type endpoint struct {
	id          string
	down        time.Time // until then it takes nothing
	dead        bool      // it is down for ever
	leaves      time.Time
	left        time.Time // when its unsubscribe was acknowledged
	quarantined bool
	has         map[string]int64     // the newest version it took, by incident
	taken       map[string]int       // how often it took a message, by webhook-id
	quiet       map[string]time.Time // until when it asked to be left alone, by webhook-id
}

func (e *endpoint) active() bool { return e.left.IsZero() && !e.quarantined }
