package recovery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"allclear/internal/bucket"
	"allclear/internal/page"
	"allclear/internal/publish"
	"allclear/internal/status"
	"allclear/internal/store"
)

const (
	listAtOnce  = 1000
	headsAtOnce = 32
	idsAtOnce   = 100 // incidents asked for in one read
)

// survey is what the published documents tell of the versions that were public.
type survey struct {
	version   status.Version
	incidents map[string]int64 // by id: the highest version of its documents
	months    map[string]int64
}

// look asks every object in the bucket for its version, also those that a publisher put and died
// before it could move the pointer.
func look(ctx context.Context, b bucket.Bucket, progress func(objects int)) (*survey, error) {
	s := &survey{incidents: map[string]int64{}, months: map[string]int64{}}
	seen := 0
	for after := ""; ; {
		paths, err := b.List(ctx, "", after, listAtOnce)
		if err != nil {
			return nil, fmt.Errorf("list published documents: %w", err)
		}
		if err := s.heads(ctx, b, paths); err != nil {
			return nil, err
		}
		seen += len(paths)
		progress(seen)
		if len(paths) < listAtOnce {
			break
		}
		after = paths[len(paths)-1]
	}
	at, err := publishedAt(ctx, b)
	s.version.At = at
	return s, err
}

func (s *survey) heads(ctx context.Context, b bucket.Bucket, paths []string) error {
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(headsAtOnce)
	for _, path := range paths {
		group.Go(func() error {
			info, err := b.Head(ctx, path)
			if errors.Is(err, bucket.ErrNotFound) {
				return nil // deleted since it was listed
			}
			if err != nil {
				return fmt.Errorf("head %s: %w", path, err)
			}
			mu.Lock()
			defer mu.Unlock()
			s.add(path, info.Seq)
			return nil
		})
	}
	return group.Wait()
}

func (s *survey) add(path string, seq int64) {
	s.version.Seq = max(s.version.Seq, seq)
	if id, ok := page.IncidentOf(path); ok {
		s.incidents[id] = max(s.incidents[id], seq)
	}
	if month, ok := page.MonthOf(path); ok {
		s.months[month] = max(s.months[month], seq)
	}
}

// publishedAt is the moment of the published version, whatever page it is of; zero when nothing
// is published or the pointer cannot be read.
func publishedAt(ctx context.Context, b bucket.Bucket) (time.Time, error) {
	object, _, err := b.Get(ctx, page.PathPointer)
	if errors.Is(err, bucket.ErrNotFound) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("get pointer: %w", err)
	}
	var pointer publish.Pointer
	if json.Unmarshal(object.Body, &pointer) != nil {
		return time.Time{}, nil //nolint:nilerr // spoilt: it will be replaced
	}
	at, err := time.Parse(time.RFC3339, pointer.At)
	if err != nil {
		return time.Time{}, nil //nolint:nilerr // likewise
	}
	return at, nil
}

// stale names the documents that may show what the data do not say any more: those of incidents
// that are not there, which are to be deleted, and those rendered after a version of the page.
func (s *survey) stale(ctx context.Context, st *store.Store, pageID string, seq int64) (gone, incidents, months []string, err error) {
	for ids := range slices.Chunk(slices.Sorted(maps.Keys(s.incidents)), idsAtOnce) {
		found, err := st.ByID(ctx, pageID, ids)
		if err != nil {
			return nil, nil, nil, err
		}
		for _, id := range ids {
			switch {
			case found[id] == nil:
				gone = append(gone, id)
			case s.incidents[id] > seq:
				incidents = append(incidents, id)
			}
		}
	}
	for _, month := range slices.Sorted(maps.Keys(s.months)) {
		if s.months[month] > seq {
			months = append(months, month)
		}
	}
	return gone, incidents, months, nil
}
