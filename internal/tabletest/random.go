package tabletest

import (
	"crypto/rand"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"allclear/internal/table"
)

// testAgainstModel does whatever rapid thinks of to the adapter and to the model, and compares the
// answers, the items and the log.
func testAgainstModel(t *testing.T, open func(t *testing.T) Harness) {
	h := open(t)
	rapid.Check(t, func(rt *rapid.T) {
		m := &machine{
			bed:   &bed{Harness: h, t: rt, partition: "RAPID#" + rand.Text()},
			model: &model{items: map[table.Key]table.Item{}},
		}
		if h.Log != nil {
			m.log = newTail(m.bed)
		}
		steps := map[string]func(*rapid.T){
			"":      m.check,
			"write": m.write,
			"query": m.query,
			"get":   m.get,
		}
		if h.Advance != nil {
			steps["advance"] = func(rt *rapid.T) {
				h.Advance(time.Duration(rapid.IntRange(1, 5000).Draw(rt, "ms")) * time.Millisecond)
			}
		}
		if h.Sweep != nil {
			steps["sweep"] = func(*rapid.T) {
				m.sweep(1 << 30)
				m.model.sweep(m.Now())
			}
		}
		if h.Reopen != nil {
			steps["reopen"] = func(rt *rapid.T) {
				if rapid.IntRange(0, 9).Draw(rt, "dice") == 0 { // it takes its time
					h = h.Reopen(t)
					m.Harness = h
				}
			}
		}
		rt.Repeat(steps)
	})
}

type machine struct {
	*bed
	model *model
	log   *tail
}

var (
	names  = []string{"n", "m", "$bytes", "ü"}
	places = []string{"a", "b", "c", "d#1", "d#2"}
)

// key draws one of few keys, so that they meet.
func (m *machine) draw(rt *rapid.T) table.Key {
	partition := m.partition + rapid.SampledFrom([]string{"", "#2"}).Draw(rt, "partition")
	return table.Key{Partition: partition, Sort: rapid.SampledFrom(places).Draw(rt, "sort")}
}

func (m *machine) write(rt *rapid.T) {
	var actions []table.Action
	taken := map[table.Key]bool{}
	for range rapid.IntRange(1, 5).Draw(rt, "actions") {
		key := m.draw(rt)
		if taken[key] {
			continue
		}
		taken[key] = true
		actions = append(actions, m.action(rt, key))
	}
	want := m.model.write(actions, m.Now())
	err := m.Table.Write(rt.Context(), actions...)
	got := outcome{condition: -1}
	if condition := (*table.ConditionError)(nil); errors.As(err, &condition) {
		got.condition = condition.Index
	} else if errors.Is(err, table.ErrInvalid) {
		got.invalid = true
	} else if err != nil {
		rt.Fatalf("Write: %v", err)
	}
	if got != want {
		rt.Fatalf("Write of %+v: got that %v, want that %v", actions, got, want)
	}
}

func (m *machine) action(rt *rapid.T, key table.Key) table.Action {
	conditions := m.conditions(rt, key)
	switch rapid.SampledFrom([]table.ActionKind{table.ActionPut, table.ActionPut, table.ActionDelete, table.ActionCheck, table.ActionAdd}).Draw(rt, "kind") {
	case table.ActionPut:
		item := table.Item{Key: key, Attributes: rapid.MapOfN(rapid.SampledFrom(names), value(2), 0, 3).Draw(rt, "attributes")}
		if in := rapid.IntRange(-3, 6).Draw(rt, "expires in"); in < 4 {
			item.Expires = m.Now().Add(time.Duration(in) * time.Second).Truncate(time.Second).UTC()
		}
		if prior, stored := m.model.items[key]; stored && rapid.Bool().Draw(rt, "again") {
			item = prior
		}
		return table.Put(item, conditions...)
	case table.ActionDelete:
		return table.Delete(key, conditions...)
	case table.ActionAdd:
		delta := rapid.OneOf(rapid.Int64Range(-3, 3), rapid.Int64()).Draw(rt, "delta")
		return table.Add(key, rapid.SampledFrom(names).Draw(rt, "attribute"), delta, conditions...)
	default:
		if len(conditions) == 0 {
			conditions = []table.Condition{table.Absent()}
		}
		return table.Check(key, conditions...)
	}
}

