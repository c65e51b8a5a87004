package hooks_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"time"

	"allclear/internal/deliver"
	"allclear/internal/hooks"
	"allclear/internal/ledger"
	"allclear/internal/link"
	"allclear/internal/memory"
	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/table"
	"allclear/internal/webhook"
	"allclear/internal/webhook/sender"
)

const mostSteps = 100_000

var (
	errDies    = errors.New("the process dies here")
	errTrouble = errors.New("no answer")
)

// queued is a message of the queue.
type queued struct {
	body    string
	visible time.Time
	gone    bool
}

// process runs from one pause to the next, in virtual time.
type process struct {
	next func() (struct{}, bool)
	stop func()
	halt func(struct{}) bool
	wake time.Time
	busy bool
	calm bool // it began its present round without trouble about
	// again starts what takes its place if it dies.
	again func()
}

// world is the queue, the ledger, the endpoints, and all that can go wrong.
type world struct {
	now       time.Time
	seed      uint64
	trouble   int // one call in so many fails; 0 for none
	calm      bool
	procs     []*process
	current   *process
	steps     int
	ids       int
	table     table.Table
	book      *ledger.Ledger
	signer    *link.Signer
	queue     []*queued
	endpoints []*endpoint
	versions  map[string][]int64 // by incident
	seq       int64
	wrong     []string
}

func newWorld(seed uint64, trouble int) *world {
	w := &world{now: begin, seed: seed, trouble: trouble, versions: map[string][]int64{}}
	w.table = memory.New(memory.Options{Now: func() time.Time { return w.now }, Fault: func(context.Context, memory.Call) error {
		return w.call()
	}}).Table("Deliveries")
	w.book = ledger.New(w.table, func() time.Time { return w.now })
	var err error
	if w.signer, err = link.NewSigner(1, map[byte][]byte{1: make([]byte, link.MinKey)}); err != nil {
		w.violated("%v", err)
	}
	return w
}

func (w *world) newWorker() *hooks.Worker {
	return &hooks.Worker{
		Ledger: w.book, Incidents: w, Subscribers: w, Audience: w, Pages: w, Poster: w, Links: w.signer,
		PublicURL: publicURL, Queue: queueName, Now: func() time.Time { return w.now },
		NewID: func() string { w.ids++; return fmt.Sprint("claim", w.ids) }, Logger: slog.New(slog.DiscardHandler),
	}
}

// throw gives a number from 0 to most.
func (w *world) throw(most int) int {
	w.seed = w.seed*6364136223846793005 + 1442695040888963407
	return int(w.seed>>33) % (most + 1)
}

func (w *world) some(most time.Duration) time.Duration {
	return time.Duration(w.throw(int(most/time.Millisecond))) * time.Millisecond
}

func (w *world) unlucky() bool { return !w.calm && w.trouble > 0 && w.throw(w.trouble-1) == 0 }

func (w *world) violated(format string, args ...any) {
	w.wrong = append(w.wrong, w.now.Format("02 15:04:05.000 ")+fmt.Sprintf(format, args...))
}

func (w *world) spawn(body func(*process), again func()) {
	p := &process{wake: w.now, again: again}
	p.next, p.stop = iter.Pull(func(yield func(struct{}) bool) {
		defer func() {
			if e := recover(); e != nil && e != errDies { //nolint:errorlint // it is this very value
				w.violated("panic: %v", e)
			}
		}()
		p.halt = yield
		body(p)
	})
	w.procs = append(w.procs, p)
}

// pause lets others run until a time. Outside of a process it does nothing.
func (w *world) pause(until time.Time) {
	p := w.current
	if p == nil {
		return
	}
	p.wake = until
	if !p.halt(struct{}{}) {
		panic(errDies)
	}
}

// step runs one process until its next pause; now and then one dies there instead.
func (w *world) step() bool {
	if w.steps++; w.steps > mostSteps {
		w.violated("it does not drain: %d messages", len(w.queue))
		return false
	}
	for _, e := range w.endpoints {
		if e.left.IsZero() && !e.leaves.IsZero() && !e.leaves.After(w.now) {
			e.left = w.now
		}
	}
	first := slices.MinFunc(w.procs, func(a, b *process) int { return a.wake.Compare(b.wake) })
	if first.wake.After(w.now) {
		w.now = first.wake
	}
	ready := slices.DeleteFunc(slices.Clone(w.procs), func(p *process) bool { return p.wake.After(w.now) })
	p := ready[w.throw(len(ready)-1)]
	w.current = p
	defer func() { w.current = nil }()
	if p.busy && w.unlucky() && w.throw(3) == 0 {
		p.stop()
		w.procs = slices.DeleteFunc(w.procs, func(o *process) bool { return o == p })
		w.current = nil
		p.again()
		return true
	}
	p.next()
	return len(w.wrong) == 0
}

// end lets all processes die, so that none outlives its test.
func (w *world) end() {
	for _, p := range w.procs {
		p.stop()
	}
}

// call is any call to somebody else: it takes a while, now and then so long that a claim may end, and
// may fail.
func (w *world) call() error {
	took := w.some(50 * time.Millisecond)
	if w.unlucky() {
		took = w.some(90 * time.Second)
	}
	w.pause(w.now.Add(took))
	if w.current != nil && w.unlucky() {
		return errTrouble
	}
	return nil
}

