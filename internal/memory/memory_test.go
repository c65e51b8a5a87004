package memory_test

import (
	"testing"
	"time"

	"allclear/internal/memory"
	"allclear/internal/table"
	"allclear/internal/tabletest"
)

var (
	_ table.Table = (*memory.Table)(nil)
	_ table.Log   = (*memory.Table)(nil)
)

func TestTableConforms(t *testing.T) {
	tabletest.Run(t, func(*testing.T) tabletest.Harness {
		now := time.Date(2026, 3, 4, 5, 6, 7, 891e6, time.UTC)
		db := memory.New(memory.Options{Now: func() time.Time { return now }, Streams: []string{"status"}})
		return tabletest.Harness{
			Table:   db.Table("status"),
			Log:     db.Table("status"),
			Now:     func() time.Time { return now },
			Advance: func(d time.Duration) { now = now.Add(d) },
			Sweep:   db.Sweep,
		}
	})
}
