// Package memory keeps tables in the memory of the process, for tests and simulations. It means
// the same as the adapters that keep data, under the same suite (internal/tabletest), and can be
// told to fail or to lose an answer at any call. Nothing that people rely on is stored here.
package memory

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"allclear/internal/table"
)

// Moment is a point in a call at which a fault can strike.
type Moment string

// The moments.
const (
	BeforeRead  Moment = "before-read"  // a Get or Query; an error is its answer
	BeforeWrite Moment = "before-write" // nothing is applied yet; an error is the answer
	AfterWrite  Moment = "after-write"  // all is committed; an error takes the place of the lost answer
)

// Call is what a fault is asked about.
type Call struct {
	Moment  Moment
	Table   string
	Actions []table.Action // of a write
}

// Options of a DB. Its zero value is ready for use.
type Options struct {
	// Now is the clock by which items expire and records are dated; time.Now if nil.
	Now func() time.Time
	// Streams names the tables that keep a change log.
	Streams []string
	// Fault, if set, is asked at each Moment and fails the call by returning an error. No lock is
	// held meanwhile, so it may block or use the tables itself.
	Fault func(context.Context, Call) error
}

// pageItems ends a page of a query without a limit: low, so that who forgets to ask for the next
// page is found out.
const pageItems = 50

// DB is a set of tables with one sequence. It is safe for concurrent use.
type DB struct {
	now     func() time.Time
	streams []string
	fault   func(context.Context, Call) error

	mu       sync.Mutex
	tables   map[string]*contents
	sequence int64
	changed  chan struct{} // closed at the next commit to a log; nil while nobody waits
}

// contents are what one table holds.
type contents struct {
	partitions map[string]*partition
	records    []table.Record
	positions  map[string]int64
}

type partition struct {
	sorts []string // the keys of items, sorted
	items map[string]table.Item
}

// Table is one table of a DB. It implements table.Table and table.Log.
type Table struct {
	db   *DB
	name string
}

// New makes an empty DB.
func New(options Options) *DB {
	db := &DB{
		now:     options.Now,
		streams: slices.Clone(options.Streams),
		fault:   options.Fault,
		tables:  map[string]*contents{},
	}
	if db.now == nil {
		db.now = time.Now
	}
	return db
}

// Table is the table of that name. A name that was never written to is an empty table.
func (db *DB) Table(name string) *Table {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.tables[name] == nil {
		db.tables[name] = &contents{partitions: map[string]*partition{}, positions: map[string]int64{}}
	}
	return &Table{db: db, name: name}
}

// Changed is closed at the next commit that a log records. Take it before reading the log: then no
// commit goes unseen.
func (db *DB) Changed() <-chan struct{} {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.changed == nil {
		db.changed = make(chan struct{})
	}
	return db.changed
}

// Sweep deletes up to limit expired items of all tables, without a record in a log, and returns
// how many it deleted.
func (db *DB) Sweep(_ context.Context, limit int) (int, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	now, swept := db.now(), 0
	// In order, so that a simulation runs the same way twice.
	for _, name := range slices.Sorted(maps.Keys(db.tables)) {
		partitions := db.tables[name].partitions
		for _, name := range slices.Sorted(maps.Keys(partitions)) {
			p := partitions[name]
			for _, key := range slices.Clone(p.sorts) {
				if swept < limit && expired(p.items[key], now) {
					p.remove(key)
					swept++
				}
			}
		}
	}
	return swept, nil
}

// ask gives the fault its chance.
func (t *Table) ask(ctx context.Context, moment Moment, actions []table.Action) error {
	if err := ctx.Err(); err != nil && moment != AfterWrite {
		return err
	}
	if t.db.fault == nil {
		return nil
	}
	return t.db.fault(ctx, Call{Moment: moment, Table: t.name, Actions: actions})
}

// Get implements table.Table.
func (t *Table) Get(ctx context.Context, keys ...table.Key) ([]*table.Item, error) {
	if err := t.ask(ctx, BeforeRead, nil); err != nil {
		return nil, fmt.Errorf("get from %s: %w", t.name, err)
	}
	t.db.mu.Lock()
	defer t.db.mu.Unlock()
	now := t.db.now()
	items := make([]*table.Item, len(keys))
	for i, key := range keys {
		if item, ok := t.contents().find(key); ok && !expired(item, now) {
			item = clone(item)
			items[i] = &item
		}
	}
	return items, nil
}

// Query implements table.Table.
func (t *Table) Query(ctx context.Context, q table.Query) (table.Result, error) {
	var result table.Result
	if err := q.Validate(); err != nil {
		return result, err
	}
	if err := t.ask(ctx, BeforeRead, nil); err != nil {
		return result, fmt.Errorf("query %s of %s: %w", q.Partition, t.name, err)
	}
	t.db.mu.Lock()
	defer t.db.mu.Unlock()
	p := t.contents().partitions[q.Partition]
	if p == nil {
		return result, nil
	}
	limit := q.Limit
	if limit == 0 {
		limit = pageItems
	}
	now := t.db.now()
	for _, key := range p.between(q) {
		item := p.items[key]
		if expired(item, now) {
			continue
		}
		if len(result.Items) == limit {
			result.Next = result.Items[limit-1].Sort
			return result, nil
		}
		result.Items = append(result.Items, clone(item))
	}
	return result, nil
}

// between are the sort keys that a query has left to read, in its order.
func (p *partition) between(q table.Query) []string {
	at := func(bound string) int {
		i, _ := slices.BinarySearch(p.sorts, bound)
		return i
	}
	first, end := at(q.From), len(p.sorts)
	if q.To != "" {
		end = at(q.To)
	}
	if q.After != "" && q.Reverse {
		end = min(end, at(q.After))
	} else if q.After != "" {
		i, found := slices.BinarySearch(p.sorts, q.After)
		if found {
			i++
		}
		first = max(first, i)
	}
	if first >= end {
		return nil
	}
	keys := slices.Clone(p.sorts[first:end])
	if q.Reverse {
		slices.Reverse(keys)
	}
	return keys
}

// contents are those of the table. The caller holds the lock.
func (t *Table) contents() *contents { return t.db.tables[t.name] }

func (c *contents) find(key table.Key) (table.Item, bool) {
	if p := c.partitions[key.Partition]; p != nil {
		item, ok := p.items[key.Sort]
		return item, ok
	}
	return table.Item{}, false
}

func (p *partition) remove(sort string) {
	if i, found := slices.BinarySearch(p.sorts, sort); found {
		p.sorts = slices.Delete(p.sorts, i, i+1)
	}
	delete(p.items, sort)
}

func expired(item table.Item, now time.Time) bool {
	return !item.Expires.IsZero() && !now.Before(item.Expires)
}
