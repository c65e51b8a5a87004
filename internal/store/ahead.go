package store

import (
	"context"
	"fmt"
	"time"

	"allclear/internal/status"
	"allclear/internal/table"
)

// Request is what is known of a request before anything is read for it.
type Request struct {
	Key      string    // the text of its API key
	Page     string    // id of the page that it is about; without one, the rest is of no use
	Incident string    // id of an incident or maintenance, "" for none
	Once     string    // its Idempotency-Key, "" for none
	Changes  bool      // it may change the states of components
	At       time.Time // when it came
}

// Admit finds a request's API key, and in the same call to the table what the request will ask for
// next, as far as that is known by key: on DynamoDB each call is a round trip. The Store that it
// answers is for that request alone. It gives what was read ahead once and reads all else from the
// table; what it commits is as safe as what any other Store commits. An unknown key is a
// status.Error of code Unauthorized, whatever else was found.
func (s *Store) Admit(ctx context.Context, r Request) (APIKey, *Store, error) {
	keys := append(r.keys(), apiKeyKey(HashKey(r.Key)))
	items, err := s.table.Get(ctx, keys...)
	if err != nil {
		return APIKey{}, nil, fmt.Errorf("get api key: %w", err)
	}
	last := len(keys) - 1
	key, err := decodeAPIKey(items[last])
	if err != nil {
		return APIKey{}, nil, err
	}
	a := &ahead{Table: s.table, items: make(map[table.Key]*table.Item, last)}
	for i, k := range keys[:last] {
		a.items[k] = items[i]
	}
	return key, &Store{table: a, now: s.now, newID: s.newID, ahead: a, pages: s.pages}, nil
}

// keys are those of all that a request is known to ask for. The page comes first, for adapters that
// read in order: what was read after the page is not older than it.
func (r Request) keys() []table.Key {
	if r.Page == "" {
		return nil
	}
	keys := []table.Key{pageKey(r.Page)}
	if r.Incident != "" {
		keys = append(keys, refKey(r.Page, r.Incident))
	}
	if r.Once != "" {
		keys = append(keys, idempotencyKey(r.Page, r.Once))
	}
	if r.Changes {
		for _, date := range datesAt(r.At) {
			keys = append(keys, dayKey(r.Page, date))
		}
	}
	return keys
}

// The first and the last time zone to begin a day.
var (
	earliestZone = time.FixedZone("", 14*60*60)
	latestZone   = time.FixedZone("", -12*60*60)
)

// datesAt are the two or three dates that it is somewhere on Earth: which of them is a page's is
// known only when the page is.
func datesAt(t time.Time) []string {
	first, last := t.In(latestZone), status.DateOf(t, earliestZone)
	dates := []string{first.Format(status.DateLayout)}
	for dates[len(dates)-1] != last {
		first = first.AddDate(0, 0, 1)
		dates = append(dates, first.Format(status.DateLayout))
	}
	return dates
}

// ahead is a table of which some items have been read already. They are not of one instant, so what
// is written because of them has conditions of its own.
type ahead struct {
	table.Table
	items map[table.Key]*table.Item // nil for absent; what was asked for is taken out
}

// Get gives what was read ahead when that is all that is asked for; else it reads.
func (a *ahead) Get(ctx context.Context, keys ...table.Key) ([]*table.Item, error) {
	items := make([]*table.Item, len(keys))
	for i, k := range keys {
		item, ok := a.items[k]
		if !ok {
			return a.Table.Get(ctx, keys...)
		}
		items[i] = item
	}
	for _, k := range keys {
		delete(a.items, k)
	}
	return items, nil
}

// forget makes it read everything anew. A nil ahead has nothing to forget.
func (a *ahead) forget() {
	if a != nil {
		clear(a.items)
	}
}
