package tick

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"allclear/internal/ledger"
	"allclear/internal/status"
)

// Announcer publishes an event on the topic. *announce.Announcer is one.
type Announcer interface {
	Announce(ctx context.Context, e status.Event) error
}

// Dispatches knows which events should have been dispatched and were not. *ledger.Ledger is one.
type Dispatches interface {
	Undispatched(ctx context.Context, page string, events []status.Event) ([]status.Event, error)
}

// Announcing finds events of which subscribers should have heard by now, and announces them again:
// a lost invocation of announce or dispatch, or one that was given up, loses nothing. Both fields
// are needed.
type Announcing struct {
	Announcer  Announcer
	Dispatches Dispatches

	mu    sync.Mutex
	pages map[string]*progress
}

// progress is what a process remembers of a page so as not to look, or to announce, every minute
// for nothing. One that knows nothing does more, and no harm.
type progress struct {
	seq       int64               // up to here all is dispatched, or too old to be
	announced map[int64]time.Time // when events behind it were last announced again
}

const (
	// eventsPerRun bounds the events of a page that one run looks at; the next goes on.
	eventsPerRun = 2000
	// eventsAtOnce is how many are read in one go where it is not known how far back to look.
	eventsAtOnce = 100
	// overdueAfter is a little more than what the ledger calls overdue: it has its own look at the
	// clock, and an event that is passed over here is not looked at again.
	overdueAfter = ledger.DispatchOverdue + time.Second
)

// announce announces again what is overdue on one page. Running it twice is harmless, since
// announcing is. An event that stays overdue, as when its dispatch takes long or fails each time, is
// announced again only after as long as a dispatch has before it is overdue.
func (t *Ticker) announce(ctx context.Context, pageID string) error {
	a := t.Announcing
	if a == nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	page, err := t.Store.Page(ctx, pageID)
	if err != nil {
		return err
	}
	known := a.pages[pageID]
	if known == nil {
		known = &progress{announced: map[int64]time.Time{}}
	} else if known.seq == page.Seq {
		return nil
	}
	now := t.Store.Now()
	overdue := now.Add(-overdueAfter)
	events, err := t.events(ctx, page, known.seq, now, overdue)
	if err != nil {
		return err
	}
	missing, err := a.Dispatches.Undispatched(ctx, pageID, events)
	if err != nil {
		return err
	}
	if a.pages == nil {
		a.pages = map[string]*progress{}
	}
	a.pages[pageID] = known.next(page, events, missing, overdue)
	return t.announceAll(ctx, a.pages[pageID], missing, now)
}

// events are those that are old enough to be overdue, the oldest first: behind the one that is
// known, or else from the beginning of the time in which announcing is still of use.
func (t *Ticker) events(ctx context.Context, page status.Page, after int64, now, overdue time.Time) (events []status.Event, err error) {
	if after > 0 {
		events, err = t.Store.Events(ctx, page.ID, after, eventsPerRun)
	} else {
		events, err = t.eventsSince(ctx, page, now.Add(-ledger.DispatchWindow))
	}
	return slices.DeleteFunc(events, func(e status.Event) bool { return e.At.After(overdue) }), err
}

// eventsSince reads back from the newest event until one is older than a time. One that cannot be
// decoded has no time, and no say in that.
func (t *Ticker) eventsSince(ctx context.Context, page status.Page, since time.Time) ([]status.Event, error) {
	var events []status.Event
	for to := page.Seq; to > 0; to -= eventsAtOnce {
		list, err := t.Store.Events(ctx, page.ID, max(to-eventsAtOnce, 0), eventsAtOnce)
		if err != nil {
			return nil, err
		}
		// Numbers are left out where data were recovered: then more is read than lies in between.
		list = slices.DeleteFunc(list, func(e status.Event) bool { return e.Seq > to })
		events = slices.Concat(list, events)
		if slices.ContainsFunc(list, func(e status.Event) bool { return !e.At.IsZero() && e.At.Before(since) }) {
			break
		}
	}
	return events, nil
}

// next is what is known after some events were looked at, of which some are missing.
func (p *progress) next(page status.Page, events, missing []status.Event, overdue time.Time) *progress {
	n := &progress{seq: p.seq, announced: map[int64]time.Time{}}
	switch {
	case len(missing) > 0:
		n.seq = max(n.seq, missing[0].Seq-1)
	case !page.At.After(overdue) && len(events) < eventsPerRun:
		n.seq = page.Seq
	case len(events) > 0:
		n.seq = events[len(events)-1].Seq
	}
	for _, e := range missing {
		if at, ok := p.announced[e.Seq]; ok {
			n.announced[e.Seq] = at
		}
	}
	return n
}

func (t *Ticker) announceAll(ctx context.Context, known *progress, missing []status.Event, now time.Time) error {
	var failures []error
	for _, e := range missing {
		if at, ok := known.announced[e.Seq]; ok && now.Sub(at) < ledger.DispatchOverdue {
			continue
		}
		if err := t.Announcing.Announcer.Announce(ctx, e); err != nil {
			failures = append(failures, err)
			continue
		}
		known.announced[e.Seq] = now
		t.Logger.WarnContext(ctx, "event announced again", "page", e.Page, "sequence", e.Seq)
	}
	return errors.Join(failures...)
}
