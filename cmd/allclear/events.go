package main

import (
	"context"
	"log/slog"
	"os"
	"time"

	"allclear/internal/local/watch"
)

type eventsCommand struct {
	dataFlag
	Follow bool     `short:"f" help:"Go on with what happens from now on, until interrupted."`
	Since  *instant `help:"Show what was published since: a time such as 2026-11-27T10:00Z, or how long ago. A day is kept (24h; now with --follow)." placeholder:"TIME"`
}

// Run writes the events that other teams' programs would get from the topic, one JSON document a line.
func (c *eventsCommand) Run(ctx context.Context, logger *slog.Logger) error {
	deployment, err := c.existing(logger)
	if err != nil {
		return err
	}
	defer deployment.Close()
	return watch.Events(ctx, deployment.Events(), os.Stdout, c.options(time.Now()))
}

func (c *eventsCommand) options(now time.Time) watch.Options {
	o := watch.Options{Follow: c.Follow}
	switch {
	case c.Since != nil:
		o.Since = c.Since.Time
	case !c.Follow:
		o.Since = now.Add(-24 * time.Hour)
	}
	return o
}
