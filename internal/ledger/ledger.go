// Package ledger holds the access patterns of the Deliveries table: which subscriber was told what
// (claim, outcome, evidence), which events are dispatched, what waits until a later time, and who
// may send when. The rules are pure functions on small rows; each write is one conditional write of
// one row, so that workers that die, repeat themselves or run at once cannot spoil anything. It
// sends nothing and knows neither addresses nor texts. The workers (internal/deliver), dispatch,
// feedback, tick and the API call it.
package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"allclear/internal/item"
	"allclear/internal/status"
	"allclear/internal/table"
)

// keep is how long a row outlives its last write: more than the 90 days that are promised.
const keep = 100 * 24 * time.Hour

// Attempts at one write. Losing to others is normal and costs little; a table that fails has been
// asked several times already by its client.
const (
	attemptsAgainstOthers = 16
	attemptsAfterFailure  = 3
)

// Ledger reads and writes one Deliveries table. Make it with New.
type Ledger struct {
	table table.Table
	now   func() time.Time
}

// New makes a Ledger on the Deliveries table; now is time.Now if nil.
func New(t table.Table, now func() time.Time) *Ledger {
	if now == nil {
		now = time.Now
	}
	return &Ledger{table: t, now: now}
}

func (l *Ledger) time() time.Time { return status.Millis(l.now()) }

// version is the attribute that every write of a row counts up: the condition of the next one.
const version = "rev"

// held is a row as it stands in the table: version 0 is that of one that is absent.
type held[T any] struct {
	value   T
	version int64
}

func read[T any](ctx context.Context, t table.Table, key table.Key) (held[T], error) {
	items, err := t.Get(ctx, key)
	if err != nil {
		return held[T]{}, fmt.Errorf("get %s: %w", key, err)
	}
	if items[0] == nil {
		return held[T]{}, nil
	}
	return decodeRow[T](items[0])
}

func decodeRow[T any](i *table.Item) (held[T], error) {
	value, err := item.Decode[T](i.Attributes)
	if err != nil {
		return held[T]{}, fmt.Errorf("decode %s: %w", i.Key, err)
	}
	n, ok := i.Attributes[version].(int64)
	if !ok {
		return held[T]{}, fmt.Errorf("decode %s: %s is missing", i.Key, version)
	}
	return held[T]{value: value, version: n}, nil
}

// swap changes one row. change gets the row, its zero value if it is absent, and answers what it is
// to be, or false to leave it. The write holds only if the row is still the one that change saw, so
// change may be called again with a newer one; also when the answer of a write is lost: then it has
// to recognise its own work. known, if not nil, is what the row was last seen as, and saves a read;
// that may be long ago, so only a write is an answer to it, and whoever would leave it reads first.
func swap[T any](ctx context.Context, l *Ledger, key table.Key, known *held[T], change func(T) (T, bool)) (held[T], error) {
	overtaken, failed := 0, 0
	for {
		var old held[T]
		var err error
		fresh := known == nil
		if !fresh {
			old, known = *known, nil
		} else if old, err = read[T](ctx, l.table, key); err != nil {
			return old, err
		}
		value, write := change(old.value)
		if !write {
			if fresh {
				return old, nil
			}
			continue
		}
		next := held[T]{value: value, version: old.version + 1}
		if err = put(ctx, l, key, next); err == nil {
			return next, nil
		}
		condition := (*table.ConditionError)(nil)
		switch {
		case errors.As(err, &condition), errors.Is(err, table.ErrContention):
			overtaken++
		case errors.Is(err, table.ErrInvalid), ctx.Err() != nil:
			return old, err
		default:
			failed++
		}
		if overtaken == attemptsAgainstOthers || failed == attemptsAfterFailure {
			return old, err
		}
	}
}

// put writes a row on the condition that it is still of the version before.
func put[T any](ctx context.Context, l *Ledger, key table.Key, next held[T]) error {
	row := table.Item{Key: key, Attributes: item.Encode(next.value), Expires: l.now().Add(keep)}
	row.Attributes[version] = next.version
	condition := table.Equals(version, next.version-1)
	if next.version == 1 {
		condition = table.Absent()
	}
	if err := l.table.Write(ctx, table.Put(row, condition)); err != nil {
		return fmt.Errorf("put %s: %w", key, err)
	}
	return nil
}
