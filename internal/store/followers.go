package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"allclear/internal/status"
	"allclear/internal/table"
)

// How the audience is looked through for subscriptions to end. A look is one of many: so few reads
// that it costs nothing to speak of, and so few subscribers that it is over in a moment.
const (
	followersEvery   = 24 * time.Hour // from the beginning of one time through to that of the next
	followersQueries = 4              // of one look
	followersPage    = 250            // subscribers of a query
	endedPerLook     = 200
)

// OverSince tells since when those of some incidents are over that are, as Store.Over does.
type OverSince func(ctx context.Context, incidents []string) (map[string]time.Time, error)

// followersCursor is how far a page's audience has been looked through.
type followersCursor struct {
	BegunAt time.Time `json:"begun_at"`
	Part    int64     `json:"part"` // AudienceParts when it is through
	After   string    `json:"after"`
}

// EndFollowing ends subscriptions to single incidents that have been over for long enough, or were
// deleted, and answers how many: as their owners would, but without any mail, and nobody counts as
// having left. It looks at a part of the audience and keeps where it stands; called again and again
// it comes through all of it, once a day. Called twice at once, both look at the same and one ends it.
//
// Incidents are in another table, and a transaction is of one. So each is read anew right before a
// subscription to it ends: one that was re-opened by then keeps its subscribers. A re-opening later
// than that comes after the end of the subscription, which was due.
func (a *Audience) EndFollowing(ctx context.Context, page string, over OverSince) (ended int, err error) {
	cursor, err := a.followersCursor(ctx, page)
	if err != nil {
		return 0, err
	}
	now := a.Now()
	if cursor.Part >= AudienceParts {
		if now.Before(cursor.BegunAt.Add(followersEvery)) {
			return 0, nil
		}
		cursor = followersCursor{BegunAt: now}
	}
	var failures []error
	for n := 0; n < followersQueries && cursor.Part < AudienceParts; n++ {
		q := table.Prefix(AudiencePartition(page, int(cursor.Part)), prefixSubscriber)
		q.After, q.Limit = cursor.After, followersPage
		r, err := a.table.Query(ctx, q)
		if err != nil {
			failures = append(failures, fmt.Errorf("list subscribers: %w", err))
			break
		}
		due, unreadable, err := dueOf(ctx, r.Items, over, now)
		if failures = append(failures, unreadable...); err != nil {
			failures = append(failures, err)
			break // the same again another time
		}
		most := min(len(due), endedPerLook-ended)
		for _, s := range due[:most] {
			did, err := a.endOne(ctx, s, over)
			if did {
				ended++
			}
			failures = append(failures, err)
		}
		if most < len(due) {
			break // the same again: who is left comes then
		}
		if cursor.After = r.Next; r.Next == "" {
			cursor.Part++
		}
	}
	err = a.table.Write(ctx, table.Put(table.Item{Key: followersKey(page), Attributes: encode(cursor)}))
	if err != nil {
		failures = append(failures, fmt.Errorf("put cursor of followers: %w", err))
	}
	return ended, errors.Join(failures...)
}

// dueOf are those of some subscribers whose subscription seems to be due to end. What cannot be
// decoded is passed over, and told.
func dueOf(ctx context.Context, items []table.Item, over OverSince, now time.Time) (due []*status.Subscriber, unreadable []error, err error) {
	var followers []*status.Subscriber
	var incidents []string
	for i := range items {
		s, err := decodeSubscriber(&items[i])
		if err != nil {
			unreadable = append(unreadable, err)
			continue
		}
		if s.Incident != "" && s.State != status.Unsubscribed {
			followers, incidents = append(followers, s), append(incidents, s.Incident)
		}
	}
	if len(followers) == 0 {
		return nil, unreadable, nil
	}
	since, err := over(ctx, incidents)
	if err != nil {
		return nil, unreadable, err
	}
	for _, s := range followers {
		if at, ok := since[s.Incident]; ok && s.FollowedLongEnough(at, now) {
			due = append(due, s)
		}
	}
	return due, unreadable, nil
}

// endOne ends one subscription, if it is still due to end when that is written.
func (a *Audience) endOne(ctx context.Context, due *status.Subscriber, over OverSince) (ended bool, err error) {
	_, _, err = a.UpdateSubscriber(ctx, due.Page, due.ID, Beside{}, func(s *status.Subscriber) error {
		ended = false
		if s.Incident == "" || s.State == status.Unsubscribed {
			return nil
		}
		since, err := over(ctx, []string{s.Incident})
		if err != nil {
			return err
		}
		now := a.Now()
		at, ok := since[s.Incident]
		if ended = ok && s.FollowedLongEnough(at, now); ended {
			s.Unsubscribe(now)
		}
		return nil
	})
	if status.IsNotFound(err) {
		return false, nil // it was purged meanwhile
	}
	return ended && err == nil, err
}

func (a *Audience) followersCursor(ctx context.Context, page string) (followersCursor, error) {
	items, err := a.table.Get(ctx, followersKey(page))
	if err != nil {
		return followersCursor{}, fmt.Errorf("get cursor of followers: %w", err)
	}
	if items[0] == nil {
		return followersCursor{BegunAt: a.Now()}, nil
	}
	cursor, err := decode[followersCursor](items[0].Attributes)
	if err != nil {
		return followersCursor{}, fmt.Errorf("decode %s: %w", items[0].Key, err)
	}
	return cursor, nil
}

// Over tells since when those of some incidents and maintenances are over that are. One that was
// deleted has the zero time. Of a page that is away it knows nothing, which is a status.Error of code
// NotFound: while data are restored, what is not there may be on its way. Of one whose record is spoilt
// it does not know that it is over, either.
func (s *Store) Over(ctx context.Context, page string, incidents []string) (map[string]time.Time, error) {
	keys := []table.Key{pageKey(page)}
	for _, id := range incidents {
		keys = append(keys, refKey(page, id), openKey(page, id))
	}
	items, err := s.table.Get(ctx, keys...)
	if err != nil {
		return nil, fmt.Errorf("get references: %w", err)
	}
	if items[0] == nil {
		return nil, status.NotFoundf("page %s not found", page)
	}
	over := map[string]time.Time{}
	for i, id := range incidents {
		ref, open := items[1+2*i], items[2+2*i]
		switch {
		case open != nil:
		case ref == nil:
			over[id] = time.Time{}
		default:
			to, err := decode[reference](ref.Attributes)
			if err != nil {
				continue
			}
			if at, err := orderTimeOfSort(to.Sort); err == nil {
				over[id] = at
			}
		}
	}
	return over, nil
}
