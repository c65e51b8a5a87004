package local

import (
	"context"
	"encoding/json"
	"maps"
	"time"

	"allclear/internal/local/loop"
	"allclear/internal/stream"
	"allclear/internal/table"
	"allclear/internal/wiring"
)

// functions are the handlers behind the names in serverless.yml, except those that HTTP calls.
func (b *backend) functions(followed func(context.Context) error) map[string]loop.Function {
	publish := stream.HandleBatch(func(ctx context.Context, records []stream.Record) error {
		if err := b.publisher.HandleBatch(ctx, records); err != nil {
			return err
		}
		return followed(ctx)
	})
	return map[string]loop.Function{
		"publish": loop.Handler(publish),
		"tick":    loop.Handler(func(ctx context.Context, _ json.RawMessage) error { return b.ticker.Run(ctx) }),
	}
}

// sources makes the event-source loop that serverless.yml describes.
func (s *server) sources() (*loop.Loop, error) {
	wired, err := wiring.Read(s.program.Wiring)
	if err != nil {
		return nil, err
	}
	logs := map[string]table.Log{
		"StatusTable":   s.db.Table(statusTable),
		"AudienceTable": s.db.Table(audienceTable),
	}
	functions := s.backend.functions(s.follow)
	maps.Copy(functions, s.teller.functions)
	return loop.New(wired, functions, logs, loop.Options{
		Broker:  s.teller.broker,
		Changed: s.db.Changed, DataVersion: s.db.DataVersion, Tick: s.options.Tick,
		Failures: &loop.File{Path: s.Folder.failures()}, Logger: s.Logger,
	})
}

// sweepEvery is how often expired items are deleted; sweepAtMost how many at once.
const (
	sweepEvery  = time.Minute
	sweepAtMost = 1000
)

// expire deletes expired items, as DynamoDB does in its own time, until ctx ends.
func (s *server) expire(ctx context.Context) {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if _, err := s.db.Sweep(ctx, sweepAtMost); err != nil && ctx.Err() == nil {
				s.Logger.ErrorContext(ctx, "expired items not deleted", "error", err)
			}
		}
	}
}
