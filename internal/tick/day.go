package tick

import (
	"context"
	"errors"
	"fmt"
	"time"

	"allclear/internal/status"
	"allclear/internal/store"
)

var errNothingToClose = errors.New("nothing to close")

// CloseDays completes the uptime of the days that have ended, oldest first, one commit each.
func (t *Ticker) CloseDays(ctx context.Context, pageID string) error {
	for range daysPerRun {
		_, err := t.Store.Commit(ctx, pageID, func(tx *store.Tx) error {
			return t.closeNext(ctx, tx)
		})
		if errors.Is(err, errNothingToClose) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// closeNext closes the oldest day that has ended and is not closed.
func (t *Ticker) closeNext(ctx context.Context, tx *store.Tx) error {
	zone := tx.Page.Location()
	today := status.DateOf(tx.Stamp.Now, zone)
	switch done, err := t.yesterdayClosed(ctx, tx.Page.ID, today); {
	case err != nil:
		return err
	case done:
		return errNothingToClose
	}
	date, later, err := t.nextDay(ctx, tx.Page, today)
	if err != nil {
		return err
	}
	start, end, err := status.Bounds(date, zone)
	if err != nil {
		return err
	}
	cfg, err := tx.Configuration()
	if err != nil {
		return err
	}
	day, err := tx.Day(date)
	if err != nil {
		return err
	}
	day = day.Clone()
	day.Close(cfg, func(component string) status.ComponentState {
		for _, d := range later { // what it had when it first changed afterwards
			if s, ok := d.Start[component]; ok {
				return s
			}
		}
		return cfg.Status(component)
	}, start, end)
	tx.PutDay(day)
	event := status.Event{Type: status.DayClosed, Actor: status.Actor{Kind: status.ActorSchedule, Name: "tick"}}
	if month := status.Month(tx.Stamp.Now, zone); month != status.Month(start, zone) {
		event.Touched.Months = []string{month} // a new month has a page from its first day
	}
	tx.Record(event)
	return nil
}

// yesterdayClosed tells whether there is nothing to close, as nearly always, by reading one day
// instead of ninety: days are closed in their order.
func (t *Ticker) yesterdayClosed(ctx context.Context, page, today string) (bool, error) {
	date, err := time.Parse(status.DateLayout, today)
	if err != nil {
		return false, fmt.Errorf("parse date: %w", err)
	}
	yesterday := date.AddDate(0, 0, -1).Format(status.DateLayout)
	days, err := t.Store.Days(ctx, page, yesterday, yesterday)
	return len(days) == 1 && days[0].Closed, err
}

// nextDay is the oldest ended day that is not closed, and the days after it that have an item.
func (t *Ticker) nextDay(ctx context.Context, page status.Page, today string) (string, []*status.Day, error) {
	zone := page.Location()
	oldest := page.At.In(zone).AddDate(0, 0, 1-status.UptimeDays).Format(status.DateLayout)
	days, err := t.Store.Days(ctx, page.ID, oldest, today)
	if err != nil {
		return "", nil, err
	}
	date := max(oldest, status.DateOf(page.CreatedAt, zone))
	for n, d := range days {
		if d.Closed {
			date = following(d.Date)
			continue
		}
		if d.Date >= date {
			days = days[n:]
			break
		}
	}
	if date >= today {
		return "", nil, errNothingToClose
	}
	var later []*status.Day
	for _, d := range days {
		if d.Date > date {
			later = append(later, d)
		}
	}
	return date, later, nil
}

func following(date string) string {
	t, err := time.Parse(status.DateLayout, date)
	if err != nil {
		return date
	}
	return t.AddDate(0, 0, 1).Format(status.DateLayout)
}
