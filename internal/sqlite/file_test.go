package sqlite_test

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"allclear/internal/sqlite"
	"allclear/internal/table"
)

func key(sort string) table.Key { return table.Key{Partition: "P", Sort: sort} }

func TestOnlyTheOwnerCanReadTheFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "allclear.db")
	db := open(t, path, sqlite.Options{})
	if err := db.Table("status").Write(t.Context(), table.Put(table.Item{Key: key("a")})); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != 0o600 {
			t.Errorf("mode of %s: got %o, want 600", filepath.Base(name), got)
		}
	}
}

func TestAPathMayHoldAnyCharacter(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "a b?c=d&e%41#ü")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	open(t, filepath.Join(folder, "x.db"), sqlite.Options{})
	if _, err := os.Stat(filepath.Join(folder, "x.db")); err != nil {
		t.Error(err)
	}
}

func TestAFileThatIsNotForThisProgramIsRefused(t *testing.T) {
	run := func(statement string) func(t *testing.T, path string) {
		return func(t *testing.T, path string) {
			t.Helper()
			db, err := sql.Open("sqlite", "file:"+path)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if _, err := db.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, c := range map[string]struct {
		spoil func(t *testing.T, path string)
		want  string
	}{
		"a newer format":                {run("PRAGMA user_version = 2"), "a newer allclear wrote it (format 2, this program knows up to 1)"},
		"another program's file":        {run("PRAGMA application_id = 77"), "another program's file"},
		"an unmarked file with a table": {run("PRAGMA application_id = 0; PRAGMA user_version = 0"), "another program's file"},
		"no database at all": {func(t *testing.T, path string) {
			t.Helper()
			if err := os.WriteFile(path, []byte(strings.Repeat("Dear diary, ", 1000)), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "not a database"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "allclear.db")
			if err := open(t, path, sqlite.Options{}).Close(); err != nil {
				t.Fatal(err)
			}
			c.spoil(t, path)
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			_, err = sqlite.Open(path, sqlite.Options{})
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("got error %v, want one that names the file and %q", err, c.want)
			}
			if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
				t.Errorf("the file was changed, %v", err)
			}
		})
	}
	t.Run("a folder that is not there", func(t *testing.T) {
		if _, err := sqlite.Open(filepath.Join(t.TempDir(), "none", "x.db"), sqlite.Options{}); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("got error %v, want ErrNotExist", err)
		}
	})
}

func TestManyMayOpenANewFileAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "allclear.db")
	const openers = 8
	var wg sync.WaitGroup
	for range openers {
		wg.Go(func() {
			db, err := sqlite.Open(path, sqlite.Options{Streams: []string{"status"}})
			if err != nil {
				t.Error(err)
				return
			}
			for range 5 {
				if err := db.Table("status").Write(t.Context(), table.Add(key("n"), "n", 1)); err != nil {
					t.Error(err)
				}
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	db := open(t, path, sqlite.Options{Streams: []string{"status"}})
	items, err := db.Table("status").Get(t.Context(), key("n"))
	if err != nil || items[0] == nil || items[0].Attributes["n"] != int64(5*openers) {
		t.Errorf("got %v, %v, want %d", items, err, 5*openers)
	}
	records, err := db.Table("status").Records(t.Context(), 0, 1000)
	if err != nil || len(records) != 5*openers {
		t.Errorf("got %d records, %v, want %d", len(records), err, 5*openers)
	}
}

func TestACopyMadeByTheShellOpens(t *testing.T) {
	path := filepath.Join(t.TempDir(), "allclear.db")
	db := open(t, path, sqlite.Options{})
	if err := db.Table("status").Write(t.Context(), table.Put(table.Item{Key: key("a")})); err != nil {
		t.Fatal(err)
	}
	shell, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer shell.Close()
	// What VACUUM INTO writes has no write-ahead log.
	if _, err := shell.ExecContext(t.Context(), "VACUUM INTO ?", path+".copy"); err != nil {
		t.Fatal(err)
	}
	restored := open(t, path+".copy", sqlite.Options{})
	if items, err := restored.Table("status").Get(t.Context(), key("a")); err != nil || items[0] == nil {
		t.Errorf("got %v, %v", items, err)
	}
	if _, err := os.Stat(path + ".copy-wal"); err != nil {
		t.Errorf("the copy is not in write-ahead mode: %v", err)
	}
}

func TestACommitIsNoticed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "allclear.db")
	streams := sqlite.Options{Streams: []string{"status"}}
	db, other := open(t, path, streams), open(t, path, streams)
	version := func() int64 {
		t.Helper()
		v, err := db.DataVersion(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	write := func(db *sqlite.DB, name string, actions ...table.Action) {
		t.Helper()
		if err := db.Table(name).Write(t.Context(), actions...); err != nil {
			t.Fatal(err)
		}
	}
	isClosed := func(c <-chan struct{}) bool {
		select {
		case <-c:
			return true
		default:
			return false
		}
	}
	changed, seen := db.Changed(), version()
	if again := version(); again != seen {
		t.Errorf("without a commit the data version went from %d to %d", seen, again)
	}
	write(other, "status", table.Put(table.Item{Key: key("a")}))
	if again := version(); again == seen {
		t.Errorf("after a commit of another process the data version is still %d", seen)
	}
	records, err := db.Table("status").Records(t.Context(), 0, 10)
	if err != nil || len(records) != 1 {
		t.Errorf("got %d records, %v, want that of the other process", len(records), err)
	}
	write(db, "deliveries", table.Put(table.Item{Key: key("a")}))
	write(db, "status", table.Check(key("a"), table.Present()))
	write(db, "status", table.Put(table.Item{Key: key("a")}))
	if isClosed(changed) {
		t.Error("Changed was closed although this process wrote nothing to a log")
	}
	write(db, "status", table.Put(table.Item{Key: key("b")}))
	if !isClosed(changed) || isClosed(db.Changed()) {
		t.Error("Changed was not closed by a commit, or stays closed")
	}
}

func TestATableWithoutAStreamKeepsNoLog(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "allclear.db"), sqlite.Options{Streams: []string{"status"}})
	deliveries := db.Table("deliveries")
	if err := deliveries.Write(t.Context(), table.Put(table.Item{Key: key("a")})); err != nil {
		t.Fatal(err)
	}
	if _, err := deliveries.Records(t.Context(), 0, 10); !errors.Is(err, table.ErrInvalid) {
		t.Errorf("Records: got error %v, want ErrInvalid", err)
	}
	if got, err := deliveries.Latest(t.Context()); err != nil || got != 0 {
		t.Errorf("Latest: got %d, %v", got, err)
	}
	if items, err := db.Table("status").Get(t.Context(), key("a")); err != nil || items[0] != nil {
		t.Errorf("the item is in another table: %v, %v", items, err)
	}
}

func TestAPageWithoutALimitEndsAtAMegabyte(t *testing.T) {
	status := open(t, filepath.Join(t.TempDir(), "allclear.db"), sqlite.Options{}).Table("status")
	text := table.Attributes{"v": strings.Repeat("x", 300_000)}
	for _, sort := range []string{"a", "b", "c", "d", "e"} {
		if err := status.Write(t.Context(), table.Put(table.Item{Key: key(sort), Attributes: text})); err != nil {
			t.Fatal(err)
		}
	}
	result, err := status.Query(t.Context(), table.Query{Partition: "P"})
	if err != nil || len(result.Items) != 4 || result.Next != "d" {
		t.Errorf("got %d items, next %q, %v, want 4, next d", len(result.Items), result.Next, err)
	}
}

func TestTheSizeOfTheLogIsBoundedByTrimming(t *testing.T) {
	path := filepath.Join(t.TempDir(), "allclear.db")
	db := open(t, path, sqlite.Options{Streams: []string{"status", "audience"}})
	text := table.Attributes{"v": strings.Repeat("x", 10_000)}
	for i := range 100 {
		for _, name := range []string{"status", "audience"} {
			log := db.Table(name)
			text["i"] = int64(i)
			if err := log.Write(t.Context(), table.Put(table.Item{Key: key("a"), Attributes: text})); err != nil {
				t.Fatal(err)
			}
			latest, err := log.Latest(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := log.Trim(t.Context(), latest); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() > 200_000 {
		t.Errorf("size of the file: got %d, %v, want at most 200000", info.Size(), err)
	}
}

// The two lines are what the sqlite3 shell shows.
func TestTheFileCanBeReadByAPerson(t *testing.T) {
	path := filepath.Join(t.TempDir(), "allclear.db")
	db := open(t, path, sqlite.Options{Streams: []string{"status"}})
	if err := db.Table("status").Write(t.Context(), table.Put(table.Item{Key: key("a"), Attributes: table.Attributes{"n": int64(1)}}), table.Put(table.Item{Key: key("b")})); err != nil {
		t.Fatal(err)
	}
	shell, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer shell.Close()
	var item, log string
	if err := shell.QueryRowContext(t.Context(), "SELECT tab || ' ' || pk || ' ' || sk || ' ' || item FROM items ORDER BY sk LIMIT 1").Scan(&item); err != nil {
		t.Fatal(err)
	}
	if err := shell.QueryRowContext(t.Context(), "SELECT tab || ' ' || number || ' ' || records FROM log").Scan(&log); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	fmt.Fprintln(&out, item)
	fmt.Fprintln(&out, log)
	want := `status P a {"n":1}
status 1 [{"kind":"INSERT","pk":"P","sk":"a","item":{"n":1}},
{"kind":"INSERT","pk":"P","sk":"b","item":{}}]
`
	if got := out.String(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	latest, err := db.Table("status").Latest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Table("status").Trim(t.Context(), latest); err != nil {
		t.Fatal(err)
	}
	if err := shell.QueryRowContext(t.Context(), "SELECT records FROM log").Scan(&log); err != nil || log != "[]" {
		t.Errorf("after trimming the newest row holds %s, %v", log, err)
	}
}
