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

// load reads the dirty incidents in the same version as the snapshot, unless they are many.
func (r *run) load(ctx context.Context, s *status.Snapshot) error {
	r.loaded = nil
	if len(r.dirty.incidents) > loadAtMost {
		return nil
	}
	r.loaded = map[string]*status.Incident{}
	var missing []string
	for _, list := range [][]*status.Incident{s.Incidents, s.Maintenances, s.Open} {
		for _, i := range list {
			r.loaded[i.ID] = i
		}
	}
	for id := range r.dirty.incidents {
		if r.loaded[id] == nil {
			missing = append(missing, id)
		}
	}
	slices.Sort(missing)
	found, err := r.Store.ByID(ctx, s.Page.ID, missing)
	if err != nil {
		return err
	}
	maps.Copy(r.loaded, found)
	return nil
}

func (r *run) details(ctx context.Context) error {
	if r.dirty.everything {
		return r.allDetails(ctx)
	}
	ids := slices.Sorted(maps.Keys(r.dirty.incidents))
	for part := range slices.Chunk(ids, loadAtMost) {
		found := r.loaded
		if found == nil {
			var err error
			if found, err = r.Store.ByID(ctx, r.in.Page.ID, part); err != nil {
				return err
			}
		}
		var incidents []*status.Incident
		for _, id := range part {
			if found[id] == nil {
				r.gone = append(r.gone, id)
				continue
			}
			incidents = append(incidents, found[id])
		}
		if err := r.putDetails(ctx, incidents); err != nil {
			return err
		}
	}
	return nil
}

// states renders anew the documents of listed incidents that show a component's current state.
func (r *run) states(ctx context.Context) error {
	var documents []page.Document
	put := map[string]bool{}
	for _, list := range [][]*status.Incident{r.in.Incidents, r.in.Maintenances, r.in.Open} {
		for _, i := range list {
			if !r.dirty.shown[i.ID] || r.dirty.incidents[i.ID] || put[i.ID] {
				continue
			}
			put[i.ID] = true
			d, err := page.State(r.in, i)
			if err != nil {
				return fmt.Errorf("render incident %s: %w", i.ID, err)
			}
			documents = append(documents, d...)
		}
	}
	return r.putAll(ctx, documents)
}

func (r *run) allDetails(ctx context.Context) error {
	for _, kind := range []store.Kind{store.Realtime, store.Maintenance} {
		list := store.List{Page: r.in.Page.ID, Kind: kind, Limit: incidentsAt}
		for {
			incidents, next, err := r.Store.Incidents(ctx, list)
			if err != nil {
				return err
			}
			if err := r.putDetails(ctx, incidents); err != nil {
				return err
			}
			if next == "" {
				break
			}
			list.After = next
		}
	}
	return nil
}

func (r *run) putDetails(ctx context.Context, incidents []*status.Incident) error {
	var documents []page.Document
	for _, i := range incidents {
		d, err := page.Details(r.in, i)
		if err != nil {
			return fmt.Errorf("render incident %s: %w", i.ID, err)
		}
		documents = append(documents, d...)
	}
	return r.putAll(ctx, documents)
}
