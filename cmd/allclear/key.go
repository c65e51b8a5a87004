package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"text/tabwriter"

	"allclear/internal/cloud"
	"allclear/internal/store"
)

type keyCommand struct {
	Create keyCreateCommand `cmd:"" help:"Make an API key and print it, once."`
	List   keyListCommand   `cmd:"" help:"List the keys by name."`
	Rotate keyRotateCommand `cmd:"" name:"rotate-links" help:"Replace the key that signs the links in mails."`
}

type keyCreateCommand struct {
	placeFlags
	Name string `arg:"" help:"What the key is for; it is the author of what is done with it."`
}

func (c *keyCreateCommand) Run(ctx context.Context, logger *slog.Logger) error {
	create := c.inFolder
	if c.Stage != "" {
		create = c.inStage
	}
	key, err := create(ctx, logger)
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "The new key. It is shown this once and kept only as a hash:")
	fmt.Println(key)
	return nil
}

func (c *keyCreateCommand) inFolder(ctx context.Context, logger *slog.Logger) (string, error) {
	deployment, err := dataFlag{c.Data}.existing(logger)
	if err != nil {
		return "", err
	}
	defer deployment.Close()
	key := store.NewKey()
	return key, deployment.Store.AddKey(ctx, c.Name, key)
}

// inStage asks the function keys, so that whoever makes keys needs the right to invoke it and none
// to the table.
func (c *keyCreateCommand) inStage(ctx context.Context, _ *slog.Logger) (string, error) {
	stage, err := cloud.Find(ctx, c.Stage)
	if err != nil {
		return "", err
	}
	request, err := json.Marshal(map[string]string{"name": c.Name})
	if err != nil {
		return "", fmt.Errorf("encode request: %w", err)
	}
	text, err := invoke(ctx, stage, "keys", request)
	if err != nil {
		return "", err
	}
	var answer struct {
		Key string `json:"key"`
	}
	if err := json.Unmarshal(text, &answer); err != nil || answer.Key == "" {
		return "", fmt.Errorf("stage %s answered without a key", c.Stage)
	}
	return answer.Key, nil
}

type keyListCommand struct {
	placeFlags
}

func (c *keyListCommand) Run(ctx context.Context, logger *slog.Logger) error {
	p, err := c.open(ctx, logger)
	if err != nil {
		return err
	}
	defer p.close()
	keys, err := p.store().Keys(ctx)
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
