// Package announce tells the world outside of the table what happened: each event that was
// committed becomes one document on the topic, with attributes to filter by. It reads nothing, for
// an event says all that the document does, and it decides nothing: who is to hear of it is the
// matter of who subscribes. The function announce, tick and allclear redrive call it.
package announce

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/stream"
	"allclear/internal/table"
	"allclear/internal/topic"
)

// StaleAfter is the age from which the stream's events are not announced. The stream keeps records
// for a day, so what is older has not just happened: it was put back from a backup.
const StaleAfter = 24 * time.Hour

// Announcer publishes events. All fields are needed; Now by Handle only.
type Announcer struct {
	Topic     topic.Topic
	PublicURL string // of the page, without a slash at the end
	Now       func() time.Time
	Logger    *slog.Logger
}

// Handle announces the event that a record of the stream inserted; what is none is passed over, and
// so is what is stale. A record that cannot be decoded is an error at every attempt, so it ends at
// the failure destination.
//
// Running it twice is harmless. The document is the same, byte by byte; dispatch sends the same
// chunks, which the claims absorb; and others know by page and seq that they have it already.
func (a *Announcer) Handle(ctx context.Context, r stream.Record) error {
	if r.Kind != table.Insert || !strings.HasPrefix(r.Key.Sort, store.PrefixEvent) {
		return nil
	}
	e, err := store.DecodeEvent(r.New)
	if err != nil {
		return err
	}
	if age := a.Now().Sub(e.At); age > StaleAfter {
		a.Logger.InfoContext(ctx, "stale event not announced", "page", e.Page, "sequence", e.Seq, "age", age)
		return nil
	}
	return a.Announce(ctx, e)
}

// Announce publishes one event, however old it is.
func (a *Announcer) Announce(ctx context.Context, e status.Event) error {
	m, err := NewDocument(&e, a.PublicURL).Message()
	if err != nil {
		return err
	}
	if err := a.Topic.Publish(ctx, m); err != nil {
		return fmt.Errorf("announce event %d of page %s: %w", e.Seq, e.Page, err)
	}
	return nil
}
