package tabletest

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/table"
)

func testValues(t *testing.T, open func(t *testing.T) Harness) {
	for name, value := range map[string]any{
		"nil":                            nil,
		"true":                           true,
		"false":                          false,
		"zero":                           int64(0),
		"the greatest number":            int64(math.MaxInt64),
		"the smallest number":            int64(math.MinInt64),
		"a number above 2^53":            int64(1<<53 + 1),
		"empty text":                     "",
		"text in many scripts":           "Störung 障害 تعطل 🔥 e\u0301",
		"text with NUL":                  "a\x00b\x00",
		"text with control characters":   "\x01\x1f\x7f\r\n\t\b\f\u2028\u2029\u0085\ufeff\ufffd",
		"text with quotes and markup":    `"\'</script><!--&amp;%00\u0000`,
		"text that looks like a number":  "1e9",
		"empty bytes":                    []byte{},
		"bytes that are no text":         []byte("\x00\xff\xfe\x80"),
		"an empty list":                  []any{},
		"a list of everything":           []any{nil, true, int64(-7), "x", []byte{1}, []any{[]any{}}, map[string]any{}},
		"an empty map":                   map[string]any{},
		"a map of everything":            map[string]any{"n": nil, "b": false, "i": int64(1), "s": "", "x": []byte{}, "l": []any{"a"}, "m": map[string]any{"k": "v"}},
		"a map with an odd name":         map[string]any{"$bytes": "AAAA"},
		"a map with odder names":         map[string]any{"$bytes": "AAAA", "$$bytes": "BBBB", "$": "C", "$$": int64(1), "S": "x", "pk": "p", "expires": int64(1)},
		"bytes beside a name like bytes": map[string]any{"$bytes": []byte("x"), "$$bytes": map[string]any{"$bytes": []byte{}}},
		"a deep value":                   nested(table.MaxDepth),
	} {
		t.Run(name+" comes back as it went in", func(t *testing.T) {
			b := newBed(t, open)
			want := table.Attributes{"value": value, "other": "o"}
			b.write(table.Put(b.item("a", want)))
			b.holds("a", want)
		})
	}
	cases(t, open, map[string]func(b *bed){
		"an item without attributes comes back with none": func(b *bed) {
			b.write(table.Put(b.item("a", nil)))
			b.holds("a", table.Attributes{})
		},
		"nil slices and maps come back empty": func(b *bed) {
			b.write(table.Put(b.item("a", table.Attributes{"b": []byte(nil), "l": []any(nil), "m": map[string]any(nil)})))
			b.holds("a", table.Attributes{"b": []byte{}, "l": []any{}, "m": map[string]any{}})
		},
		"attributes may have odd names": func(b *bed) {
			want := table.Attributes{"$bytes": "x", "$": int64(1), "PK": "y", "a.b": "z", "#": nil, "größe": true, "item": "i", "key\x00": "nul"}
			b.write(table.Put(b.item("a", want)))
			b.holds("a", want)
		},
		"an attribute named like the escape of bytes may stand alone": func(b *bed) {
			b.write(table.Put(b.item("a", table.Attributes{"$bytes": "AAAA"})))
			b.holds("a", table.Attributes{"$bytes": "AAAA"})
		},
		"a put replaces the whole item": func(b *bed) {
			item := b.item("a", table.Attributes{"old": "x", "both": int64(1)})
			item.Expires = b.Now().Add(time.Hour)
			b.write(table.Put(item))
			b.write(table.Put(b.item("a", table.Attributes{"new": "y", "both": int64(2)})))
			b.holds("a", table.Attributes{"new": "y", "both": int64(2)})
			if got := b.get("a"); got != nil && !got.Expires.IsZero() {
				b.t.Errorf("expires of the new item: got %v, want never", got.Expires)
			}
		},
		"expiry comes back in whole seconds, UTC": func(b *bed) {
			item := b.item("a", nil)
			item.Expires = b.Now().Add(time.Hour).Truncate(time.Second).Add(999 * time.Millisecond).In(time.FixedZone("far", 5*3600))
			b.write(table.Put(item))
			want := item.Expires.Truncate(time.Second).UTC()
			if got := b.get("a"); got == nil || got.Expires != want {
				b.t.Errorf("got item %v, want expires %v", got, want)
			}
		},
		"changing an argument afterwards changes nothing stored": func(b *bed) {
			list, inner, bytes := []any{"l"}, map[string]any{"k": "v"}, []byte("b")
			attributes := table.Attributes{"list": list, "map": inner, "bytes": bytes}
			b.write(table.Put(b.item("a", attributes)))
			list[0], inner["k"], bytes[0] = "changed", "changed", 'c'
			attributes["new"] = "changed"
			b.holds("a", table.Attributes{"list": []any{"l"}, "map": map[string]any{"k": "v"}, "bytes": []byte("b")})
		},
		"changing an answer changes nothing stored": func(b *bed) {
			want := table.Attributes{"list": []any{"l"}, "map": map[string]any{"k": "v"}, "bytes": []byte("b")}
			b.write(table.Put(b.item("a", want)))
			spoil := func(item table.Item) {
				item.Attributes["list"].([]any)[0] = "changed"
				item.Attributes["map"].(map[string]any)["k"] = "changed"
				item.Attributes["bytes"].([]byte)[0] = 'c'
				item.Attributes["new"] = "changed"
			}
			spoil(*b.get("a"))
			b.holds("a", want)
			result, err := b.Table.Query(b.t.Context(), table.Query{Partition: b.partition})
			if err != nil || len(result.Items) != 1 {
				b.t.Fatalf("Query: got %v, %v", result, err)
			}
			spoil(result.Items[0])
			b.holds("a", want)
		},
	})
}

