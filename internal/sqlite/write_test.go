package sqlite

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/table"
)

var a = table.Key{Partition: "P", Sort: "a"}

func openFile(t *testing.T) *DB {
	t.Helper()
	db, err := Open(filepath.Join(t.TempDir(), "allclear.db"), Options{Streams: []string{"status"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestEveryWriteWaitsForTheDiskAndUpkeepDoesNot(t *testing.T) {
	const normal, full = 1, 2
	db := openFile(t)
	status := db.Table("status")
	mode := func(want int) {
		t.Helper()
		var got int
		if err := db.writer.conn.QueryRowContext(t.Context(), "PRAGMA synchronous").Scan(&got); err != nil || got != want {
			t.Errorf("synchronous: got %d, %v, want %d", got, err, want)
		}
	}
	mode(full)
	for range 2 {
		if err := status.Write(t.Context(), table.Add(a, "n", 1)); err != nil {
			t.Fatal(err)
		}
		mode(full)
		if err := status.Acknowledge(t.Context(), "reader", 1); err != nil {
			t.Fatal(err)
		}
		mode(normal)
	}
}

func TestTransactionsOfOneCommitAreJudgedOneByOne(t *testing.T) {
	db := openFile(t)
	status, deliveries := db.Table("status"), db.Table("deliveries")
	seq := func(n int64) table.Item { return table.Item{Key: a, Attributes: table.Attributes{"seq": n, "s": ""}} }
	if err := status.Write(t.Context(), table.Put(seq(1))); err != nil {
		t.Fatal(err)
	}
	var group []*transaction
	add := func(t *Table, actions ...table.Action) {
		w := &transaction{table: t, actions: actions, done: make(chan struct{})}
		for _, a := range actions {
			w.texts = append(w.texts, encode(a.Item.Attributes))
		}
		group = append(group, w)
	}
	event := func(sort string) table.Action {
		return table.Put(table.Item{Key: table.Key{Partition: "P", Sort: sort}}, table.Absent())
	}
	add(status, table.Put(seq(2), table.Equals("seq", int64(1))), event("won"))
	add(status, event("lost"), table.Put(seq(2), table.Equals("seq", int64(1))))
	add(status, event("invalid"), table.Add(a, "s", 1))
	add(deliveries, table.Put(seq(1), table.Absent()))
	add(status, table.Put(seq(3), table.Equals("seq", int64(2))), event("won as well"))
	changed := db.Changed()
	db.run(group)
	var got []string
	for _, w := range group {
		<-w.done
		switch condition := (*table.ConditionError)(nil); {
		case w.err == nil:
			got = append(got, "applied")
		case errors.As(w.err, &condition):
			got = append(got, "condition")
		case errors.Is(w.err, table.ErrInvalid):
			got = append(got, "invalid")
		}
	}
	if diff := cmp.Diff([]string{"applied", "condition", "invalid", "applied", "applied"}, got); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	items, err := table.All(t.Context(), status, table.Query{Partition: "P"})
	var sorts []string
	for _, item := range items {
		sorts = append(sorts, item.Sort)
	}
	if diff := cmp.Diff([]string{"a", "won", "won as well"}, sorts); err != nil || diff != "" {
		t.Errorf("items, %v (-want +got):\n%s", err, diff)
	}
	records, err := status.Records(t.Context(), 0, 100)
	sorts = nil
	for _, r := range records {
		sorts = append(sorts, r.Key.Sort)
	}
	if diff := cmp.Diff([]string{"a", "a", "won", "a", "won as well"}, sorts); err != nil || diff != "" {
		t.Errorf("records, %v (-want +got):\n%s", err, diff)
	}
	select {
	case <-changed:
	default:
		t.Error("the commit woke nobody")
	}
}

func TestAFileThatCannotBeWrittenFailsTheWholeGroup(t *testing.T) {
	db := openFile(t)
	status := db.Table("status")
	if _, err := db.writer.conn.ExecContext(t.Context(), "ALTER TABLE log RENAME TO gone"); err != nil {
		t.Fatal(err)
	}
	var group []*transaction
	for _, sort := range []string{"a", "b"} {
		actions := []table.Action{table.Put(table.Item{Key: table.Key{Partition: "P", Sort: sort}})}
		group = append(group, &transaction{table: status, actions: actions, texts: []string{"{}"}, done: make(chan struct{})})
	}
	db.run(group)
	for i, w := range group {
		if <-w.done; w.err == nil {
			t.Errorf("transaction %d was answered as applied", i)
		}
	}
	if _, err := db.writer.conn.ExecContext(t.Context(), "ALTER TABLE gone RENAME TO log"); err != nil {
		t.Fatal(err)
	}
	items, err := table.All(t.Context(), status, table.Query{Partition: "P"})
	if err != nil || len(items) != 0 {
		t.Errorf("got items %v, %v, want none", items, err)
	}
	// And the next one goes through.
	if err := status.Write(t.Context(), table.Put(table.Item{Key: a})); err != nil {
		t.Error(err)
	}
}

func TestAnotherProcessInTheWayIsContention(t *testing.T) {
	db := openFile(t)
	status := db.Table("status")
	if _, err := db.writer.conn.ExecContext(t.Context(), "PRAGMA busy_timeout = 1"); err != nil {
		t.Fatal(err)
	}
	var path string
	if err := db.readers.QueryRowContext(t.Context(), "SELECT file FROM pragma_database_list").Scan(&path); err != nil {
		t.Fatal(err)
	}
	other, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := other.writer.start(true); err != nil {
		t.Fatal(err)
	}
	if err := status.Write(t.Context(), table.Put(table.Item{Key: a})); !errors.Is(err, table.ErrContention) {
		t.Errorf("Write: got error %v, want ErrContention", err)
	}
	if err := status.Acknowledge(t.Context(), "reader", 1); !errors.Is(err, table.ErrContention) {
		t.Errorf("Acknowledge: got error %v, want ErrContention", err)
	}
	if err := other.writer.finish(); err != nil {
		t.Fatal(err)
	}
	if err := status.Write(t.Context(), table.Put(table.Item{Key: a}, table.Absent())); err != nil {
		t.Error(err)
	}
}

func TestAWriteWhoseContextEndsInTheQueueIsNotApplied(t *testing.T) {
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		db, err := Open(filepath.Join(folder, "allclear.db"), Options{})
		if err != nil {
			t.Fatal(err)
		}
		status := db.Table("status")
		db.turn <- struct{}{} // as if another transaction were being committed
		ctx, cancel := context.WithCancel(t.Context())
		answers := make(chan error, 2)
		go func() { answers <- status.Write(ctx, table.Put(table.Item{Key: a})) }()
		go func() {
			answers <- status.Write(t.Context(), table.Put(table.Item{Key: table.Key{Partition: "P", Sort: "b"}}))
		}()
		synctest.Wait()
		cancel()
		if err := <-answers; !errors.Is(err, context.Canceled) {
			t.Errorf("got error %v, want context.Canceled", err)
		}
		<-db.turn
		if err := <-answers; err != nil {
			t.Errorf("the write behind it: %v", err)
		}
		items, err := status.Get(t.Context(), a, table.Key{Partition: "P", Sort: "b"})
		if err != nil || items[0] != nil || items[1] == nil {
			t.Errorf("got %v, %v, want only the second", items, err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestClosingAnswersWhoIsInTheQueue(t *testing.T) {
	db := openFile(t)
	w := &transaction{table: db.Table("status"), actions: []table.Action{table.Delete(a)}, texts: []string{""}, done: make(chan struct{})}
	if err := db.enqueue(w); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	if <-w.done; !errors.Is(w.err, errClosed) {
		t.Errorf("got error %v, want %v", w.err, errClosed)
	}
}

func TestAClosedFileRefusesWhatComes(t *testing.T) {
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		db, err := Open(filepath.Join(folder, "allclear.db"), Options{Streams: []string{"status"}})
		if err != nil {
			t.Fatal(err)
		}
		status := db.Table("status")
		db.turn <- struct{}{}
		calls := []func() error{
			func() error { return status.Write(t.Context(), table.Put(table.Item{Key: a})) },
			func() error { return status.Acknowledge(t.Context(), "reader", 1) },
			func() error { _, err := db.Sweep(t.Context(), 1); return err },
		}
		answers := make(chan error, len(calls))
		closed := make(chan error, 1)
		go func() { closed <- db.Close() }()
		synctest.Wait()
		for _, call := range calls {
			go func() { answers <- call() }()
		}
		synctest.Wait()
		<-db.turn
		for range calls {
			if err := <-answers; !errors.Is(err, errClosed) {
				t.Errorf("got error %v, want %v", err, errClosed)
			}
		}
		if err := <-closed; err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Errorf("closing again: %v", err)
		}
	})
}
