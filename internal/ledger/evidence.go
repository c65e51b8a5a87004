package ledger

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"allclear/internal/table"
)

// SettleTime is how long the outcome of a claim may stay open. After that it counts as sent, since
// it may have been, and is reported as unknown.
const SettleTime = time.Hour

// Counts say what became of notifications. Delivered, Bounced and Unknown are parts of Sent;
// Recipients is Pending, Sent and Failed together.
type Counts struct {
	Recipients int       `json:"recipients"`
	Pending    int       `json:"pending"` // claimed less than SettleTime ago without an outcome yet, or to be tried again
	Sent       int       `json:"sent"`
	Delivered  int       `json:"delivered"`
	Bounced    int       `json:"bounced"`
	Failed     int       `json:"failed"`  // refused for good before anything left
	Unknown    int       `json:"unknown"` // no outcome within SettleTime: may have been sent, is not sent again
	FirstSent  time.Time `json:"first_sent_at"`
	LastSent   time.Time `json:"last_sent_at"`
}

// EventCounts are the counts of one event.
type EventCounts struct {
	Seq int64 `json:"seq"`
	Counts
}

// Evidence is what a subject's subscribers were told.
type Evidence struct {
	Subscribers int           // whom something was, or is being, sent to
	Total       Counts        // of all events together: a subscriber counts once for each event it was told of
	Events      []EventCounts // by seq
}

// evidencePage bounds what is held in memory at once.
const evidencePage = 500

// Evidence counts a subject's rows by reading them all, page by page: nothing is counted while
// notifications are sent, so nothing can be counted twice or not at all. It reads about 300 bytes
// for each subscriber and holds a page of rows and one line for each event.
func (l *Ledger) Evidence(ctx context.Context, subject string) (Evidence, error) {
	now := l.time()
	var e Evidence
	events := map[int64]*EventCounts{}
	for shard := range shards {
		q := table.Query{Partition: shardPartition(subject, shard), Limit: evidencePage}
		for {
			page, err := l.table.Query(ctx, q)
			if err != nil {
				return Evidence{}, fmt.Errorf("count deliveries of %s: %w", subject, err)
			}
			for i := range page.Items {
				r, err := decodeRow[row](&page.Items[i])
				if err != nil {
					return Evidence{}, err
				}
				e.count(r.value, events, now)
			}
			if q.After = page.Next; page.Next == "" {
				break
			}
		}
	}
	for _, c := range events {
		e.Events = append(e.Events, *c)
	}
	slices.SortFunc(e.Events, func(a, b EventCounts) int { return cmp.Compare(a.Seq, b.Seq) })
	return e, nil
}

func (e *Evidence) count(r row, events map[int64]*EventCounts, now time.Time) {
	told := false
	for _, n := range r.Notices {
		if n.State == Skipped {
			continue
		}
		told = true
		if events[n.Seq] == nil {
			events[n.Seq] = &EventCounts{Seq: n.Seq}
		}
		events[n.Seq].add(n, now)
		e.Total.add(n, now)
	}
	if told {
		e.Subscribers++
	}
}

func (c *Counts) add(n notice, now time.Time) {
	c.Recipients++
	switch n.State {
	case Claimed, Unknown:
		if now.Sub(n.ClaimedAt) < SettleTime {
			c.Pending++
			return
		}
		c.Unknown++
	case Retrying:
		c.Pending++
		return
	case Failed:
		c.Failed++
		return
	case Delivered, Complained:
		c.Delivered++
	case Bounced:
		c.Bounced++
	case Sent, Delayed, Skipped:
	}
	c.Sent++
	if n.SentAt.IsZero() {
		return
	}
	if c.FirstSent.IsZero() || n.SentAt.Before(c.FirstSent) {
		c.FirstSent = n.SentAt
	}
	if n.SentAt.After(c.LastSent) {
		c.LastSent = n.SentAt
	}
}
