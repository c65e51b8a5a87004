package tabletest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"allclear/internal/table"
)

// sorts are keys in the order of their bytes: digits, upper case, "_", lower case, "~".
var sorts = []string{
	"#", "0", "1", "10", "2", "A", "A#", "A#1", "A#2", "A$", "B", "EVENT#0001", "EVENT#0002", "EVENT#0003",
	"EVENT#0010", "EVENTS", "_", "a", "a#1", "aa", "b", "~", "~~",
}

func testQueries(t *testing.T, open func(t *testing.T) Harness) {
	t.Run("a range is answered in order, both ways, at every page size", func(t *testing.T) {
		b := newBed(t, open)
		b.fill()
		ranges := []table.Query{
			{},
			{From: "A"},
			{To: "A"},
			{From: "A", To: "B"},
			{From: "A#", To: "A$"},
			{From: "1x", To: "a#0"},
			table.Prefix("", "A"), table.Prefix("", "A#"), table.Prefix("", "EVENT#"), table.Prefix("", "EVENT#0001"),
			table.Prefix("", ""), table.Prefix("", "none"), table.Prefix("", "~"),
			{From: "a", To: "A"},
			{From: "A", To: "A"},
			{From: "~~~"},
			{To: "!"},
			{From: " ", To: "\x7f"},
		}
		for _, q := range ranges {
			for _, reverse := range []bool{false, true} {
				q.Partition, q.Reverse = b.partition, reverse
				want := inRange(sorts, q)
				for limit := 0; limit <= len(sorts)+2; limit++ {
					q.Limit = limit
					b.pages(q, want)
				}
			}
		}
	})
	cases(t, open, map[string]func(b *bed){
		"an empty partition has an empty answer": func(b *bed) {
			b.pages(table.Query{Partition: b.partition}, nil)
			b.pages(table.Query{Partition: b.partition, Reverse: true, Limit: 1, After: "x"}, nil)
		},
		"a partition that cannot be is empty": func(b *bed) {
			for _, partition := range []string{"", "ä", "a\x00", strings.Repeat("p", table.MaxPartitionKey+1)} {
				b.pages(table.Query{Partition: partition, Limit: 1}, nil)
			}
		},
		"other partitions stay out": func(b *bed) {
			for _, partition := range []string{b.partition, b.partition + "x", b.partition[:len(b.partition)-1]} {
				b.write(table.Put(table.Item{Key: table.Key{Partition: partition, Sort: "in " + partition}}))
			}
			b.pages(table.Query{Partition: b.partition}, []string{"in " + b.partition})
		},
		"items come whole": func(b *bed) {
			items := []table.Item{b.item("a", table.Attributes{"v": int64(1), "b": []byte{0}}), b.item("b", table.Attributes{"v": nil})}
			b.write(table.Put(items[0]), table.Put(items[1]))
			got, err := table.All(b.t.Context(), b.Table, table.Query{Partition: b.partition})
			if err != nil {
				b.t.Fatal(err)
			}
			if diff := diffItems(items, got); diff != "" {
				b.t.Errorf("items (-want +got):\n%s", diff)
			}
		},
		"a page goes on after a key that is gone": func(b *bed) {
			b.fill()
			for _, reverse := range []bool{false, true} {
				q := table.Query{Partition: b.partition, Reverse: reverse, After: "AA"} // never was
				b.pages(q, inRange(sorts, q))
			}
			result, err := b.Table.Query(b.t.Context(), table.Query{Partition: b.partition, Limit: 3})
			if err != nil {
				b.t.Fatal(err)
			}
			b.write(table.Delete(b.key(result.Next)))
			b.pages(table.Query{Partition: b.partition, Limit: 4, After: result.Next}, sorts[3:])
		},
		"items written between two pages are in their place": func(b *bed) {
			b.write(table.Put(b.item("b", nil)), table.Put(b.item("d", nil)), table.Put(b.item("f", nil)))
			result, err := b.Table.Query(b.t.Context(), table.Query{Partition: b.partition, Limit: 2})
			if err != nil {
				b.t.Fatal(err)
			}
			b.write(table.Put(b.item("a", nil)), table.Put(b.item("c", nil)), table.Put(b.item("e", nil)))
			b.pages(table.Query{Partition: b.partition, After: result.Next}, []string{"e", "f"})
		},
		"a query without a limit comes to an end however large the items": func(b *bed) {
			var want []string
			for i := range 12 {
				b.write(table.Put(b.item(number(i), table.Attributes{"v": strings.Repeat("x", 300<<10)})))
				want = append(want, number(i))
			}
			b.pages(table.Query{Partition: b.partition}, want)
			b.pages(table.Query{Partition: b.partition, Limit: 11}, want)
			slices.Reverse(want)
			b.pages(table.Query{Partition: b.partition, Reverse: true}, want)
		},
		"many small items come over several pages": func(b *bed) {
			var want []string
			for first := 0; first < 300; first += 100 {
				var puts []table.Action
				for i := first; i < first+100; i++ {
					puts = append(puts, table.Put(b.item(number(i), nil)))
					want = append(want, number(i))
				}
				b.write(puts...)
			}
			b.pages(table.Query{Partition: b.partition}, want)
			b.pages(table.Query{Partition: b.partition, Limit: 299}, want)
		},
	})
}

// fill writes all sorts, not in their order.
func (b *bed) fill() {
	b.t.Helper()
	var puts []table.Action
	for i := range sorts {
		puts = append(puts, table.Put(b.item(sorts[(i*7)%len(sorts)], nil)))
	}
	b.write(puts...)
}

// inRange are the keys that a query must answer, in its order.
func inRange(sorts []string, q table.Query) []string {
	var keys []string
	for _, s := range sorts {
		in := s >= q.From && (q.To == "" || s < q.To)
		if q.After != "" {
			in = in && (s > q.After && !q.Reverse || s < q.After && q.Reverse)
		}
		if in {
			keys = append(keys, s)
		}
	}
	slices.Sort(keys)
	if q.Reverse {
		slices.Reverse(keys)
	}
	return keys
}

// pages reads a query to its end and fails the test unless it answers these keys, every page but
// the last as long as asked, and no page after the last item.
func (b *bed) pages(q table.Query, want []string) {
	b.t.Helper()
	asked := fmt.Sprintf("query from %q to %q after %q, reverse %t, limit %d", q.From, q.To, q.After, q.Reverse, q.Limit)
	var got []string
	for {
		result, err := b.Table.Query(b.t.Context(), q)
		if err != nil {
			b.t.Fatalf("%s: %v", asked, err)
		}
		for _, item := range result.Items {
			if item.Partition != q.Partition {
				b.t.Errorf("%s: got an item of partition %q", asked, item.Partition)
			}
			got = append(got, item.Sort)
		}
		n := len(result.Items)
		if q.Limit > 0 && (n > q.Limit || n < q.Limit && result.Next != "") {
			b.t.Errorf("%s: got a page of %d items, next %q", asked, n, result.Next)
		}
		if result.Next == "" {
			break
		}
		if n == 0 || result.Next != result.Items[n-1].Sort {
			b.t.Fatalf("%s: got next %q after %d items up to %q", asked, result.Next, n, got)
		}
		if len(got) >= len(want) {
			b.t.Fatalf("%s: got next %q with all items read", asked, result.Next)
		}
		q.After = result.Next
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		b.t.Errorf("%s (-want +got):\n%s", asked, diff)
	}
}
