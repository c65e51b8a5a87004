package store

import (
	"context"
	"fmt"

	"allclear/internal/table"
)

// SweepCursor reads where the sweep over a page's published documents stands, "" for the start.
func (s *Store) SweepCursor(ctx context.Context, page string) (string, error) {
	items, err := s.table.Get(ctx, sweepKey(page))
	if err != nil {
		return "", fmt.Errorf("get sweep cursor: %w", err)
	}
	if items[0] == nil {
		return "", nil
	}
	cursor, _ := items[0].Attributes["cursor"].(string)
	return cursor, nil
}

// SetSweepCursor keeps it. It is no change of the page: it has no version and no event.
func (s *Store) SetSweepCursor(ctx context.Context, page, cursor string) error {
	err := s.table.Write(ctx, table.Put(table.Item{Key: sweepKey(page), Attributes: table.Attributes{"cursor": cursor}}))
	if err != nil {
		return fmt.Errorf("put sweep cursor: %w", err)
	}
	return nil
}
