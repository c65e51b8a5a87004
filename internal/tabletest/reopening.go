package tabletest

import (
	"testing"
	"time"

	"allclear/internal/table"
)

func testReopening(t *testing.T, open func(t *testing.T) Harness) {
	tests := map[string]func(b *bed, reopen func()){
		"what was written is there again": func(b *bed, reopen func()) {
			want := table.Attributes{"s": "a\x00ü", "n": int64(1<<53 + 1), "x": []byte{0xff}, "l": []any{nil, true}}
			item := b.expiring("b", time.Hour)
			b.write(table.Put(b.item("a", want)), table.Put(item), table.Put(b.item("c", nil)))
			b.write(table.Delete(b.key("c")))
			reopen()
			b.holds("a", want)
			b.holds("b", item.Attributes)
			b.absent("c")
			if got := b.get("b"); got == nil || got.Expires.Unix() != item.Expires.Unix() {
				b.t.Errorf("got %v, want expires %v", got, item.Expires)
			}
			b.fails(0, table.Put(b.item("a", nil), table.Absent()))
		},
		"records that were not acknowledged come again, the others do not": func(b *bed, reopen func()) {
			log := newTail(b)
			b.write(table.Put(b.item("a", nil)), table.Put(b.item("b", nil)))
			b.write(table.Put(b.item("c", nil)))
			records := log.read(10)
			if len(records) != 3 {
				b.t.Fatalf("got %d records, want 3", len(records))
			}
			reader := "reader " + b.partition
			for i, r := range records {
				if err := b.Log.Acknowledge(b.t.Context(), reader, r.Sequence); err != nil {
					b.t.Fatal(err)
				}
				reopen()
				b.stands(reader, r.Sequence)
				again, err := b.Log.Records(b.t.Context(), r.Sequence, 10)
				if err != nil {
					b.t.Fatal(err)
				}
				b.sameRecords(records[i+1:], again)
				b.latest(records[2].Sequence)
			}
		},
		"sequences go on": func(b *bed, reopen func()) {
			b.write(table.Put(b.item("a", nil)))
			newest := newTail(b).after
			if err := b.Log.Trim(b.t.Context(), newest); err != nil {
				b.t.Fatal(err)
			}
			reopen()
			b.latest(0)
			b.write(table.Put(b.item("b", nil)))
			if got := newTail(b).after; got <= newest {
				b.t.Errorf("got sequence %d after %d", got, newest)
			}
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBed(t, open)
			if b.Reopen == nil || b.Log == nil {
				t.Skip("cannot be reopened, or has no log")
			}
			test(b, func() { b.Harness = b.Reopen(t) })
		})
	}
}
