package intake

import (
	"time"

	"allclear/internal/status"
	"allclear/internal/store"
)

// today replaces what the current day holds of components whose state is taken over.
type today struct {
	tx      *store.Tx
	w       *writer
	day     *status.Day
	start   time.Time
	changed bool
}

func newToday(tx *store.Tx, w *writer) *today { return &today{tx: tx, w: w} }

// replace writes the part of today before the captured state began; the rest of the day counts
// from there by itself.
func (t *today) replace(c *component) error {
	if t.day == nil {
		zone := t.w.zone(t.tx.Page)
		date := status.DateOf(t.tx.Page.At, zone)
		old, err := t.tx.Day(date)
		if err != nil {
			return err
		}
		if t.start, _, err = status.Bounds(date, zone); err != nil {
			return err
		}
		t.day = old.Clone()
	}
	line := t.w.lines[c.id]
	since := line.since(*c, t.w.now)
	if t.day.Seconds[c.id] != nil {
		delete(t.day.Seconds, c.id)
		delete(t.day.Start, c.id)
		t.changed = true
	}
	begin := c.createdAt
	if begin.Before(t.start) {
		begin = t.start
	}
	if !since.After(begin) {
		return nil
	}
	if c.createdAt.Before(t.start) {
		t.day.Start[c.id] = line.at(t.start)
	}
	line.fill(t.day, c.id, begin, since, t.start)
	t.changed = true
	return nil
}

func (t *today) put() {
	if t.changed {
		t.tx.PutDay(t.day)
	}
}
