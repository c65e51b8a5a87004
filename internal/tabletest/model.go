package tabletest

import (
	"fmt"
	"maps"
	"math/big"
	"slices"
	"time"

	"allclear/internal/table"
)

// model is what the port means, said as plainly as possible. It shares no code with the adapters:
// what is equal is decided by how values are printed, what is too large by big numbers.
type model struct {
	items   map[table.Key]table.Item // also expired ones, until they are swept
	records []table.Record           // without sequence and time
}

// outcome is what a write came to.
type outcome struct {
	invalid   bool
	condition int // index of the action whose condition does not hold, -1 for none
}

func (o outcome) String() string {
	switch {
	case o.condition >= 0:
		return fmt.Sprintf("the condition of action %d does not hold", o.condition)
	case o.invalid:
		return "it is invalid"
	default:
		return "it is applied"
	}
}

// live is the item unless it is absent at that time.
func (m *model) live(key table.Key, now time.Time) *table.Item {
	item, stored := m.items[key]
	if !stored || !item.Expires.IsZero() && item.Expires.Unix() <= now.Unix() {
		return nil
	}
	return &item
}

func (m *model) write(actions []table.Action, now time.Time) outcome {
	for i, a := range actions {
		for _, c := range a.If {
			if !satisfied(c, m.live(a.Item.Key, now)) {
				return outcome{condition: i}
			}
		}
	}
	after := map[table.Key]table.Item{}
	for _, a := range actions {
		switch a.Kind {
		case table.ActionPut:
			after[a.Item.Key] = a.Item
		case table.ActionAdd:
			item := table.Item{Key: a.Item.Key, Attributes: table.Attributes{}}
			if live := m.live(a.Item.Key, now); live != nil {
				item.Expires = live.Expires
				maps.Copy(item.Attributes, live.Attributes)
			}
			if item.Attributes[a.Attribute] == nil {
				if _, there := item.Attributes[a.Attribute]; there {
					return outcome{invalid: true, condition: -1}
				}
				item.Attributes[a.Attribute] = int64(0)
			}
			n, ok := item.Attributes[a.Attribute].(int64)
			sum := new(big.Int).Add(big.NewInt(n), big.NewInt(a.Delta))
			if !ok || !sum.IsInt64() {
				return outcome{invalid: true, condition: -1}
			}
			item.Attributes[a.Attribute] = sum.Int64()
			after[a.Item.Key] = item
		case table.ActionDelete, table.ActionCheck: // leave nothing behind
		}
	}
	for _, a := range actions {
		m.apply(a, after)
	}
	return outcome{condition: -1}
}

func (m *model) apply(a table.Action, after map[table.Key]table.Item) {
	key := a.Item.Key
	prior, stored := m.items[key]
	item, written := after[key]
	switch {
	case a.Kind == table.ActionDelete && stored:
		delete(m.items, key)
		m.records = append(m.records, table.Record{Kind: table.Remove, Key: key})
	case written && !stored:
		m.items[key] = item
		m.records = append(m.records, table.Record{Kind: table.Insert, Key: key, New: &item})
	case written && !same(prior, item):
		m.items[key] = item
		m.records = append(m.records, table.Record{Kind: table.Modify, Key: key, New: &item})
	}
}

func (m *model) sweep(now time.Time) {
	for key := range m.items {
		if m.live(key, now) == nil {
			delete(m.items, key)
		}
	}
}

// keys are the sort keys of live items of a partition.
func (m *model) keys(partition string, now time.Time) []string {
	var keys []string
	for key := range m.items {
		if key.Partition == partition && m.live(key, now) != nil {
			keys = append(keys, key.Sort)
		}
	}
	slices.Sort(keys)
	return keys
}

func satisfied(c table.Condition, item *table.Item) bool {
	var v any
	has := false
	if item != nil {
		v, has = item.Attributes[c.Attribute]
	}
	switch c.Kind {
	case table.IfAbsent:
		return item == nil
	case table.IfPresent:
		return item != nil
	case table.IfEquals:
		return has && fmt.Sprintf("%T %v", v, v) == fmt.Sprintf("%T %v", c.Value, c.Value)
	default:
		n, number := v.(int64)
		return !has || number && n < c.Value.(int64)
	}
}

// same tells whether two items of one key are equal. Printing sorts maps and keeps types.
func same(a, b table.Item) bool {
	return a.Expires.Unix() == b.Expires.Unix() && fmt.Sprintf("%#v", a.Attributes) == fmt.Sprintf("%#v", b.Attributes)
}
