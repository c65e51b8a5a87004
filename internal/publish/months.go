package publish

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"allclear/internal/page"
	"allclear/internal/status"
	"allclear/internal/store"
)

// newMonths puts the dirty months that have no page yet, also those that get one because the
// history now begins earlier, and answers the other dirty ones.
func (r *run) newMonths(ctx context.Context, pointer *Pointer) (known []string, err error) {
	first, last := firstMonth(r.in.Snapshot), status.Month(r.in.Page.At, r.in.Page.Location())
	if first == "" {
		first = last
	}
	months := maps.Clone(r.dirty.months)
	switch {
	case r.dirty.everything:
		for _, m := range monthsBetween(first, last) {
			months[m] = true
		}
	case pointer != nil && (pointer.First == "" || first < pointer.First):
		to := pointer.First
		if to == "" {
			to = last
		}
		for _, m := range monthsBetween(first, to) {
			months[m] = true
		}
	}
	for _, month := range slices.Sorted(maps.Keys(months)) {
		missing, err := r.stale(ctx, page.MonthPaths(month), 0)
		if err != nil {
			return nil, err
		}
		if !missing {
			known = append(known, month)
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

// firstMonth is the oldest month of a page's history, "" when there is none.
func firstMonth(s *status.Snapshot) string {
	if s.First.IsZero() {
		return ""
	}
	return status.Month(s.First, s.Page.Location())
}

// monthsBetween lists the months from first to last, both included.
func monthsBetween(first, last string) []string {
	from, err := time.Parse("2006-01", first)
	if err != nil {
		return nil
	}
	var months []string
	for m := from; m.Format("2006-01") <= last; m = m.AddDate(0, 1, 0) {
		months = append(months, m.Format("2006-01"))
	}
	return months
}
