package publish_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	bucketmemory "allclear/internal/bucket/memory"
	"allclear/internal/demo"
	"allclear/internal/memory"
	"allclear/internal/publish"
	"allclear/internal/status"
	"allclear/internal/store"
)

// BenchmarkCatchUp publishes one small change of a page with 60 components and 220 incidents.
func BenchmarkCatchUp(b *testing.B) {
	tb := memory.New(memory.Options{}).Table("status")
	if err := demo.History(b.Context(), tb, time.Now(), 200, demo.Options{}); err != nil {
		b.Fatal(err)
	}
	s := store.New(tb, store.Options{})
	pages, _ := s.Pages(b.Context())
	p := &publish.Publisher{Store: s, Bucket: &bucketmemory.Bucket{}, PublicURL: "x", OneByOne: true, Logger: slog.New(slog.DiscardHandler)}
	if _, err := p.CatchUp(context.Background(), pages[0]); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		_, err := s.Commit(b.Context(), pages[0], func(tx *store.Tx) error {
			tx.Record(status.Event{Type: status.PageUpdated, Actor: operator})
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := p.CatchUp(context.Background(), pages[0]); err != nil {
			b.Fatal(err)
		}
	}
}
