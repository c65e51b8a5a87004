package tabletest

import (
	"maps"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/table"
)

// testConditions judges every kind of condition against every state of an item, in every kind of
// action.
func testConditions(t *testing.T, open func(t *testing.T) Harness) {
	stored := table.Attributes{
		"s": "text", "empty": "", "n": int64(5), "zero": int64(0), "big": int64(1<<53 + 1),
		"yes": true, "no": false, "nil": nil, "bytes": []byte("text"), "list": []any{int64(5)}, "map": map[string]any{"n": int64(5)},
	}
	for _, c := range []struct {
		name      string
		condition table.Condition
		present   bool // holds of the stored item
		absent    bool // holds of no item
	}{
		{"absent", table.Absent(), false, true},
		{"present", table.Present(), true, false},
		{"equals the same text", table.Equals("s", "text"), true, false},
		{"equals other text", table.Equals("s", "Text"), false, false},
		{"equals empty text", table.Equals("empty", ""), true, false},
		{"equals the same number", table.Equals("n", int64(5)), true, false},
		{"equals another number", table.Equals("n", int64(6)), false, false},
		{"equals the same number above 2^53", table.Equals("big", int64(1<<53+1)), true, false},
		{"equals a close number above 2^53", table.Equals("big", int64(1<<53)), false, false},
		{"equals true", table.Equals("yes", true), true, false},
		{"equals false", table.Equals("no", false), true, false},
		{"equals the other truth", table.Equals("yes", false), false, false},
		{"equals a number where text is", table.Equals("s", int64(5)), false, false},
		{"equals text where a number is", table.Equals("n", "5"), false, false},
		{"equals a number where truth is", table.Equals("yes", int64(1)), false, false},
		{"equals text where bytes are", table.Equals("bytes", "text"), false, false},
		{"equals something where nil is", table.Equals("nil", ""), false, false},
		{"equals something where a list is", table.Equals("list", int64(5)), false, false},
		{"equals something where a map is", table.Equals("map", int64(5)), false, false},
		{"equals of an attribute that is not there", table.Equals("none", ""), false, false},
		{"below", table.BelowOrAbsent("n", 6), true, true},
		{"not below but equal", table.BelowOrAbsent("n", 5), false, true},
		{"not below but above", table.BelowOrAbsent("n", 4), false, true},
		{"below the greatest number", table.BelowOrAbsent("big", math.MaxInt64), true, true},
		{"just below above 2^53", table.BelowOrAbsent("big", 1<<53+2), true, true},
		{"just not below above 2^53", table.BelowOrAbsent("big", 1<<53+1), false, true},
		{"below a negative number", table.BelowOrAbsent("zero", -1), false, true},
		{"below of an attribute that is not there", table.BelowOrAbsent("none", math.MinInt64), true, true},
		{"below where text is", table.BelowOrAbsent("s", math.MaxInt64), false, true},
		{"below where nil is", table.BelowOrAbsent("nil", math.MaxInt64), false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBed(t, open)
			actions := map[string]func(sort string) table.Action{
				"put": func(sort string) table.Action {
					return table.Put(b.item(sort, table.Attributes{"new": "x"}), c.condition)
				},
				"delete": func(sort string) table.Action { return table.Delete(b.key(sort), c.condition) },
				"check":  func(sort string) table.Action { return table.Check(b.key(sort), c.condition) },
				"add":    func(sort string) table.Action { return table.Add(b.key(sort), "count", 1, c.condition) },
			}
			for name, action := range actions {
				there, gone := name+"-there", name+"-gone"
				b.write(table.Put(b.item(there, stored)))
				b.judge(c.present, name, stored, action(there))
				b.judge(c.absent, name, nil, action(gone))
			}
		})
	}
	cases(t, open, map[string]func(b *bed){
		"all conditions of an action must hold": func(b *bed) {
			b.write(table.Put(b.item("a", table.Attributes{"x": "1", "n": int64(1)})))
			b.write(table.Check(b.key("a"), table.Present(), table.Equals("x", "1"), table.BelowOrAbsent("n", 2)))
			b.fails(0, table.Check(b.key("a"), table.Present(), table.Equals("x", "1"), table.BelowOrAbsent("n", 1)))
			b.fails(0, table.Check(b.key("a"), table.Equals("x", "2"), table.BelowOrAbsent("n", 2)))
			b.fails(0, table.Put(b.item("a", nil), table.Absent(), table.BelowOrAbsent("n", 2)))
			b.fails(0, table.Put(b.item("b", nil), table.Absent(), table.Present()))
		},
		"a deleted item is absent": func(b *bed) {
			b.write(table.Put(b.item("a", nil)))
			b.write(table.Delete(b.key("a")))
			b.fails(0, table.Check(b.key("a"), table.Present()))
			b.write(table.Put(b.item("a", nil), table.Absent()))
		},
		"deleting what is absent is no error": func(b *bed) {
			b.write(table.Delete(b.key("a")))
			b.absent("a")
		},
	})
}

