package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"allclear/internal/status"
	"allclear/internal/table"
)

// Events reads up to limit events with after < seq, oldest first. One that cannot be decoded stands
// for a change of everything: nobody knows what it was, and it must not hold up what came later.
func (s *Store) Events(ctx context.Context, page string, after int64, limit int) ([]status.Event, error) {
	q := table.Prefix(PagePartition(page), PrefixEvent)
	q.From = eventKey(page, after+1).Sort
	return s.events(ctx, page, q, limit)
}

// EventsUpTo is Events for after < seq <= upTo. Nothing behind that is looked at.
func (s *Store) EventsUpTo(ctx context.Context, page string, after, upTo int64, limit int) ([]status.Event, error) {
	q := table.Query{Partition: PagePartition(page), From: eventKey(page, after+1).Sort, To: eventKey(page, upTo+1).Sort}
	return s.events(ctx, page, q, limit)
}

func (s *Store) events(ctx context.Context, page string, q table.Query, limit int) ([]status.Event, error) {
	var events []status.Event
	for {
		q.Limit = limit - len(events)
		r, err := s.table.Query(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("read events from %s: %w", q.From, err)
		}
		for i := range r.Items {
			e, err := DecodeEvent(&r.Items[i])
			if err != nil {
				e = unknownEvent(page, r.Items[i].Key)
			}
			events = append(events, e)
		}
		q.After = r.Next
		if r.Next == "" || len(events) >= limit {
			return events, nil
		}
	}
}

func unknownEvent(page string, key table.Key) status.Event {
	seq, _ := strconv.ParseInt(strings.TrimPrefix(key.Sort, PrefixEvent), 10, 64) // 0 where even that is no number
	return status.Event{Page: page, Seq: seq, Touched: status.Touched{All: true}}
}

// DecodeEvent reads an EVENT# item, also one that came through the stream.
func DecodeEvent(item *table.Item) (status.Event, error) {
	e, err := decode[status.Event](item.Attributes)
	if err != nil {
		return status.Event{}, fmt.Errorf("decode %s: %w", item.Key, err)
	}
	if e.Page == "" || e.Seq == 0 || e.Type == "" {
		return status.Event{}, fmt.Errorf("decode %s: page, seq or type is missing", item.Key)
	}
	return e, nil
}

// EventsBetween reads the events of a span of time, both ends included, oldest first. It reads
// back from the newest, since the moments of events ascend as their numbers do.
func (s *Store) EventsBetween(ctx context.Context, page string, since, until time.Time) ([]status.Event, error) {
	q := table.Prefix(PagePartition(page), PrefixEvent)
	q.Reverse = true
	var events []status.Event
	for {
		r, err := s.table.Query(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("read events since %s: %w", since.UTC().Format(time.RFC3339), err)
		}
		for i := range r.Items {
			e, err := DecodeEvent(&r.Items[i])
			if err != nil {
				events = append(events, unknownEvent(page, r.Items[i].Key)) // nobody knows of when it is
				continue
			}
			if e.At.Before(since) {
				slices.Reverse(events)
				return events, nil
			}
			if !e.At.After(until) {
				events = append(events, e)
			}
		}
		if q.After = r.Next; r.Next == "" {
			slices.Reverse(events)
			return events, nil
		}
	}
}
