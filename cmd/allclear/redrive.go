package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"allclear/internal/recovery"
	"allclear/internal/status"
)

type redriveCommand struct {
	placeFlags
	Since    instant `help:"Beginning of the window: a time such as 2026-11-27T10:00Z, or how long ago (${default})." default:"24h" placeholder:"TIME"`
	Until    instant `help:"End of the window, likewise; now when it is not given." default:"0s" placeholder:"TIME"`
	Announce bool    `help:"Also announce again what subscribers are to hear of. Who was told is not told twice."`
	DryRun   bool    `help:"Say what would be rendered again, and change nothing."`
}

func (c *redriveCommand) Run(ctx context.Context, logger *slog.Logger) error {
	p, err := c.open(ctx, logger)
	if err != nil {
		return err
	}
	defer p.close()
	var again recovery.Announcer
	if c.Announce {
		again = p.announcer()
	}
	done, err := recovery.Redrive(ctx, p.store(), recovery.Window{Since: c.Since.Time, Until: c.Until.Time}, again, c.DryRun)
	for _, r := range done {
		fmt.Print(redriven(r, c.DryRun))
	}
	if err != nil {
		return err
	}
	for _, r := range done {
		if r.Seq == 0 {
			continue
		}
		if err := p.follow(ctx, r.Page, r.Seq); err != nil {
			return err
		}
	}
	return nil
}

// redriven says what was found and what became of it.
func redriven(r recovery.Redriven, dry bool) string {
	if len(r.Events) == 0 {
		return fmt.Sprintf("Page %s: no event in the window, nothing to do.\n", r.Page)
	}
	var b strings.Builder
	first, last := r.Events[0], r.Events[len(r.Events)-1]
	fmt.Fprintf(&b, "Page %s: %s, %s to %s.\n", r.Page, count(len(r.Events), "event"), first.At.UTC().Format(time.RFC3339), last.At.UTC().Format(time.RFC3339))
	if dry {
		fmt.Fprintf(&b, "Would render %s again. Nothing was changed.\n", touched(r.Touched))
		if r.Notifying > 0 {
			fmt.Fprintf(&b, "Subscribers are to hear of %s: --announce announces again.\n", count(r.Notifying, "event"))
		}
		return b.String()
	}
	fmt.Fprintf(&b, "Version %d renders %s again.\n", r.Seq, touched(r.Touched))
	if r.Announced > 0 {
		fmt.Fprintf(&b, "%s announced again.\n", count(r.Announced, "event"))
	}
	return b.String()
}

// touched names documents as people count them.
func touched(t status.Touched) string {
	if t.All {
		return "everything"
	}
	parts := []string{"the lists"}
	for _, p := range []struct {
		n    int
		what string
	}{
		{len(t.Incidents), "incident"},
		{len(t.Months), "month"},
		{len(t.Components), "changed component"},
		{len(t.States), "component state"},
	} {
		if p.n > 0 {
			parts = append(parts, count(p.n, p.what))
		}
	}
	return strings.Join(parts, ", ")
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
