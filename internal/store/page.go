package store

import (
	"context"
	"errors"
	"fmt"

	"allclear/internal/status"
	"allclear/internal/table"
)

// Page reads a page. An unknown one is a status.Error of code NotFound.
func (s *Store) Page(ctx context.Context, id string) (status.Page, error) {
	items, err := s.table.Get(ctx, pageKey(id))
	if err != nil {
		return status.Page{}, fmt.Errorf("get page %s: %w", id, err)
	}
	if items[0] == nil {
		return status.Page{}, status.NotFoundf("page %s not found", id)
	}
	return decodePage(items[0])
}

func decodePage(item *table.Item) (status.Page, error) {
	p, err := decode[status.Page](item.Attributes)
	if err != nil {
		return status.Page{}, fmt.Errorf("decode %s: %w", item.Key, err)
	}
	return p, nil
}

// Pages lists the ids of all pages of the deployment, in order.
func (s *Store) Pages(ctx context.Context) ([]string, error) {
	items, err := table.All(ctx, s.table, table.Prefix(partitionPages, prefixPages))
	if err != nil {
		return nil, fmt.Errorf("list pages: %w", err)
	}
	ids := make([]string, len(items))
	for i := range items {
		ids[i] = idOfSort(items[i].Sort)
	}
	return ids, nil
}

// CreatePage makes a page with its first event, seq 1. The id must be new.
func (s *Store) CreatePage(ctx context.Context, id string, settings status.Settings, actor status.Actor) (status.Page, error) {
	p := status.Page{ID: id, Settings: settings}
	p.Advance(s.Now())
	p.CreatedAt = p.At
	event := status.Event{Page: id, Seq: p.Seq, At: p.At, Type: status.PageCreated, Actor: actor, Touched: status.Touched{All: true}}
	err := s.table.Write(ctx,
		table.Put(table.Item{Key: pageKey(id), Attributes: encode(p)}, table.Absent()),
		table.Put(table.Item{Key: pagesKey(id), Attributes: table.Attributes{"id": id}}),
		table.Put(table.Item{Key: eventKey(id, p.Seq), Attributes: encode(event)}, table.Absent()),
	)
	if condition := (*table.ConditionError)(nil); errors.As(err, &condition) {
		return status.Page{}, &status.Error{Code: status.Conflict, Message: fmt.Sprintf("page %s exists already", id)}
	}
	if err != nil {
		return status.Page{}, fmt.Errorf("create page %s: %w", id, err)
	}
	return p, nil
}

// AdoptPage replaces a page on which there is nothing yet by one with another id, for an import
// that takes over the identity of the page it comes from.
func (s *Store) AdoptPage(ctx context.Context, from string, to status.Page, actor status.Actor) (status.Page, error) {
	old, err := s.Page(ctx, from)
	if err != nil {
		return status.Page{}, err
	}
	to.Seq, to.At = old.Seq, old.At
	to.Advance(s.Now())
	event := status.Event{Page: to.ID, Seq: to.Seq, At: to.At, Type: status.PageCreated, Actor: actor, Origin: status.OriginImport, Touched: status.Touched{All: true}}
	actions := []table.Action{
		table.Put(table.Item{Key: pageKey(to.ID), Attributes: encode(to)}, table.Absent()),
		table.Put(table.Item{Key: pagesKey(to.ID), Attributes: table.Attributes{"id": to.ID}}),
		table.Put(table.Item{Key: eventKey(to.ID, to.Seq), Attributes: encode(event)}, table.Absent()),
		table.Delete(pageKey(from), table.Equals("seq", old.Seq)),
		table.Delete(pagesKey(from)),
	}
	if err := s.table.Write(ctx, actions...); err != nil {
		return status.Page{}, fmt.Errorf("adopt page %s: %w", to.ID, err)
	}
	return to, nil
}
