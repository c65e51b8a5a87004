package sqlite_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"allclear/internal/sqlite"
	"allclear/internal/table"
)

// childVariable tells the test binary that it is the process to be killed, and on which file.
const childVariable = "ALLCLEAR_TEST_KILLED_WRITER"

const itemsOfOne = 7

// A process that writes is killed at any moment, again and again on the same file. What it was
// answered is there and whole; what it was not is there as a whole or not at all; the log tells of
// each transaction once; and the reader stands where it last acknowledged.
func TestAKilledProcessLosesNothingItWasAnswered(t *testing.T) {
	if path := os.Getenv(childVariable); path != "" {
		writeUntilKilled(t, path)
		return
	}
	path := filepath.Join(t.TempDir(), "allclear.db")
	written, acknowledged := -1, int64(0)
	for round := range 6 {
		answered := runAndKill(t, path, 5+13*round)
		db := open(t, path, sqlite.Options{Streams: []string{"status"}})
		status := db.Table("status")
		items, err := table.All(t.Context(), status, table.Query{Partition: "P"})
		if err != nil {
			t.Fatal(err)
		}
		if len(items)%itemsOfOne != 0 {
			t.Errorf("%d items are not whole transactions of %d", len(items), itemsOfOne)
		}
		for i, item := range items {
			if want := sortOf(i/itemsOfOne, i%itemsOfOne); item.Sort != want {
				t.Fatalf("item %d: got %s, want %s", i, item.Sort, want)
			}
		}
		written = len(items)/itemsOfOne - 1
		if written < answered.written {
			t.Errorf("transaction %d was answered, the last in the file is %d", answered.written, written)
		}
		// The log is never trimmed here: it tells of everything once, in order.
		records, err := status.Records(t.Context(), 0, len(items)+1)
		if err != nil || len(records) != len(items) {
			t.Fatalf("got %d records, %v, want %d", len(records), err, len(items))
		}
		for i, r := range records {
			if r.Kind != table.Insert || r.Key != items[i].Key {
				t.Errorf("record %d: got %s of %s, want an insert of %s", i, r.Kind, r.Key, items[i].Key)
			}
		}
		acknowledged = max(acknowledged, answered.acknowledged)
		position, err := status.Position(t.Context(), "reader")
		if err != nil || position < acknowledged {
			t.Errorf("position: got %d, %v, want at least %d", position, err, acknowledged)
		}
		acknowledged = position
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if written < 50 || acknowledged == 0 {
		t.Errorf("only %d transactions were written, %d acknowledged: the test tests nothing", written, acknowledged)
	}
}

func sortOf(transaction, item int) string { return fmt.Sprintf("%06d#%d", transaction, item) }

// answers are the last that a child reported.
type answers struct {
	written      int
	acknowledged int64
}

// runAndKill starts a child on the file and kills it after that many answers.
func runAndKill(t *testing.T, path string, after int) answers {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.count=1")
	child.Env = append(os.Environ(), childVariable+"="+path)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	last := answers{written: -1}
	lines := bufio.NewScanner(out)
	for n := 0; lines.Scan(); n++ {
		var number int64
		if _, err := fmt.Sscanf(lines.Text(), "written %d", &number); err == nil {
			last.written = int(number)
		} else if _, err := fmt.Sscanf(lines.Text(), "acknowledged %d", &number); err == nil {
			last.acknowledged = number
		} else {
			t.Errorf("the child says: %s", lines.Text())
		}
		if n == after {
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			// What it said until then still counts: the loop goes on to the end of the pipe.
		}
	}
	if err := child.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("the child ended by itself: %v", err)
	}
	return last
}

// writeUntilKilled writes transactions, the next after those that are there, while a reader
// acknowledges them. It says on standard output what it was answered.
func writeUntilKilled(t *testing.T, path string) {
	t.Helper()
	db, err := sqlite.Open(path, sqlite.Options{Streams: []string{"status"}})
	if err != nil {
		t.Fatal(err)
	}
	status := db.Table("status")
	go func() {
		for {
			changed := db.Changed()
			position, err := status.Position(t.Context(), "reader")
			if err != nil {
				panic(err)
			}
			records, err := status.Records(t.Context(), position, 3)
			if err != nil {
				panic(err)
			}
			if len(records) == 0 {
				<-changed
				continue
			}
			position = records[len(records)-1].Sequence
			if err := status.Acknowledge(t.Context(), "reader", position); err != nil {
				panic(err)
			}
			fmt.Printf("acknowledged %d\n", position)
		}
	}()
	items, err := table.All(t.Context(), status, table.Query{Partition: "P"})
	if err != nil {
		t.Fatal(err)
	}
	for n := len(items) / itemsOfOne; ; n++ {
		var actions []table.Action
		for i := range itemsOfOne {
			item := table.Item{Key: key(sortOf(n, i)), Attributes: table.Attributes{"text": strings.Repeat("x", 100*i*i)}}
			actions = append(actions, table.Put(item, table.Absent()))
		}
		if err := status.Write(t.Context(), actions...); err != nil {
			t.Fatal(err)
		}
		fmt.Printf("written %d\n", n)
	}
}
