package memory_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"allclear/internal/memory"
	"allclear/internal/table"
	"allclear/internal/tabletest"
)

var (
	_ table.Table = (*memory.Table)(nil)
	_ table.Log   = (*memory.Table)(nil)
)

func TestTableConforms(t *testing.T) {
	tabletest.Run(t, func(*testing.T) tabletest.Harness {
		now := time.Date(2026, 3, 4, 5, 6, 7, 891e6, time.UTC)
		db := memory.New(memory.Options{Now: func() time.Time { return now }, Streams: []string{"status"}})
		return tabletest.Harness{
			Table:   db.Table("status"),
			Log:     db.Table("status"),
			Now:     func() time.Time { return now },
			Advance: func(d time.Duration) { now = now.Add(d) },
			Sweep:   db.Sweep,
		}
	})
}

func TestAFaultStrikesAtItsMoment(t *testing.T) {
	lost := errors.New("lost")
	a, b := table.Key{Partition: "P", Sort: "a"}, table.Key{Partition: "P", Sort: "b"}
	for _, c := range []struct {
		moment memory.Moment
		stored bool // whether the write came about all the same
		reads  bool
	}{
		{memory.BeforeWrite, false, true},
		{memory.AfterWrite, true, true},
		{memory.BeforeRead, true, false},
	} {
		t.Run(string(c.moment), func(t *testing.T) {
			var strike memory.Moment
			var calls []memory.Call
			var db *memory.DB
			db = memory.New(memory.Options{
				Streams: []string{"status"},
				Fault: func(_ context.Context, call memory.Call) error {
					calls = append(calls, call)
					if _, err := db.Table(call.Table).Latest(t.Context()); err != nil { // no lock is held
						t.Error(err)
					}
					if call.Moment == strike {
						return lost
					}
					return nil
				},
			})
			status := db.Table("status")
			changed := db.Changed()
			strike = c.moment
			put := table.Put(table.Item{Key: a})
			err := status.Write(t.Context(), put)
			if got := errors.Is(err, lost); got != (c.moment != memory.BeforeRead) {
				t.Errorf("Write: got error %v", err)
			}
			if len(calls) == 0 || calls[0].Moment != memory.BeforeWrite || calls[0].Table != "status" || len(calls[0].Actions) != 1 {
				t.Errorf("the fault was asked %+v", calls)
			}
			select {
			case <-changed:
				if !c.stored {
					t.Error("a commit was announced that never was")
				}
			default:
				if c.stored {
					t.Error("the commit was not announced")
				}
			}
			_, getErr := status.Get(t.Context(), b)
			_, queryErr := status.Query(t.Context(), table.Query{Partition: "P"})
			if got := getErr == nil && queryErr == nil; got != c.reads {
				t.Errorf("reads: got errors %v and %v", getErr, queryErr)
			}
			strike = ""
			items, err := status.Get(t.Context(), a)
			if err != nil || (items[0] != nil) != c.stored {
				t.Errorf("after the fault: got %v, %v, want stored %t", items, err, c.stored)
			}
			records, err := status.Records(t.Context(), 0, 10)
			if err != nil || (len(records) == 1) != c.stored {
				t.Errorf("after the fault: got records %v, %v, want stored %t", records, err, c.stored)
			}
		})
	}
}

func TestARefusedTransactionAsksForNoLostAnswer(t *testing.T) {
	var moments []memory.Moment
	db := memory.New(memory.Options{Fault: func(_ context.Context, call memory.Call) error {
		moments = append(moments, call.Moment)
		return nil
	}})
	err := db.Table("status").Write(t.Context(), table.Check(table.Key{Partition: "P", Sort: "a"}, table.Present()))
	if _, ok := errors.AsType[*table.ConditionError](err); !ok {
		t.Errorf("got error %v, want a ConditionError", err)
	}
	if len(moments) != 1 || moments[0] != memory.BeforeWrite {
		t.Errorf("the fault was asked at %v, want only before the write", moments)
	}
}

func TestATableWithoutAStreamKeepsNoLog(t *testing.T) {
	db := memory.New(memory.Options{Streams: []string{"status"}})
	if err := db.Table("deliveries").Write(t.Context(), table.Put(table.Item{Key: table.Key{Partition: "P", Sort: "a"}})); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Table("deliveries").Records(t.Context(), 0, 1); !errors.Is(err, table.ErrInvalid) {
		t.Errorf("Records: got error %v, want ErrInvalid", err)
	}
	if got, err := db.Table("status").Latest(t.Context()); err != nil || got != 0 {
		t.Errorf("the log of another table: got %d, %v", got, err)
	}
}
