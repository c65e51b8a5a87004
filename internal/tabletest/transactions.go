package tabletest

import (
	"fmt"
	"strings"
	"testing"

	"allclear/internal/table"
)

// number is a sort key whose order is that of i.
func number(i int) string { return fmt.Sprintf("%06d", i) }

func testTransactions(t *testing.T, open func(t *testing.T) Harness) {
	for _, n := range []int{1, 2, 25, 26, table.MaxActions} {
		t.Run(fmt.Sprintf("%d actions are applied together", n), func(t *testing.T) {
			b := newBed(t, open)
			actions := make([]table.Action, n)
			for i := range actions {
				actions[i] = table.Put(b.item(number(i), table.Attributes{"i": int64(i)}), table.Absent())
			}
			b.write(actions...)
			for i := range actions {
				b.holds(number(i), table.Attributes{"i": int64(i)})
			}
			// Once more none is applied, for the first is there.
			b.fails(0, actions...)
		})
		t.Run(fmt.Sprintf("of %d actions none is applied when the last cannot be", n), func(t *testing.T) {
			b := newBed(t, open)
			actions := make([]table.Action, n)
			for i := range actions {
				actions[i] = table.Put(b.item(number(i), nil))
			}
			actions[n-1].If = []table.Condition{table.Present()}
			b.fails(n-1, actions...)
			for i := range actions {
				b.absent(number(i))
			}
		})
	}
	cases(t, open, map[string]func(b *bed){
		"the error names the first action whose condition does not hold": func(b *bed) {
			b.write(table.Put(b.item("a", table.Attributes{"v": int64(1)})))
			b.fails(2,
				table.Put(b.item("new", nil), table.Absent()),
				table.Check(b.key("a"), table.Present()),
				table.Put(b.item("a2", nil), table.Present()),
				table.Delete(b.key("a3"), table.Present()))
			b.absent("new")
		},
		"every kind of action is undone": func(b *bed) {
			b.write(table.Put(b.item("put", table.Attributes{"v": "old"})), table.Put(b.item("delete", nil)), table.Put(b.item("add", table.Attributes{"n": int64(1)})))
			b.fails(4,
				table.Put(b.item("put", table.Attributes{"v": "new"})),
				table.Delete(b.key("delete")),
				table.Add(b.key("add"), "n", 1),
				table.Put(b.item("more", nil)),
				table.Check(b.key("none"), table.Present()))
			b.holds("put", table.Attributes{"v": "old"})
			b.holds("delete", table.Attributes{})
			b.holds("add", table.Attributes{"n": int64(1)})
			b.absent("more")
		},
		"an item moves to another key": func(b *bed) {
			b.write(table.Put(b.item("from", table.Attributes{"v": int64(1)})))
			b.write(
				table.Delete(b.key("from"), table.Equals("v", int64(1))),
				table.Put(b.item("to", table.Attributes{"v": int64(2)}), table.Absent()))
			b.absent("from")
			b.holds("to", table.Attributes{"v": int64(2)})
		},
		"a transaction spans partitions": func(b *bed) {
			other := table.Key{Partition: b.partition + "#other", Sort: "a"}
			b.fails(1, table.Put(b.item("a", nil)), table.Check(other, table.Present()))
			b.absent("a")
			b.write(table.Put(b.item("a", nil)), table.Put(table.Item{Key: other}))
			b.fails(1, table.Put(b.item("b", nil)), table.Put(table.Item{Key: other}, table.Absent()))
			b.absent("b")
		},
		"a write is seen by the read that follows": func(b *bed) {
			for i := range 20 {
				want := table.Attributes{"i": int64(i), "text": strings.Repeat("x", i*100)}
				b.write(table.Put(b.item("a", want)))
				b.holds("a", want)
			}
		},
	})
}
