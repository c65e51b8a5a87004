package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"allclear/internal/table"
)

const (
	// pageBytes ends a page of a query without a limit, as DynamoDB does: who forgets to ask for
	// the next page is found out on a laptop.
	pageBytes = 1 << 20
	// endOfKeys is above every key.
	endOfKeys = "\x7f"
)

// Reads are so short that a context that ends in the middle is not looked at: to have the driver
// watch it costs as much as the read. Before each it is.

// Get implements table.Table.
func (t *Table) Get(ctx context.Context, keys ...table.Key) ([]*table.Item, error) {
	items := make([]*table.Item, len(keys))
	now := t.db.now().Unix()
	for i, key := range keys {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if !key.Valid() {
			continue
		}
		item, err := t.getOne(ctx, key, now)
		if err != nil {
			return nil, fmt.Errorf("get %s from %s: %w", key, t.name, err)
		}
		items[i] = item
	}
	return items, nil
}

func (t *Table) getOne(ctx context.Context, key table.Key, now int64) (*table.Item, error) {
	rows, err := t.db.get.QueryContext(context.WithoutCancel(ctx), t.name, key.Partition, key.Sort, now)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	if !rows.Next() {
		return nil, rows.Err()
	}
	var expires sql.NullInt64
	var text sql.RawBytes
	if err := rows.Scan(&expires, &text); err != nil {
		return nil, err
	}
	attributes, err := decode(text)
	if err != nil {
		return nil, err
	}
	item := toItem(key, expires.Int64, attributes)
	return &item, errors.Join(rows.Err(), rows.Close())
}

// Query implements table.Table.
func (t *Table) Query(ctx context.Context, q table.Query) (table.Result, error) {
	if err := q.Validate(); err != nil {
		return table.Result{}, err
	}
	if err := ctx.Err(); err != nil {
		return table.Result{}, err
	}
	result, err := t.page(ctx, q)
	if err != nil {
		return table.Result{}, fmt.Errorf("query %s of %s: %w", q.Partition, t.name, err)
	}
	return result, nil
}

func (t *Table) page(ctx context.Context, q table.Query) (table.Result, error) {
	from, to := bounds(q)
	statement := t.db.query
	if q.Reverse {
		statement = t.db.reverse
	}
	limit := -1 // to SQLite: none
	if q.Limit > 0 {
		limit = q.Limit + 1 // one more tells whether there is more
	}
	var result table.Result
	rows, err := statement.QueryContext(context.WithoutCancel(ctx), t.name, q.Partition, from, to, t.db.now().Unix(), limit)
	if err != nil {
		return result, err
	}
	defer rows.Close()
	size := 0
	for rows.Next() {
		if full := size > 0 && (q.Limit > 0 && len(result.Items) == q.Limit || q.Limit == 0 && size >= pageBytes); full {
			result.Next = result.Items[len(result.Items)-1].Sort
			return result, rows.Close()
		}
		var sort string
		var expires sql.NullInt64
		var text sql.RawBytes
		if err := rows.Scan(&sort, &expires, &text); err != nil {
			return result, err
		}
		size += len(sort) + len(text)
		attributes, err := decode(text)
		if err != nil {
			return result, fmt.Errorf("item %s: %w", sort, err)
		}
		key := table.Key{Partition: q.Partition, Sort: sort}
		result.Items = append(result.Items, toItem(key, expires.Int64, attributes))
	}
	return result, rows.Err()
}

// bounds are the range of sort keys that is left to read, from inclusive, to exclusive.
func bounds(q table.Query) (from, to string) {
	from, to = q.From, q.To
	if to == "" {
		to = endOfKeys
	}
	switch {
	case q.After == "":
	case q.Reverse:
		to = min(to, q.After)
	default:
		from = max(from, q.After+"\x00") // the very next string
	}
	return from, to
}

// toItem is an item of decoded attributes.
func toItem(key table.Key, expires int64, attributes table.Attributes) table.Item {
	item := table.Item{Key: key, Attributes: attributes}
	if expires != 0 {
		item.Expires = time.Unix(expires, 0).UTC()
	}
	return item
}