func (w *world) endpoint(id string) *endpoint {
	i := slices.IndexFunc(w.endpoints, func(e *endpoint) bool { return e.id == id })
	return w.endpoints[i]
}

// Enqueue implements deliver.Enqueuer.
func (w *world) Enqueue(_ context.Context, _, body string) error {
	if err := w.call(); err != nil && w.throw(1) == 0 {
		return err
	}
	w.queue = append(w.queue, &queued{body: body, visible: w.now})
	return nil
}

// Notifying implements deliver.Incidents.
func (w *world) Notifying(_ context.Context, _, subject string, from int64) ([]deliver.Version, error) {
	if err := w.call(); err != nil {
		return nil, err
	}
	var versions []deliver.Version
	for _, seq := range w.versions[subject] {
		if seq >= from {
			versions = append(versions, deliver.Version{Seq: seq})
		}
	}
	return versions, nil
}

// Wants implements deliver.Subscribers.
func (w *world) Wants(_ context.Context, _, _, id string, versions []deliver.Version) (*status.Subscriber, deliver.Version, bool, error) {
	err := w.call()
	s := &status.Subscriber{ID: id, Page: page, Mode: status.ModeWebhook, State: status.Active, Endpoint: "https://example.com/" + id}
	return s, versions[len(versions)-1], w.endpoint(id).active(), err
}

// UpdateSubscriber implements hooks.Audience.
func (w *world) UpdateSubscriber(_ context.Context, _, id string, _ store.Beside, change func(*status.Subscriber) error) (*status.Subscriber, store.Asked, error) {
	if err := w.call(); err != nil {
		return nil, store.NotAsked, err
	}
	e := w.endpoint(id)
	s := &status.Subscriber{ID: id, State: status.Active}
	if !e.active() {
		s.State = status.Quarantined
	}
	if err := change(s); err != nil {
		return nil, store.NotAsked, err
	}
	e.quarantined = true
	if !e.dead {
		w.violated("%s is quarantined although it was down for less than two days", id)
	}
	return s, store.NotAsked, nil
}

// The methods of hooks.Pages.

func (w *world) Page(context.Context, string) (status.Page, error) {
	return status.Page{ID: page, Seq: w.seq}, w.call()
}

func (w *world) Configuration(context.Context, string) (*status.Configuration, error) {
	return status.NewConfiguration(), w.call()
}

func (w *world) Events(_ context.Context, _ string, after int64, _ int) ([]status.Event, error) {
	for incident, versions := range w.versions {
		if slices.Contains(versions, after+1) {
			return []status.Event{{Page: page, Seq: after + 1, Incident: incident}}, w.call()
		}
	}
	return nil, errors.New("no such event")
}

func (w *world) Incident(_ context.Context, _, id string) (*status.Incident, error) {
	i := &status.Incident{ID: id}
	for _, seq := range slices.Backward(w.versions[id]) {
		i.Updates = append(i.Updates, status.Update{Body: fmt.Sprint(seq)})
	}
	return i, w.call()
}

// Send implements hooks.Poster: the endpoint.
func (w *world) Send(_ context.Context, p sender.Post) sender.Result {
	start := w.now
	e := w.endpoint(p.Endpoint.URL()[strings.LastIndex(p.Endpoint.URL(), "/")+1:])
	var message struct {
		Incident struct {
			ID      string
			Updates []struct{ Body string } `json:"incident_updates"`
		}
	}
	var version int64
	if err := json.Unmarshal(p.Body, &message); err != nil {
		w.violated("%v", err)
	} else if _, err := fmt.Sscan(message.Incident.Updates[0].Body, &version); err != nil {
		w.violated("%v", err)
	}
	if !e.left.IsZero() && w.now.Sub(e.left) > ledger.AttemptLease {
		w.violated("%s is posted to long after it left", e.id)
	}
	id := p.Headers[webhook.HeaderID]
	if w.trouble == 0 && w.now.Add(ledger.Skew).Before(e.quiet[id]) {
		w.violated("%s is posted to before %v, as it asked", e.id, e.quiet[id])
	}
	w.pause(w.now.Add(w.some(hooks.PostTimeout)))
	retry := sender.Result{Outcome: sender.Retry, Err: errTrouble}
	if w.now.Before(e.down) {
		if !e.dead && w.throw(3) == 0 {
			retry.NotBefore = w.now.Add(w.some(2 * time.Hour))
			e.quiet[id] = retry.NotBefore
		}
		return retry
	}
	w.take(e, message.Incident.ID, version, id)
	w.pause(w.now.Add(w.some(start.Add(hooks.PostTimeout).Sub(w.now))))
	if w.unlucky() {
		return retry // its answer is lost
	}
	return sender.Result{Outcome: sender.Delivered, Status: 200}
}

// take is the moment at which an endpoint reads a message.
func (w *world) take(e *endpoint, incident string, version int64, id string) {
	if version < e.has[incident] {
		w.violated("%s gets event %d of %s after event %d", e.id, version, incident, e.has[incident])
	}
	e.has[incident] = version
	e.taken[id]++
}
