package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

const (
	// application marks the file as ours ("aclr") for file(1) and for who opens it by mistake.
	application = 0x61636c72
	// format is the version of schema. A program reads files of its own format and older ones.
	format = 1
)

// One table holds all items, clustered by key: a query is one walk along its leaves, and a new
// table name needs no new schema.
//
// A transaction is one row of the log, however many items it changed: one row to write, and its
// records become visible together. skip counts the records trimmed from the front; the newest row
// of a table stays after it was trimmed, so that its number is not given out again.
const schema = `
CREATE TABLE items (
	tab     TEXT NOT NULL,
	pk      TEXT NOT NULL,
	sk      TEXT NOT NULL,
	expires INTEGER, -- seconds since 1970; NULL: never
	item    TEXT NOT NULL,
	PRIMARY KEY (tab, pk, sk)
) STRICT, WITHOUT ROWID;

CREATE INDEX expiring ON items (expires) WHERE expires IS NOT NULL;

CREATE TABLE log (
	tab     TEXT NOT NULL,
	number  INTEGER NOT NULL,
	at      INTEGER NOT NULL, -- milliseconds since 1970
	count   INTEGER NOT NULL,
	skip    INTEGER NOT NULL,
	records TEXT NOT NULL,
	PRIMARY KEY (tab, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE readers (
	tab      TEXT NOT NULL,
	reader   TEXT NOT NULL,
	sequence INTEGER NOT NULL,
	PRIMARY KEY (tab, reader)
) STRICT, WITHOUT ROWID;
`

// create makes an empty file that only its owner can read: it will hold addresses of subscribers.
// SQLite gives its companions (-wal, -shm) the same mode. A file that is there stays as it is.
func create(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	// Without this a power cut may leave the rows but not the name of the file.
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// prepareFile brings a new file to the current format and refuses one that is not for this program.
func prepareFile(ctx context.Context, c *sql.Conn) (err error) {
	fresh, err := inspect(ctx, c)
	if err != nil {
		return err
	}
	// Also for a file that has its schema: a restored backup may have lost the mode.
	var mode string
	if err := c.QueryRowContext(ctx, "PRAGMA journal_mode = WAL").Scan(&mode); err != nil {
		return fmt.Errorf("turn on the write-ahead log: %w", err)
	}
	if mode != "wal" {
		return fmt.Errorf("its file system cannot keep a write-ahead log (journal mode %s)", mode)
	}
	if !fresh {
		return nil
	}
	if _, err := c.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("begin schema: %w", err)
	}
	defer func() {
		if err != nil {
			_, rollback := c.ExecContext(ctx, "ROLLBACK")
			err = errors.Join(err, rollback)
		}
	}()
	// Another process may have been quicker.
	if fresh, err = inspect(ctx, c); err != nil {
		return err
	}
	if fresh {
		script := fmt.Sprintf("%s; PRAGMA application_id = %d; PRAGMA user_version = %d;", schema, application, format)
		if _, err := c.ExecContext(ctx, script); err != nil {
			return fmt.Errorf("write schema: %w", err)
		}
	}
	if _, err := c.ExecContext(ctx, "COMMIT"); err != nil {
		return fmt.Errorf("commit schema: %w", err)
	}
	return nil
}

// inspect tells whether the file is empty and refuses one that is neither empty nor ours.
func inspect(ctx context.Context, c *sql.Conn) (fresh bool, err error) {
	var id, version, objects int64
	err = c.QueryRowContext(ctx, `SELECT
		(SELECT application_id FROM pragma_application_id),
		(SELECT user_version FROM pragma_user_version),
		(SELECT count(*) FROM sqlite_schema)`).Scan(&id, &version, &objects)
	if err != nil {
		return false, fmt.Errorf("read its header: %w", err)
	}
	switch {
	case id == 0 && version == 0 && objects == 0:
		return true, nil
	case id != application:
		return false, errors.New("it is another program's file, not allclear's")
	case version > format:
		return false, fmt.Errorf("a newer allclear wrote it (format %d, this program knows up to %d): use that version", version, format)
	default:
		return false, nil
	}
}
