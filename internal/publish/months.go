package publish

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"allclear/internal/page"
	"allclear/internal/status"
	"allclear/internal/store"
)

// newMonths puts the dirty months that have no page yet, and those that the history now lists
// besides, because it begins earlier or time went on; it answers the other dirty ones.
func (r *run) newMonths(ctx context.Context, pointer *Pointer) (known []string, err error) {
	months := maps.Clone(r.dirty.months)
	for _, m := range page.Months(r.in) {
		if r.dirty.everything || pointer == nil || m < pointer.First || m > pointer.Last {
			months[m] = true
		}
	}
	for _, month := range slices.Sorted(maps.Keys(months)) {
		missing, err := r.stale(ctx, page.MonthPaths(month), 0)
		if err != nil {
			return nil, err
		}
		if !missing {
			if r.dirty.everything || r.dirty.months[month] {
				known = append(known, month)
			}
			continue
		}
		if err := r.putMonth(ctx, month); err != nil {
			return nil, err
		}
	}
	return known, nil
}

func (r *run) putMonth(ctx context.Context, month string) error {
	documents, err := r.month(ctx, month)
	if err != nil {
		return err
	}
	return r.putAll(ctx, documents)
}

// month renders one month. It is read after the snapshot, so it may list what was posted
// meanwhile and has no documents yet: those are put first.
func (r *run) month(ctx context.Context, month string) ([]page.Document, error) {
	incidents, err := r.Store.Month(ctx, r.in.Page, store.Realtime, month)
	if err != nil {
		return nil, err
	}
	maintenances, err := r.Store.Month(ctx, r.in.Page, store.Maintenance, month)
	if err != nil {
		return nil, err
	}
	newer := slices.DeleteFunc(slices.Concat(incidents, maintenances), func(i *status.Incident) bool {
		return i.Seq <= r.in.Page.Seq
	})
	if err := r.putDetails(ctx, newer); err != nil {
		return nil, err
	}
	documents, err := page.Month(r.in, month, incidents, maintenances)
	if err != nil {
		return nil, fmt.Errorf("render month %s: %w", month, err)
	}
	return documents, nil
}

// span is the oldest month of a page's history and the current one.
func span(s *status.Snapshot) (first, last string) {
	last = status.Month(s.Page.At, s.Page.Location())
	if s.First.IsZero() {
		return last, last
	}
	return min(last, status.Month(s.First, s.Page.Location())), last
}
