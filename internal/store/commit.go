package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"allclear/internal/status"
	"allclear/internal/table"
)

// commitAttempts is how often a change is applied anew when another one came first.
const commitAttempts = 8

// Commit makes one public change of a page. change reads through the Tx and says there what is
// different; if it records an event, everything is written in one transaction together with the
// page's next version, on the condition that nobody else moved the page meanwhile. If somebody
// did, change runs again on the new state, a few times; then Commit gives up with a status.Error
// of code Conflict. If change records no event, nothing is written. An error of change is
// returned as it is. Commit answers the page as it is afterwards.
func (s *Store) Commit(ctx context.Context, page string, change func(*Tx) error) (status.Page, error) {
	lock := s.pageLock(page)
	lock.Lock()
	defer lock.Unlock()
	for attempt := range commitAttempts {
		if err := pause(ctx, attempt); err != nil {
			return status.Page{}, err
		}
		current, err := s.current(ctx, page, lock.seq)
		if err != nil {
			return status.Page{}, err
		}
		tx := s.begin(ctx, current)
		if err := change(tx); err != nil {
			return status.Page{}, err
		}
		if tx.event == nil {
			return current, nil
		}
		actions, err := tx.actions()
		if err != nil {
			return status.Page{}, err
		}
		err = s.table.Write(ctx, actions...)
		if err == nil {
			lock.seq = tx.Page.Seq
			return tx.Page, nil
		}
		s.ahead.forget()
		if condition := (*table.ConditionError)(nil); !errors.As(err, &condition) && !errors.Is(err, table.ErrContention) {
			return status.Page{}, fmt.Errorf("commit %s on page %s: %w", tx.event.Type, page, err)
		}
	}
	return status.Page{}, &status.Error{Code: status.Conflict, Message: "the page is being changed by others; try again"}
}

// current reads the page for an attempt. What was read ahead is of no use when this process has
// committed a later version meanwhile, as it has when the lock was waited for.
func (s *Store) current(ctx context.Context, page string, seq int64) (status.Page, error) {
	current, err := s.Page(ctx, page)
	if err == nil && current.Seq < seq {
		s.ahead.forget()
		return s.Page(ctx, page)
	}
	return current, err
}

// pause waits a little before another attempt, longer each time, with jitter.
func pause(ctx context.Context, attempt int) error {
	if attempt == 0 {
		return nil
	}
	timer := time.NewTimer(time.Duration(rand.Int64N(int64(attempt) * int64(5*time.Millisecond))))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait to commit: %w", ctx.Err())
	}
}

// Tx is one attempt at a change. Its methods are for the change function alone.
type Tx struct {
	Page  status.Page  // as it will be after the commit: seq and at are the new ones; settings may be changed
	Stamp status.Stamp // the moment of the change, equal to Page.At

	ctx     context.Context
	store   *Store
	seq     int64 // of the page as it was read
	before  *status.Configuration
	after   *status.Configuration
	loaded  map[string]*status.Incident // as they were read
	written map[string]*status.Incident // nil for deleted
	days    map[string]*status.Day
	dayRead map[string]int64 // the version of days when they were first read
	answer  *Answer
	event   *status.Event
}

func (s *Store) begin(ctx context.Context, current status.Page) *Tx {
	tx := &Tx{
		Page: current, ctx: ctx, store: s, seq: current.Seq,
		loaded: map[string]*status.Incident{}, written: map[string]*status.Incident{}, days: map[string]*status.Day{},
		dayRead: map[string]int64{},
	}
	tx.Page.Advance(s.Now())
	tx.Stamp = status.Stamp{Now: tx.Page.At, NewID: s.newID}
	return tx
}

// Overtake makes the version that is committed higher than one that is known from elsewhere. It
// is called before anything is stamped.
func (tx *Tx) Overtake(v status.Version) {
	tx.Page.Overtake(v, tx.store.Now())
	tx.Stamp.Now = tx.Page.At
}

