package publish

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"allclear/internal/bucket"
	"allclear/internal/page"
	"allclear/internal/status"
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
