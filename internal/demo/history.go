package demo

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/table"
	"allclear/internal/tick"
)

// The shape of a History.
const (
	HistoryYears      = 10
	HistoryComponents = 60
	HistoryRecent     = 20 // incidents of the current month, whatever n is
	historyGroups     = 6
	historyChunk      = 45 // incidents of a transaction: two actions each, and the event and the page
	historyLongest    = 2 * time.Hour
)

// History fills an empty Status table with a page for measuring: n resolved incidents spread over
// the ten years before the month of now, HistoryRecent more in the month itself, with three
// updates each, on HistoryComponents components. The current month and the uptime are the same
// for every n. Incidents are written many to a transaction, oldest first, with one event for each
// transaction. A table that has this page already is a status.Error of code Conflict.
func History(ctx context.Context, t table.Table, now time.Time, n int, options Options) error {
	now = status.Millis(now)
	month := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	h := &history{page: options.PageID, dice: newDice(options.Dice), scratch: status.NewConfiguration()}
	if h.page == "" {
		h.page = h.dice.id()
	}
	h.clock = month.AddDate(-HistoryYears, 0, 0)
	h.store = store.New(t, store.Options{Now: func() time.Time { return h.clock }, NewID: h.dice.id})
	if err := h.found(ctx); err != nil {
		return err
	}
	// The month first, so that its ids do not depend on n; it is written last.
	end := now.Add(-time.Minute)
	if end.Before(month) {
		end = month
	}
	recent, err := h.incidents(0, HistoryRecent, HistoryRecent, span{month, end})
	if err != nil {
		return err
	}
	past := span{h.clock.Add(time.Minute), month}
	for from := 0; from < n; from += historyChunk {
		chunk, err := h.incidents(from, min(from+historyChunk, n), n, past)
		if err != nil {
			return err
		}
		if err := h.put(ctx, chunk); err != nil {
			return err
		}
	}
	if err := h.put(ctx, recent); err != nil {
		return err
	}
	return h.closeDays(ctx, now)
}

type history struct {
	page    string
	clock   time.Time
	dice    dice
	store   *store.Store
	scratch *status.Configuration // moved by every incident, back to operational at its end; never written
	ids     []string              // of components
}

type span struct{ from, to time.Time }

// found makes the page and its components.
func (h *history) found(ctx context.Context) error {
	if _, err := h.store.CreatePage(ctx, h.page, status.DefaultSettings("Ten years of history"), historyActor()); err != nil {
		return err
	}
	_, err := h.store.Commit(ctx, h.page, func(tx *store.Tx) error {
		cfg, err := tx.Configuration()
		if err != nil {
			return err
		}
		at := tx.Stamp.Now
		for g := range historyGroups {
			group := status.Group{ID: h.dice.id(), Name: fmt.Sprintf("Region %d", g+1), CreatedAt: at, UpdatedAt: at}
			cfg.AddGroup(group)
			for c := range HistoryComponents / historyGroups {
				component := status.Component{ID: h.dice.id(), Name: fmt.Sprintf("Service %d", c+1), Showcase: true, CreatedAt: at, UpdatedAt: at}
				cfg.AddComponent(component, group.ID)
				h.ids = append(h.ids, component.ID)
			}
		}
		h.scratch = cfg.Clone()
		tx.Record(status.Event{Type: status.ComponentCreated, Actor: historyActor()})
		return nil
	})
	return err
}

// incidents makes the incidents from, from+1 … to-1 of n that are spread evenly over a time.
func (h *history) incidents(from, to, n int, over span) ([]*status.Incident, error) {
	step := over.to.Sub(over.from) / time.Duration(n)
	incidents := make([]*status.Incident, 0, to-from)
	for k := from; k < to; k++ {
		i, err := h.incident(over.from.Add(time.Duration(k)*step), min(step, historyLongest))
		if err != nil {
			return nil, fmt.Errorf("make incident %d: %w", k, err)
		}
		incidents = append(incidents, i)
	}
	return incidents, nil
}

// incident lives through one incident that is over within some time.
func (h *history) incident(began time.Time, within time.Duration) (*status.Incident, error) {
	first := h.dice.r.IntN(len(h.ids))
	parts := []string{h.ids[first], h.ids[(first+7)%len(h.ids)]}
	all := func(s status.ComponentState) map[string]status.ComponentState {
		return map[string]status.ComponentState{parts[0]: s, parts[1]: s}
	}
	worst := []status.ComponentState{status.DegradedPerformance, status.PartialOutage, status.MajorOutage}[h.dice.r.IntN(3)]
	name := fmt.Sprintf("Elevated error rates for %s", h.scratch.QualifiedName(parts[0]))
	stamp := func(quarter int) status.Stamp {
		return status.Stamp{Now: status.Millis(began.Add(within / 4 * time.Duration(quarter))), NewID: h.dice.id}
	}
	words := func(to status.IncidentStatus, body string, states map[string]status.ComponentState) status.IncidentChange {
		return status.IncidentChange{Status: &to, Body: &body, Components: states}
	}
	opening := words(status.Investigating, "Some requests fail or take longer than usual. We are investigating and will write again within 30 minutes.", all(worst))
	opening.Name = &name
	i, _, err := status.NewIncident(opening, h.scratch, stamp(0))
	if err != nil {
		return nil, err
	}
	for n, change := range []status.IncidentChange{
		words(status.Identified, "A faulty release was found to be the cause, and is being taken back region by region. Requests to other regions are not affected.", nil),
		words(status.Resolved, "The earlier release is in place everywhere, and error rates have been normal for 20 minutes.", all(status.Operational)),
	} {
		if _, err := i.Apply(change, h.scratch, stamp(n+1)); err != nil {
			return nil, err
		}
	}
	return i, nil
}

// put writes incidents in one transaction, at the moment when the last of them was over.
func (h *history) put(ctx context.Context, incidents []*status.Incident) error {
	for _, i := range incidents {
		if i.ResolvedAt.After(h.clock) {
			h.clock = *i.ResolvedAt
		}
	}
	_, err := h.store.Commit(ctx, h.page, func(tx *store.Tx) error {
		for _, i := range incidents {
			tx.PutIncident(i)
		}
		tx.Record(status.Event{Type: status.Imported, Actor: historyActor(), Origin: status.OriginImport})
		return nil
	})
	return err
}

// closeDays closes the days that the uptime bars show.
func (h *history) closeDays(ctx context.Context, now time.Time) error {
	h.clock = now.Add(-time.Second) // every closed day takes a millisecond of it
	if today := now.Truncate(24 * time.Hour); h.clock.Before(today) {
		h.clock = today
	}
	ticker := &tick.Ticker{Store: h.store, Logger: slog.New(slog.DiscardHandler)}
	for {
		before, err := h.store.Page(ctx, h.page)
		if err != nil {
			return err
		}
		if err := ticker.CloseDays(ctx, h.page); err != nil {
			return err
		}
		after, err := h.store.Page(ctx, h.page)
		if err != nil || after.Seq == before.Seq {
			return err
		}
	}
}

func historyActor() status.Actor { return status.Actor{Kind: status.ActorSystem, Name: "demo"} }
