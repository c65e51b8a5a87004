package store

import (
	"context"
	"fmt"

	"allclear/internal/status"
	"allclear/internal/table"
)

// Days reads the days from <= date <= to that have an item, oldest first.
func (s *Store) Days(ctx context.Context, page, from, to string) ([]*status.Day, error) {
	items, err := table.All(ctx, s.table, table.Query{
		Partition: PagePartition(page), From: prefixDay + from, To: prefixDay + to + " ", // just after to itself
	})
	if err != nil {
		return nil, fmt.Errorf("read days: %w", err)
	}
	days := make([]*status.Day, len(items))
	for i := range items {
		d, err := decodeDay(&items[i])
		if err != nil {
			return nil, err
		}
		days[i] = d
	}
	return days, nil
}

// attributeDaySeq is the version of the page that wrote a day last. Days from before it was kept
// have none.
const attributeDaySeq = "seq"

// day reads one day and its version, 0 for none.
func (s *Store) day(ctx context.Context, page, date string) (*status.Day, int64, error) {
	items, err := s.table.Get(ctx, dayKey(page, date))
	if err != nil {
		return nil, 0, fmt.Errorf("get day %s: %w", date, err)
	}
	if items[0] == nil {
		return status.NewDay(date), 0, nil
	}
	seq, _ := items[0].Attributes[attributeDaySeq].(int64)
	d, err := decodeDay(items[0])
	return d, seq, err
}

func decodeDay(item *table.Item) (*status.Day, error) {
	d, err := decode[status.Day](item.Attributes)
	if err != nil {
		return nil, fmt.Errorf("decode %s: %w", item.Key, err)
	}
	return d.Clone(), nil // with its maps made
}
