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

// Due is work that waits for a time: the message Body, to be put into Queue not before At.
type Due struct {
	At    time.Time
	Queue string
	Body  string

	key   table.Key
	taker string
}

// dueItem is how it lies in the table.
type dueItem struct {
	Queue  string `json:"queue"`
	Body   string `json:"body"`
	Taker  string `json:"taker,omitempty"`
	FreeAt int64  `json:"free_at,omitempty"` // Unix ms: until then it is in the hands of Taker
}

// takeLease is how long work stays with who took it. If it dies meanwhile, another takes it.
const takeLease = 2 * time.Minute

// duePage bounds one read of what is due.
const duePage = 100

// Park keeps work until its time. Parking the same work for the same time again is no second one.
func (l *Ledger) Park(ctx context.Context, d Due) error {
	at := status.Millis(d.At)
	row := table.Item{
		Key: dueKey(at, d.Queue, d.Body), Attributes: item.Encode(dueItem{Queue: d.Queue, Body: d.Body}),
		Expires: at.Add(keep),
	}
	if err := l.table.Write(ctx, table.Put(row)); err != nil {
		return fmt.Errorf("park work for %s: %w", at.Format(time.RFC3339), err)
	}
	return nil
}

// Take hands out up to limit pieces of work whose time has come, the oldest first, for two minutes
// and to this taker only. The taker enqueues each and then drops it. What it does not drop is handed
// out again, so work can be enqueued twice but not lost; the claims absorb that. A taker's name is
// its own alone. Work that cannot be taken is left out and told of in the error, and does not keep
// what comes after it: both answers count.
func (l *Ledger) Take(ctx context.Context, taker string, limit int) (taken []Due, err error) {
	now := l.time()
	q := dueBy(now)
	q.Limit = duePage
	var failures []error
	for {
		page, err := l.table.Query(ctx, q)
		if err != nil {
			return taken, errors.Join(append(failures, fmt.Errorf("read what is due: %w", err))...)
		}
		for i := range page.Items {
			if len(taken) == limit {
				return taken, errors.Join(failures...)
			}
			d, ok, err := l.take(ctx, &page.Items[i], taker, now)
			if err != nil {
				failures = append(failures, err)
			}
			if ok {
				taken = append(taken, d)
			}
		}
		if q.After = page.Next; page.Next == "" {
			return taken, errors.Join(failures...)
		}
	}
}

// take takes one piece unless another has it.
func (l *Ledger) take(ctx context.Context, i *table.Item, taker string, now time.Time) (Due, bool, error) {
	v, err := item.Decode[dueItem](i.Attributes)
	if err != nil {
		return Due{}, false, fmt.Errorf("decode %s: %w", i.Key, err)
	}
	at, err := dueTime(i.Sort)
	if err != nil {
		return Due{}, false, fmt.Errorf("decode %s: %w", i.Key, err)
	}
	if v.FreeAt > now.UnixMilli() {
		return Due{}, false, nil
	}
	v.Taker, v.FreeAt = taker, now.Add(takeLease).UnixMilli()
	next := table.Item{Key: i.Key, Attributes: item.Encode(v), Expires: i.Expires}
	err = l.table.Write(ctx, table.Put(next, table.Present(), table.BelowOrAbsent("free_at", now.UnixMilli()+1)))
	switch condition := (*table.ConditionError)(nil); {
	case errors.As(err, &condition), errors.Is(err, table.ErrContention):
		return Due{}, false, nil // somebody else was faster
	case err != nil:
		return Due{}, false, fmt.Errorf("take %s: %w", i.Key, err)
	}
	return Due{At: at, Queue: v.Queue, Body: v.Body, key: i.Key, taker: taker}, true, nil
}

// Drop removes work that its taker has enqueued. If another has taken it since, it stays.
func (l *Ledger) Drop(ctx context.Context, d Due) error {
	err := l.table.Write(ctx, table.Delete(d.key, table.Equals("taker", d.taker)))
	if condition := (*table.ConditionError)(nil); errors.As(err, &condition) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("drop %s: %w", d.key, err)
	}
	return nil
}
