package store

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"allclear/internal/status"
	"allclear/internal/table"
)

// placesItem and statesItem hold one value per component in one item, so that moving or changing
// hundreds of them is still one action of a transaction.
type placesItem struct {
	Places map[string]status.Place `json:"places"`
}

type statesItem struct {
	States map[string]status.State `json:"states"`
}

// Configuration reads a page's components, groups, layout and states: one query.
func (s *Store) Configuration(ctx context.Context, page string) (*status.Configuration, error) {
	items, err := table.All(ctx, s.table, table.Prefix(PagePartition(page), prefixConfig))
	if err != nil {
		return nil, fmt.Errorf("read configuration of page %s: %w", page, err)
	}
	cfg := status.NewConfiguration()
	for i := range items {
		if err := addConfigItem(cfg, &items[i]); err != nil {
			return nil, fmt.Errorf("decode %s: %w", items[i].Key, err)
		}
	}
	return cfg, nil
}

func addConfigItem(cfg *status.Configuration, item *table.Item) error {
	switch {
	case item.Sort == sortLayout:
		v, err := decode[placesItem](item.Attributes)
		if err != nil {
			return err
		}
		cfg.Layout = v.Places
	case item.Sort == sortStates:
		v, err := decode[statesItem](item.Attributes)
		if err != nil {
			return err
		}
		cfg.States = v.States
	case strings.HasPrefix(item.Sort, prefixComp):
		v, err := decode[status.Component](item.Attributes)
		if err != nil {
			return err
		}
		cfg.Components[v.ID] = v
	case strings.HasPrefix(item.Sort, prefixGroup):
		v, err := decode[status.Group](item.Attributes)
		if err != nil {
			return err
		}
		cfg.Groups[v.ID] = v
	}
	return nil
}

// configActions turns the difference between two configurations into actions, and names the
// components and groups that are shown differently afterwards, and those in another state.
func configActions(page string, before, after *status.Configuration) (actions []table.Action, touched status.Touched) {
	changed := map[string]bool{}
	for _, id := range sortedIDs(before.Components, after.Components) {
		old, had := before.Components[id]
		c, has := after.Components[id]
		switch {
		case !has:
			actions = append(actions, table.Delete(componentKey(page, id)))
		case !had || !reflect.DeepEqual(old, c):
			actions = append(actions, table.Put(table.Item{Key: componentKey(page, id), Attributes: encode(c)}))
		default:
			continue
		}
		changed[id] = true
	}
	for _, id := range sortedIDs(before.Groups, after.Groups) {
		old, had := before.Groups[id]
		g, has := after.Groups[id]
		switch {
		case !has:
			actions = append(actions, table.Delete(groupKey(page, id)))
		case !had || !reflect.DeepEqual(old, g):
			actions = append(actions, table.Put(table.Item{Key: groupKey(page, id), Attributes: encode(g)}))
		default:
			continue
		}
		changed[id] = true
		for _, member := range after.Members(id) { // incidents show "Group - Member"
			changed[member] = true
		}
	}
	if !reflect.DeepEqual(before.Layout, after.Layout) {
		actions = append(actions, table.Put(table.Item{Key: layoutKey(page), Attributes: encode(placesItem{after.Layout})}))
		markDifferent(changed, before.Layout, after.Layout)
	}
	if !reflect.DeepEqual(before.States, after.States) {
		actions = append(actions, table.Put(table.Item{Key: statesKey(page), Attributes: encode(statesItem{after.States})}))
		states := map[string]bool{}
		markDifferent(states, before.States, after.States)
		touched.States = sortedIDs(states)
	}
	touched.Components = sortedIDs(changed)
	return actions, touched
}

func markDifferent[V comparable](changed map[string]bool, before, after map[string]V) {
	for _, id := range sortedIDs(before, after) {
		if before[id] != after[id] {
			changed[id] = true
		}
	}
}

func sortedIDs[V any](maps ...map[string]V) []string {
	var ids []string
	for _, m := range maps {
		for id := range m {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
