package tabletest

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"allclear/internal/table"
)

func testLog(t *testing.T, open func(t *testing.T) Harness) {
	tests := map[string]func(b *bed, log *tail){
		"each change has its record, in order, with the image after it": func(b *bed, log *tail) {
			item := b.expiring("b", time.Hour)
			b.write(table.Put(b.item("a", table.Attributes{"v": []any{int64(1), []byte{2}, nil}})), table.Put(item))
			b.write(table.Put(b.item("a", table.Attributes{"v": "new"})))
			b.write(table.Add(b.key("a"), "n", 2), table.Add(b.key("c"), "n", -1))
			b.write(table.Delete(b.key("a")), table.Check(b.key("c"), table.Present()), table.Delete(b.key("none")))
			item.Expires = item.Expires.Truncate(time.Second).UTC()
			log.wants(
				b.record(table.Insert, "a", table.Attributes{"v": []any{int64(1), []byte{2}, nil}}),
				table.Record{Kind: table.Insert, Key: item.Key, New: &item},
				b.record(table.Modify, "a", table.Attributes{"v": "new"}),
				b.record(table.Modify, "a", table.Attributes{"v": "new", "n": int64(2)}),
				b.record(table.Insert, "c", table.Attributes{"n": int64(-1)}),
				b.record(table.Remove, "a", nil))
		},
		"what changes nothing has no record": func(b *bed, log *tail) {
			item := b.expiring("a", time.Hour)
			item.Attributes = table.Attributes{"v": []any{map[string]any{"x": nil, "y": []byte{}}}, "w": int64(1)}
			b.write(table.Put(item))
			log.wants(table.Record{Kind: table.Insert, Key: item.Key, New: &table.Item{
				Key: item.Key, Attributes: item.Attributes, Expires: item.Expires.Truncate(time.Second).UTC(),
			}})
			b.write(table.Put(item), table.Check(b.key("b"), table.Absent()))
			b.write(table.Add(b.key("a"), "w", 0))
			b.write(table.Delete(b.key("b")))
			log.wants()
			item.Expires = time.Time{}
			b.write(table.Put(item))
			log.wants(table.Record{Kind: table.Modify, Key: item.Key, New: &item})
		},
		"a transaction that is refused has no record": func(b *bed, log *tail) {
			b.fails(1, table.Put(b.item("a", nil)), table.Check(b.key("b"), table.Present()))
			b.refused(table.Put(b.item("a", nil)), table.Put(b.item("b", table.Attributes{"v": 1})))
			log.wants()
		},
		"expiry has no record": func(b *bed, log *tail) {
			b.write(table.Put(b.expiring("a", -time.Hour)), table.Put(b.expiring("b", -time.Hour)))
			log.skip()
			b.absent("a")
			if b.Sweep != nil {
				b.sweep(1 << 30)
			}
			log.wants()
		},
		"until it is swept an expired item is there for the log": func(b *bed, log *tail) {
			b.needsSweep()
			for _, sort := range []string{"put", "delete", "add", "swept"} {
				b.write(table.Put(b.expiring(sort, -time.Hour)))
			}
			log.skip()
			b.write(
				table.Put(b.item("put", nil), table.Absent()),
				table.Delete(b.key("delete"), table.Absent()),
				table.Add(b.key("add"), "v", 7))
			b.sweep(1 << 30)
			b.write(table.Put(b.item("swept", nil), table.Absent()), table.Delete(b.key("delete")))
			log.wants(
				b.record(table.Modify, "put", table.Attributes{}),
				b.record(table.Remove, "delete", nil),
				b.record(table.Modify, "add", table.Attributes{"v": int64(7)}),
				b.record(table.Insert, "swept", table.Attributes{}))
		},
		"a hundred changes of one transaction keep their order": func(b *bed, log *tail) {
			var actions []table.Action
			var want []table.Record
			for i := range table.MaxActions {
				sort := number((i * 37) % table.MaxActions)
				actions = append(actions, table.Put(b.item(sort, table.Attributes{"i": int64(i)})))
				want = append(want, b.record(table.Insert, sort, table.Attributes{"i": int64(i)}))
			}
			b.write(actions...)
			log.wants(want...)
		},
		"records are dated by the clock": func(b *bed, log *tail) {
			b.needsClock()
			b.Advance(1234567 * time.Microsecond)
			b.write(table.Put(b.item("a", nil)))
			want := time.UnixMilli(b.Now().UnixMilli()).UTC()
			records := log.read(10)
			if len(records) != 1 || records[0].At != want {
				b.t.Errorf("got %v, want one record at %v", records, want)
			}
		},
		"a limit cuts anywhere and loses nothing": func(b *bed, log *tail) {
			start := log.after
			var want []table.Record
			for i, n := range []int{1, 3, 2, 5, 1} {
				var actions []table.Action
				for k := range n {
					sort := fmt.Sprintf("%d-%d", i, k)
					actions = append(actions, table.Put(b.item(sort, nil)))
					want = append(want, b.record(table.Insert, sort, table.Attributes{}))
				}
				b.write(actions...)
			}
			for limit := 1; limit <= len(want)+1; limit++ {
				log.after = start
				var got []table.Record
				for {
					records := log.read(limit)
					if len(records) == 0 {
						break
					}
					if len(got) < len(want) && len(records) != min(limit, len(want)-len(got)) {
						b.t.Errorf("limit %d: got %d records after %d of %d", limit, len(records), len(got), len(want))
					}
					got = append(got, records...)
				}
				b.sameRecords(want, got)
			}
		},
		"changing a record changes nothing stored": func(b *bed, log *tail) {
			start := log.after
			b.write(table.Put(b.item("a", table.Attributes{"l": []any{"v"}})))
			log.read(10)[0].New.Attributes["l"].([]any)[0] = "changed"
			b.holds("a", table.Attributes{"l": []any{"v"}})
			log.after = start
			log.wants(b.record(table.Insert, "a", table.Attributes{"l": []any{"v"}}))
		},
		"a reader's position starts at 0 and only moves forward": func(b *bed, _ *tail) {
			reader, other := "reader "+b.partition, "other "+b.partition
			for _, step := range []struct{ acknowledge, want int64 }{{5, 5}, {3, 5}, {5, 5}, {900, 900}} {
				if err := b.Log.Acknowledge(b.t.Context(), reader, step.acknowledge); err != nil {
					b.t.Fatal(err)
				}
				b.stands(reader, step.want)
				b.stands(other, 0)
			}
		},
		"trimming deletes up to a sequence and never gives one out again": func(b *bed, log *tail) {
			b.write(table.Put(b.item("a", nil)), table.Put(b.item("b", nil)), table.Put(b.item("c", nil)))
			b.write(table.Put(b.item("d", nil)))
			records := log.read(10)
			if len(records) != 4 {
				b.t.Fatalf("got %d records, want 4", len(records))
			}
			left := []string{"a", "b", "c", "d"}
			for i, r := range records {
				b.latest(records[3].Sequence)
				// The second time changes nothing, nor does an earlier sequence.
				for _, sequence := range []int64{r.Sequence, r.Sequence, records[0].Sequence} {
					if err := b.Log.Trim(b.t.Context(), sequence); err != nil {
						b.t.Fatal(err)
					}
				}
				var want []table.Record
				for _, sort := range left[i+1:] {
					want = append(want, b.record(table.Insert, sort, table.Attributes{}))
				}
				log.after = 0
				log.wants(want...)
			}
			b.latest(0)
			b.write(table.Put(b.item("e", nil)))
			log.after = 0
			again := log.read(10)
			if len(again) != 1 || again[0].Sequence <= records[3].Sequence {
				b.t.Errorf("after trimming up to %d: got %v", records[3].Sequence, again)
			}
			if err := b.Log.Trim(b.t.Context(), 0); err != nil {
				b.t.Fatal(err)
			}
			b.latest(again[0].Sequence)
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBed(t, open)
			if b.Log == nil {
				t.Skip("no log")
			}
			test(b, newTail(b))
		})
	}
}

