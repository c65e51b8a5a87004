package deliver_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"allclear/internal/deliver"
	"allclear/internal/ledger"
	"allclear/internal/memory"
)

const (
	page    = "thepage"
	subject = "theincident"
)

// person is one subscriber.
type person struct {
	id        string
	confirmed time.Time
	kinds     []string // of events that it wants
	gone      bool     // its unsubscribe is acknowledged
	claims    map[string]bool
	owed      []int64         // events that happened after it was confirmed and that it wants
	harmed    bool            // a worker may have died or lost an answer over it
	left      map[int64]int   // messages by event
	newest    int64           // of what left
	reported  map[int64]State // what feedback was told in the end
}

// State is short for ledger.State.
type State = ledger.State

// message is one in the queue.
type message struct {
	body    string
	visible time.Time
	gone    bool
}

// world is one incident with its subscribers, the queue, the mail service, and all that can go wrong.
type world struct {
	*scheduler
	table    *memory.Table
	people   []*person
	versions []deliver.Version
	queue    []*message
	quota    ledger.Quota
	starts   []time.Time // of sendings
	reports  int         // of feedback under way
	busy     int         // workers with a chunk in hands
	wrong    []string
	calm     bool
	trouble  int // one call in so many fails; 0 for none
	stalls   int // one call in so many takes long; 0 for none
	ids      int
}

var begin = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

func newWorld(dice func(int) int, trouble, stalls int, quota ledger.Quota) *world {
	w := &world{scheduler: &scheduler{now: begin, dice: dice}, trouble: trouble, stalls: stalls, quota: quota}
	w.crashes = func(p *process) bool {
		if !w.unlucky(10) || strings.HasPrefix(p.name, "straggler") {
			return false
		}
		w.harm(p)
		return true
	}
	w.table = memory.New(memory.Options{Now: func() time.Time { return w.now }, Fault: w.fault}).Table("Deliveries")
	return w
}

// unlucky is true once in times as many calls as the trouble says.
func (w *world) unlucky(times int) bool {
	return !w.calm && w.trouble > 0 && w.dice(w.trouble*times-1) == 0
}

func (w *world) violated(format string, args ...any) {
	w.wrong = append(w.wrong, w.now.Format("15:04:05.000 ")+fmt.Sprintf(format, args...))
}

func (w *world) harm(p *process) {
	for id, n := range p.family.holding {
		if n > 0 {
			w.person(id).harmed = true
		}
	}
}

func (w *world) person(id string) *person {
	i := slices.IndexFunc(w.people, func(o *person) bool { return o.id == id })
	return w.people[i]
}

// while is a short time, and now and then so long that a lease may end.
func (w *world) while() time.Duration {
	if !w.calm && w.stalls > 0 && w.dice(w.stalls-1) == 0 {
		w.harm(w.current)
		return time.Duration(w.dice(45_000)) * time.Millisecond
	}
	return time.Duration(w.dice(20)) * time.Millisecond
}

// fault takes time at each call of the table and fails some.
func (w *world) fault(context.Context, memory.Call) error {
	p := w.current
	if p == nil {
		return nil
	}
	w.pause(w.now.Add(w.while()))
	if w.unlucky(1) {
		w.harm(p)
		return errors.New("no answer")
	}
	return nil
}

// post makes an event: those who want it are owed it, and its chunks are enqueued, some twice.
func (w *world) post(kind string) {
	seq := int64(len(w.versions)*2 + 1)
	w.versions = append(w.versions, deliver.Version{Seq: seq, Kind: kind})
	chunk := deliver.Chunk{Page: page, Subject: subject, Seq: seq}
	flush := func() {
		if len(chunk.Subscribers) == 0 {
			return
		}
		body, err := json.Marshal(chunk)
		if err != nil {
			w.violated("encode: %v", err)
		}
		for range 1 + w.dice(1)*w.dice(1) {
			w.enqueue(string(body), time.Duration(w.dice(5000))*time.Millisecond)
		}
		chunk.Subscribers = nil
	}
	for _, p := range w.people {
		if p.gone || p.confirmed.After(w.now) || !slices.Contains(p.kinds, kind) {
			continue
		}
		p.owed = append(p.owed, seq)
		chunk.Subscribers = append(chunk.Subscribers, p.id)
		if len(chunk.Subscribers) == 3 {
			flush()
		}
	}
	flush()
}

func (w *world) enqueue(body string, after time.Duration) {
	w.queue = append(w.queue, &message{body: body, visible: w.now.Add(after)})
}

// Enqueue implements deliver.Enqueuer.
func (w *world) Enqueue(_ context.Context, _, body string) error {
	w.pause(w.now.Add(w.while()))
	if w.unlucky(1) {
		if w.dice(1) == 0 {
			w.enqueue(body, 0) // the answer is lost
		}
		return errors.New("no answer")
	}
	w.enqueue(body, 0)
	return nil
}