// Configuration reads the page's components. What the change does to it is written.
func (tx *Tx) Configuration() (*status.Configuration, error) {
	if tx.after == nil {
		cfg, err := tx.store.Configuration(tx.ctx, tx.Page.ID)
		if err != nil {
			return nil, err
		}
		tx.before, tx.after = cfg, cfg.Clone()
	}
	return tx.after, nil
}

// Incident reads an incident or maintenance. It is written only by PutIncident.
func (tx *Tx) Incident(id string) (*status.Incident, error) {
	i, err := tx.store.Incident(tx.ctx, tx.Page.ID, id)
	if err != nil {
		return nil, err
	}
	tx.loaded[id] = i
	return i.Clone(), nil
}

// Existing reads those of some incidents that exist, for a bulk change.
func (tx *Tx) Existing(ids []string) (map[string]*status.Incident, error) {
	found, err := tx.store.ByID(tx.ctx, tx.Page.ID, ids)
	if err != nil {
		return nil, err
	}
	clones := make(map[string]*status.Incident, len(found))
	for id, i := range found {
		tx.loaded[id] = i
		clones[id] = i.Clone()
	}
	return clones, nil
}

// PutIncident writes an incident that is new or was read in this Tx. A new one gets its feed
// number here unless it has one.
func (tx *Tx) PutIncident(i *status.Incident) {
	i.Seq = tx.Page.Seq
	if i.FeedNumber == 0 {
		tx.Page.FeedNumber++
		i.FeedNumber = tx.Page.FeedNumber
	}
	tx.Page.FeedNumber = max(tx.Page.FeedNumber, i.FeedNumber)
	tx.written[i.ID] = i
}

// DeleteIncident removes one that was read in this Tx.
func (tx *Tx) DeleteIncident(id string) { tx.written[id] = nil }

// Day reads a day. It is written only by PutDay.
func (tx *Tx) Day(date string) (*status.Day, error) {
	if d, ok := tx.days[date]; ok {
		return d, nil
	}
	d, seq, err := tx.store.day(tx.ctx, tx.Page.ID, date)
	if _, before := tx.dayRead[date]; err == nil && !before {
		tx.dayRead[date] = seq
	}
	return d, err
}

// PutDay writes a day. If it was read in this Tx, nobody may have written it since.
func (tx *Tx) PutDay(d *status.Day) { tx.days[d.Date] = d }

// Remember keeps the answer to be given for an Idempotency-Key, in the same transaction.
func (tx *Tx) Remember(a Answer) { tx.answer = &a }

// Record says what the change is. Page, seq, at and what follows from the writes (months,
// touched components and incidents, a summary of the incident) are filled in; the time that components spent in the states
// they left is added to the day. Exactly one event is kept: a later call replaces the earlier.
func (tx *Tx) Record(e status.Event) { tx.event = &e }

// actions makes the transaction.
func (tx *Tx) actions() ([]table.Action, error) {
	page := tx.Page.ID
	e := *tx.event
	e.Page, e.Seq, e.At, e.Summary = page, tx.Page.Seq, tx.Page.At, tx.summary(tx.event.Incident)
	if err := tx.recordStates(e.States); err != nil {
		return nil, err
	}
	var actions []table.Action
	if tx.after != nil {
		config, touched := configActions(page, tx.before, tx.after)
		actions = append(actions, config...)
		e.Touched.Components, e.Touched.States = touched.Components, touched.States
	}
	for _, id := range slices.Sorted(maps.Keys(tx.written)) {
		writes, err := tx.incidentActions(id, &e.Touched)
		if err != nil {
			return nil, err
		}
		actions = append(actions, writes...)
	}
	for _, date := range slices.Sorted(maps.Keys(tx.days)) {
		actions = append(actions, tx.dayAction(date))
	}
	if tx.answer != nil {
		answer := *tx.answer
		answer.Seq = tx.Page.Seq
		remember, err := answerAction(page, answer, tx.Page.At)
		if err != nil {
			return nil, err
		}
		actions = append(actions, remember)
	}
	item, err := eventItem(e)
	if err != nil {
		return nil, err
	}
	return append(actions,
		table.Put(item, table.Absent()),
		table.Put(table.Item{Key: pageKey(page), Attributes: encode(tx.Page)}, table.Equals("seq", tx.seq)),
	), nil
}

