package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"allclear/internal/status"
	"allclear/internal/table"
)

// ServeWaiting asks for confirmation mails that the daily cap has held back, those that wait
// longest first, until the cap is reached again or so many were looked at. It answers how many it
// asked for. Whoever is no longer waiting to confirm is passed over. The schedule calls it; run
// twice, it goes on where it stopped.
func (a *Audience) ServeWaiting(ctx context.Context, page string, capacity Limit, most int) (asked int, err error) {
	left, err := a.Left(ctx, capacity)
	if err != nil || left == 0 {
		return 0, err
	}
	q := table.Prefix(waitingKey(page, a.Now(), "").Partition, prefixWaiting)
	q.To = waitingKey(page, a.Now().Add(time.Millisecond), "").Sort // later ones wait for their day
	for seen := 0; seen < most; {
		q.Limit = min(most-seen, 100)
		r, err := a.table.Query(ctx, q)
		if err != nil {
			return asked, fmt.Errorf("list waiting confirmations: %w", err)
		}
		for i := range r.Items {
			seen++
			served, err := a.serve(ctx, page, r.Items[i].Key, capacity)
			if limited := (*LimitedError)(nil); errors.As(err, &limited) {
				return asked, nil
			}
			if err != nil {
				return asked, err
			}
			if served {
				asked++
			}
		}
		if r.Next == "" {
			break
		}
		q.After = r.Next
	}
	return asked, nil
}

// serve takes one out of the line.
func (a *Audience) serve(ctx context.Context, page string, key table.Key, capacity Limit) (served bool, err error) {
	err = a.retry(ctx, "serve waiting confirmation", func() error {
		served = false
		leave := table.Delete(key)
		s, err := a.Subscriber(ctx, page, idOfSort(key.Sort))
		if known := (*status.Error)(nil); errors.As(err, &known) && known.Code == status.NotFound {
			return a.table.Write(ctx, leave)
		}
		if err != nil {
			return err
		}
		if s.State != status.Unconfirmed {
			return a.table.Write(ctx, leave)
		}
		now, version := a.Now(), s.Version
		if err := s.AwaitConfirmation(now); err != nil {
			return err
		}
		actions, became, err := a.mailActions(ctx, s, Beside{Mail: MailConfirm, Limits: []Limit{capacity}}, now)
		if err != nil {
			return err
		}
		if became == AskedLater { // the last place went to another
			return &LimitedError{Name: capacity.Name, Until: now.Truncate(capacity.Window).Add(capacity.Window)}
		}
		served = became == AskedNow // one whose address was asked for another today moves to tomorrow
		actions = append(actions, subscriberActions(s, version)...)
		return a.table.Write(ctx, append(actions, leave)...)
	})
	return served && err == nil, err
}