// Notifying implements deliver.Incidents.
func (w *world) Notifying(_ context.Context, _, _ string, from int64) ([]deliver.Version, error) {
	w.pause(w.now.Add(w.while()))
	i := slices.IndexFunc(w.versions, func(v deliver.Version) bool { return v.Seq >= from })
	return slices.Clone(w.versions[i:]), nil
}

// Wants implements deliver.Subscribers. It answers the id, as details.
func (w *world) Wants(_ context.Context, _, _, id string, versions []deliver.Version) (string, deliver.Version, bool, error) {
	holder := w.current
	w.pause(w.now.Add(w.while()))
	if w.unlucky(1) {
		w.harm(holder)
		return "", deliver.Version{}, false, errors.New("no answer")
	}
	p := w.person(id)
	if p.gone {
		return "", deliver.Version{}, false, nil
	}
	for _, v := range slices.Backward(versions) {
		if slices.Contains(p.kinds, v.Kind) {
			return id, v, true, nil
		}
	}
	return "", deliver.Version{}, false, nil
}

// Send implements deliver.Sender: the mail service.
func (w *world) Send(_ context.Context, m deliver.Message[string]) (deliver.Outcome, error) {
	w.starts = append(w.starts, w.now)
	w.pause(w.now.Add(time.Duration(w.dice(150)) * time.Millisecond))
	p := w.person(m.Subscriber)
	cause := errors.New("bad luck")
	if w.unlucky(1) {
		switch w.dice(7) { // half of the time nobody knows
		case 0:
			return deliver.Throttled, cause
		case 1:
			return deliver.OverQuota, cause
		case 2:
			return deliver.Stopped, cause
		case 3:
			p.harmed = true
			return deliver.Refused, cause
		default:
			p.harmed = true
			if w.dice(1) == 0 { // it leaves all the same, even after its caller gave up, but under its lease
				w.ids++
				holder := w.current.name
				w.spawn(fmt.Sprintf("straggler%d", w.ids), 0, func(*process) {
					w.pause(w.now.Add(time.Duration(w.dice(9000)) * time.Millisecond))
					w.leave(p, m, holder)
				})
			}
			return deliver.Lost, cause
		}
	}
	if !w.calm && w.stalls > 0 && w.dice(w.stalls-1) == 0 { // it takes nearly as long as it may
		w.pause(w.now.Add(time.Duration(w.dice(int((deliver.SendTimeout - time.Second).Milliseconds()))) * time.Millisecond))
	}
	w.leave(p, m, w.current.name)
	if w.unlucky(2) { // it is slow, and its answer is lost
		p.harmed = true
		w.pause(w.now.Add(4 * time.Second))
		return deliver.Lost, context.DeadlineExceeded
	}
	w.pause(w.now.Add(time.Duration(w.dice(150)) * time.Millisecond))
	return deliver.Sent, nil
}

// leave is the moment at which a message can no longer be stopped.
func (w *world) leave(p *person, m deliver.Message[string], holder string) {
	seq := m.Version.Seq
	if p.left[seq]++; p.left[seq] > 1 {
		w.violated("%s was told of event %d twice", p.id, seq)
	}
	if seq < p.newest {
		w.violated("%s was told of event %d after event %d", p.id, seq, p.newest)
	}
	if m.Details != p.id || !slices.Contains(p.kinds, m.Version.Kind) {
		w.violated("%s got %+v", p.id, m)
	}
	p.newest = max(p.newest, seq)
	if p.claims[holder] {
		w.violated("%s was told of event %d under a claim from after its unsubscribe", p.id, seq)
	}
	w.report(p, seq, ledger.Sent)
	if bounced := w.dice(5) == 0; bounced {
		w.report(p, seq, ledger.Bounced)
	}
	if delivered := w.dice(3) > 0; delivered {
		w.report(p, seq, ledger.Delivered)
	}
}

// report lets feedback hear of a message, some time, perhaps twice.
func (w *world) report(p *person, seq int64, state State) {
	if old := p.reported[seq]; state != ledger.Delivered || old != ledger.Bounced {
		p.reported[seq] = state
	}
	happened := w.now
	for range 1 + w.dice(1)*w.dice(1) {
		w.ids++
		w.reports++
		wait := time.Duration(w.dice(300_000)) * time.Millisecond
		w.spawnAgain(fmt.Sprintf("feedback%d", w.ids), wait, func(*process) error {
			_, err := ledger.New(w.table, func() time.Time { return w.now }).
				Settle(context.Background(), subject, ledger.Target{Subscriber: p.id, Seq: seq}, state, happened)
			if err == nil {
				w.reports--
			}
			return err
		})
	}
}