// summary is of the incident that an event is about as it is written, or as it was before it was
// deleted; nil for none.
func (tx *Tx) summary(id string) *status.Summary {
	i := tx.written[id]
	if i == nil {
		i = tx.loaded[id]
	}
	if i == nil {
		return nil
	}
	return i.Summary()
}

// dayAction writes a day. The page's version alone would not do as its condition: a day that was
// read ahead, in one call with the page, may be older than the page is.
func (tx *Tx) dayAction(date string) table.Action {
	attributes := encode(*tx.days[date])
	attributes[attributeDaySeq] = tx.Page.Seq
	put := table.Put(table.Item{Key: dayKey(tx.Page.ID, date), Attributes: attributes})
	if seq, read := tx.dayRead[date]; read {
		put.If = append(put.If, table.BelowOrAbsent(attributeDaySeq, seq+1))
	}
	return put
}

// recordStates adds to the day the time that components spent in states which they leave.
func (tx *Tx) recordStates(states []status.StateChange) error {
	if len(states) == 0 {
		return nil
	}
	zone := tx.Page.Location()
	date := status.DateOf(tx.Page.At, zone)
	start, _, err := status.Bounds(date, zone)
	if err != nil {
		return err
	}
	day, err := tx.Day(date)
	if err != nil {
		return err
	}
	for _, change := range states {
		day.Record(change, tx.Page.At, start)
	}
	tx.PutDay(day)
	return nil
}

// incidentActions writes or deletes one incident with its references, and moves it when its
// order time changed.
func (tx *Tx) incidentActions(id string, touched *status.Touched) ([]table.Action, error) {
	page, zone := tx.Page.ID, tx.Page.Location()
	old, now := tx.loaded[id], tx.written[id]
	touched.Incidents = append(touched.Incidents, id)
	var actions []table.Action
	if old != nil {
		touched.Months = addMonth(touched.Months, old.Month(zone))
	}
	if now == nil {
		return append(actions, table.Delete(incidentKey(page, old)), table.Delete(refKey(page, id)), table.Delete(openKey(page, id))), nil
	}
	touched.Months = addMonth(touched.Months, now.Month(zone))
	item, err := incidentItem(page, now)
	if err != nil {
		return nil, err
	}
	moved := old == nil || incidentKey(page, old) != item.Key
	if old != nil && moved {
		actions = append(actions, table.Delete(incidentKey(page, old)))
	}
	actions = append(actions, table.Put(item))
	ref := encode(reference{Sort: item.Sort})
	if moved {
		actions = append(actions, table.Put(table.Item{Key: refKey(page, id), Attributes: ref}))
	}
	switch {
	case now.Open() && (moved || !old.Open()):
		actions = append(actions, table.Put(table.Item{Key: openKey(page, id), Attributes: ref}))
	case !now.Open() && old != nil && old.Open():
		actions = append(actions, table.Delete(openKey(page, id)))
	}
	return actions, nil
}

func addMonth(months []string, month string) []string {
	if slices.Contains(months, month) {
		return months
	}
	months = append(months, month)
	slices.Sort(months)
	return months
}

// eventItem makes the item of an event, dropping detail that would make it too large: the
// incident has it all.
func eventItem(e status.Event) (table.Item, error) {
	for {
		item := table.Item{Key: eventKey(e.Page, e.Seq), Attributes: encode(e)}
		size, err := table.Size(item)
		if err != nil {
			return table.Item{}, fmt.Errorf("encode event %d: %w", e.Seq, err)
		}
		switch {
		case size <= status.MaxEvent:
			return item, nil
		case len(e.Changes) > 0:
			e.Changes = nil
		case e.Update != nil && len(e.Update.Affected) > 0:
			u := *e.Update
			u.Affected = nil
			e.Update = &u
		case len(e.States) > 0:
			e.States = e.States[:len(e.States)/2]
		default:
			return table.Item{}, fmt.Errorf("event %d of %d bytes is too large", e.Seq, size)
		}
	}
}
