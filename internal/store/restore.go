package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"allclear/internal/status"
	"allclear/internal/table"
)

// Restore is what has to be written to replace the pages and API keys of a live Status table by
// those of another one: a table that was restored to an earlier moment, which is a table of its
// own. It is taken in steps, TakeAway, PlanRestore again, Write, PutBack, each of which may be
// repeated after an interruption. Records of Idempotency-Keys are in neither list; Answer itself
// tells which of them still hold.
type Restore struct {
	Pages    []*PageRestore
	KeysBack []string // names of API keys that the live table lacks
	KeysGone []string // names of those that only the live table has

	live *Store
	keys []table.Action
}

// PageRestore is one page of a Restore.
type PageRestore struct {
	ID       string
	Restored *status.Page       // as the other table has it, nil when it does not
	Live     status.Version     // of the live page, also while it is away; zero when there was none
	Lost     []*status.Incident // those that only the live table has
	Puts     int
	Deletes  int

	actions []table.Action
}

// PlanRestore reads both tables and finds what differs. It writes nothing. What it does not
// understand in the other table is an error, so that nothing is replaced by a table that would
// not work.
func PlanRestore(ctx context.Context, from, to *Store) (*Restore, error) {
	wanted, err := from.Pages(ctx)
	if err != nil {
		return nil, fmt.Errorf("restored table: %w", err)
	}
	if len(wanted) == 0 {
		return nil, status.NotFoundf("the restored table holds no page")
	}
	there, err := to.Pages(ctx)
	if err != nil {
		return nil, err
	}
	away, err := to.away(ctx)
	if err != nil {
		return nil, err
	}
	ids := slices.Concat(wanted, there, slices.Collect(maps.Keys(away)))
	slices.Sort(ids)
	r := &Restore{live: to}
	for _, id := range slices.Compact(ids) {
		p, err := planPage(ctx, from, to, id)
		if err != nil {
			return nil, err
		}
		p.Live = p.Live.Or(away[id])
		r.Pages = append(r.Pages, p)
	}
	return r, r.planKeys(ctx, from)
}

func planPage(ctx context.Context, from, to *Store, id string) (*PageRestore, error) {
	want, err := itemsOfPage(ctx, from.table, id)
	if err != nil {
		return nil, fmt.Errorf("restored table: %w", err)
	}
	have, err := itemsOfPage(ctx, to.table, id)
	if err != nil {
		return nil, err
	}
	p := &PageRestore{ID: id}
	wanted, err := mend(id, want)
	if err != nil {
		return nil, fmt.Errorf("restored table: %w", err)
	}
	if p.Restored = wanted.page; p.Restored == nil && len(want) > 0 {
		return nil, fmt.Errorf("restored table: page %s has %d items, but none that is the page", id, len(want))
	}
	for i := range have {
		switch kindOf(have[i].Key) {
		case kindPage:
			page, err := decodePage(&have[i])
			if err != nil {
				return nil, err
			}
			p.Live = page.Version()
		case kindIncident:
			incident, err := decodeIncident(&have[i])
			if err == nil && wanted.incidents[incident.ID] == nil { // a spoilt one is removed all the same
				p.Lost = append(p.Lost, incident)
			}
		default: // compared as it is
		}
	}
	isPage := func(item table.Item) bool { return kindOf(item.Key) == kindPage }
	p.actions, p.Puts, p.Deletes = difference(slices.DeleteFunc(wanted.items, isPage), slices.DeleteFunc(have, isPage))
	slices.SortFunc(p.Lost, NewestFirst)
	return p, nil
}

func itemsOfPage(ctx context.Context, t table.Table, id string) ([]table.Item, error) {
	items, err := table.All(ctx, t, table.Query{Partition: PagePartition(id)})
	if err != nil {
		return nil, fmt.Errorf("read page %s: %w", id, err)
	}
	return items, nil
}

func (r *Restore) planKeys(ctx context.Context, from *Store) error {
	wanted, err := from.Keys(ctx)
	if err != nil {
		return fmt.Errorf("restored table: %w", err)
	}
	there, err := r.live.Keys(ctx)
	if err != nil {
		return err
	}
	var want []table.Item
	var keys []table.Key
	for _, key := range wanted {
		want = append(want, apiKeyItems(key)...)
		if !slices.ContainsFunc(there, func(k APIKey) bool { return k.Hash == key.Hash }) {
			r.KeysBack = append(r.KeysBack, key.Name)
		}
	}
	for _, key := range there {
		if !slices.ContainsFunc(wanted, func(k APIKey) bool { return k.Hash == key.Hash }) {
			r.KeysGone = append(r.KeysGone, key.Name)
		}
	}
	for _, key := range slices.Concat(wanted, there) {
		for _, k := range []table.Key{apiKeyKey(key.Hash), apiKeysKey(key.Hash)} {
			if !slices.Contains(keys, k) {
				keys = append(keys, k)
			}
		}
	}
	found, err := r.live.table.Get(ctx, keys...)
	if err != nil {
		return fmt.Errorf("get api keys: %w", err)
	}
	var have []table.Item
	for _, item := range found {
		if item != nil {
			have = append(have, *item)
		}
	}
	r.keys, _, _ = difference(want, have)
	return nil
}

