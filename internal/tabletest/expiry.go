package tabletest

import (
	"testing"
	"time"

	"allclear/internal/table"
)

func testExpiry(t *testing.T, open func(t *testing.T) Harness) {
	cases(t, open, map[string]func(b *bed){
		"an expired item is absent for reads": func(b *bed) {
			b.write(table.Put(b.expiring("a", -time.Hour)), table.Put(b.item("b", nil)), table.Put(b.expiring("c", time.Hour)))
			b.absent("a")
			b.holds("b", table.Attributes{})
			b.holds("c", table.Attributes{"v": int64(1)})
			for limit := range 4 {
				b.pages(table.Query{Partition: b.partition, Limit: limit}, []string{"b", "c"})
				b.pages(table.Query{Partition: b.partition, Limit: limit, Reverse: true}, []string{"c", "b"})
			}
		},
		"pages are full although expired items lie between": func(b *bed) {
			var want []string
			for i := range 40 {
				if i%4 == 0 {
					b.write(table.Put(b.item(number(i), nil)))
					want = append(want, number(i))
				} else {
					b.write(table.Put(b.expiring(number(i), -time.Minute)))
				}
			}
			for _, limit := range []int{0, 1, 3, 9, 10, 11} {
				b.pages(table.Query{Partition: b.partition, Limit: limit}, want)
			}
		},
		"an expired item is absent for conditions": func(b *bed) {
			b.write(table.Put(b.expiring("a", -time.Hour)))
			b.fails(0, table.Check(b.key("a"), table.Present()))
			b.fails(0, table.Check(b.key("a"), table.Equals("v", int64(1))))
			b.write(table.Check(b.key("a"), table.Absent()))
			b.write(table.Check(b.key("a"), table.BelowOrAbsent("v", 0)))
			b.fails(0, table.Delete(b.key("a"), table.Present()))
			b.fails(0, table.Add(b.key("a"), "v", 1, table.Present()))
			b.write(table.Put(b.item("a", table.Attributes{"v": int64(2)}), table.Absent()))
			b.holds("a", table.Attributes{"v": int64(2)})
			b.fails(0, table.Put(b.item("a", nil), table.Absent()))
		},
		"adding to an expired item starts a new one that stays": func(b *bed) {
			b.write(table.Put(b.expiring("a", -time.Hour)), table.Put(b.expiring("b", -time.Hour)))
			b.write(table.Add(b.key("a"), "v", 5))
			b.write(table.Add(b.key("b"), "v", 5, table.Absent()))
			for _, sort := range []string{"a", "b"} {
				b.holds(sort, table.Attributes{"v": int64(5)})
				if item := b.get(sort); item != nil && !item.Expires.IsZero() {
					b.t.Errorf("expires: got %v, want never", item.Expires)
				}
			}
		},
		"an expired item is deleted and written like one that never was": func(b *bed) {
			b.write(table.Put(b.expiring("a", -time.Hour)), table.Put(b.expiring("b", -time.Hour)))
			b.write(table.Delete(b.key("a")), table.Put(b.expiring("b", time.Hour)))
			b.absent("a")
			b.holds("b", table.Attributes{"v": int64(1)})
		},
		"an item is there until the second of its expiry": func(b *bed) {
			b.needsClock()
			at := b.Now().Truncate(time.Second).Add(10 * time.Second)
			item := b.expiring("a", 0)
			item.Expires = at.Add(300 * time.Millisecond) // cut off
			b.write(table.Put(item))
			b.Advance(at.Add(-time.Millisecond).Sub(b.Now()))
			b.holds("a", table.Attributes{"v": int64(1)})
			b.pages(table.Query{Partition: b.partition}, []string{"a"})
			b.write(table.Check(b.key("a"), table.Present()))
			b.Advance(time.Millisecond)
			b.absent("a")
			b.pages(table.Query{Partition: b.partition}, nil)
			b.write(table.Check(b.key("a"), table.Absent()))
		},
		"an item that is written again in time stays": func(b *bed) {
			b.needsClock()
			b.write(table.Put(b.expiring("a", time.Minute)))
			b.Advance(50 * time.Second)
			b.write(table.Put(b.expiring("a", time.Minute)))
			b.Advance(50 * time.Second)
			b.holds("a", table.Attributes{"v": int64(1)})
			b.write(table.Put(b.item("a", nil)))
			b.Advance(1000 * time.Hour)
			b.holds("a", table.Attributes{})
		},
		"a sweep deletes what is expired, as much as asked, and nothing else": func(b *bed) {
			b.needsSweep()
			for i := range 6 {
				b.write(table.Put(b.expiring(number(i), -time.Hour)))
			}
			b.write(table.Put(b.expiring("later", time.Hour)), table.Put(b.item("never", nil)))
			before := b.sweep(1 << 30)
			if before < 6 {
				b.t.Errorf("swept %d items, want 6", before)
			}
			if again := b.sweep(1 << 30); again != 0 {
				b.t.Errorf("swept %d items again", again)
			}
			for i := range 5 {
				b.write(table.Put(b.expiring(number(i), -time.Hour)))
			}
			if got := []int{b.sweep(2), b.sweep(2), b.sweep(2)}; got[0] != 2 || got[1] != 2 || got[2] != 1 {
				b.t.Errorf("swept %v items, two at a time, of five", got)
			}
			b.pages(table.Query{Partition: b.partition}, []string{"later", "never"})
		},
	})
}

// expiring is an item that expires that long from now.
func (b *bed) expiring(sort string, in time.Duration) table.Item {
	item := b.item(sort, table.Attributes{"v": int64(1)})
	item.Expires = b.Now().Add(in)
	return item
}

func (b *bed) needsClock() {
	b.t.Helper()
	if b.Advance == nil {
		b.t.Skip("the clock cannot be moved")
	}
}

func (b *bed) needsSweep() {
	b.t.Helper()
	if b.Sweep == nil {
		b.t.Skip("expired items cannot be swept")
	}
}

func (b *bed) sweep(limit int) int {
	b.t.Helper()
	n, err := b.Sweep(b.t.Context(), limit)
	if err != nil {
		b.t.Fatalf("Sweep: %v", err)
	}
	return n
}
