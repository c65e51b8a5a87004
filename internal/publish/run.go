package publish

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"allclear/internal/bucket"
	"allclear/internal/page"
	"allclear/internal/status"
	"allclear/internal/store"

	"golang.org/x/sync/errgroup"
)

// run is one attempt at publishing one snapshot.
type run struct {
	*Publisher
	in     page.Input
	dirty  *dirty
	loaded map[string]*status.Incident // dirty incidents of the snapshot's own version; nil when there are too many
	gone   []string                    // dirty incidents that do not exist

	mu     sync.Mutex
	result *Result
}

const (
	loadAtMost  = 100 // dirty incidents that are read together with the snapshot; more are read in parts
	putsAtOnce  = 16
	incidentsAt = 50 // incidents read at once when all are rendered
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

// documents puts everything that is dirty, in an order in which nothing names what is not there,
// and what most people look at is not kept waiting: details, months that are new, lists, summary,
// index, then what is there already and named by nothing new, and deletions last.
func (r *run) documents(ctx context.Context, pointer *Pointer) error {
	if err := r.details(ctx); err != nil {
		return err
	}
	known, err := r.newMonths(ctx, pointer)
	if err != nil {
		return err
	}
	lists, err := page.Lists(r.in)
	if err != nil {
		return fmt.Errorf("render lists: %w", err)
	}
	if err := r.putLists(ctx, lists); err != nil {
		return err
	}
	if err := r.removeOptional(ctx, lists); err != nil {
		return err
	}
	for _, month := range known {
		if err := r.putMonth(ctx, month); err != nil {
			return err
		}
	}
	if err := r.states(ctx); err != nil {
		return err
	}
	if r.dirty.everything {
		return r.allOrphans(ctx)
	}
	for _, id := range r.gone {
		if err := r.remove(ctx, page.IncidentPaths(id)); err != nil {
			return err
		}
	}
	return nil
}

// allOrphans goes through the whole bucket: with no pointer nobody knows what was put before.
func (r *run) allOrphans(ctx context.Context) error {
	for after := ""; ; {
		next, err := r.removeOrphans(ctx, after, orphansAtOnce)
		if err != nil || next == "" {
			return err
		}
		after = next
	}
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

// putLists puts the lists at once, but the summary and the index after all others, in this order.
func (r *run) putLists(ctx context.Context, documents []page.Document) error {
	var lists, last []page.Document
	for _, d := range documents {
		if d.Path == page.PathSummary || d.Path == page.PathIndex {
			last = append(last, d)
		} else {
			lists = append(lists, d)
		}
	}
	if err := r.putAll(ctx, lists); err != nil {
		return err
	}
	for _, d := range last {
		if err := r.put(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// removeOptional deletes what a setting has switched off, when settings changed.
func (r *run) removeOptional(ctx context.Context, lists []page.Document) error {
	if !r.dirty.all && !r.dirty.everything {
		return nil
	}
	var off []string
	for _, path := range page.OptionalPaths() {
		if !slices.ContainsFunc(lists, func(d page.Document) bool { return d.Path == path }) {
			off = append(off, path)
		}
	}
	return r.remove(ctx, off)
}

func (r *run) putAll(ctx context.Context, documents []page.Document) error {
	if r.OneByOne {
		for _, d := range documents {
			if err := r.put(ctx, d); err != nil {
				return err
			}
		}
		return nil
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(putsAtOnce)
	for _, d := range documents {
		group.Go(func() error { return r.put(ctx, d) })
	}
	return group.Wait()
}

// put writes a document unless the bucket has this version or a newer one. A newer one is
// errOvertaken: what else this run would put may be out of date as well.
func (r *run) put(ctx context.Context, d page.Document) error {
	seq := r.in.Page.Seq
	object := bucket.Object{Body: d.Body, ContentType: d.ContentType, CacheControl: d.CacheControl, Seq: seq}
	for range attempts {
		info, err := r.Bucket.Head(ctx, d.Path)
		condition := bucket.Condition{Match: info.ETag}
		switch {
		case errors.Is(err, bucket.ErrNotFound):
			condition = bucket.Condition{Absent: true}
		case err != nil:
			return fmt.Errorf("head %s: %w", d.Path, err)
		case info.Seq > seq:
			return errOvertaken
		case info.Seq == seq:
			r.count(func(result *Result) { result.Skipped++ })
			return nil
		}
		_, err = r.Bucket.Put(ctx, d.Path, object, condition)
		if err == nil {
			r.count(func(result *Result) { result.Puts++ })
			return nil
		}
		if !errors.Is(err, bucket.ErrPrecondition) && !errors.Is(err, bucket.ErrConflict) && !errors.Is(err, bucket.ErrNotFound) {
			return fmt.Errorf("put %s: %w", d.Path, err)
		}
	}
	return fmt.Errorf("put %s: it keeps changing", d.Path)
}

func (r *run) remove(ctx context.Context, paths []string) error {
	for _, path := range paths {
		if err := r.Bucket.Delete(ctx, path); err != nil {
			return fmt.Errorf("delete %s: %w", path, err)
		}
		r.count(func(result *Result) { result.Deleted++ })
	}
	return nil
}

func (r *run) count(change func(*Result)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(r.result)
}