// Actions is how many items Write writes or deletes.
func (r *Restore) Actions() int {
	n := len(r.keys)
	for _, p := range r.Pages {
		n += len(p.actions)
	}
	return n
}

// TakeAway hides the live pages: from here on nobody can read, change or publish them, and what
// was published before stays as it is. Their versions stay known, whatever happens next.
func (r *Restore) TakeAway(ctx context.Context) error {
	for _, p := range r.Pages {
		if err := r.live.takeAway(ctx, p.ID); err != nil {
			return fmt.Errorf("take page %s away: %w", p.ID, err)
		}
	}
	return nil
}

func (s *Store) takeAway(ctx context.Context, id string) error {
	for attempt := range commitAttempts {
		if err := pause(ctx, attempt); err != nil {
			return err
		}
		away, err := s.away(ctx)
		if err != nil {
			return err
		}
		page, err := s.Page(ctx, id)
		if status.IsNotFound(err) {
			return nil // it is away already, or there was none
		}
		if err != nil {
			return err
		}
		err = s.table.Write(ctx,
			table.Put(table.Item{Key: awayKey(id), Attributes: encode(awayItem{id, page.Version().Or(away[id])})}),
			table.Delete(pageKey(id), table.Equals("seq", page.Seq)),
			table.Delete(pagesKey(id)),
		)
		if condition := (*table.ConditionError)(nil); !errors.As(err, &condition) && !errors.Is(err, table.ErrContention) {
			return err
		}
	}
	return &status.Error{Code: status.Conflict, Message: "the page is being changed by others; try again"}
}

// awayItem keeps the version of a page that is away.
type awayItem struct {
	ID      string         `json:"id"`
	Version status.Version `json:"version"`
}

func (s *Store) away(ctx context.Context) (map[string]status.Version, error) {
	items, err := table.All(ctx, s.table, table.Prefix(partitionPages, prefixAway))
	if err != nil {
		return nil, fmt.Errorf("list pages that are being restored: %w", err)
	}
	away := map[string]status.Version{}
	for i := range items {
		a, err := decode[awayItem](items[i].Attributes)
		if err != nil {
			return nil, fmt.Errorf("decode %s: %w", items[i].Key, err)
		}
		away[a.ID] = a.Version
	}
	return away, nil
}

// Restoring lists the pages that a Restore took away and did not put back.
func (s *Store) Restoring(ctx context.Context) ([]string, error) {
	away, err := s.away(ctx)
	return slices.Sorted(maps.Keys(away)), err
}

// Write makes the items of the live table those of the other one. progress hears how many of
// Actions are done.
func (r *Restore) Write(ctx context.Context, progress func(done int)) error {
	actions := slices.Clone(r.keys)
	for _, p := range r.Pages {
		actions = append(actions, p.actions...)
	}
	parts, err := transactions(actions, table.MaxActions)
	if err != nil {
		return err
	}
	done := 0
	for _, part := range parts {
		if err := r.live.table.Write(ctx, part...); err != nil {
			return fmt.Errorf("restore items: %w", err)
		}
		done += len(part)
		progress(done)
	}
	return nil
}

// PutBack shows a page again, well above its last live version and the one given, in one
// transaction with the event that says so; touched is what that makes out of date. A page that the
// other table does not have is gone then. It answers the page as it is afterwards.
func (r *Restore) PutBack(ctx context.Context, p *PageRestore, above status.Version, e status.Event) (status.Page, error) {
	if p.Restored == nil {
		err := r.live.table.Write(ctx, table.Delete(awayKey(p.ID)), table.Delete(pagesKey(p.ID)))
		if err != nil {
			return status.Page{}, fmt.Errorf("remove page %s: %w", p.ID, err)
		}
		return status.Page{}, nil
	}
	page := *p.Restored
	page.Overtake(p.Live.Or(above), r.live.Now())
	e.Page, e.Seq, e.At = p.ID, page.Seq, page.At
	event, err := eventItem(e)
	if err != nil {
		return status.Page{}, err
	}
	err = r.live.table.Write(ctx,
		table.Put(table.Item{Key: pageKey(p.ID), Attributes: encode(page)}, table.Absent()),
		table.Put(table.Item{Key: pagesKey(p.ID), Attributes: table.Attributes{"id": p.ID}}),
		table.Put(event, table.Absent()),
		table.Delete(awayKey(p.ID)),
	)
	if err != nil {
		return status.Page{}, fmt.Errorf("put page %s back: %w", p.ID, err)
	}
	return page, nil
}