// judge writes one action whose condition does or does not hold of the stored attributes, nil for
// no item, and looks at what became of the item.
func (b *bed) judge(holds bool, kind string, stored table.Attributes, action table.Action) {
	b.t.Helper()
	want := stored
	if !holds {
		b.fails(0, action)
	} else {
		b.write(action)
		switch kind {
		case "put":
			want = table.Attributes{"new": "x"}
		case "delete":
			want = nil
		case "add":
			want = table.Attributes{"count": int64(1)}
			maps.Copy(want, stored)
		}
	}
	var got table.Attributes
	if item := b.get(action.Item.Sort); item != nil {
		got = item.Attributes
	}
	if diff := cmp.Diff(want, got); diff != "" {
		b.t.Errorf("item after %s (-want +got):\n%s", kind, diff)
	}
}

func testCounters(t *testing.T, open func(t *testing.T) Harness) {
	cases(t, open, map[string]func(b *bed){
		"an item and its number start at nothing": func(b *bed) {
			b.write(table.Add(b.key("a"), "n", 3))
			b.holds("a", table.Attributes{"n": int64(3)})
			b.write(table.Add(b.key("a"), "m", -2))
			b.holds("a", table.Attributes{"n": int64(3), "m": int64(-2)})
			b.write(table.Add(b.key("b"), "n", 0))
			b.holds("b", table.Attributes{"n": int64(0)})
		},
		"adding leaves the rest alone": func(b *bed) {
			item := b.item("a", table.Attributes{"n": int64(40), "s": "text", "l": []any{[]byte{1}}})
			item.Expires = b.Now().Add(3600e9)
			b.write(table.Put(item))
			b.write(table.Add(b.key("a"), "n", 2))
			b.holds("a", table.Attributes{"n": int64(42), "s": "text", "l": []any{[]byte{1}}})
			if got := b.get("a"); got != nil && got.Expires.Unix() != item.Expires.Unix() {
				b.t.Errorf("expires: got %v, want %v", got.Expires, item.Expires)
			}
		},
		"sums are exact up to the ends of 64 bits": func(b *bed) {
			b.write(table.Add(b.key("a"), "n", math.MaxInt64-1))
			b.write(table.Add(b.key("a"), "n", 1))
			b.holds("a", table.Attributes{"n": int64(math.MaxInt64)})
			b.write(table.Add(b.key("b"), "n", math.MinInt64))
			b.holds("b", table.Attributes{"n": int64(math.MinInt64)})
		},
		"a sum beyond 64 bits is refused": func(b *bed) {
			b.write(table.Put(b.item("a", table.Attributes{"max": int64(math.MaxInt64), "min": int64(math.MinInt64)})))
			b.refused(table.Add(b.key("a"), "max", 1))
			b.refused(table.Add(b.key("a"), "min", -1))
			b.holds("a", table.Attributes{"max": int64(math.MaxInt64), "min": int64(math.MinInt64)})
		},
		"adding to what is no number is refused": func(b *bed) {
			want := table.Attributes{"s": "1", "nil": nil, "b": true, "l": []any{}}
			b.write(table.Put(b.item("a", want)))
			for name := range want {
				b.refused(table.Put(b.item("b", nil)), table.Add(b.key("a"), name, 1))
			}
			b.holds("a", want)
			b.absent("b")
		},
		"a condition that does not hold outranks an impossible sum": func(b *bed) {
			b.write(table.Put(b.item("a", table.Attributes{"s": "1"})))
			b.fails(1, table.Add(b.key("a"), "s", 1), table.Check(b.key("b"), table.Present()))
			b.fails(0, table.Add(b.key("a"), "s", 1, table.Absent()))
		},
	})
}
