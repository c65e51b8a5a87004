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

// When tick announces an event again: its dispatch is overdue, and hearing of it is still of use.
const (
	DispatchOverdue = 5 * time.Minute
	DispatchWindow  = 48 * time.Hour
)

// Dispatch records that all chunks of an event were enqueued.
type Dispatch struct {
	At         time.Time `json:"at"`
	Recipients int       `json:"recipients"` // subscribers in the chunks
}

// Dispatched records, as the last step of a dispatch, that it is complete. The first record stands:
// a dispatch that runs again enqueues chunks that the claims absorb, and changes no record.
func (l *Ledger) Dispatched(ctx context.Context, page string, seq int64, recipients int) error {
	now := l.time()
	row := table.Item{
		Key: dispatchedKey(page, seq), Attributes: item.Encode(Dispatch{At: now, Recipients: recipients}), Expires: now.Add(keep),
	}
	err := l.table.Write(ctx, table.Put(row, table.Absent()))
	if condition := (*table.ConditionError)(nil); errors.As(err, &condition) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("put %s: %w", row.Key, err)
	}
	return nil
}

// Undispatched are those of some events of a page that subscribers should have heard of by now, and
// that have no record: older than DispatchOverdue, younger than DispatchWindow.
func (l *Ledger) Undispatched(ctx context.Context, page string, events []status.Event) ([]status.Event, error) {
	now := l.time()
	var due []status.Event
	var keys []table.Key
	for _, e := range events {
		if age := now.Sub(e.At); e.Notifies() && age > DispatchOverdue && age < DispatchWindow {
			due = append(due, e)
			keys = append(keys, dispatchedKey(page, e.Seq))
		}
	}
	if len(due) == 0 {
		return nil, nil
	}
	items, err := l.table.Get(ctx, keys...)
	if err != nil {
		return nil, fmt.Errorf("get dispatches of page %s: %w", page, err)
	}
	var missing []status.Event
	for i, e := range due {
		if items[i] == nil {
			missing = append(missing, e)
		}
	}
	return missing, nil
}

// Dispatch reads the record of an event, nil if it is not dispatched.
func (l *Ledger) Dispatch(ctx context.Context, page string, seq int64) (*Dispatch, error) {
	key := dispatchedKey(page, seq)
	items, err := l.table.Get(ctx, key)
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", key, err)
	}
	if items[0] == nil {
		return nil, nil //nolint:nilnil // absence is no error here and has no other sign
	}
	d, err := item.Decode[Dispatch](items[0].Attributes)
	if err != nil {
		return nil, fmt.Errorf("decode %s: %w", key, err)
	}
	return &d, nil
}
