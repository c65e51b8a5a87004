package loop_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"allclear/internal/local/loop"
	"allclear/internal/sqlite"
	"allclear/internal/table"
)

// BenchmarkFromCommitToFunction measures the time from the acknowledged commit of an incident of
// 20 KB with its event to the function's first instruction.
func BenchmarkFromCommitToFunction(b *testing.B) {
	db, err := sqlite.Open(filepath.Join(b.TempDir(), "data.sqlite"), sqlite.Options{Streams: []string{"status"}})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	status := db.Table("status")
	called := make(chan time.Time, 1)
	l, err := loop.New(wired(mapping()), map[string]loop.Function{
		"publish": func(context.Context, []byte) ([]byte, error) { called <- time.Now(); return nil, nil },
	}, map[string]table.Log{tableID: status}, loop.Options{Changed: db.Changed, DataVersion: db.DataVersion})
	if err != nil {
		b.Fatal(err)
	}
	go func() { _ = l.Run(context.Background()) }()
	body := strings.Repeat("x", 20<<10)
	var sum, longest time.Duration
	n := 0
	for b.Loop() {
		n++
		incident := table.Item{Key: table.Key{Partition: "PAGE#p", Sort: fmt.Sprintf("INCIDENT#%06d", n)}, Attributes: table.Attributes{"body": body}}
		if err := status.Write(b.Context(), table.Put(incident), event(n, "")); err != nil {
			b.Fatal(err)
		}
		committed := time.Now()
		took := max((<-called).Sub(committed), 0)
		sum += took
		longest = max(longest, took)
	}
	b.ReportMetric(float64(sum.Microseconds())/float64(n), "µs/call")
	b.ReportMetric(float64(longest.Microseconds()), "µs-longest")
	if err := l.Drain(b.Context()); err != nil {
		b.Error(err)
	}
}
