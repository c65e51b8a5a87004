package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"text/tabwriter"

	"allclear/internal/store"
)

type keyCommand struct {
	Create keyCreateCommand `cmd:"" help:"Make an API key and print it, once."`
	List   keyListCommand   `cmd:"" help:"List the keys by name."`
}

type keyCreateCommand struct {
	dataFlag
	Name string `arg:"" help:"What the key is for; it is the author of what is done with it."`
}

func (c *keyCreateCommand) Run(ctx context.Context, logger *slog.Logger) error {
	deployment, err := c.open(logger)
	if err != nil {
		return err
	}
	defer deployment.Close()
	key := store.NewKey()
	if err := deployment.Store.AddKey(ctx, c.Name, key); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "The new key. It is shown this once and kept only as a hash:")
	fmt.Println(key)
	return nil
}

type keyListCommand struct {
	dataFlag
}

func (c *keyListCommand) Run(ctx context.Context, logger *slog.Logger) error {
	if _, err := os.Stat(c.Data); err != nil {
		return fmt.Errorf("no deployment in %s: start one with allclear serve, or name another with --data", c.Data)
	}
	deployment, err := c.open(logger)
	if err != nil {
		return err
	}
	defer deployment.Close()
	keys, err := deployment.Store.Keys(ctx)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tCREATED\tSHA-256")
	for _, k := range keys {
		fmt.Fprintf(w, "%s\t%s\t%s…\n", k.Name, k.CreatedAt.Format("2006-01-02 15:04 MST"), k.Hash[:12])
	}
	return w.Flush()
}
