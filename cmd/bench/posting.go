package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// posting posts incidents with three components while the publisher runs, each followed by the
// same rows written bare in one durable transaction, and waits for each to be readable.
func posting(ctx context.Context, s settings) (rows []row, err error) {
	folder := filepath.Join(s.folder, "posting")
	server, err := start(ctx, s.program, folder, "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	body, ids, err := incident(ctx, server)
	if err != nil {
		return nil, err
	}
	bare, err := openBare(ctx, filepath.Join(s.folder, "bare.db"), filepath.Join(folder, "allclear.db"))
	if err != nil {
		return nil, err
	}
	defer bare.db.Close()

	seq, err := published(ctx, server)
	if err != nil {
		return nil, err
	}
	const warmUp = 20
	var posts, bares, visible []time.Duration
	for n := range warmUp + s.posts {
		began := time.Now()
		answer, err := server.post(ctx, "/incidents", body)
		if err != nil {
			return nil, err
		}
		posted := time.Since(began)
		var made struct{ ID string }
		if err := json.Unmarshal(answer, &made); err != nil {
			return nil, err
		}
		seen, err := waitFor(ctx, server, "/api/v2/summary.json", func(text []byte) bool { return bytes.Contains(text, []byte(made.ID)) })
		if err != nil {
			return nil, err
		}
		seq++
		if err := settle(ctx, server, seq); err != nil {
			return nil, err
		}
		written, err := bare.write(ctx, made.ID)
		if err != nil {
			return nil, err
		}
		seq++
		if err := resolve(ctx, server, made.ID, ids, seq); err != nil {
			return nil, err
		}
		if n >= warmUp {
			posts, bares, visible = append(posts, posted), append(bares, written), append(visible, seen)
		}
	}
	ratio := float64(quantile(posts, 0.5)) / float64(quantile(bares, 0.5))
	return []row{
		{"POST an incident with 3 components, p50", millis(quantile(posts, 0.5)), ""},
		{"POST an incident with 3 components, p99", millis(quantile(posts, 0.99)), ""},
		{"the same rows bare in one durable transaction, p50", millis(quantile(bares, 0.5)), ""},
		{"ratio at p50", fmt.Sprintf("%.2f", ratio), "≤ 1.5"},
		{"2xx to new bytes readable over HTTP, p50", millis(quantile(visible, 0.5)), ""},
		{"2xx to new bytes readable over HTTP, p99", millis(quantile(visible, 0.99)), "≤ 50 ms"},
	}, nil
}

// incident makes three components and the body of a POST that moves them.
func incident(ctx context.Context, server *server) (body string, ids []string, err error) {
	var parts []string
	for n := range 3 {
		answer, err := server.post(ctx, "/components", fmt.Sprintf(`{"component":{"name":"Component %d"}}`, n))
		if err != nil {
			return "", nil, err
		}
		var made struct{ ID string }
		if err := json.Unmarshal(answer, &made); err != nil {
			return "", nil, err
		}
		ids = append(ids, made.ID)
		parts = append(parts, fmt.Sprintf("%q:%q", made.ID, "partial_outage"))
	}
	return fmt.Sprintf(`{"incident":{"name":"Elevated errors","body":"We are looking into reports of errors and will say more within 30 minutes.",
		"components":{%s}}}`, strings.Join(parts, ",")), ids, nil
}

// resolve ends an incident, which is version seq, and waits until that is published.
func resolve(ctx context.Context, server *server, id string, components []string, seq int64) error {
	var parts []string
	for _, c := range components {
		parts = append(parts, fmt.Sprintf("%q:%q", c, "operational"))
	}
	err := server.patch(ctx, "/incidents/"+id, fmt.Sprintf(`{"incident":{"status":"resolved","components":{%s}}}`, strings.Join(parts, ",")))
	if err != nil {
		return err
	}
	return settle(ctx, server, seq)
}

// settle waits until a version is published whole, so that what is timed next meets a quiet page.
func settle(ctx context.Context, server *server, seq int64) error {
	_, err := waitFor(ctx, server, "/published.json", func(text []byte) bool {
		var pointer struct{ Seq int64 }
		return json.Unmarshal(text, &pointer) == nil && pointer.Seq >= seq
	})
	return err
}

// published is the version that is published once nothing is left to publish.
func published(ctx context.Context, server *server) (int64, error) {
	components := int64(3)
	var pointer struct{ Seq int64 }
	_, err := waitFor(ctx, server, "/published.json", func(text []byte) bool {
		return json.Unmarshal(text, &pointer) == nil && pointer.Seq >= 1+components
	})
	return pointer.Seq, err
}

// waitFor asks for a document until it is as wanted.
func waitFor(ctx context.Context, server *server, path string, wanted func([]byte) bool) (time.Duration, error) {
	began := time.Now()
	for time.Since(began) < 10*time.Second {
		text, _, err := server.get(ctx, path)
		if err != nil {
			return 0, err
		}
		if wanted(text) {
			return time.Since(began), nil
		}
	}
	return 0, fmt.Errorf("%s does not become what was posted", path)
}

// bare is a database with one plain table, as durable as ours.
type bare struct {
	db     *sql.DB
	source string
	insert *sql.Stmt
	reader *sql.DB
}

func openBare(ctx context.Context, path, source string) (*bare, error) {
	const pragmas = "?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate"
	db, err := sql.Open("sqlite", "file:"+path+pragmas)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, `CREATE TABLE items (pk TEXT, sk TEXT, item TEXT, PRIMARY KEY (pk, sk)) WITHOUT ROWID`); err != nil {
		return nil, err
	}
	b := &bare{db: db, source: source}
	if b.insert, err = db.PrepareContext(ctx, `INSERT OR REPLACE INTO items VALUES (?, ?, ?)`); err != nil {
		return nil, err
	}
	b.reader, err = sql.Open("sqlite", "file:"+source+"?mode=ro&_pragma=busy_timeout(5000)")
	return b, err
}

// write takes the rows that posting an incident wrote and writes them bare, timed.
func (b *bare) write(ctx context.Context, id string) (time.Duration, error) {
	found, err := b.reader.QueryContext(ctx, `SELECT pk, sk, item FROM items WHERE tab = 'status' AND (
		sk = 'PAGE' OR sk = 'CONFIG#STATES' OR sk LIKE 'DAY#%' OR sk LIKE '%#' || ?1 OR
		sk = (SELECT max(sk) FROM items WHERE tab = 'status' AND sk LIKE 'EVENT#%'))`, id)
	if err != nil {
		return 0, err
	}
	defer found.Close()
	var rows [][3]string
	for found.Next() {
		var r [3]string
		if err := found.Scan(&r[0], &r[1], &r[2]); err != nil {
			return 0, err
		}
		rows = append(rows, r)
	}
	if err := found.Err(); err != nil {
		return 0, err
	}
	if len(rows) < 6 {
		return 0, fmt.Errorf("only %d rows of incident %s", len(rows), id)
	}
	began := time.Now()
	tx, err := b.db.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	insert := tx.StmtContext(ctx, b.insert)
	for _, r := range rows {
		if _, err := insert.ExecContext(ctx, r[0], r[1], r[2]); err != nil {
			return 0, errors.Join(err, tx.Rollback())
		}
	}
	err = tx.Commit()
	return time.Since(began), err
}
