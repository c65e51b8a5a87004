package directory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"allclear/internal/bucket"
)

// List implements bucket.Bucket. It reads the folders in which something can be found, and no
// others.
func (b *Bucket) List(ctx context.Context, prefix, after string, limit int) ([]string, error) {
	search := search{b: b, prefix: prefix, after: after, limit: limit, found: []string{}}
	if err := search.folder(ctx, ""); err != nil && !errors.Is(err, errEnough) {
		return nil, fmt.Errorf("list objects %q: %w", prefix, err)
	}
	return search.found, nil
}

// errEnough ends a search that has found what it may.
var errEnough = errors.New("enough")

type search struct {
	b             *Bucket
	prefix, after string
	limit         int
	found         []string
}

// folder adds what is below a folder, given as "" or with a slash at its end.
func (s *search) folder(ctx context.Context, folder string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(s.found) >= s.limit {
		return errEnough
	}
	names, err := s.names(folder)
	if err != nil {
		return err
	}
	for _, name := range names {
		switch {
		case strings.HasSuffix(name, "/"):
			if err := s.folder(ctx, name); err != nil {
				return err
			}
		case strings.HasPrefix(name, s.prefix) && name > s.after:
			if s.found = append(s.found, name); len(s.found) >= s.limit {
				return errEnough
			}
		}
	}
	return nil
}

// names gives the paths of the files and folders of a folder that matter to the search. Folders end
// with a slash, also for sorting: that makes the order of a walk the byte order of whole paths.
func (s *search) names(folder string) ([]string, error) {
	file, err := s.b.root.Open(cmp.Or(folder, "."))
	if absent(err) {
		return nil, nil // deleted while we walk
	}
	if err != nil {
		return nil, err
	}
	entries, err := file.ReadDir(-1)
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	var names []string
	for _, entry := range entries {
		name := folder + entry.Name()
		switch {
		case entry.IsDir() && name != bucket.Reserved && s.mayHold(name+"/"):
			names = append(names, name+"/")
		case entry.Type().IsRegular():
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// mayHold reports whether a path below a folder can have the prefix and come after.
func (s *search) mayHold(folder string) bool {
	return (strings.HasPrefix(folder, s.prefix) || strings.HasPrefix(s.prefix, folder)) &&
		(folder > s.after || strings.HasPrefix(s.after, folder))
}
