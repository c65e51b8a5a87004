package demo

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"allclear/internal/memory"
	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/table"
	"allclear/internal/tick"
)

// days is how long the company has had its page: more than the uptime bars show.
const days = 100

// Seed fills an empty Status table with a demo page: components in groups, incidents of the last
// 90 days of which one is open, maintenances past and to come, and the uptime that follows from
// them. The days are lived through with a clock of their own, in memory, and then copied, so an
// interrupted Seed leaves no page and can be called again. Nothing is dated after now. A table
// that has a page already is a status.Error of code Conflict.
func Seed(ctx context.Context, t table.Table, now time.Time, options Options) error {
	pages, err := store.New(t, store.Options{}).Pages(ctx)
	if err != nil {
		return err
	}
	if len(pages) > 0 {
		return &status.Error{Code: status.Conflict, Message: "the demo needs an empty table: there is a page already"}
	}
	now = status.Millis(now)
	l := newLife(now, options)
	if err := l.live(ctx); err != nil {
		return fmt.Errorf("live through %d days: %w", days, err)
	}
	return store.CopyPage(ctx, l.table, t, l.page)
}

// life is the simulation.
type life struct {
	now    time.Time // when it ends
	clock  time.Time
	dice   dice
	page   string
	table  table.Table
	store  *store.Store
	ticker *tick.Ticker
	ids    map[part]string
	agenda []entry
}

// entry is something that happens at a moment.
type entry struct {
	at time.Time
	do func(context.Context) error
}

func newLife(now time.Time, options Options) *life {
	l := &life{now: now, dice: newDice(options.Dice), page: options.PageID, ids: map[part]string{}}
	if l.page == "" {
		l.page = l.dice.id()
	}
	clock := func() time.Time { return l.clock }
	l.table = memory.New(memory.Options{Now: clock}).Table("Status")
	l.store = store.New(l.table, store.Options{Now: clock, NewID: l.dice.id})
	l.ticker = &tick.Ticker{Store: l.store, Logger: slog.New(slog.DiscardHandler)}
	return l
}

// live writes the agenda and goes through it in the order of time.
func (l *life) live(ctx context.Context) error {
	l.planCompany()
	l.planDays()
	for _, s := range slices.Concat(older(), recent(), []story{going()}) {
		l.planStory(s)
	}
	for _, b := range entered() {
		l.planBackfill(b)
	}
	for _, w := range works() {
		l.planWork(w)
	}
	slices.SortStableFunc(l.agenda, func(a, b entry) int { return a.at.Compare(b.at) })
	for _, e := range l.agenda {
		l.clock = e.at
		if err := e.do(ctx); err != nil {
			return fmt.Errorf("at %s: %w", e.at.Format(time.RFC3339), err)
		}
	}
	return nil
}

// plan puts something on the agenda. What would happen after now does not happen.
func (l *life) plan(at time.Time, do func(context.Context) error) {
	if !at.After(l.now) {
		l.agenda = append(l.agenda, entry{at, do})
	}
}

// person is a moment at which a person acts: some seconds into the minute.
func (l *life) person(minute time.Time) time.Time {
	return minute.Add(time.Duration(l.dice.r.IntN(40_000)) * time.Millisecond)
}

// schedule is the moment at which the clock is looked at in a minute.
func schedule(minute time.Time) time.Time { return minute.Add(3 * time.Second) }

// planCompany is the first day: the page, its groups and their components.
func (l *life) planCompany() {
	actor := status.Actor{Kind: status.ActorKey, Name: "provisioning"}
	at := moment(l.now, -days, clock{9, 12})
	next := func() time.Time { at = at.Add(time.Duration(900+l.dice.r.IntN(400)) * time.Millisecond); return at }
	l.plan(next(), func(ctx context.Context) error {
		_, err := l.store.CreatePage(ctx, l.page, settings(), actor)
		return err
	})
	for _, g := range groups() {
		group := ""
		if g.name != "" {
			group = l.dice.id()
			l.plan(next(), l.commit(func(tx *store.Tx, cfg *status.Configuration) status.Event {
				cfg.AddGroup(status.Group{ID: group, Name: g.name, Description: &g.description, CreatedAt: tx.Stamp.Now, UpdatedAt: tx.Stamp.Now})
				return status.Event{Type: status.GroupCreated, Actor: actor}
			}))
		}
		for _, c := range g.members {
			id := l.dice.id()
			l.ids[c.part] = id
			l.plan(next(), l.commit(func(tx *store.Tx, cfg *status.Configuration) status.Event {
				cfg.AddComponent(status.Component{
					ID: id, Name: c.name, Description: &c.description, Showcase: !c.hidden, OnlyShowIfDegraded: c.hidden,
					CreatedAt: tx.Stamp.Now, UpdatedAt: tx.Stamp.Now,
				}, group)
				return status.Event{Type: status.ComponentCreated, Actor: actor}
			}))
		}
	}
}

// commit is a change of the configuration.
func (l *life) commit(change func(*store.Tx, *status.Configuration) status.Event) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := l.store.Commit(ctx, l.page, func(tx *store.Tx) error {
			cfg, err := tx.Configuration()
			if err != nil {
				return err
			}
			tx.Record(change(tx, cfg))
			return nil
		})
		return err
	}
}

// planDays closes every day soon after it has ended.
func (l *life) planDays() {
	for day := 1 - days; day <= 0; day++ {
		at := schedule(moment(l.now, day, clock{}))
		if at.After(l.now) {
			at = l.now // within the first seconds of today
		}
		l.plan(at, func(ctx context.Context) error { return l.ticker.CloseDays(ctx, l.page) })
	}
}