func testKeys(t *testing.T, open func(t *testing.T) Harness) {
	longest := strings.Repeat("~", table.MaxSortKey)
	cases(t, open, map[string]func(b *bed){
		"answers stand in the order of the keys, nil for what is absent": func(b *bed) {
			b.write(table.Put(b.item("a", nil)), table.Put(b.item("b", nil)))
			asked := []string{"b", "none", "a", "b", "neither"}
			var keys []table.Key
			for _, s := range asked {
				keys = append(keys, b.key(s))
			}
			items, err := b.Table.Get(b.t.Context(), keys...)
			if err != nil {
				b.t.Fatal(err)
			}
			var got []string
			for _, item := range items {
				if item == nil {
					got = append(got, "-")
				} else {
					got = append(got, item.Sort)
				}
			}
			if diff := cmp.Diff([]string{"b", "-", "a", "b", "-"}, got); diff != "" {
				b.t.Errorf("answers (-want +got):\n%s", diff)
			}
		},
		"no keys have no answers": func(b *bed) {
			if items, err := b.Table.Get(b.t.Context()); err != nil || len(items) != 0 {
				b.t.Errorf("got %v, %v", items, err)
			}
		},
		"many keys are read at once": func(b *bed) {
			keys := make([]table.Key, 250)
			for i := range keys {
				keys[i] = b.key(number(i))
			}
			for first := 0; first < len(keys); first += 50 {
				var puts []table.Action
				for _, key := range keys[first : first+50] {
					puts = append(puts, table.Put(table.Item{Key: key}))
				}
				b.write(puts...)
			}
			items, err := b.Table.Get(b.t.Context(), keys...)
			if err != nil || len(items) != len(keys) {
				b.t.Fatalf("got %d items, %v", len(items), err)
			}
			for i, item := range items {
				if item == nil || item.Key != keys[i] {
					b.t.Errorf("answer %d: got %v, want %v", i, item, keys[i])
				}
			}
		},
		"a key that cannot be is absent": func(b *bed) {
			odd := []table.Key{
				{},
				{Partition: b.partition},
				{Sort: "a"},
				b.key("ä"), b.key("a\x00"), b.key("a\n"), b.key("\x7f"), b.key("\xff"),
				b.key(longest + "~"),
				{Partition: strings.Repeat("p", table.MaxPartitionKey+1), Sort: "a"},
			}
			items, err := b.Table.Get(b.t.Context(), odd...)
			if err != nil || len(items) != len(odd) {
				b.t.Fatalf("got %d items, %v", len(items), err)
			}
			for i, item := range items {
				if item != nil {
					b.t.Errorf("key %q: got %v, want none", odd[i], item)
				}
			}
		},
		"a key may be as long as allowed, of any printable ASCII": func(b *bed) {
			for _, sort := range []string{longest, " ", `'";--%_*?[]/\`} {
				b.write(table.Put(b.item(sort, table.Attributes{"s": sort})))
				b.holds(sort, table.Attributes{"s": sort})
			}
		},
		"partition and sort key are not run together": func(b *bed) {
			b.write(table.Put(table.Item{Key: table.Key{Partition: b.partition + "a", Sort: "b"}}))
			items, err := b.Table.Get(b.t.Context(), table.Key{Partition: b.partition, Sort: "ab"}, table.Key{Partition: b.partition + "ab", Sort: "b"})
			if err != nil || items[0] != nil || items[1] != nil {
				b.t.Errorf("got %v, %v", items, err)
			}
		},
		"letter case matters": func(b *bed) {
			b.write(table.Put(b.item("key", nil)))
			b.absent("KEY")
		},
	})
}

// nested is a value of that many containers inside each other.
func nested(depth int) any {
	var v any = "deep"
	for i := range depth {
		if i%2 == 0 {
			v = []any{v}
		} else {
			v = map[string]any{"in": v}
		}
	}
	return v
}
