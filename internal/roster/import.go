package roster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/webhook"
)

// Options of an import. Audience, Page, Configuration and Actor are needed.
type Options struct {
	Audience      *store.Audience
	Page          string
	Configuration *status.Configuration
	Actor         status.Actor
	// Confirmed is the operator's statement that everybody on the list wants this, for rows that do
	// not say themselves.
	Confirmed bool
	// DailyConfirmations is the cap on confirmation mails; 0 is store.DefaultDailyConfirmations.
	DailyConfirmations int64
	Endpoints          webhook.Rules // where webhooks may lead; the zero value is right for the Internet
	From               int           // the first line to take, to go on where another import stopped
	Most               int           // lines to take, 0 for all that there are
	Until              time.Time     // no line is begun after that; zero for no end
	Report             func(Line) error
}

// Result is what became of a line.
type Result string

// The results.
const (
	Added     Result = "added"
	Updated   Result = "updated"
	Unchanged Result = "unchanged"
	Skipped   Result = "skipped"
)

// Line says what became of one line of a list. It holds no address.
type Line struct {
	Number     int    `json:"line"`
	Result     Result `json:"result"`
	Subscriber string `json:"subscriber"` // id, "" for none
	Reason     string `json:"reason"`     // why it was skipped, or what else there is to say
}

// Summary counts the lines of an import.
type Summary struct {
	Added     int `json:"added"`
	Updated   int `json:"updated"`
	Unchanged int `json:"unchanged"`
	Skipped   int `json:"skipped"`
	// Next is the line to go on at, 0 when the list was read to its end.
	Next int `json:"next"`
}

func (s *Summary) count(l Line) {
	switch l.Result {
	case Added:
		s.Added++
	case Updated:
		s.Updated++
	case Unchanged:
		s.Unchanged++
	case Skipped:
		s.Skipped++
	}
}

// workers write at once, so that a database can commit their transactions together.
const workers = 8

// Import takes in a list, and reports every line in order. What is there already is overwritten:
// what it hears of, and that it is confirmed. A broken row is skipped and named. An error ends it;
// Summary.Next says where to go on, and beginning again does no harm.
func Import(ctx context.Context, list io.Reader, o Options) (Summary, error) {
	if o.DailyConfirmations == 0 {
		o.DailyConfirmations = store.DefaultDailyConfirmations
	}
	rows, err := newReader(list)
	if err != nil {
		return Summary{}, err
	}
	var sum Summary
	err = take(ctx, rows, reading{Options: o, names: namesOf(o.Configuration)}, &sum)
	audit := store.Audit{Action: store.SubscribersImported, Actor: o.Actor, Count: int64(sum.Added + sum.Updated)}
	return sum, errors.Join(err, o.Audience.Record(context.WithoutCancel(ctx), o.Page, audit))
}

// take reads rows and writes them in small batches, in which no address comes twice: so of two rows
// the later one counts.
func take(ctx context.Context, rows *reader, r reading, sum *Summary) error {
	for taken := 0; ; {
		batch, ended := r.batch(rows)
		if len(batch) > 0 && (ctx.Err() != nil || r.enough(taken)) {
			sum.Next = batch[0].line
			return ctx.Err()
		}
		taken += len(batch)
		lines, err := r.write(ctx, batch)
		for _, l := range lines {
			sum.count(l)
			if r.Report == nil {
				continue
			}
			if err := r.Report(l); err != nil {
				return fmt.Errorf("report line %d: %w", l.Number, err)
			}
		}
		if err != nil {
			sum.Next = batch[len(lines)].line
			return err
		}
		if errors.Is(ended, io.EOF) {
			return nil
		}
		if ended != nil {
			sum.Next = rows.last + 1
			return ended
		}
	}
}

// enough tells whether no other batch is to be taken.
func (r reading) enough(taken int) bool {
	return r.Most > 0 && taken+workers > r.Most || !r.Until.IsZero() && !r.Audience.Now().Before(r.Until)
}

// asked is a row with what it asks for.
type asked struct {
	row
	entry
	s      *status.Subscriber // as it would be if it were new
	reason string             // why it is skipped, "" for what can be taken
}

// batch reads some rows, and the error that comes after them.
func (r reading) batch(rows *reader) (batch []asked, err error) {
	for len(batch) < workers {
		row, err := rows.next()
		if err != nil {
			return batch, err
		}
		if row.line < r.From {
			continue
		}
		a := asked{row: row}
		a.entry, err = r.entry(row)
		if err == nil {
			a.s, err = r.subscriber(a.entry)
		}
		if err != nil {
			a.reason = err.Error()
		}
		batch = append(batch, a)
	}
	return batch, nil
}

// write takes in the rows of a batch at once, or one after the other where two are of one address.
// It answers the lines up to the first that failed.
func (r reading) write(ctx context.Context, batch []asked) ([]Line, error) {
	lines, failed := make([]Line, len(batch)), make([]error, len(batch))
	group := errgroup.Group{}
	group.SetLimit(workers)
	if twice(batch) {
		group.SetLimit(1)
	}
	for i, a := range batch {
		group.Go(func() error {
			lines[i], failed[i] = r.one(ctx, a)
			return nil
		})
	}
	_ = group.Wait() // errors are kept with their rows
	for i, err := range failed {
		if err != nil {
			return lines[:i], fmt.Errorf("line %d: %w", batch[i].line, err)
		}
	}
	return lines, nil
}

func twice(batch []asked) bool {
	seen := map[string]bool{}
	for _, a := range batch {
		if a.reason != "" {
			continue
		}
		key := string(a.want.Mode) + " " + strings.ToLower(a.want.Address())
		if seen[key] {
			return true
		}
		seen[key] = true
	}
	return false
}
