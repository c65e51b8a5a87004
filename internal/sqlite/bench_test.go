package sqlite_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"allclear/internal/sqlite"
	"allclear/internal/table"
)

// BenchmarkWrite measures what posting an incident writes: seven items, most of them new, under
// conditions and with the log, beside the same seven rows written bare in one durable transaction.
// The two alternate, so that both meet the same disk. Times are medians.
func BenchmarkWrite(b *testing.B) {
	db := open(b, filepath.Join(b.TempDir(), "port.db"), sqlite.Options{Streams: []string{"status"}})
	status := db.Table("status")
	bare := openBare(b)
	first := incident(0)
	if err := status.Write(b.Context(), first...); err != nil {
		b.Fatal(err)
	}
	if err := bare.write(b.Context(), first); err != nil {
		b.Fatal(err)
	}
	var ported, bared []time.Duration
	i := 0
	for b.Loop() {
		i++
		actions := incident(i)
		start := time.Now()
		if err := status.Write(b.Context(), actions...); err != nil {
			b.Fatal(err)
		}
		middle := time.Now()
		if err := bare.write(b.Context(), actions); err != nil {
			b.Fatal(err)
		}
		ported = append(ported, middle.Sub(start))
		bared = append(bared, time.Since(middle))
	}
	slices.Sort(ported)
	slices.Sort(bared)
	half, most := len(ported)/2, len(ported)*99/100
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(ported[half].Microseconds()), "µs-port")
	b.ReportMetric(float64(bared[half].Microseconds()), "µs-bare")
	b.ReportMetric(float64(ported[half])/float64(bared[half]), "ratio")
	b.ReportMetric(float64(ported[most].Microseconds()), "µs-port-p99")
	b.ReportMetric(float64(bared[most].Microseconds()), "µs-bare-p99")
}

// incident is the transaction of incident i: the page item and the states under their versions,
// the rest new.
func incident(i int) []table.Action {
	key := func(sort string) table.Key { return table.Key{Partition: "PAGE#0kxyzpage000", Sort: sort} }
	item := func(sort string, attributes table.Attributes) table.Item {
		return table.Item{Key: key(sort), Attributes: attributes}
	}
	id := fmt.Sprintf("%012d", i)
	body := strings.Repeat("We are looking into reports of errors. ", 6)
	states := map[string]any{}
	for c := range 15 {
		states[fmt.Sprintf("component%03d", c)] = map[string]any{"status": "operational", "since": int64(1780000000000), "updated_at": int64(i)}
	}
	version := []table.Condition{table.Equals("seq", int64(i-1))}
	if i == 0 {
		version = nil
	}
	record := item("IDEMPOTENCY#"+id, table.Attributes{"answer": body})
	record.Expires = time.Now().Add(24 * time.Hour)
	return []table.Action{
		table.Put(item("PAGE", table.Attributes{"seq": int64(i), "at": int64(1780000000000 + i), "name": "Example", "time_zone": "Etc/UTC"}), version...),
		table.Put(item("STATES", table.Attributes{"states": states, "seq": int64(i)}), version...),
		table.Put(item("INCIDENT#2026-03-04T05:06:07.891Z#"+id, table.Attributes{
			"id": id, "name": "Elevated errors", "status": "investigating", "impact": "minor",
			"updates": []any{map[string]any{"id": "u" + id, "body": body, "status": "investigating", "created_at": int64(1780000000000)}},
		}), table.Absent()),
		table.Put(item("REF#"+id, table.Attributes{"sort": "INCIDENT#2026-03-04T05:06:07.891Z#" + id}), table.Absent()),
		table.Put(item("OPEN#"+id, table.Attributes{"sort": "INCIDENT#2026-03-04T05:06:07.891Z#" + id}), table.Absent()),
		table.Put(item("EVENT#"+id, table.Attributes{"seq": int64(i), "actor": "key local", "incident": id, "update": map[string]any{"body": body}}), table.Absent()),
		table.Put(record, table.Absent()),
	}
}

// bareRows is a table as one would make it by hand.
type bareRows struct {
	conn                  *sql.Conn
	begin, upsert, commit *sql.Stmt
}

func openBare(b *testing.B) *bareRows {
	b.Helper()
	path := filepath.Join(b.TempDir(), "bare.db")
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	rows := &bareRows{}
	if rows.conn, err = db.Conn(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { rows.conn.Close() })
	if _, err := rows.conn.ExecContext(b.Context(), "CREATE TABLE rows (pk TEXT, sk TEXT, data TEXT, PRIMARY KEY (pk, sk)) WITHOUT ROWID"); err != nil {
		b.Fatal(err)
	}
	for statement, text := range map[**sql.Stmt]string{
		&rows.begin:  "BEGIN IMMEDIATE",
		&rows.upsert: "INSERT OR REPLACE INTO rows VALUES (?, ?, ?)",
		&rows.commit: "COMMIT",
	} {
		if *statement, err = rows.conn.PrepareContext(b.Context(), text); err != nil {
			b.Fatal(err)
		}
	}
	return rows
}

func (r *bareRows) write(ctx context.Context, actions []table.Action) error {
	ctx = context.WithoutCancel(ctx)
	if _, err := r.begin.ExecContext(ctx); err != nil {
		return err
	}
	for _, a := range actions {
		data, err := json.Marshal(a.Item.Attributes)
		if err != nil {
			return err
		}
		if _, err := r.upsert.ExecContext(ctx, a.Item.Partition, a.Item.Sort, string(data)); err != nil {
			return err
		}
	}
	_, err := r.commit.ExecContext(ctx)
	return err
}

// BenchmarkGet reads three items the way a handler does, under a context that can end.
func BenchmarkGet(b *testing.B) {
	db := open(b, filepath.Join(b.TempDir(), "port.db"), sqlite.Options{})
	status := db.Table("status")
	actions := incident(0)
	if err := status.Write(b.Context(), actions...); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := status.Get(b.Context(), actions[0].Item.Key, actions[1].Item.Key, actions[2].Item.Key); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkQuery reads fifty incidents.
func BenchmarkQuery(b *testing.B) {
	db := open(b, filepath.Join(b.TempDir(), "port.db"), sqlite.Options{})
	status := db.Table("status")
	for i := range 60 {
		if err := status.Write(b.Context(), incident(i)...); err != nil {
			b.Fatal(err)
		}
	}
	q := table.Prefix("PAGE#0kxyzpage000", "INCIDENT#")
	q.Limit, q.Reverse = 50, true
	for b.Loop() {
		if r, err := status.Query(b.Context(), q); err != nil || len(r.Items) != 50 {
			b.Fatal(len(r.Items), err)
		}
	}
}
