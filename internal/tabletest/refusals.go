package tabletest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"allclear/internal/table"
)

func testRefusals(t *testing.T, open func(t *testing.T) Harness) {
	loop := map[string]any{}
	loop["in"] = loop
	for name, attributes := range map[string]table.Attributes{
		"an int":                    {"v": 1},
		"an int32":                  {"v": int32(1)},
		"a float":                   {"v": 1.5},
		"a time":                    {"v": time.Time{}},
		"a string list":             {"v": []string{"a"}},
		"a map of strings":          {"v": map[string]string{"a": "b"}},
		"attributes as a value":     {"v": table.Attributes{}},
		"a wrong value in a list":   {"v": []any{"ok", 1}},
		"a wrong value in a map":    {"v": map[string]any{"deep": map[string]any{"v": uint8(1)}}},
		"text that is not UTF-8":    {"v": "a\xff"},
		"half a surrogate":          {"v": "\xed\xa0\x80"},
		"a name that is not UTF-8":  {"\xff": "v"},
		"an inner name not UTF-8":   {"v": map[string]any{"\xff": "v"}},
		"an empty name":             {"": "v"},
		"an empty inner name":       {"v": map[string]any{"": "v"}},
		"the name pk":               {"pk": "v"},
		"the name sk":               {"sk": "v"},
		"the name expires":          {"expires": int64(1)},
		"a value that is too deep":  {"v": nested(table.MaxDepth + 1)},
		"a value that holds itself": {"v": loop},
		"an item that is too large": {"v": strings.Repeat("x", table.MaxItemSize)},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			b := newBed(t, open)
			b.refused(table.Put(b.item("good", nil)), table.Put(b.item("bad", attributes)))
			b.absent("good")
			b.absent("bad")
		})
	}
	long := strings.Repeat("k", 1+table.MaxPartitionKey)
	put := func(b *bed, partition, sort string) table.Action {
		return table.Put(table.Item{Key: table.Key{Partition: partition, Sort: sort}})
	}
	early := func(b *bed) table.Action {
		item := b.item("a", nil)
		item.Expires = time.Unix(0, 0)
		return table.Put(item)
	}
	for name, action := range map[string]func(b *bed) table.Action{
		"an empty partition":             func(b *bed) table.Action { return put(b, "", "a") },
		"an empty sort key":              func(b *bed) table.Action { return put(b, b.partition, "") },
		"a partition that is too long":   func(b *bed) table.Action { return put(b, long, "a") },
		"a sort key that is too long":    func(b *bed) table.Action { return put(b, b.partition, long[:1+table.MaxSortKey]) },
		"a key that is not ASCII":        func(b *bed) table.Action { return put(b, b.partition, "ä") },
		"a key with NUL":                 func(b *bed) table.Action { return put(b, b.partition, "a\x00") },
		"a key with a line break":        func(b *bed) table.Action { return table.Delete(b.key("a\n")) },
		"an expiry before 1970":          early,
		"an action of no kind":           func(b *bed) table.Action { return table.Action{Item: b.item("a", nil)} },
		"a check of nothing":             func(b *bed) table.Action { return table.Check(b.key("a")) },
		"an add to no attribute":         func(b *bed) table.Action { return table.Add(b.key("a"), "", 1) },
		"an add to the expiry":           func(b *bed) table.Action { return table.Add(b.key("a"), "expires", 1) },
		"a condition of no kind":         func(b *bed) table.Action { return table.Check(b.key("a"), table.Condition{}) },
		"a condition on no attribute":    func(b *bed) table.Action { return table.Check(b.key("a"), table.Equals("", "v")) },
		"a condition on the key":         func(b *bed) table.Action { return table.Check(b.key("a"), table.Equals("pk", "v")) },
		"a comparison with an int":       func(b *bed) table.Action { return table.Check(b.key("a"), table.Equals("v", 1)) },
		"a comparison with nil":          func(b *bed) table.Action { return table.Check(b.key("a"), table.Equals("v", nil)) },
		"a comparison with bytes":        func(b *bed) table.Action { return table.Check(b.key("a"), table.Equals("v", []byte{})) },
		"a comparison with a list":       func(b *bed) table.Action { return table.Check(b.key("a"), table.Equals("v", []any{})) },
		"a comparison that is not UTF-8": func(b *bed) table.Action { return table.Check(b.key("a"), table.Equals("v", "\xff")) },
		"a bound that is no number": func(b *bed) table.Action {
			return table.Check(b.key("a"), table.Condition{Kind: table.IfBelowOrAbsent, Attribute: "v", Value: "1"})
		},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			b := newBed(t, open)
			b.refused(table.Put(b.item("good", nil)), action(b))
			b.absent("good")
		})
	}
	cases(t, open, map[string]func(b *bed){
		"a transaction of no actions is refused": func(b *bed) { b.refused() },
		"a transaction of 101 actions is refused": func(b *bed) {
			var actions []table.Action
			for i := range table.MaxActions + 1 {
				actions = append(actions, table.Put(b.item(number(i), nil)))
			}
			b.refused(actions...)
			b.absent(number(0))
		},
		"two actions on one item are refused": func(b *bed) {
			b.refused(table.Put(b.item("a", nil)), table.Check(b.key("a"), table.Absent()))
			b.refused(table.Add(b.key("a"), "n", 1), table.Add(b.key("a"), "n", 1))
			b.absent("a")
		},
		"an item of the largest size is taken, one byte more is not": func(b *bed) {
			item := b.item("a", table.Attributes{"v": ""})
			size, err := table.Size(item)
			if err != nil {
				b.t.Fatal(err)
			}
			item.Attributes["v"] = strings.Repeat("x", table.MaxItemSize-size)
			b.write(table.Put(item))
			b.holds("a", item.Attributes)
			b.refused(table.Put(b.item("b", table.Attributes{"v": item.Attributes["v"].(string) + "xx"})))
		},
		"a transaction of more than the largest size is refused": func(b *bed) {
			text := strings.Repeat("x", table.MaxItemSize-1000)
			var actions []table.Action
			for i := range 1 + table.MaxWriteSize/table.MaxItemSize {
				actions = append(actions, table.Put(b.item(number(i), table.Attributes{"v": text})))
			}
			b.refused(actions...)
			b.absent(number(0))
			b.write(actions[:8]...)
		},
		"a query with a negative limit is refused": func(b *bed) {
			if _, err := b.Table.Query(b.t.Context(), table.Query{Partition: b.partition, Limit: -1}); !errors.Is(err, table.ErrInvalid) {
				b.t.Errorf("got error %v, want ErrInvalid", err)
			}
		},
		"a query with a bound that is not ASCII is refused": func(b *bed) {
			for _, q := range []table.Query{{From: "ä"}, {To: "\xff"}, {After: "a\x00"}} {
				q.Partition = b.partition
				if _, err := b.Table.Query(b.t.Context(), q); !errors.Is(err, table.ErrInvalid) {
					b.t.Errorf("%+v: got error %v, want ErrInvalid", q, err)
				}
			}
		},
		"a call whose context has ended does nothing": func(b *bed) {
			ctx, cancel := context.WithCancel(b.t.Context())
			cancel()
			if err := b.Table.Write(ctx, table.Put(b.item("a", nil))); !errors.Is(err, context.Canceled) {
				b.t.Errorf("Write: got error %v, want context.Canceled", err)
			}
			b.absent("a")
			if _, err := b.Table.Get(ctx, b.key("a")); !errors.Is(err, context.Canceled) {
				b.t.Errorf("Get: got error %v, want context.Canceled", err)
			}
			if _, err := b.Table.Query(ctx, table.Query{Partition: b.partition}); !errors.Is(err, context.Canceled) {
				b.t.Errorf("Query: got error %v, want context.Canceled", err)
			}
		},
	})
}
