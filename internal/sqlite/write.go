package sqlite

import (
	"context"
	"fmt"

	"allclear/internal/table"
)

// maxGroup bounds the transactions of one commit, so that the first of them is not kept waiting.
const maxGroup = 64

// transaction is one Write on its way through the queue.
type transaction struct {
	table   *Table
	actions []table.Action
	texts   []string // encoded attributes, for puts
	done    chan struct{}
	err     error // final once done is closed
}

// Write implements table.Table. Transactions that arrive while one is being made durable are made
// durable together: whoever gets the turn commits the whole queue, each transaction judged for
// itself and in its order. A context that ends takes its transaction out of the queue; once the
// commit has begun, Write waits for its outcome, so that its answer is always the truth.
func (t *Table) Write(ctx context.Context, actions ...table.Action) error {
	if err := table.Validate(actions); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	w := &transaction{table: t, actions: actions, texts: make([]string, len(actions)), done: make(chan struct{})}
	for i, a := range actions {
		if a.Kind == table.ActionPut {
			w.texts[i] = encode(a.Item.Attributes)
		}
	}
	db := t.db
	if err := db.enqueue(w); err != nil {
		return err
	}
	select {
	case db.turn <- struct{}{}:
		db.lead(w)
		<-db.turn
	case <-w.done:
		return w.err
	case <-ctx.Done():
		if db.dequeue(w) {
			return ctx.Err()
		}
	}
	<-w.done
	return w.err
}

func (db *DB) enqueue(w *transaction) error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.closed {
		return errClosed
	}
	db.queue = append(db.queue, w)
	return nil
}

// dequeue takes a transaction back; false means that a leader has it.
func (db *DB) dequeue(w *transaction) bool {
	db.mu.Lock()
	defer db.mu.Unlock()
	for i := range db.queue {
		if db.queue[i] == w {
			db.queue = append(db.queue[:i:i], db.queue[i+1:]...)
			return true
		}
	}
	return false
}

// lead commits groups of the queue until its own transaction is through. The caller holds the turn.
func (db *DB) lead(own *transaction) {
	for {
		select {
		case <-own.done:
			return
		default:
		}
		db.mu.Lock()
		n := min(len(db.queue), maxGroup)
		group := db.queue[:n:n]
		db.queue = db.queue[n:]
		db.mu.Unlock()
		db.run(group)
	}
}

// refuseQueue answers all that wait. The caller holds the turn and no more can come.
func (db *DB) refuseQueue(err error) {
	db.mu.Lock()
	group := db.queue
	db.queue = nil
	db.mu.Unlock()
	for _, w := range group {
		w.err = err
		close(w.done)
	}
}

// run applies a group in one SQLite transaction and answers its callers after the commit. Whatever
// goes wrong with the file itself undoes and fails the whole group.
func (db *DB) run(group []*transaction) {
	logged, err := db.apply(group)
	if err != nil {
		for _, w := range group {
			w.err = fmt.Errorf("write %s: %w", w.table.name, err)
		}
	}
	if err == nil && logged {
		db.announce()
	}
	for _, w := range group {
		close(w.done)
	}
}

// apply sets the err of every transaction that is refused, and tells whether the others wrote to a
// log. Its own error is that of the file.
func (db *DB) apply(group []*transaction) (logged bool, err error) {
	w := db.writer
	if err := w.start(true); err != nil {
		return false, err
	}
	wrote := false
	for _, x := range group {
		changes, fatal := db.applyOne(x, len(group) > 1)
		if fatal != nil {
			return false, rollback(w, fatal)
		}
		wrote = wrote || changes > 0
		logged = logged || changes > 0 && x.table.stream
	}
	if !wrote {
		return false, rollback(w, nil) // spares the disk
	}
	return logged, w.finish()
}

// announce wakes who waits on Changed.
func (db *DB) announce() {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.changed != nil {
		close(db.changed)
		db.changed = nil
	}
}
