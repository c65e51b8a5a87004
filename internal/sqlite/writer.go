package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	moderncsqlite "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"allclear/internal/table"
)

// writer is the one connection that writes, with its statements. Who uses it holds the turn.
type writer struct {
	conn     *sql.Conn
	durable  bool // whether commits wait for the disk, as they do at first
	prepared []*sql.Stmt

	begin, commit, rollback      *sql.Stmt
	savepoint, release, back     *sql.Stmt
	find                         *sql.Stmt
	insert, update, delete       *sql.Stmt
	appendLog, acknowledge       *sql.Stmt
	newest, trimRows, trimMarker *sql.Stmt
	sweep                        *sql.Stmt
}

// The statements. Those on items begin with the key, in the order of the columns.
const (
	selectItem = "SELECT expires, item FROM items WHERE tab = ? AND pk = ? AND sk = ?"
	selectLive = selectItem + " AND (expires IS NULL OR expires > ?)"

	selectRange = "SELECT sk, expires, item FROM items WHERE tab = ? AND pk = ? AND sk >= ? AND sk < ?" +
		" AND (expires IS NULL OR expires > ?)"

	insertItem = "INSERT INTO items (tab, pk, sk, expires, item) VALUES (?, ?, ?, ?, ?)" +
		" ON CONFLICT DO NOTHING"
	updateItem = "UPDATE items SET expires = ?4, item = ?5 WHERE tab = ?1 AND pk = ?2 AND sk = ?3"
	deleteItem = "DELETE FROM items WHERE tab = ? AND pk = ? AND sk = ?"

	deleteExpired = "DELETE FROM items WHERE (tab, pk, sk) IN" +
		" (SELECT tab, pk, sk FROM items WHERE expires <= ? LIMIT ?)"
)

func openWriter(ctx context.Context, db *sql.DB) (w *writer, err error) {
	db.SetMaxOpenConns(1)
	w = &writer{durable: true}
	if w.conn, err = db.Conn(ctx); err != nil {
		return nil, err
	}
	if err := prepareFile(ctx, w.conn); err != nil {
		return w, err
	}
	for _, p := range []struct {
		statement **sql.Stmt
		text      string
	}{
		{&w.begin, "BEGIN IMMEDIATE"},
		{&w.commit, "COMMIT"},
		{&w.rollback, "ROLLBACK"},
		{&w.savepoint, "SAVEPOINT one"},
		{&w.release, "RELEASE one"},
		{&w.back, "ROLLBACK TO one"},
		{&w.find, selectItem},
		{&w.insert, insertItem},
		{&w.update, updateItem},
		{&w.delete, deleteItem},
		{&w.appendLog, appendLog},
		{&w.acknowledge, acknowledge},
		{&w.newest, newestNumber},
		{&w.trimRows, trimRows},
		{&w.trimMarker, trimMarker},
		{&w.sweep, deleteExpired},
	} {
		if *p.statement, err = w.conn.PrepareContext(ctx, p.text); err != nil {
			return w, fmt.Errorf("prepare %q: %w", p.text, err)
		}
		w.prepared = append(w.prepared, *p.statement)
	}
	return w, nil
}

func (w *writer) close() error {
	var errs []error
	for _, s := range w.prepared {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, w.conn.Close())...)
}

// exec runs a statement without a caller's context: what others wait for must not be cut short.
func exec(s *sql.Stmt, args ...any) error {
	_, err := s.ExecContext(context.Background(), args...)
	return err
}

// start begins a transaction. A durable one is on the disk when its commit returns; else it only
// survives the death of this process, and a power cut may undo it.
func (w *writer) start(durable bool) error {
	if durable != w.durable {
		// Not prepared: SQLite obeys this pragma already when it compiles it.
		mode := "PRAGMA synchronous = NORMAL"
		if durable {
			mode = "PRAGMA synchronous = FULL"
		}
		if _, err := w.conn.ExecContext(context.Background(), mode); err != nil {
			return fmt.Errorf("choose durability: %w", err)
		}
		w.durable = durable
	}
	if err := exec(w.begin); err != nil {
		return fmt.Errorf("begin transaction: %w", contention(err))
	}
	return nil
}

// finish commits, or rolls back when it cannot.
func (w *writer) finish() error {
	if err := exec(w.commit); err != nil {
		return errors.Join(fmt.Errorf("commit transaction: %w", contention(err)), exec(w.rollback))
	}
	return nil
}

// contention makes the driver's word for "another process holds the lock" the port's.
func contention(err error) error {
	if e := (*moderncsqlite.Error)(nil); errors.As(err, &e) && e.Code()&0xff == codes.SQLITE_BUSY {
		return fmt.Errorf("%w: %w", table.ErrContention, err)
	}
	return err
}