// conditions draws conditions that hold about as often as not.
func (m *machine) conditions(rt *rapid.T, key table.Key) []table.Condition {
	var conditions []table.Condition
	for range rapid.SampledFrom([]int{0, 0, 1, 1, 2}).Draw(rt, "conditions") {
		name := rapid.SampledFrom(names).Draw(rt, "attribute")
		stored := m.model.items[key].Attributes[name]
		switch rapid.IntRange(0, 4).Draw(rt, "condition") {
		case 0:
			conditions = append(conditions, table.Absent())
		case 1:
			conditions = append(conditions, table.Present())
		case 2:
			conditions = append(conditions, table.BelowOrAbsent(name, number64().Draw(rt, "bound")))
		default:
			switch stored.(type) {
			case string, int64, bool:
			default:
				stored = rapid.OneOf(number64().AsAny(), text().AsAny(), rapid.Bool().AsAny()).Draw(rt, "value")
			}
			conditions = append(conditions, table.Equals(name, stored))
		}
	}
	return conditions
}

func (m *machine) get(rt *rapid.T) {
	var keys []table.Key
	for range rapid.IntRange(0, 4).Draw(rt, "keys") {
		keys = append(keys, m.draw(rt))
	}
	got, err := m.Table.Get(rt.Context(), keys...)
	if err != nil {
		rt.Fatalf("Get: %v", err)
	}
	want := make([]*table.Item, len(keys))
	for i, key := range keys {
		want[i] = m.model.live(key, m.Now())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		rt.Fatalf("Get of %v (-want +got):\n%s", keys, diff)
	}
}

func (m *machine) query(rt *rapid.T) {
	bound := rapid.SampledFrom(append([]string{"", "", "d#", "zz"}, places...))
	q := table.Query{
		Partition: m.partition,
		From:      bound.Draw(rt, "from"),
		To:        bound.Draw(rt, "to"),
		Reverse:   rapid.Bool().Draw(rt, "reverse"),
		Limit:     rapid.IntRange(0, 6).Draw(rt, "limit"),
		After:     bound.Draw(rt, "after"),
	}
	m.pages(q, inRange(m.model.keys(q.Partition, m.Now()), q))
}

// check compares all items and the log.
func (m *machine) check(rt *rapid.T) {
	for _, partition := range []string{m.partition, m.partition + "#2"} {
		got, err := table.All(rt.Context(), m.Table, table.Query{Partition: partition})
		if err != nil {
			rt.Fatalf("Query: %v", err)
		}
		var want []table.Item
		for _, sort := range m.model.keys(partition, m.Now()) {
			want = append(want, m.model.items[table.Key{Partition: partition, Sort: sort}])
		}
		if diff := diffItems(want, got); diff != "" {
			rt.Fatalf("items (-want +got):\n%s", diff)
		}
	}
	if m.log != nil {
		m.log.b = m.bed
		m.log.wants(m.model.records...)
		m.model.records = nil
	}
}

func number64() *rapid.Generator[int64] {
	return rapid.OneOf(rapid.Int64Range(-2, 2), rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64, 1<<53 + 1}))
}

func text() *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom([]string{"", "1", "\x00", `"\`, "$bytes"}), rapid.String())
}

// value draws any value an attribute can have, at most that many containers deep.
func value(depth int) *rapid.Generator[any] {
	kinds := []*rapid.Generator[any]{
		rapid.Just[any](nil),
		rapid.Bool().AsAny(),
		number64().AsAny(),
		number64().AsAny(),
		text().AsAny(),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 4), func(b []byte) any { return append([]byte{}, b...) }),
	}
	if depth > 0 {
		kinds = append(kinds,
			rapid.Map(rapid.SliceOfN(value(depth-1), 0, 3), func(l []any) any { return append([]any{}, l...) }),
			rapid.Map(rapid.MapOfN(rapid.SampledFrom([]string{"$bytes", "$$bytes", "$", "x"}), value(depth-1), 0, 2), func(m map[string]any) any { return m }))
	}
	return rapid.OneOf(kinds...)
}
