package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"allclear/internal/local"
	"allclear/internal/recovery"
	"allclear/internal/store"
)

type recoverCommand struct {
	placeFlags
	From string `help:"Table that a restore to a point in time made: first its data replace those of the stage." placeholder:"TABLE"`
	Yes  bool   `help:"Replace without asking."`
}

func (c *recoverCommand) Validate() error {
	if c.From != "" && c.Stage == "" {
		return errors.New("--from needs --stage: a folder is restored by putting its allclear.db back")
	}
	return nil
}

func (c *recoverCommand) Run(ctx context.Context, logger *slog.Logger) error {
	p, err := c.open(ctx, logger)
	if err != nil {
		return err
	}
	defer p.close()
	done, err := c.recover(ctx, p)
	for _, r := range done {
		fmt.Print(recovered(r))
	}
	if err != nil {
		return err
	}
	for _, r := range done {
		if r.After.Seq == 0 {
			continue
		}
		if err := p.follow(ctx, r.Page, r.After.Seq); err != nil {
			return err
		}
	}
	return nil
}

func (c *recoverCommand) recover(ctx context.Context, p *place) ([]recovery.Recovered, error) {
	if p.folder != nil {
		done, err := p.folder.Recover(ctx, progress)
		if busy := (*local.BusyError)(nil); errors.As(err, &busy) {
			return nil, fmt.Errorf("%w: stop it first", err)
		}
		return done, endLine(err)
	}
	if c.From == "" {
		done, err := recovery.Recover(ctx, p.stage.Store, p.stage.Bucket, progress)
		return done, endLine(err)
	}
	if err := p.stage.CheckRestored(ctx, c.From); err != nil {
		return nil, err
	}
	r := recovery.Restorer{
		From: p.stage.TableStore(c.From), Live: p.stage.Store, Bucket: p.stage.Bucket, Progress: progress,
		Confirm: func(plan *store.Restore) (bool, error) {
			fmt.Fprint(os.Stderr, replaced(plan, c.From, p.stage.Table()))
			return c.Yes || confirmed(os.Stdin, os.Stderr), nil
		},
	}
	done, err := r.Restore(ctx)
	if errors.Is(err, recovery.ErrDeclined) {
		return nil, errors.New("not confirmed: nothing was changed")
	}
	return done, endLine(err)
}

// endLine ends the line that progress left open.
func endLine(err error) error {
	fmt.Fprintln(os.Stderr)
	return err
}

// confirmed asks for the word yes. No answer is none.
func confirmed(in io.Reader, out io.Writer) bool {
	fmt.Fprint(out, "Type yes to replace it: ")
	line, _ := bufio.NewReader(in).ReadString('\n')
	return strings.TrimSpace(line) == "yes"
}

const (
	moment     = "2006-01-02 15:04:05 UTC"
	lostAtMost = 20 // incidents named one by one
)

// replaced names what a restore replaces.
func replaced(plan *store.Restore, from, live string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "The data of table %s will replace those of the live table %s:\n", from, live)
	for _, p := range plan.Pages {
		switch {
		case p.Restored == nil:
			fmt.Fprintf(&b, "\npage %s is in the live table only and will be removed", p.ID)
		case p.Live.Seq == 0:
			fmt.Fprintf(&b, "\npage %s (%s) comes back as it was at %s, version %d", p.ID, p.Restored.Settings.Name, p.Restored.At.UTC().Format(moment), p.Restored.Seq)
		default:
			fmt.Fprintf(&b, "\npage %s (%s) goes back from %s, version %d, to %s, version %d", p.ID, p.Restored.Settings.Name,
				p.Live.At.UTC().Format(moment), p.Live.Seq, p.Restored.At.UTC().Format(moment), p.Restored.Seq)
		}
		fmt.Fprintf(&b, ": %d items written, %d removed\n", p.Puts, p.Deletes)
		for n, i := range p.Lost {
			if n == lostAtMost {
				fmt.Fprintf(&b, "  … and %d more\n", len(p.Lost)-n)
				break
			}
			fmt.Fprintf(&b, "  gone: incident %s, %s, %q\n", i.ID, i.CreatedAt.UTC().Format(moment), i.Name)
		}
	}
	for _, name := range plan.KeysBack {
		fmt.Fprintf(&b, "  back: API key %q\n", name)
	}
	for _, name := range plan.KeysGone {
		fmt.Fprintf(&b, "  gone: API key %q\n", name)
	}
	b.WriteString("\nMeanwhile the API answers 404; the published page stays as it is.\n")
	return b.String()
}

// recovered says what became of a page.
func recovered(r recovery.Recovered) string {
	if r.After.Seq == 0 {
		return fmt.Sprintf("Page %s is removed.\n", r.Page)
	}
	s := fmt.Sprintf("Page %s: version %d of %s goes on as version %d.\n", r.Page, r.Before.Seq, r.Before.At.UTC().Format(moment), r.After.Seq)
	s += fmt.Sprintf("To be deleted: the documents of %s. To be rendered first: the lists and %s. The rest follows by the schedule.\n",
		count(r.Gone, "incident"), count(r.Anew, "older document"))
	if r.Mended > 0 {
		s += fmt.Sprintf("Mended %s that the restore had cut.\n", count(r.Mended, "reference"))
	}
	return s
}

// instant is a moment on the command line: a time with its zone, or how long ago.
type instant struct{ time.Time }

// UnmarshalText reads 2026-11-27T10:00Z, 2026-11-27T10:00:30+01:00 or 24h.
func (t *instant) UnmarshalText(text []byte) error {
	s := string(text)
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00"} {
		if at, err := time.Parse(layout, s); err == nil {
			t.Time = at
			return nil
		}
	}
	ago, err := time.ParseDuration(s)
	if err != nil || ago < 0 {
		return fmt.Errorf("must be a time such as 2026-11-27T10:00Z or how long ago such as 24h, not %q", s)
	}
	t.Time = time.Now().Add(-ago)
	return nil
}
