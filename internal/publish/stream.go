package publish

import (
	"context"
	"slices"
	"strings"

	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/stream"
)

// HandleBatch publishes the pages that a batch of stream records belongs to. The records are
// only a wake-up: what is published follows from the table and the pointer. So a batch may come
// twice, late or in any order.
func (p *Publisher) HandleBatch(ctx context.Context, records []stream.Record) error {
	var pages []string
	for _, r := range records {
		if id, ok := strings.CutPrefix(r.Key.Partition, store.PagePartition("")); ok && !slices.Contains(pages, id) {
			pages = append(pages, id)
		}
	}
	for _, id := range pages {
		if _, err := p.CatchUp(ctx, id); err != nil && !gone(err) {
			return err
		}
	}
	return nil
}

// gone tells whether the page does not exist any more: an import took over another identity.
func gone(err error) bool { return status.IsNotFound(err) }
