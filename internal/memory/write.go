package memory

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"slices"
	"time"

	"allclear/internal/table"
)

// change is what an action will do: nothing, store after, or remove.
type change struct {
	kind  table.ChangeKind // "" for nothing
	after table.Item
}

// Write implements table.Table.
func (t *Table) Write(ctx context.Context, actions ...table.Action) error {
	if err := table.Validate(actions); err != nil {
		return err
	}
	if err := t.ask(ctx, BeforeWrite, actions); err != nil {
		return fmt.Errorf("write %s: %w", t.name, err)
	}
	if err := t.apply(actions); err != nil {
		return err
	}
	if err := t.ask(ctx, AfterWrite, actions); err != nil {
		return fmt.Errorf("write %s: %w", t.name, err)
	}
	return nil
}

func (t *Table) apply(actions []table.Action) error {
	t.db.mu.Lock()
	defer t.db.mu.Unlock()
	now := t.db.now()
	c := t.contents()
	if err := c.judge(actions, now); err != nil {
		return err
	}
	changes := make([]change, len(actions))
	for i, a := range actions {
		var err error
		if changes[i], err = c.plan(a, now); err != nil {
			return fmt.Errorf("%w: action %d on %s: %w", table.ErrInvalid, i, a.Item.Key, err)
		}
	}
	logged := false
	for i, change := range changes {
		if change.kind == "" {
			continue
		}
		c.store(actions[i].Item.Key, change)
		if slices.Contains(t.db.streams, t.name) {
			t.db.record(c, actions[i].Item.Key, change, now)
			logged = true
		}
	}
	if logged && t.db.changed != nil {
		close(t.db.changed)
		t.db.changed = nil
	}
	return nil
}

// judge tells whether all conditions hold.
func (c *contents) judge(actions []table.Action, now time.Time) error {
	for i, a := range actions {
		var live *table.Item
		if item, ok := c.find(a.Item.Key); ok && !expired(item, now) {
			live = &item
		}
		for _, condition := range a.If {
			if !condition.Holds(live) {
				return &table.ConditionError{Index: i, Key: a.Item.Key}
			}
		}
	}
	return nil
}

// plan works out what an action does, without doing it.
func (c *contents) plan(a table.Action, now time.Time) (change, error) {
	prior, stored := c.find(a.Item.Key)
	switch a.Kind {
	case table.ActionCheck:
		return change{}, nil
	case table.ActionDelete:
		if !stored {
			return change{}, nil
		}
		return change{kind: table.Remove}, nil
	case table.ActionAdd:
		after := table.Item{Key: a.Item.Key, Attributes: table.Attributes{}}
		if stored && !expired(prior, now) {
			after = clone(prior)
		}
		n, isNumber := after.Attributes[a.Attribute].(int64)
		if _, there := after.Attributes[a.Attribute]; there && !isNumber {
			return change{}, fmt.Errorf("attribute %s is no number", a.Attribute)
		}
		if a.Delta > 0 && n > math.MaxInt64-a.Delta || a.Delta < 0 && n < math.MinInt64-a.Delta {
			return change{}, fmt.Errorf("attribute %s would exceed 64 bits", a.Attribute)
		}
		after.Attributes[a.Attribute] = n + a.Delta
		return replace(prior, stored, after), nil
	default:
		return replace(prior, stored, clone(a.Item)), nil
	}
}

// replace is the change from what was stored to after.
func replace(prior table.Item, stored bool, after table.Item) change {
	switch {
	case !stored:
		return change{kind: table.Insert, after: after}
	case reflect.DeepEqual(prior, after):
		return change{}
	default:
		return change{kind: table.Modify, after: after}
	}
}

func (c *contents) store(key table.Key, change change) {
	p := c.partitions[key.Partition]
	if change.kind == table.Remove {
		p.remove(key.Sort)
		return
	}
	if p == nil {
		p = &partition{items: map[string]table.Item{}}
		c.partitions[key.Partition] = p
	}
	if i, found := slices.BinarySearch(p.sorts, key.Sort); !found {
		p.sorts = slices.Insert(p.sorts, i, key.Sort)
	}
	p.items[key.Sort] = change.after
}

// clone copies an item so deep that nothing is shared, in the form in which it is read back.
func clone(item table.Item) table.Item {
	copied := table.Item{Key: item.Key, Attributes: copyMap(item.Attributes)}
	if !item.Expires.IsZero() {
		copied.Expires = time.Unix(item.Expires.Unix(), 0).UTC()
	}
	return copied
}

func copyMap(m map[string]any) map[string]any {
	copied := make(map[string]any, len(m))
	for name, v := range m {
		copied[name] = copyValue(v)
	}
	return copied
}

func copyValue(v any) any {
	switch v := v.(type) {
	case []byte:
		return append([]byte{}, v...)
	case []any:
		copied := make([]any, len(v))
		for i, e := range v {
			copied[i] = copyValue(e)
		}
		return copied
	case map[string]any:
		return copyMap(v)
	default:
		return v
	}
}
