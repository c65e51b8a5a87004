package memory

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"allclear/internal/table"
)

// record appends to the log. The caller holds the lock.
func (db *DB) record(c *contents, key table.Key, change change, now time.Time) {
	db.sequence++
	r := table.Record{
		Sequence: db.sequence,
		Kind:     change.kind,
		Key:      key,
		At:       time.UnixMilli(now.UnixMilli()).UTC(),
	}
	if change.kind != table.Remove {
		r.New = &change.after // shared with the table: neither is ever changed in place
	}
	c.records = append(c.records, r)
}

// Records implements table.Log.
func (t *Table) Records(ctx context.Context, after int64, limit int) ([]table.Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !slices.Contains(t.db.streams, t.name) {
		return nil, fmt.Errorf("%w: table %s keeps no log", table.ErrInvalid, t.name)
	}
	if limit < 1 {
		return nil, fmt.Errorf("%w: log of %s read with limit %d", table.ErrInvalid, t.name, limit)
	}
	t.db.mu.Lock()
	defer t.db.mu.Unlock()
	c := t.contents()
	first := c.above(after)
	var records []table.Record
	for _, r := range c.records[first : first+min(limit, len(c.records)-first)] {
		if r.New != nil {
			item := clone(*r.New)
			r.New = &item
		}
		records = append(records, r)
	}
	return records, nil
}

// above is the index of the first record with a sequence above after.
func (c *contents) above(after int64) int {
	i, found := slices.BinarySearchFunc(c.records, after, func(r table.Record, sequence int64) int {
		return cmp.Compare(r.Sequence, sequence)
	})
	if found {
		i++
	}
	return i
}

// Latest implements table.Log.
func (t *Table) Latest(context.Context) (int64, error) {
	t.db.mu.Lock()
	defer t.db.mu.Unlock()
	records := t.contents().records
	if len(records) == 0 {
		return 0, nil
	}
	return records[len(records)-1].Sequence, nil
}

// Position implements table.Log.
func (t *Table) Position(_ context.Context, reader string) (int64, error) {
	t.db.mu.Lock()
	defer t.db.mu.Unlock()
	return t.contents().positions[reader], nil
}

// Acknowledge implements table.Log.
func (t *Table) Acknowledge(_ context.Context, reader string, sequence int64) error {
	t.db.mu.Lock()
	defer t.db.mu.Unlock()
	positions := t.contents().positions
	positions[reader] = max(positions[reader], sequence)
	return nil
}

// Trim implements table.Log.
func (t *Table) Trim(_ context.Context, sequence int64) error {
	t.db.mu.Lock()
	defer t.db.mu.Unlock()
	c := t.contents()
	c.records = slices.Clone(c.records[c.above(sequence):])
	return nil
}
