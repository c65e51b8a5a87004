package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"allclear/internal/status"
	"allclear/internal/table"
)

// reference is the item under REF# and OPEN#: where an incident lies now.
type reference struct {
	Sort string `json:"key"`
}

// movedRetries bounds how often a reader follows a reference that moved while it was followed.
const movedRetries = 5

// Incident reads an incident or maintenance by id. An unknown one is a status.Error of code NotFound.
func (s *Store) Incident(ctx context.Context, page, id string) (*status.Incident, error) {
	found, err := s.ByID(ctx, page, []string{id})
	if err != nil {
		return nil, err
	}
	if found[id] == nil {
		return nil, status.NotFoundf("incident %s not found", id)
	}
	return found[id], nil
}

// ByID reads incidents and maintenances by id; unknown ones are left out.
func (s *Store) ByID(ctx context.Context, page string, ids []string) (map[string]*status.Incident, error) {
	keys := make([]table.Key, len(ids))
	for i, id := range ids {
		keys[i] = refKey(page, id)
	}
	return s.follow(ctx, page, keys)
}

// Open reads all incidents and maintenances that are not over, newest first by OrderTime.
func (s *Store) Open(ctx context.Context, page string) ([]*status.Incident, error) {
	items, err := table.All(ctx, s.table, table.Prefix(PagePartition(page), prefixOpen))
	if err != nil {
		return nil, fmt.Errorf("list open incidents: %w", err)
	}
	keys := make([]table.Key, len(items))
	for i := range items {
		keys[i] = items[i].Key
	}
	found, err := s.follow(ctx, page, keys)
	if err != nil {
		return nil, err
	}
	open := make([]*status.Incident, 0, len(found))
	for _, i := range found {
		if i.Open() {
			open = append(open, i)
		}
	}
	slices.SortFunc(open, NewestFirst)
	return open, nil
}

// follow reads references and what they name. One that names nothing has moved meanwhile and is
// read again; one that is gone is left out.
func (s *Store) follow(ctx context.Context, page string, refs []table.Key) (map[string]*status.Incident, error) {
	found := make(map[string]*status.Incident, len(refs))
	for attempt := 0; len(refs) > 0; attempt++ {
		if attempt == movedRetries {
			return nil, fmt.Errorf("follow %s: it names nothing", refs[0])
		}
		items, err := s.table.Get(ctx, refs...)
		if err != nil {
			return nil, fmt.Errorf("get references: %w", err)
		}
		var followed, keys []table.Key
		for i, item := range items {
			if item == nil {
				continue
			}
			ref, err := decode[reference](item.Attributes)
			if err != nil {
				return nil, fmt.Errorf("decode %s: %w", item.Key, err)
			}
			followed = append(followed, refs[i])
			keys = append(keys, table.Key{Partition: PagePartition(page), Sort: ref.Sort})
		}
		if len(keys) == 0 {
			break
		}
		documents, err := s.table.Get(ctx, keys...)
		if err != nil {
			return nil, fmt.Errorf("get incidents: %w", err)
		}
		refs = nil
		for i, item := range documents {
			if item == nil {
				refs = append(refs, followed[i])
				continue
			}
			incident, err := decodeIncident(item)
			if err != nil {
				return nil, err
			}
			found[incident.ID] = incident
		}
	}
	return found, nil
}

// NewestFirst orders incidents as public lists do: by OrderTime, then id, descending.
func NewestFirst(a, b *status.Incident) int {
	if c := b.OrderTime().Compare(a.OrderTime()); c != 0 {
		return c
	}
	if a.ID > b.ID {
		return -1
	}
	return 1
}

// List asks for incidents of one kind, newest first by OrderTime.
type List struct {
	Page     string
	Kind     Kind
	From, To time.Time // From <= OrderTime < To; zero is no bound
	Limit    int       // 0 for all: only where the bounds keep it small
	After    string    // the next of the list before
}

// Incidents reads one list. next is "" when there is no more.
func (s *Store) Incidents(ctx context.Context, l List) (incidents []*status.Incident, next string, err error) {
	q := orderRange(l.Page, l.Kind, l.From, l.To)
	q.Reverse, q.After = true, l.After
	for {
		if l.Limit > 0 {
			q.Limit = l.Limit - len(incidents)
		}
		r, err := s.table.Query(ctx, q)
		if err != nil {
			return nil, "", fmt.Errorf("list incidents: %w", err)
		}
		for i := range r.Items {
			incident, err := decodeIncident(&r.Items[i])
			if err != nil {
				return nil, "", err
			}
			incidents = append(incidents, incident)
		}
		q.After = r.Next
		if r.Next == "" || (l.Limit > 0 && len(incidents) >= l.Limit) {
			return incidents, r.Next, nil
		}
	}
}

// first is the OrderTime of a page's oldest incident or maintenance, zero for none.
func (s *Store) first(ctx context.Context, page string) (time.Time, error) {
	var first time.Time
	for _, kind := range []Kind{Realtime, Maintenance} {
		q := orderRange(page, kind, time.Time{}, time.Time{})
		q.Limit = 1
		r, err := s.table.Query(ctx, q)
		if err != nil {
			return time.Time{}, fmt.Errorf("find the oldest incident: %w", err)
		}
		if len(r.Items) == 0 {
			continue
		}
		i, err := decodeIncident(&r.Items[0])
		if err != nil {
			return time.Time{}, err
		}
		if t := i.OrderTime(); first.IsZero() || t.Before(first) {
			first = t
		}
	}
	return first, nil
}
