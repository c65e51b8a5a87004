package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"allclear/internal/status"
	"allclear/internal/table"
)

// itemKind tells the items of a page's partition apart.
type itemKind int

const (
	kindOther itemKind = iota // needs no looking at
	kindPage
	kindConfig
	kindIncident
	kindReference // REF# and OPEN#: made from the incidents
	kindDay
	kindEvent
)

func kindOf(key table.Key) itemKind {
	is := func(prefix string) bool { return strings.HasPrefix(key.Sort, prefix) }
	switch {
	case key.Sort == sortPage:
		return kindPage
	case is(prefixConfig):
		return kindConfig
	case is(prefixIncident), is(prefixMaint):
		return kindIncident
	case is(prefixRef), is(prefixOpen):
		return kindReference
	case is(prefixDay):
		return kindDay
	case is(PrefixEvent):
		return kindEvent
	}
	return kindOther
}

// mended are the items of a page without the seams of a restore.
type mended struct {
	page      *status.Page // nil when there is no such item
	items     []table.Item
	incidents map[string]*status.Incident
}

// mend reads every item of a page, so that one that cannot be read is found now, and makes whole
// what a restore may have cut through: a backup is of one moment only within a second
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Backup-and-Restore.html), so a
// transaction can be in it by half. Each incident is there once, and the references to it are
// made anew.
func mend(page string, items []table.Item) (mended, error) {
	m := mended{incidents: map[string]*status.Incident{}}
	places := map[string]table.Item{}
	for i := range items {
		item := items[i]
		switch kindOf(item.Key) {
		case kindPage:
			p, err := decodePage(&item)
			if err != nil {
				return mended{}, err
			}
			m.page = &p
		case kindIncident:
			incident, err := decodeIncident(&item)
			if err != nil {
				return mended{}, err
			}
			if known := m.incidents[incident.ID]; known == nil || incident.Seq > known.Seq {
				m.incidents[incident.ID], places[incident.ID] = incident, item
			}
			continue
		case kindReference:
			continue
		default:
			if err := readable(&item); err != nil {
				return mended{}, err
			}
		}
		m.items = append(m.items, item)
	}
	for _, id := range slices.Sorted(maps.Keys(places)) {
		ref := encode(reference{Sort: places[id].Sort})
		m.items = append(m.items, places[id], table.Item{Key: refKey(page, id), Attributes: ref})
		if m.incidents[id].Open() {
			m.items = append(m.items, table.Item{Key: openKey(page, id), Attributes: ref})
		}
	}
	return m, nil
}

func readable(item *table.Item) error {
	var err error
	switch kindOf(item.Key) {
	case kindConfig:
		if err = addConfigItem(status.NewConfiguration(), item); err != nil {
			err = fmt.Errorf("decode %s: %w", item.Key, err)
		}
	case kindDay:
		_, err = decodeDay(item)
	case kindEvent:
		_, err = DecodeEvent(item)
	default: // read by mend itself, or nothing that has to be understood
	}
	return err
}

// difference are the actions that make the items of a table what they should be, puts first.
func difference(want, have []table.Item) (actions []table.Action, puts, deletes int) {
	known := make(map[table.Key]*table.Item, len(have))
	for i := range have {
		known[have[i].Key] = &have[i]
	}
	for _, item := range want {
		old := known[item.Key]
		delete(known, item.Key)
		if old == nil || !old.Expires.Equal(item.Expires) || !reflect.DeepEqual(old.Attributes, item.Attributes) {
			actions = append(actions, table.Put(item))
		}
	}
	puts = len(actions)
	for i := range have {
		if known[have[i].Key] != nil {
			actions = append(actions, table.Delete(have[i].Key))
		}
	}
	return actions, puts, len(actions) - puts
}

// Mend makes the references of a page fit its incidents again, where the table itself was
// restored, and answers how many items it had to write. It changes nothing that is public. Each
// transaction holds that nobody changed the page since it was read.
func (s *Store) Mend(ctx context.Context, page string) (int, error) {
	for attempt := range commitAttempts {
		if err := pause(ctx, attempt); err != nil {
			return 0, err
		}
		n, err := s.mendOnce(ctx, page)
		if condition := (*table.ConditionError)(nil); !errors.As(err, &condition) && !errors.Is(err, table.ErrContention) {
			return n, err
		}
	}
	return 0, &status.Error{Code: status.Conflict, Message: "the page is being changed by others; try again"}
}

func (s *Store) mendOnce(ctx context.Context, page string) (int, error) {
	current, err := s.Page(ctx, page)
	if err != nil {
		return 0, err
	}
	items, err := itemsOfPage(ctx, s.table, page)
	if err != nil {
		return 0, err
	}
	whole, err := mend(page, items)
	if err != nil {
		return 0, err
	}
	actions, _, _ := difference(whole.items, items)
	parts, err := transactions(actions, table.MaxActions-1)
	if err != nil {
		return 0, err
	}
	for _, part := range parts {
		unchanged := table.Check(pageKey(page), table.Equals("seq", current.Seq))
		if err := s.table.Write(ctx, append([]table.Action{unchanged}, part...)...); err != nil {
			return 0, fmt.Errorf("mend page %s: %w", page, err)
		}
	}
	return len(actions), nil
}
