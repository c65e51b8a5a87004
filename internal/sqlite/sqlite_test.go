package sqlite_test

import (
	"path/filepath"
	"testing"
	"time"

	"allclear/internal/sqlite"
	"allclear/internal/table"
	"allclear/internal/tabletest"
)

var (
	_ table.Table = (*sqlite.Table)(nil)
	_ table.Log   = (*sqlite.Table)(nil)
)

func TestTableConforms(t *testing.T) {
	tabletest.Run(t, func(t *testing.T) tabletest.Harness {
		now := time.Date(2026, 3, 4, 5, 6, 7, 891e6, time.UTC)
		clock := func() time.Time { return now }
		path := filepath.Join(t.TempDir(), "allclear.db")
		var reopen func(t *testing.T) tabletest.Harness
		harness := func(db *sqlite.DB) tabletest.Harness {
			return tabletest.Harness{
				Table:   db.Table("status"),
				Log:     db.Table("status"),
				Now:     clock,
				Advance: func(d time.Duration) { now = now.Add(d) },
				Sweep:   db.Sweep,
				Reopen: func(t *testing.T) tabletest.Harness {
					if err := db.Close(); err != nil {
						t.Fatal(err)
					}
					return reopen(t)
				},
			}
		}
		reopen = func(t *testing.T) tabletest.Harness {
			return harness(open(t, path, sqlite.Options{Now: clock, Streams: []string{"status"}}))
		}
		return reopen(t)
	})
}

// open opens a file until the test ends.
func open(t testing.TB, path string, options sqlite.Options) *sqlite.DB {
	t.Helper()
	db, err := sqlite.Open(path, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}
