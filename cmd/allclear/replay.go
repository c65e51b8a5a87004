package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"allclear/internal/cloud"
	"allclear/internal/replay"
)

// replayCommand takes --data as every command does; a replay runs in memory and leaves the folder alone.
type replayCommand struct {
	placeFlags
	Function string   `help:"Deployed function to send the samples to; without it the one that each sample goes to, if it is only one." placeholder:"NAME"`
	Files    []string `arg:"" help:"Sample events, such as events/dynamodb/incident-created.json." type:"existingfile"`
}

func (c *replayCommand) Validate() error {
	if c.Function != "" && c.Stage == "" {
		return errors.New("--function needs --stage: without a stage each sample runs here, through the handlers of all functions that it goes to")
	}
	return nil
}

func (c *replayCommand) Run(ctx context.Context, _ *slog.Logger) error {
	if c.Stage != "" {
		return c.deployed(ctx)
	}
	for _, file := range c.Files {
		effects, err := replay.File(ctx, file)
		if err != nil {
			return err
		}
		fmt.Print(effects)
	}
	return nil
}

// deployed sends each sample to a function of the stage, which does with it what it does with any
// event: it is no rehearsal.
func (c *replayCommand) deployed(ctx context.Context) error {
	stage, err := cloud.Find(ctx, c.Stage)
	if err != nil {
		return err
	}
	for _, file := range c.Files {
		sample, err := replay.Read(file)
		if err != nil {
			return err
		}
		function := c.Function
		if function == "" {
			if function, err = replay.Function(sample); err != nil {
				return fmt.Errorf("%w; name it with --function", err)
			}
		}
		answer, log, err := stage.Invoke(ctx, function, sample.Payload)
		if failed := (*cloud.FunctionError)(nil); err != nil && !errors.As(err, &failed) {
			return err
		}
		fmt.Print(replay.Show(sample, answer, err, log))
	}
	return nil
}
