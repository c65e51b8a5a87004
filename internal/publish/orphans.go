package publish

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"allclear/internal/page"
)

// removeOrphans deletes documents of incidents that do not exist, among the next n documents of
// incidents in the bucket: a publisher that died between two puts can leave them behind a
// deletion. It answers where to go on, "" at the end. A document seen in the bucket was put after
// its incident was committed, so an incident that is not found is gone for good.
func (r *run) removeOrphans(ctx context.Context, after string, n int) (string, error) {
	paths, err := r.Bucket.List(ctx, page.PrefixIncident, after, n)
	if err != nil {
		return "", fmt.Errorf("list documents of incidents: %w", err)
	}
	v2, err := r.Bucket.List(ctx, page.PrefixIncidentV2, page.PrefixIncidentV2+strings.TrimPrefix(after, page.PrefixIncident), n)
	if err != nil {
		return "", fmt.Errorf("list documents of incidents: %w", err)
	}
	var ids []string
	for _, path := range slices.Concat(paths, v2) {
		if id, ok := page.IncidentOf(path); ok && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	found, err := r.Store.ByID(ctx, r.in.Page.ID, ids)
	if err != nil {
		return "", err
	}
	for _, id := range ids {
		if found[id] == nil {
			if err := r.remove(ctx, page.IncidentPaths(id)); err != nil {
				return "", err
			}
		}
	}
	return furthest(paths, v2, n), nil
}

// furthest is the cursor behind both lists: the lower end of those that may go on, since both are
// read from the same place.
func furthest(paths, v2 []string, n int) string {
	next := ""
	if len(paths) == n {
		next = paths[n-1]
	}
	if len(v2) == n {
		if last := page.PrefixIncident + strings.TrimPrefix(v2[n-1], page.PrefixIncidentV2); next == "" || last < next {
			next = last
		}
	}
	return next
}
