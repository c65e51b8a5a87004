package main

import (
	"context"
	"fmt"
	"log/slog"

	"allclear/internal/replay"
)

// replayCommand takes --data as every command does; a replay runs in memory and leaves the folder alone.
type replayCommand struct {
	dataFlag
	Files []string `arg:"" help:"Sample events, such as events/dynamodb/incident-created.json." type:"existingfile"`
}

func (c *replayCommand) Run(ctx context.Context, _ *slog.Logger) error {
	for _, file := range c.Files {
		effects, err := replay.File(ctx, file)
		if err != nil {
			return err
		}
		fmt.Print(effects)
	}
	return nil
}