// tail reads a log from where it ended when the test began.
type tail struct {
	b     *bed
	after int64
}

func newTail(b *bed) *tail {
	b.t.Helper()
	latest, err := b.Log.Latest(b.t.Context())
	if err != nil {
		b.t.Fatalf("Latest: %v", err)
	}
	return &tail{b: b, after: latest}
}

// read is the next records. It fails the test if their sequences do not increase or the log tells
// of another newest sequence than the last of them while there is room for more.
func (l *tail) read(limit int) []table.Record {
	l.b.t.Helper()
	records, err := l.b.Log.Records(l.b.t.Context(), l.after, limit)
	if err != nil {
		l.b.t.Fatalf("Records: %v", err)
	}
	if len(records) > limit {
		l.b.t.Errorf("got %d records, want at most %d", len(records), limit)
	}
	for _, r := range records {
		if r.Sequence <= l.after {
			l.b.t.Errorf("got sequence %d after %d", r.Sequence, l.after)
		}
		l.after = r.Sequence
	}
	if len(records) > 0 && len(records) < limit {
		l.b.latest(l.after)
	}
	return records
}

// skip passes over what is there.
func (l *tail) skip() {
	for len(l.read(1000)) > 0 {
	}
}

// wants fails the test unless these are all the records since the last call.
func (l *tail) wants(want ...table.Record) {
	l.b.t.Helper()
	l.b.sameRecords(want, l.read(1000))
}

// sameRecords compares records but for their sequence and time.
func (b *bed) sameRecords(want, got []table.Record) {
	b.t.Helper()
	ignored := cmpopts.IgnoreFields(table.Record{}, "Sequence", "At")
	if diff := cmp.Diff(want, got, ignored, cmpopts.EquateEmpty()); diff != "" {
		b.t.Errorf("records (-want +got):\n%s", diff)
	}
	for _, r := range got {
		if d := r.At.Sub(b.Now()); d > time.Minute || d < -1e6*time.Hour {
			b.t.Errorf("record at %v, now is %v", r.At, b.Now())
		}
	}
}

func (b *bed) record(kind table.ChangeKind, sort string, after table.Attributes) table.Record {
	r := table.Record{Kind: kind, Key: b.key(sort)}
	if kind != table.Remove {
		r.New = &table.Item{Key: r.Key, Attributes: after}
	}
	return r
}

func (b *bed) latest(want int64) {
	b.t.Helper()
	if got, err := b.Log.Latest(b.t.Context()); err != nil || got != want {
		b.t.Errorf("Latest: got %d, %v, want %d", got, err, want)
	}
}

func (b *bed) stands(reader string, want int64) {
	b.t.Helper()
	if got, err := b.Log.Position(b.t.Context(), reader); err != nil || got != want {
		b.t.Errorf("Position: got %d, %v, want %d", got, err, want)
	}
}
