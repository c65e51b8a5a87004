// Package sqlite keeps tables in one SQLite file: the database of a laptop and of the smallest
// production. It honours the port internal/table to the letter and adds the change log that plays
// the stream, written in the transaction that it tells of. A commit is on the disk before it is
// answered. Other processes may write the same file. It knows nothing of what the items mean;
// cmd/allclear opens it and internal/local drives what its log wakes.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"sync"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

const (
	readConnections = 4
	// busyTimeout is how long a transaction waits for another process to end its own.
	busyTimeout = 5 * time.Second
)

// Options of a file. Its zero value is ready for use.
type Options struct {
	// Now is the clock by which items expire and records are dated; time.Now if nil.
	Now func() time.Time
	// Streams names the tables that keep a change log.
	Streams []string
}

// DB is one open file. It is safe for concurrent use.
type DB struct {
	now     func() time.Time
	streams []string

	readers *sql.DB
	get     *sql.Stmt
	query   *sql.Stmt
	reverse *sql.Stmt
	records *sql.Stmt

	watch   sync.Mutex // guards watcher
	watcher *sql.Conn  // writes nothing, so its data_version moves with every commit of others

	writers *sql.DB
	turn    chan struct{} // holds one token, taken by who uses the writer
	writer  *writer

	mu      sync.Mutex
	queue   []*transaction // waiting for a leader
	closed  bool
	changed chan struct{} // closed at the next commit to a log; nil while nobody waits
}

// Table is one table of a file. It implements table.Table and table.Log.
type Table struct {
	db     *DB
	name   string
	stream bool
}

// Open opens the file, or makes it with mode 0600. It refuses a file that is another program's or
// of a newer format.
func Open(path string, options Options) (*DB, error) {
	db := &DB{now: options.Now, streams: slices.Clone(options.Streams), turn: make(chan struct{}, 1)}
	if db.now == nil {
		db.now = time.Now
	}
	if err := db.open(path); err != nil {
		return nil, errors.Join(fmt.Errorf("open data file %s: %w", path, err), db.close())
	}
	return db, nil
}

func (db *DB) open(path string) error {
	ctx := context.Background()
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	if err := create(path); err != nil {
		return err
	}
	// FULL makes every commit wait for the disk.
	if db.writers, err = sql.Open("sqlite", source(path, "synchronous(FULL)")); err != nil {
		return err
	}
	if db.writer, err = openWriter(ctx, db.writers); err != nil {
		return err
	}
	if db.readers, err = sql.Open("sqlite", source(path, "query_only(true)")); err != nil {
		return err
	}
	// One connection more than reads need: the watcher keeps its own.
	db.readers.SetMaxOpenConns(readConnections + 1)
	db.readers.SetMaxIdleConns(readConnections + 1)
	for _, p := range []struct {
		statement **sql.Stmt
		text      string
	}{
		{&db.get, selectLive},
		{&db.query, selectRange + " ORDER BY sk LIMIT ?"},
		{&db.reverse, selectRange + " ORDER BY sk DESC LIMIT ?"},
		{&db.records, selectLog},
	} {
		if *p.statement, err = db.readers.PrepareContext(ctx, p.text); err != nil {
			return err
		}
	}
	db.watcher, err = db.readers.Conn(ctx)
	return err
}

// source is the driver's name of a file. The busy timeout comes first, so that it already covers
// the other pragmas.
func source(path string, pragmas ...string) string {
	values := url.Values{}
	values.Set("_busy_timeout", fmt.Sprint(busyTimeout.Milliseconds()))
	values["_pragma"] = pragmas
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: values.Encode()}
	return u.String()
}

// Table is the table of that name. A name that was never written to is an empty table.
func (db *DB) Table(name string) *Table {
	return &Table{db: db, name: name, stream: slices.Contains(db.streams, name)}
}

// Changed is closed when this process next commits something that a log records. Take it before
// reading the log: then no commit goes unseen.
func (db *DB) Changed() <-chan struct{} {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.changed == nil {
		db.changed = make(chan struct{})
	}
	return db.changed
}

// DataVersion is a number that differs from its last value if the file was committed to in between,
// by this process or by another. Compare it only within one DB.
func (db *DB) DataVersion(ctx context.Context) (int64, error) {
	db.watch.Lock()
	defer db.watch.Unlock()
	var version int64
	if err := db.watcher.QueryRowContext(ctx, "PRAGMA data_version").Scan(&version); err != nil {
		return 0, fmt.Errorf("read data version: %w", err)
	}
	return version, nil
}

// Close waits for the transactions under way and closes the file. Writes that come later are refused.
func (db *DB) Close() error {
	db.mu.Lock()
	closed := db.closed
	db.closed = true
	db.mu.Unlock()
	if closed {
		return nil
	}
	db.turn <- struct{}{}
	defer func() { <-db.turn }()
	db.refuseQueue(errClosed)
	return db.close()
}

var errClosed = errors.New("sqlite: the data file is closed")

func (db *DB) close() error {
	var errs []error
	if db.watcher != nil {
		errs = append(errs, db.watcher.Close())
	}
	if db.readers != nil {
		errs = append(errs, db.readers.Close())
	}
	if db.writer != nil {
		errs = append(errs, db.writer.close())
	}
	if db.writers != nil {
		// The last connection to close folds the write-ahead log into the file.
		errs = append(errs, db.writers.Close())
	}
	return errors.Join(errs...)
}
