package store

import (
	"context"
	"fmt"
	"strings"

	"allclear/internal/status"
	"allclear/internal/table"
)

// CopyPage writes a page with all that belongs to it from one Status table into another, in
// transactions of at most table.MaxActions actions: the events after the documents that they
// name, in their order, and the page itself last of all. So nobody finds half a page, and a copy
// that was interrupted can be done again: what it left of this page is removed first. A page of
// that id in the other table is a status.Error of code Conflict. Nothing else may write the page
// in either table meanwhile.
func CopyPage(ctx context.Context, from, to table.Table, page string) error {
	if _, err := New(to, Options{}).Page(ctx, page); err == nil {
		return &status.Error{Code: status.Conflict, Message: fmt.Sprintf("page %s exists already", page)}
	} else if !status.IsNotFound(err) {
		return err
	}
	if err := removeLeftovers(ctx, to, page); err != nil {
		return err
	}
	items, err := table.All(ctx, from, table.Query{Partition: PagePartition(page)})
	if err != nil {
		return fmt.Errorf("read page %s: %w", page, err)
	}
	var documents, events, last []table.Action
	for _, item := range items {
		switch {
		case item.Key == pageKey(page):
			last = append(last, table.Put(item, table.Absent()))
		case strings.HasPrefix(item.Sort, PrefixEvent):
			events = append(events, table.Put(item))
		default:
			documents = append(documents, table.Put(item))
		}
	}
	if len(last) == 0 {
		return status.NotFoundf("page %s not found", page)
	}
	last = append(last, table.Put(table.Item{Key: pagesKey(page), Attributes: table.Attributes{"id": page}}))
	for _, actions := range [][]table.Action{documents, events, last} {
		if err := writeAll(ctx, to, actions); err != nil {
			return fmt.Errorf("copy page %s: %w", page, err)
		}
	}
	return nil
}

func removeLeftovers(ctx context.Context, t table.Table, page string) error {
	items, err := table.All(ctx, t, table.Query{Partition: PagePartition(page)})
	if err != nil {
		return fmt.Errorf("read what is left of page %s: %w", page, err)
	}
	actions := make([]table.Action, len(items))
	for i := range items {
		actions[i] = table.Delete(items[i].Key)
	}
	if err := writeAll(ctx, t, actions); err != nil {
		return fmt.Errorf("remove what is left of page %s: %w", page, err)
	}
	return nil
}

// writeAll applies any number of actions in order, in as many transactions as the limits of one ask for.
func writeAll(ctx context.Context, t table.Table, actions []table.Action) error {
	parts, err := transactions(actions, table.MaxActions)
	if err != nil {
		return err
	}
	for _, part := range parts {
		if err := t.Write(ctx, part...); err != nil {
			return err
		}
	}
	return nil
}

// transactions cuts actions into transactions of at most n actions and of no more bytes than one may have.
func transactions(actions []table.Action, n int) (parts [][]table.Action, err error) {
	start, bytes := 0, 0
	for i, a := range actions {
		size, err := table.Size(a.Item)
		if err != nil {
			return nil, fmt.Errorf("size of %s: %w", a.Item.Key, err)
		}
		if i-start == n || bytes+size > table.MaxWriteSize {
			parts = append(parts, actions[start:i])
			start, bytes = i, 0
		}
		bytes += size
	}
	if start < len(actions) {
		parts = append(parts, actions[start:])
	}
	return parts, nil
}
