package publish_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	bucketmemory "allclear/internal/bucket/memory"
	"allclear/internal/memory"
	"allclear/internal/publish"
	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/table"
)

func TestAnEventThatCannotBeDecodedHoldsUpNothing(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	pages := memory.New(memory.Options{Now: func() time.Time { return now }}).Table("status")
	s := store.New(pages, store.Options{Now: func() time.Time { now = now.Add(time.Second); return now }})
	bucket := &bucketmemory.Bucket{}
	p := &publish.Publisher{Store: s, Bucket: bucket, PublicURL: "https://status.example.com", Renderer: "test", Logger: slog.New(slog.DiscardHandler)}
	actor := status.Actor{Kind: status.ActorSystem, Name: "test"}
	if _, err := s.CreatePage(t.Context(), "page", status.DefaultSettings("Page"), actor); err != nil {
		t.Fatal(err)
	}
	rename := func(name string) status.Page {
		t.Helper()
		page, err := s.Commit(t.Context(), "page", func(tx *store.Tx) error {
			tx.Page.Settings.Name = name
			tx.Record(status.Event{Type: status.PageUpdated, Actor: actor})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return page
	}
	spoil := func(sort string) {
		t.Helper()
		key := table.Key{Partition: store.PagePartition("page"), Sort: sort}
		if err := pages.Write(t.Context(), table.Put(table.Item{Key: key, Attributes: table.Attributes{"seq": "three"}})); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ name, sort string }{
		{"one of those that are due", "EVENT#000000000003"},
		{"one behind everything there is", "EVENT#999999999999"},
	} {
		if _, err := p.CatchUp(t.Context(), "page"); err != nil {
			t.Fatal(err)
		}
		rename("Second")
		rename("Third")
		last := rename(c.name)
		spoil(c.sort)
		if result, err := p.CatchUp(t.Context(), "page"); err != nil || result.Seq != last.Seq {
			t.Errorf("%s is spoilt: published %d, want %d: %v", c.name, result.Seq, last.Seq, err)
		}
		object, _, err := bucket.Get(t.Context(), "index.html")
		if err != nil || !strings.Contains(string(object.Body), c.name) {
			t.Errorf("%s is spoilt: the page does not show the last change: %v", c.name, err)
		}
	}
}
