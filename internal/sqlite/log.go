package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"allclear/internal/table"
)

// The sequence of a record is its transaction's number times table.MaxActions plus its place among
// the changes of that transaction.
const (
	// A subquery, because a bare aggregate would still yield a row that was never there.
	appendLog = "INSERT INTO log (tab, number, at, count, skip, records)" +
		" VALUES (?1, 1 + coalesce((SELECT max(number) FROM log WHERE tab = ?1), 0), ?2, ?3, 0, ?4)"

	selectLog = "SELECT number, at, skip, records FROM log WHERE tab = ? AND number >= ? AND skip < count" +
		" ORDER BY number LIMIT ?"

	newestNumber = "SELECT coalesce(max(number), 0) FROM log WHERE tab = ?"

	trimRows = "DELETE FROM log WHERE tab = ?1 AND (number < ?2 OR number = ?2 AND count <= ?3) AND number < ?4"

	// What is left to trim: a row to be cut in two, or the newest.
	trimMarker = "UPDATE log SET skip = CASE WHEN number < ?2 THEN count ELSE max(skip, min(count, ?3)) END," +
		" records = CASE WHEN number < ?2 OR count <= ?3 THEN '[]' ELSE records END" +
		" WHERE tab = ?1 AND number <= ?2"

	acknowledge = "INSERT INTO readers (tab, reader, sequence) VALUES (?, ?, ?)" +
		" ON CONFLICT DO UPDATE SET sequence = excluded.sequence WHERE excluded.sequence > sequence"
)

// recordWriter builds the text of one transaction's records: a list of one
// map for each, in the form of attributes.
type recordWriter struct {
	b     []byte
	count int
}

func (w *recordWriter) add(kind table.ChangeKind, key table.Key, after *row) {
	if w.count == 0 {
		w.b = append(w.b, '[')
	} else {
		w.b = append(w.b, ",\n"...)
	}
	w.count++
	w.b = append(w.b, `{"kind":"`...)
	w.b = append(w.b, kind...)
	w.b = append(w.b, `","pk":`...)
	w.b = appendString(w.b, key.Partition)
	w.b = append(w.b, `,"sk":`...)
	w.b = appendString(w.b, key.Sort)
	if after != nil {
		if after.expires != 0 {
			w.b = append(w.b, `,"expires":`...)
			w.b = strconv.AppendInt(w.b, after.expires, 10)
		}
		w.b = append(w.b, `,"item":`...)
		w.b = append(w.b, after.text...)
	}
	w.b = append(w.b, '}')
}

func (w *recordWriter) text() string { return string(w.b) + "]" }

// Records implements table.Log.
func (t *Table) Records(ctx context.Context, after int64, limit int) ([]table.Record, error) {
	if err := t.readable(limit); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	// Every row holds a record at least, except that of the first all may have been read.
	rows, err := t.db.records.QueryContext(context.WithoutCancel(ctx), t.name, after/table.MaxActions, limit+1)
	if err != nil {
		return nil, fmt.Errorf("read log of %s: %w", t.name, err)
	}
	defer rows.Close()
	var records []table.Record
	for len(records) < limit && rows.Next() {
		var number, at int64
		var skip int
		var text sql.RawBytes
		if err := rows.Scan(&number, &at, &skip, &text); err != nil {
			return nil, fmt.Errorf("read log of %s: %w", t.name, err)
		}
		whole, err := parseRecords(number, at, text)
		if err != nil {
			return nil, fmt.Errorf("read log of %s, transaction %d: %w", t.name, number, err)
		}
		for _, r := range whole[min(skip, len(whole)):] {
			if r.Sequence > after && len(records) < limit {
				records = append(records, r)
			}
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read log of %s: %w", t.name, err)
	}
	return records, nil
}

func parseRecords(number, at int64, text []byte) ([]table.Record, error) {
	v, err := decodeText(text)
	if err != nil {
		return nil, err
	}
	changes, _ := v.([]any)
	records := make([]table.Record, len(changes))
	for i := range changes {
		change, _ := changes[i].(map[string]any)
		kind, _ := change["kind"].(string)
		r := table.Record{
			Sequence: number*table.MaxActions + int64(i),
			Kind:     table.ChangeKind(kind),
			At:       time.UnixMilli(at).UTC(),
		}
		r.Key.Partition, _ = change["pk"].(string)
		r.Key.Sort, _ = change["sk"].(string)
		if r.Kind != table.Remove {
			attributes, _ := change["item"].(map[string]any)
			expires, _ := change["expires"].(int64)
			item := toItem(r.Key, expires, attributes)
			r.New = &item
		}
		records[i] = r
	}
	return records, nil
}

// readable refuses what could only be a mistake in the wiring.
func (t *Table) readable(limit int) error {
	if !t.stream {
		return fmt.Errorf("%w: table %s keeps no log", table.ErrInvalid, t.name)
	}
	if limit < 1 {
		return fmt.Errorf("%w: log of %s read with limit %d", table.ErrInvalid, t.name, limit)
	}
	return nil
}

// Latest implements table.Log.
func (t *Table) Latest(ctx context.Context) (int64, error) {
	var sequence int64
	err := t.db.readers.QueryRowContext(ctx, `SELECT CASE WHEN skip < count THEN number * ? + count - 1 ELSE 0 END
		FROM log WHERE tab = ? ORDER BY number DESC LIMIT 1`, table.MaxActions, t.name).Scan(&sequence)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("read newest sequence of %s: %w", t.name, err)
	}
	return sequence, nil
}

// Position implements table.Log.
func (t *Table) Position(ctx context.Context, reader string) (int64, error) {
	var sequence int64
	err := t.db.readers.QueryRowContext(ctx, "SELECT sequence FROM readers WHERE tab = ? AND reader = ?", t.name, reader).Scan(&sequence)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("read position of %s: %w", reader, err)
	}
	return sequence, nil
}

// Acknowledge implements table.Log. The position survives the death of the process at any moment. A
// power cut may take the newest ones back, so that their records are delivered again: to wait for
// the disk here would only keep the writers waiting.
func (t *Table) Acknowledge(ctx context.Context, reader string, sequence int64) error {
	err := t.db.unhurried(ctx, func(w *writer) error {
		return exec(w.acknowledge, t.name, reader, sequence)
	})
	if err != nil {
		return fmt.Errorf("acknowledge %d for %s: %w", sequence, reader, err)
	}
	return nil
}

// Trim implements table.Log.
func (t *Table) Trim(ctx context.Context, sequence int64) error {
	number, count := sequence/table.MaxActions, sequence%table.MaxActions+1
	err := t.db.unhurried(ctx, func(w *writer) error {
		var newest int64
		if err := w.newest.QueryRowContext(context.Background(), t.name).Scan(&newest); err != nil {
			return err
		}
		if err := exec(w.trimRows, t.name, number, count, newest); err != nil {
			return err
		}
		return exec(w.trimMarker, t.name, number, count)
	})
	if err != nil {
		return fmt.Errorf("trim log of %s: %w", t.name, err)
	}
	return nil
}
