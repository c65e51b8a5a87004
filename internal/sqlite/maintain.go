package sqlite

import (
	"context"
	"fmt"
)

// unhurried runs upkeep in a transaction of its own that does not wait for the disk.
func (db *DB) unhurried(ctx context.Context, do func(*writer) error) error {
	select {
	case db.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-db.turn }()
	db.mu.Lock()
	closed := db.closed
	db.mu.Unlock()
	if closed {
		return errClosed
	}
	if err := db.writer.start(false); err != nil {
		return err
	}
	if err := do(db.writer); err != nil {
		return rollback(db.writer, err)
	}
	return db.writer.finish()
}

// Sweep deletes up to limit expired items of all tables, without a record in a log, and returns
// how many it deleted.
func (db *DB) Sweep(ctx context.Context, limit int) (int, error) {
	var swept int64
	err := db.unhurried(ctx, func(w *writer) error {
		result, err := w.sweep.ExecContext(context.Background(), db.now().Unix(), limit)
		if err != nil {
			return err
		}
		swept, err = result.RowsAffected()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("sweep expired items: %w", err)
	}
	return int(swept), nil
}
