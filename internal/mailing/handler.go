package mailing

import (
	"context"
	"log/slog"

	"allclear/internal/deliver"
)

// Deliverer delivers chunks. *deliver.Worker is one, for one at a time; *deliver.Pool is one for
// several.
type Deliverer interface {
	Handle(ctx context.Context, c deliver.Chunk) (deliver.Report, error)
}

// Handler makes the handler of the queue of chunks, for envelope.Queue. What is no chunk is an error
// at every attempt, so it ends in the dead-letter queue. What has to wait is no error: it is kept in
// the ledger, and the worker has logged the alarm, if it is one that people have to know of.
//
// Running it twice is harmless: so is handling a chunk twice, see deliver.Worker.
func Handler(d Deliverer, logger *slog.Logger) func(ctx context.Context, body string) error {
	return func(ctx context.Context, body string) error {
		c, err := deliver.DecodeChunk([]byte(body))
		if err != nil {
			return err
		}
		r, err := d.Handle(ctx, c)
		level := slog.LevelDebug
		if r.Failed+r.Lost+r.Parked > 0 {
			level = slog.LevelInfo
		}
		logger.Log(ctx, level, "chunk delivered", "page", c.Page, "incident", c.Subject, "event", c.Seq,
			"sent", r.Sent, "covered", r.Covered, "skipped", r.Skipped, "failed", r.Failed, "lost", r.Lost, "parked", r.Parked)
		return err
	}
}