// spawnAgain starts a process after a while, and again for as long as it fails or dies.
func (w *world) spawnAgain(name string, after time.Duration, body func(*process) error) {
	p := w.spawn(name, 0, func(p *process) {
		for w.pause(w.now.Add(after)); body(p) != nil; {
			w.pause(w.now.Add(30 * time.Second))
		}
	})
	p.again = func() { w.spawnAgain(name, 30*time.Second, body) }
}

// worker is a process that handles messages until it dies; then another takes its place.
func (w *world) worker() {
	w.ids++
	name := fmt.Sprintf("worker%d", w.ids)
	skew := time.Duration(w.dice(1000)-500) * time.Millisecond
	p := w.spawn(name, skew, func(p *process) {
		now := func() time.Time { return w.now.Add(skew) }
		book := ledger.New(w.table, now)
		d := deliver.Worker[string]{
			Crew:   func() deliver.Crew { return &crew{scheduler: w.scheduler} },
			Ledger: watched{Ledger: book, w: w, p: p}, Pace: book, Incidents: w, Subscribers: w, Sender: w,
			Quotas: &deliver.QuotaCache{Read: w.read, Now: now, MaxAge: 10 * time.Minute},
			Clock:  clock{scheduler: w.scheduler, skew: skew, oversleep: func() time.Duration { return w.while() / 10 }}, ClockName: name,
			NewID: func() string { w.ids++; return fmt.Sprint("claim", w.ids) }, Queue: "mail", Logger: slog.New(slog.DiscardHandler),
		}
		pool := deliver.NewPool(d, batchSize)
		for {
			batch := w.receive()
			if len(batch) == 0 {
				w.pause(w.now.Add(5 * time.Second))
				continue
			}
			w.busy++
			p.busy = true
			each := d.Crew()
			for _, m := range batch {
				each.Go(func() {
					chunk, err := deliver.DecodeChunk([]byte(m.body))
					if err != nil {
						w.violated("a chunk that is none: %v", err)
						return
					}
					if _, err := pool.Handle(context.Background(), chunk); err == nil {
						m.gone = true
					}
				})
			}
			each.Wait()
			w.busy--
			p.busy = false
			clear(p.holding)
			for _, o := range w.people {
				delete(o.claims, name)
			}
		}
	})
	p.again = func() {
		if p.busy {
			w.busy--
		}
		w.worker()
	}
}

// batchSize is the most chunks that a worker is handed at a time.
const batchSize = 4

// receive takes some messages for two minutes, as SQS does.
func (w *world) receive() (batch []*message) {
	w.queue = slices.DeleteFunc(w.queue, func(m *message) bool { return m.gone })
	var visible []*message
	for _, m := range w.queue {
		if !m.visible.After(w.now) {
			visible = append(visible, m)
		}
	}
	for n := w.dice(batchSize - 1); len(visible) > 0 && len(batch) <= n; {
		i := w.dice(len(visible) - 1)
		batch = append(batch, visible[i])
		visible[i].visible = w.now.Add(2 * time.Minute)
		visible = slices.Delete(visible, i, i+1)
	}
	return batch
}

func (w *world) read(context.Context) (ledger.Quota, error) {
	w.pause(w.now.Add(w.while()))
	if w.unlucky(1) {
		return ledger.Quota{}, errors.New("no answer")
	}
	q := w.quota
	for _, t := range w.starts {
		if w.now.Sub(t) < 24*time.Hour {
			q.Used++
		}
	}
	return q, nil
}

// watched notes whose claim a worker has, or may have.
type watched struct {
	deliver.Ledger
	w *world
	p *process
}

func (l watched) Claim(ctx context.Context, subject string, t ledger.Target, worker string) (ledger.Claim, error) {
	l.p.holding[t.Subscriber]++
	gone := l.w.person(t.Subscriber).gone
	c, err := l.Ledger.Claim(ctx, subject, t, worker)
	switch {
	case err != nil:
	case c.Result == ledger.Taken:
		l.w.person(t.Subscriber).claims[l.p.name] = gone
	default:
		l.p.holding[t.Subscriber]--
	}
	return c, err
}

func (l watched) Finish(ctx context.Context, c ledger.Claim, s ledger.State) error {
	err := l.Ledger.Finish(ctx, c, s)
	if err == nil {
		l.p.holding[c.Subscriber]--
	}
	return err
}

func (l watched) Release(ctx context.Context, c ledger.Claim) error {
	err := l.Ledger.Release(ctx, c)
	if err == nil {
		l.p.holding[c.Subscriber]--
	}
	return err
}
