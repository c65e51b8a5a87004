package store

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/memory"
	"allclear/internal/status"
	"allclear/internal/table"
)

// longPage is a page of more items than two transactions hold.
func longPage(t *testing.T) *fixture {
	t.Helper()
	f := newFixture(t)
	for range 4 {
		f.commit(t, func(tx *Tx) error {
			for range 30 {
				if _, err := post(tx, nil); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return f
}

func itemsOf(t *testing.T, tbl table.Table, partition string) []table.Item {
	t.Helper()
	items, err := table.All(t.Context(), tbl, table.Query{Partition: partition})
	if err != nil {
		t.Fatal(err)
	}
	return items
}

func TestACopiedPageIsEqualAndItsEventsComeInOrderAfterWhatTheyName(t *testing.T) {
	f := longPage(t)
	to := memory.New(memory.Options{Streams: []string{"to"}}).Table("to")
	if err := CopyPage(t.Context(), f.table, to, "page"); err != nil {
		t.Fatal(err)
	}
	for _, partition := range []string{PagePartition("page"), partitionPages} {
		if diff := cmp.Diff(itemsOf(t, f.table, partition), itemsOf(t, to, partition)); diff != "" {
			t.Errorf("%s differs:\n%s", partition, diff)
		}
	}
	records, err := to.Records(t.Context(), 0, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	written := map[string]bool{}
	seq := int64(0)
	for _, r := range records {
		written[idOfSort(r.Key.Sort)] = true
		if r.Key == pageKey("page") && r.Sequence < records[len(records)-1].Sequence-1 {
			t.Errorf("the page was written before the last of its items")
		}
		if len(r.Key.Sort) < len(PrefixEvent) || r.Key.Sort[:len(PrefixEvent)] != PrefixEvent {
			continue
		}
		e, err := DecodeEvent(r.New)
		if err != nil {
			t.Fatal(err)
		}
		if e.Seq != seq+1 {
			t.Errorf("event %d comes after event %d", e.Seq, seq)
		}
		seq = e.Seq
		for _, id := range e.Touched.Incidents {
			if !written[id] {
				t.Errorf("event %d names incident %s, which is not there yet", e.Seq, id)
			}
		}
	}
}

func TestACopyIsMadeOfTransactionsThatEveryTableTakes(t *testing.T) {
	f := longPage(t)
	var sizes []int
	to := memory.New(memory.Options{Fault: func(_ context.Context, c memory.Call) error {
		if c.Moment == memory.BeforeWrite {
			sizes = append(sizes, len(c.Actions))
		}
		return nil
	}}).Table("to")
	if err := CopyPage(t.Context(), f.table, to, "page"); err != nil {
		t.Fatal(err)
	}
	if len(sizes) < 3 {
		t.Errorf("got transactions of %v actions, want several", sizes)
	}
	for _, n := range sizes {
		if n > table.MaxActions {
			t.Errorf("got a transaction of %d actions, want at most %d", n, table.MaxActions)
		}
	}
}

func TestLargeItemsAreSpreadOverTransactionsBySize(t *testing.T) {
	to := memory.New(memory.Options{}).Table("to")
	actions := make([]table.Action, 30)
	for i := range actions {
		actions[i] = table.Put(table.Item{
			Key:        table.Key{Partition: "P", Sort: fmt.Sprintf("%02d", i)},
			Attributes: table.Attributes{"large": make([]byte, 350<<10)},
		})
	}
	if err := writeAll(t.Context(), to, actions); err != nil {
		t.Fatal(err)
	}
	if got, want := len(itemsOf(t, to, "P")), len(actions); got != want {
		t.Errorf("got %d items, want %d", got, want)
	}
}

func TestAnInterruptedCopyShowsNoPageAndCanBeDoneAgain(t *testing.T) {
	f := longPage(t)
	for failing := 1; ; failing++ {
		writes := 0
		to := memory.New(memory.Options{Fault: func(_ context.Context, c memory.Call) error {
			if c.Moment != memory.BeforeWrite {
				return nil
			}
			if writes++; writes == failing {
				return errors.New("power is out")
			}
			return nil
		}}).Table("to")
		stale := table.Item{Key: dayKey("page", "1999-12-31"), Attributes: table.Attributes{"left": "over"}}
		if failing > 1 {
			if err := to.Write(t.Context(), table.Put(stale)); err != nil {
				t.Fatal(err)
			}
		}
		err := CopyPage(t.Context(), f.table, to, "page")
		if err != nil {
			if len(itemsOf(t, to, partitionPages)) > 0 {
				t.Errorf("interrupted at write %d, it shows a page", failing)
			}
			if err := CopyPage(t.Context(), f.table, to, "page"); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(itemsOf(t, f.table, PagePartition("page")), itemsOf(t, to, PagePartition("page"))); diff != "" {
			t.Fatalf("interrupted at write %d, it differs:\n%s", failing, diff)
		}
		if err == nil {
			return
		}
	}
}

func TestACopyRefusesAPageThatIsThereAndOneThatIsNot(t *testing.T) {
	f := newFixture(t)
	to := newFixture(t)
	before := itemsOf(t, to.table, PagePartition("page"))
	if err := CopyPage(t.Context(), f.table, to.table, "page"); codeOf(err) != status.Conflict {
		t.Errorf("got %v, want a conflict", err)
	}
	if diff := cmp.Diff(before, itemsOf(t, to.table, PagePartition("page"))); diff != "" {
		t.Errorf("the page that was there changed:\n%s", diff)
	}
	empty := memory.New(memory.Options{Now: func() time.Time { return begin }}).Table("to")
	if err := CopyPage(t.Context(), f.table, empty, "other"); codeOf(err) != status.NotFound {
		t.Errorf("got %v, want not found", err)
	}
}

func codeOf(err error) status.Code {
	if e := (*status.Error)(nil); errors.As(err, &e) {
		return e.Code
	}
	return ""
}
