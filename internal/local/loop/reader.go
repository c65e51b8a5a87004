package loop

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"time"

	"allclear/internal/local/pattern"
	"allclear/internal/stream"
	"allclear/internal/table"
	"allclear/internal/wiring"
)

// reader plays one table's log into one function: an event source mapping.
type reader struct {
	name     string // of its position in the log
	function function
	stream   wiring.Stream
	filters  []pattern.Pattern
	log      table.Log
	settled  <-chan struct{}
	woken    chan struct{}

	position     int64        // everything up to here is delivered, discarded or filtered out
	acknowledged atomic.Int64 // what the log durably knows of position
	checkpointed time.Time
}

// delivery is one record on its way to the function.
type delivery struct {
	sequence int64
	at       time.Time
	raw      json.RawMessage
}

// batch is what was gathered for one invocation.
type batch struct {
	deliveries []delivery
	size       int
	full       bool
	through    int64 // last sequence looked at, wanted or not
}

const (
	// page is how many records are read from the log at once.
	page = 100
	// maxPayload is the most bytes that Lambda hands to a function, less some for the envelope.
	maxPayload = 6<<20 - 1<<10
)

func newReader(l *Loop, f function, s wiring.Stream) (*reader, error) {
	log, ok := l.logs[s.Table]
	if !ok {
		return nil, fmt.Errorf("no log of table %s", s.Table)
	}
	r := &reader{
		name: f.Name + "/" + s.Table, function: f, stream: s, log: log,
		settled: l.settled, woken: make(chan struct{}, 1),
	}
	for _, text := range s.FilterPatterns {
		p, err := pattern.Compile(text)
		if err != nil {
			return nil, err
		}
		r.filters = append(r.filters, p)
	}
	return r, nil
}

// wake makes the reader look at its log soon.
func (r *reader) wake() {
	select {
	case r.woken <- struct{}{}:
	default: // it will look anyway
	}
}

// run delivers until ctx ends or everything is delivered after the loop settled.
func (r *reader) run(ctx context.Context) {
	defer r.leave(ctx)
	if !r.restore(ctx) {
		return
	}
	b := batch{through: r.position}
	var window *time.Timer
	for failures := 0; ctx.Err() == nil; {
		// Taken before the log is read, so that no commit falls in between.
		changed, finishing := r.function.options.Changed(), isClosed(r.settled)
		if err := r.gather(ctx, &b); err != nil {
			failures++
			r.complain(ctx, "log not read", err, failures)
			r.function.options.pause(ctx, failures)
			continue
		}
		failures = 0
		if len(b.deliveries) == 0 {
			r.advance(b.through)
			r.checkpoint(ctx)
			if finishing {
				return
			}
			r.wait(ctx, changed, nil)
			continue
		}
		if !b.full && !finishing && r.stream.BatchWindow > 0 {
			if window == nil {
				window = time.NewTimer(r.stream.BatchWindow)
			}
			if r.wait(ctx, changed, window.C) {
				continue // something came, or may have come
			}
		}
		window = nil
		if r.deliver(ctx, b.deliveries, 0) != nil {
			return
		}
		r.advance(b.through)
		r.checkpoint(ctx)
		b = batch{through: r.position}
	}
}

// restore takes up the position that the log knows.
func (r *reader) restore(ctx context.Context) bool {
	for failures := 1; ; failures++ {
		position, err := r.log.Position(ctx, r.name)
		if err == nil {
			r.position = position
			r.acknowledged.Store(position)
			r.checkpointed = time.Now()
			return true
		}
		r.complain(ctx, "position not read", err, failures)
		if !r.function.options.pause(ctx, failures) {
			return false
		}
	}
}

// leave makes the position durable, even when the reader was interrupted.
func (r *reader) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	r.acknowledge(ctx)
}

// wait blocks until there may be news; false when the window closed instead.
func (r *reader) wait(ctx context.Context, changed <-chan struct{}, window <-chan time.Time) bool {
	settled := r.settled
	if isClosed(settled) {
		settled = nil
	}
	var due <-chan time.Time
	if r.position > r.acknowledged.Load() {
		timer := time.NewTimer(r.function.options.Checkpoint - time.Since(r.checkpointed))
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-ctx.Done():
	case <-changed:
	case <-r.woken:
	case <-settled:
	case <-due:
	case <-window:
		return false
	}
	return true
}

// gather reads on from where b ends until it is full or the log ends.
func (r *reader) gather(ctx context.Context, b *batch) error {
	for !b.full {
		records, err := r.log.Records(ctx, b.through, page)
		if err != nil {
			return err
		}
		for _, record := range records {
			if r.add(ctx, b, record); b.full {
				return nil
			}
		}
		if len(records) < page {
			return nil
		}
	}
	return nil
}

// add takes a record into the batch if the function wants it and there is room.
func (r *reader) add(ctx context.Context, b *batch, record table.Record) {
	tree, err := stream.Tree(r.stream.Table, record)
	if err != nil {
		// No adapter stores what cannot be encoded. Should one, it must not block the rest.
		r.function.options.Logger.ErrorContext(ctx, "record not encoded", "function", r.function.Name,
			"sequence", record.Sequence, "key", record.Key.String(), "error", err)
		b.through = record.Sequence
		return
	}
	if !r.wants(tree) {
		b.through = record.Sequence
		return
	}
	raw, err := json.Marshal(tree)
	if err != nil {
		panic(fmt.Sprintf("maps, lists and strings do not become JSON: %v", err))
	}
	if len(b.deliveries) > 0 && b.size+len(raw) > maxPayload {
		b.full = true
		return
	}
	b.deliveries = append(b.deliveries, delivery{record.Sequence, record.At, raw})
	b.size += len(raw) + 1
	b.through = record.Sequence
	b.full = len(b.deliveries) == r.stream.BatchSize
}

func (r *reader) wants(tree map[string]any) bool {
	for _, p := range r.filters {
		if p.Match(tree) {
			return true
		}
	}
	return len(r.filters) == 0
}

func (r *reader) advance(sequence int64) { r.position = max(r.position, sequence) }

// checkpoint acknowledges the position, but not more often than the options want.
func (r *reader) checkpoint(ctx context.Context) {
	if time.Since(r.checkpointed) >= r.function.options.Checkpoint {
		r.acknowledge(ctx)
	}
}

// acknowledge makes the position durable now. Should it fail, the next one makes up for it.
func (r *reader) acknowledge(ctx context.Context) {
	if r.position <= r.acknowledged.Load() {
		return
	}
	r.checkpointed = time.Now()
	if err := r.log.Acknowledge(ctx, r.name, r.position); err != nil {
		r.complain(ctx, "position not acknowledged", err, 1)
		return
	}
	r.acknowledged.Store(r.position)
}

func (r *reader) complain(ctx context.Context, what string, err error, failures int) {
	if ctx.Err() == nil {
		r.function.options.Logger.ErrorContext(ctx, "change log out of reach", "what", what, "function", r.function.Name,
			"table", r.stream.Table, "failures", failures, "error", err)
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
