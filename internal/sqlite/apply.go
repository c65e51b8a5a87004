package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	"allclear/internal/table"
)

// row is a stored item. A stored time never is 0, so 0 means that it does not expire.
type row struct {
	expires int64
	text    string
}

// expired tells whether the row counts as absent.
func (r *row) expired(now int64) bool { return r.expires != 0 && r.expires <= now }

// seconds is an item's time of expiry as it is stored.
func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// nullable is the column of seconds.
func nullable(expires int64) any {
	if expires == 0 {
		return nil
	}
	return expires
}

// rollback undoes the open transaction and keeps the error that led to it.
func rollback(w *writer, cause error) error {
	return errors.Join(cause, exec(w.rollback))
}

// applyOne applies one transaction, alone or in the company of others that must not suffer from its
// refusal. It returns how many items it changed. A refusal is in x.err, an error of the file is
// returned.
func (db *DB) applyOne(x *transaction, grouped bool) (changes int, fatal error) {
	w := db.writer
	if grouped {
		if err := exec(w.savepoint); err != nil {
			return 0, fmt.Errorf("begin savepoint: %w", err)
		}
	}
	now := db.now()
	var log recordWriter
	for i := range x.actions {
		kind, after, err := x.applyAction(w, i, now.Unix())
		if condition := (*table.ConditionError)(nil); errors.As(err, &condition) {
			x.err = err // outranks the refusal of an earlier action
			break
		} else if errors.Is(err, table.ErrInvalid) {
			if x.err == nil {
				x.err = err
			}
			continue
		} else if err != nil {
			return 0, fmt.Errorf("action %d on %s: %w", i, x.actions[i].Item.Key, err)
		}
		if kind != "" {
			changes++
			if x.table.stream {
				log.add(kind, x.actions[i].Item.Key, after)
			}
		}
	}
	if x.err != nil {
		changes = 0
	} else if log.count > 0 {
		if err := exec(w.appendLog, x.table.name, now.UnixMilli(), log.count, log.text()); err != nil {
			return 0, fmt.Errorf("append log: %w", err)
		}
	}
	if !grouped {
		return changes, nil // a refusal changes nothing, and apply rolls back what changed nothing
	}
	if x.err != nil {
		if err := exec(w.back); err != nil {
			return 0, fmt.Errorf("undo savepoint: %w", err)
		}
	}
	if err := exec(w.release); err != nil {
		return 0, fmt.Errorf("end savepoint: %w", err)
	}
	return changes, nil
}

// applyAction judges and applies one action. kind is "" when it changed nothing; after is nil when
// it removed the item.
func (x *transaction) applyAction(w *writer, i int, now int64) (kind table.ChangeKind, after *row, err error) {
	a := &x.actions[i]
	key := a.Item.Key
	put := row{expires: seconds(a.Item.Expires), text: x.texts[i]}
	if a.Kind == table.ActionPut && onlyIfAbsent(a.If) {
		// The common case, a new item, in one statement instead of two.
		inserted, err := x.insert(w, key, put)
		if err != nil || inserted {
			return table.Insert, &put, err
		}
	}
	prior, err := x.find(w, key)
	if err != nil {
		return "", nil, err
	}
	var live table.Attributes // of the prior item unless that is absent
	present := prior != nil && !prior.expired(now)
	if present && (a.Kind == table.ActionAdd || needsAttributes(a.If)) {
		if live, err = decode([]byte(prior.text)); err != nil {
			return "", nil, err
		}
	}
	if !holds(a.If, present, live) {
		return "", nil, &table.ConditionError{Index: i, Key: key}
	}
	switch a.Kind {
	case table.ActionPut:
		return x.put(w, key, prior, put)
	case table.ActionAdd:
		var sum row
		if sum.text, err = add(live, a.Attribute, a.Delta); err != nil {
			return "", nil, fmt.Errorf("%w: action %d on %s: %w", table.ErrInvalid, i, key, err)
		}
		if present {
			sum.expires = prior.expires
		}
		return x.put(w, key, prior, sum)
	case table.ActionDelete:
		if prior == nil {
			return "", nil, nil
		}
		return table.Remove, nil, exec(w.delete, x.table.name, key.Partition, key.Sort)
	default: // a check
		return "", nil, nil
	}
}

func onlyIfAbsent(conditions []table.Condition) bool {
	return len(conditions) == 1 && conditions[0].Kind == table.IfAbsent
}

func needsAttributes(conditions []table.Condition) bool {
	for _, c := range conditions {
		if c.Kind == table.IfEquals || c.Kind == table.IfBelowOrAbsent {
			return true
		}
	}
	return false
}

func holds(conditions []table.Condition, present bool, attributes table.Attributes) bool {
	var item *table.Item
	if present {
		item = &table.Item{Attributes: attributes}
	}
	for _, c := range conditions {
		if !c.Holds(item) {
			return false
		}
	}
	return true
}

// add is the text of attributes, nil for none, with delta added to one of them.
func add(attributes table.Attributes, name string, delta int64) (string, error) {
	if attributes == nil {
		attributes = table.Attributes{}
	}
	n, isNumber := attributes[name].(int64)
	if _, there := attributes[name]; there && !isNumber {
		return "", fmt.Errorf("attribute %s is no number", name)
	}
	if delta > 0 && n > math.MaxInt64-delta || delta < 0 && n < math.MinInt64-delta {
		return "", fmt.Errorf("attribute %s would exceed 64 bits", name)
	}
	attributes[name] = n + delta
	return encode(attributes), nil
}

// find reads the item as it is stored, nil if it is not.
func (x *transaction) find(w *writer, key table.Key) (*row, error) {
	var r row
	var expires sql.NullInt64
	err := w.find.QueryRowContext(context.Background(), x.table.name, key.Partition, key.Sort).Scan(&expires, &r.text)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	r.expires = expires.Int64
	return &r, err
}

// insert stores an item where there is none, else returns false.
func (x *transaction) insert(w *writer, key table.Key, r row) (bool, error) {
	result, err := w.insert.ExecContext(context.Background(), x.table.name, key.Partition, key.Sort, nullable(r.expires), r.text)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

// put stores an item in place of prior, which is nil if there is none.
func (x *transaction) put(w *writer, key table.Key, prior *row, r row) (table.ChangeKind, *row, error) {
	switch {
	case prior == nil:
		_, err := x.insert(w, key, r)
		return table.Insert, &r, err
	case *prior == r:
		return "", nil, nil
	default:
		return table.Modify, &r, exec(w.update, x.table.name, key.Partition, key.Sort, nullable(r.expires), r.text)
	}
}
