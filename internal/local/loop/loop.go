// Package loop is Lambda's event sources on a laptop: it plays the tables' change logs, the queues,
// the topics and the schedules into functions as the wiring says, the way the services do. Batches,
// filters, ordered retry, partial batch failure, bisecting, bounded attempts, visibility timeouts,
// dead-letter queues and failure destinations mean what they mean there. A function is what it is
// there too: JSON in, JSON out. internal/local calls it.
package loop

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/google/uuid"

	"allclear/internal/local/broker"
	"allclear/internal/table"
	"allclear/internal/wiring"
)

// Function is one Lambda function: an event as JSON in, an answer as JSON out.
type Function func(ctx context.Context, payload []byte) ([]byte, error)

// Handler makes a Function of a handler that lambda.Start would take.
func Handler(handler any) Function { return lambda.NewHandler(handler).Invoke }

// Options are what the loop is connected to. The zero value polls the logs and discards failures
// with no more than a log line.
type Options struct {
	// Changed gives a channel that is closed when this process next commits to a log; it is taken
	// before the log is read. Nil: commits are noticed by polling alone.
	Changed func() <-chan struct{}
	// DataVersion is a number that changes when another process commits. Nil: every poll reads
	// the logs.
	DataVersion func(ctx context.Context) (int64, error)
	// Poll is how often DataVersion is asked; 0 is 500 ms.
	Poll time.Duration
	// Tick replaces the rate of every schedule; 0 keeps what is wired.
	Tick time.Duration
	// Broker has the queues and topics. Nil: there are none, and a source that needs one is an error.
	Broker *broker.Broker
	// Failures hears of what was given up on. Nil: nobody does.
	Failures Destination
	// FirstRetry is the pause after a first failure, doubled after each further one up to
	// LongestRetry; 0 are 100 ms and 30 s.
	FirstRetry, LongestRetry time.Duration
	// Checkpoint is how long an acknowledgement may wait, so that not every batch costs a durable
	// commit; 0 is 500 ms. What a crash leaves unacknowledged is delivered again.
	Checkpoint time.Duration
	// Trim is how often the logs are cut behind their slowest reader; 0 is a minute.
	Trim time.Duration
	// Now is the clock that records' ages are measured by; nil is time.Now.
	Now func() time.Time
	// NewID names an invocation; nil is a random UUID.
	NewID func() string
	// Logger; nil is slog.Default().
	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	setDefault := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	setDefault(&o.Poll, 500*time.Millisecond)
	setDefault(&o.FirstRetry, 100*time.Millisecond)
	setDefault(&o.LongestRetry, 30*time.Second)
	setDefault(&o.Checkpoint, 500*time.Millisecond)
	setDefault(&o.Trim, time.Minute)
	if o.Changed == nil {
		o.Changed = func() <-chan struct{} { return nil }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.NewID == nil {
		o.NewID = uuid.NewString
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}

// Loop runs event sources. Use New to make one; it runs once.
type Loop struct {
	options   Options
	logs      map[string]table.Log
	readers   []*reader
	schedules []*schedule
	// Those that take messages: pollers, fanouts and subscriptions.
	pollers []source
	fanouts map[string]*fanout // by topic

	start    sync.Once
	drain    sync.Once
	draining chan struct{} // closed by Drain: no schedule fires and no message is taken any more
	settled  chan struct{} // closed when no schedule or message is at work any more: readers finish
	aborted  context.Context
	abort    context.CancelFunc
	done     chan struct{} // closed when Run returns
}

// source takes messages out of a queue.
type source interface {
	run(ctx context.Context)
	wake()
}

// New connects functions, by name, to the sources that the wiring gives them, and the tables'
// logs, by logical id. A source without its function or its log is an error, and so is a function
// that the wiring does not know.
func New(w wiring.Wiring, functions map[string]Function, logs map[string]table.Log, o Options) (*Loop, error) {
	l := &Loop{
		options: o.withDefaults(), logs: logs, fanouts: map[string]*fanout{},
		draining: make(chan struct{}), settled: make(chan struct{}), done: make(chan struct{}),
	}
	l.aborted, l.abort = context.WithCancel(context.Background())
	for _, name := range slices.Sorted(maps.Keys(functions)) {
		if _, ok := w.Function(name); !ok {
			return nil, fmt.Errorf("connect function %s: %s names no such function", name, wiring.File)
		}
	}
	if l.options.Broker != nil {
		for _, id := range slices.Sorted(maps.Keys(w.Resources)) {
			if w.Resources[id].Type == wiring.TypeTopic { // also one that no function subscribes to
				l.fanouts[id] = newFanout(l, id)
				l.pollers = append(l.pollers, l.fanouts[id])
			}
		}
	}
	for _, f := range w.Functions {
		for _, s := range f.Sources {
			if err := l.connect(w, f, functions[f.Name], s); err != nil {
				return nil, fmt.Errorf("connect function %s to %s: %w", f.Name, s, err)
			}
		}
	}
	return l, nil
}

func (l *Loop) connect(w wiring.Wiring, f wiring.Function, run Function, s wiring.Source) error {
	if s.HTTP != nil || s.Disabled() {
		return nil
	}
	if run == nil {
		return errors.New("no such function in this program")
	}
	target := function{Function: f, run: run, options: &l.options}
	switch {
	case s.Stream != nil:
		r, err := newReader(l, target, *s.Stream)
		if err != nil {
			return err
		}
		l.readers = append(l.readers, r)
	case s.Schedule != nil:
		l.schedules = append(l.schedules, newSchedule(l, target, *s.Schedule))
	case s.Queue != nil:
		p, err := newPoller(l, target, *s.Queue, w.Resources[s.Queue.Queue])
		if err != nil {
			return err
		}
		l.pollers = append(l.pollers, p)
	case s.Topic != nil:
		subscribed, err := newSubscription(l, target, *s.Topic)
		if err != nil {
			return err
		}
		from, ok := l.fanouts[s.Topic.Topic]
		if !ok {
			return fmt.Errorf("no topic %s", s.Topic.Topic)
		}
		from.subscriptions = append(from.subscriptions, subscribed)
		l.pollers = append(l.pollers, subscribed)
	}
	return nil
}

// Run runs the sources until ctx ends, which interrupts functions, or until Drain is through. A
// schedule fires for the first time after one period.
func (l *Loop) Run(ctx context.Context) error {
	err := errors.New("run event sources: they ran before")
	l.start.Do(func() { err = nil })
	if err != nil {
		return err
	}
	defer close(l.done)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(l.aborted, cancel)()

	var active, readers, background sync.WaitGroup
	for _, s := range l.schedules {
		active.Go(func() { s.run(ctx) })
	}
	for _, p := range l.pollers {
		active.Go(func() { p.run(ctx) })
	}
	for _, r := range l.readers {
		readers.Go(func() { r.run(ctx) })
	}
	aside, stop := context.WithCancel(ctx)
	background.Go(func() { l.poll(aside) })
	background.Go(func() { l.trim(aside) })

	select {
	case <-l.draining:
	case <-ctx.Done():
	}
	active.Wait()
	close(l.settled)
	readers.Wait()
	stop()
	background.Wait()
	return nil
}

// Drain stops the schedules and takes no more messages, lets the functions that run end and the
// readers finish what is committed, and makes Run return. Messages that wait are left to the next
// Run. When ctx ends first it interrupts what is still running and returns an error; nothing is
// lost then either.
func (l *Loop) Drain(ctx context.Context) error {
	l.drain.Do(func() { close(l.draining) })
	select {
	case <-l.done:
		return nil
	case <-ctx.Done():
		l.abort()
		return fmt.Errorf("drain event sources: %w", ctx.Err())
	}
}

// poll wakes everybody when another process committed.
func (l *Loop) poll(ctx context.Context) {
	ticker := time.NewTicker(l.options.Poll)
	defer ticker.Stop()
	var last int64
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if l.options.DataVersion != nil {
			version, err := l.options.DataVersion(ctx)
			if err != nil && ctx.Err() == nil {
				l.options.Logger.ErrorContext(ctx, "data version not read", "error", err)
			}
			if err == nil && version == last {
				continue
			}
			last = version
		}
		for _, r := range l.readers {
			r.wake()
		}
		for _, p := range l.pollers {
			p.wake()
		}
	}
}

// trim cuts every log behind its slowest reader; one that nobody reads is cut whole.
func (l *Loop) trim(ctx context.Context) {
	ticker := time.NewTicker(l.options.Trim)
	defer ticker.Stop()
	trimmed := make(map[string]int64, len(l.logs))
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		for id, log := range l.logs {
			through, err := l.behind(ctx, id, log)
			if err == nil && through > trimmed[id] {
				err = log.Trim(ctx, through)
			}
			if err != nil {
				if ctx.Err() == nil {
					l.options.Logger.ErrorContext(ctx, "log not trimmed", "table", id, "error", err)
				}
				continue
			}
			trimmed[id] = through
		}
	}
}

// behind is the sequence up to which no reader needs the log any more.
func (l *Loop) behind(ctx context.Context, id string, log table.Log) (int64, error) {
	through, read := int64(0), false
	for _, r := range l.readers {
		if r.stream.Table == id {
			if acknowledged := r.acknowledged.Load(); !read || acknowledged < through {
				through, read = acknowledged, true
			}
		}
	}
	if read {
		return through, nil
	}
	return log.Latest(ctx)
}

// pause waits before the next attempt after this many failures; false when ctx ended.
func (o *Options) pause(ctx context.Context, failures int) bool {
	d := o.LongestRetry
	if shift := failures - 1; shift < 20 {
		d = min(d, o.FirstRetry<<shift)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
