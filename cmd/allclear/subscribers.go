package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"

	"allclear/internal/roster"
	"allclear/internal/status"
	"allclear/internal/store"
)

type subscribersCommand struct {
	Import subscribersImportCommand `cmd:"" help:"Take in a list of subscribers as CSV, of any size, and say what became of every line."`
	Export subscribersExportCommand `cmd:"" help:"Write the list of subscribers as CSV."`
	Allow  subscribersAllowCommand  `cmd:"" help:"Let an address be mailed again that bounced or complained."`
}

// shell is the author of what is done by these commands.
var shell = status.Actor{Kind: status.ActorSystem, Name: "allclear subscribers"}

type subscribersImportCommand struct {
	placeFlags
	File      string `arg:"" help:"The list, or - for standard input. Its first line names the columns, of which an address is needed: type, address, email, endpoint, components (names) or component_ids, kinds, confirmed. Several in one cell are separated by ;." type:"path"`
	Confirmed bool   `help:"You state that everybody on the list wants this. Without it, who has no \"true\" in column confirmed is asked by mail."`
	From      int    `help:"Go on at this line of the list." placeholder:"N"`
	PerDay    int64  `help:"Confirmation mails a day at most (${default}), a fourth of them kept for visitors; the rest waits." default:"1000" placeholder:"N"`
}

func (c *subscribersImportCommand) Run(ctx context.Context, logger *slog.Logger) (err error) {
	list := io.ReadCloser(os.Stdin)
	if c.File != "-" {
		if list, err = os.Open(c.File); err != nil {
			return fmt.Errorf("read list: %w", err)
		}
	}
	defer list.Close()
	p, err := c.open(ctx, logger)
	if err != nil {
		return err
	}
	defer p.close()
	audience, err := p.audience()
	if err != nil {
		return err
	}
	page, err := p.page(ctx)
	if err != nil {
		return err
	}
	cfg, err := p.store().Configuration(ctx, page)
	if err != nil {
		return err
	}
	report := csv.NewWriter(os.Stdout)
	if err := report.Write([]string{"line", "result", "subscriber", "reason"}); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	sum, err := roster.Import(ctx, list, roster.Options{
		Audience: audience, Page: page, Configuration: cfg, Actor: shell,
		Confirmed: c.Confirmed, From: c.From, DailyConfirmations: c.PerDay,
		Report: func(l roster.Line) error {
			return report.Write([]string{strconv.Itoa(l.Number), string(l.Result), l.Subscriber, l.Reason})
		},
	})
	report.Flush()
	fmt.Fprintf(os.Stderr, "%d added, %d updated, %d unchanged, %d skipped\n", sum.Added, sum.Updated, sum.Unchanged, sum.Skipped)
	if sum.Next > 0 {
		fmt.Fprintf(os.Stderr, "Stopped before line %d. Go on with --from %d, or begin again: what is there already does no harm.\n", sum.Next, sum.Next)
	}
	return errors.Join(err, report.Error())
}

type subscribersExportCommand struct {
	placeFlags
	File string `arg:"" optional:"" help:"Where to write it; standard output if not given. A file is readable by its owner only." type:"path"`
}

func (c *subscribersExportCommand) Run(ctx context.Context, logger *slog.Logger) (err error) {
	p, err := c.open(ctx, logger)
	if err != nil {
		return err
	}
	defer p.close()
	audience, err := p.audience()
	if err != nil {
		return err
	}
	page, err := p.page(ctx)
	if err != nil {
		return err
	}
	list := os.Stdout
	if c.File != "" {
		if list, err = os.OpenFile(c.File, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600); err != nil {
			return fmt.Errorf("write list: %w", err)
		}
	}
	count, err := roster.Export(ctx, list, audience, page)
	if c.File != "" {
		err = errors.Join(err, list.Close())
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%d subscribers\n", count)
	return audience.Record(ctx, page, store.Audit{Action: store.SubscribersExported, Actor: shell, Count: int64(count)})
}
