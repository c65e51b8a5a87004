package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"allclear/internal/intake"
	"allclear/internal/local"
)

type importCommand struct {
	dataFlag
	Sources []string `arg:"" name:"path-or-url" help:"JSON files, folders of them, or the address of a page (https://status.example.com)."`
}

func (c *importCommand) Run(ctx context.Context, logger *slog.Logger) error {
	deployment, err := c.open(logger)
	if err != nil {
		return err
	}
	defer deployment.Close()
	if _, err := deployment.Page(ctx, local.DefaultName); err != nil {
		return err
	}
	report, err := intake.Run(ctx, deployment.Store, intake.Options{
		Sources:  c.Sources,
		Progress: func(done, total int, what string) { fmt.Fprintf(os.Stderr, "\r%d of %d %s ", done, total, what) },
	})
	fmt.Fprintln(os.Stderr)
	fmt.Print(report)
	if err != nil {
		return err
	}
	return deployment.Publish(ctx)
}
