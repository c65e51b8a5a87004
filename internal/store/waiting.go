package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"allclear/internal/status"
	"allclear/internal/table"
)

// line is one of the lines in which confirmation mails wait for their turn.
type line string

// The lines, in the order in which they are served.
const (
	forPeople line = prefixWaiting  // who asked for themselves
	forLists  line = prefixWaitlist // who is on a list that an operator has
)

// ownShare is the part of the daily cap that lists leave to who asks for themselves: a fourth.
const ownShare = 4

// share is how much of the daily cap a line may use.
func (l line) share(of Limit) Limit {
	if l == forLists && of.Name == LimitConfirmations {
		of.Most -= of.Most / ownShare
	}
	return of
}

func (l line) shares(of []Limit) []Limit {
	limits := make([]Limit, len(of))
	for i := range of {
		limits[i] = l.share(of[i])
	}
	return limits
}

// join puts a subscriber at the end of the line, as of a moment.
func (l line) join(s *status.Subscriber, since time.Time) []table.Action {
	return []table.Action{table.Put(table.Item{Key: waitingKey(s.Page, l, since, s.ID), Attributes: table.Attributes{"subscriber": s.ID}})}
}

// ServeWaiting asks for confirmation mails that the daily cap has held back, those that wait
// longest first but lists last, until the cap is reached again or so many were looked at. It answers
// how many it asked for. Whoever is no longer waiting to confirm is passed over. The schedule calls
// it; run twice, it goes on where it stopped.
func (a *Audience) ServeWaiting(ctx context.Context, page string, capacity Limit, most int) (asked int, err error) {
	left, err := a.Left(ctx, capacity)
	if err != nil || left == 0 {
		return 0, err
	}
	due := a.Now().Add(time.Millisecond) // later ones wait for their day
	q := table.Query{Partition: waitingKey(page, forPeople, due, "").Partition, From: string(forPeople), To: waitingKey(page, forLists, due, "").Sort}
	for seen := 0; seen < most; {
		q.Limit = min(most-seen, 100)
		r, err := a.table.Query(ctx, q)
		if err != nil {
			return asked, fmt.Errorf("list waiting confirmations: %w", err)
		}
		q.After = r.Next
		for i := range r.Items {
			key, l := r.Items[i].Key, forPeople
			if strings.HasPrefix(key.Sort, string(forLists)) {
				l = forLists
			} else if key.Sort >= waitingKey(page, forPeople, due, "").Sort {
				q.From, q.After, r.Next = string(forLists), "", string(forLists) // over those of a later day
				break
			}
			seen++
			served, err := a.serve(ctx, page, l, key, capacity)
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
	}
	return asked, nil
}

// serve takes one out of the line. Who stands in it no more, or was asked since, is only taken out.
func (a *Audience) serve(ctx context.Context, page string, l line, key table.Key, capacity Limit) (served bool, err error) {
	err = a.retry(ctx, "serve waiting confirmation", func() error {
		served = false
		leave := table.Delete(key)
		s, err := a.Subscriber(ctx, page, idOfSort(key.Sort))
		if status.IsNotFound(err) {
			return a.table.Write(ctx, leave)
		}
		if err != nil {
			return err
		}
		if !s.StandsInLine() {
			return a.table.Write(ctx, leave)
		}
		now, version := a.Now(), s.Version
		if err := s.AwaitConfirmation(now); err != nil {
			return err
		}
		actions, became, err := a.mailActions(ctx, s, Beside{Mail: MailConfirm, Limits: []Limit{capacity}, Patient: l == forLists}, now)
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
