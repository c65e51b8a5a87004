package welcome

import (
	"context"
	"errors"
	"fmt"
	"time"

	"allclear/internal/store"
)

// Bounds of one run of Pending; the next one goes on.
const (
	pendingAge    = 5 * time.Minute // until then the stream brings a request, also after a few failures
	pendingPerRun = 25
)

// Lister lists pages. *store.Store is one.
type Lister interface {
	Pages(ctx context.Context) ([]string, error)
}

// AllPending is Pending for every page. One that fails does not keep the others from being served.
func (w *Welcome) AllPending(ctx context.Context, pages Lister) error {
	ids, err := pages.Pages(ctx)
	failures := []error{err}
	for _, id := range ids {
		failures = append(failures, w.Pending(ctx, id))
	}
	return errors.Join(failures...)
}

// Pending serves requests of a page that nobody has served: their record was lost, or given up, or
// came while the account could send nothing. One that fails does not keep the others from being
// tried, but when nothing can be sent at present it ends.
//
// Running it twice, or while the stream brings the same requests, is harmless: see Each.
func (w *Welcome) Pending(ctx context.Context, page string) error {
	var failures []error
	served := 0
	// Runs begin elsewhere, so that requests that cannot be served do not keep others waiting.
	first := int(w.Audience.Now().Unix()/60) % store.AudienceParts
	for n := range store.AudienceParts {
		list, err := w.Audience.PendingMail(ctx, page, (first+n)%store.AudienceParts)
		if err != nil {
			failures = append(failures, err)
			continue
		}
		for _, r := range list {
			if w.Audience.Now().Sub(r.At) < pendingAge {
				continue
			}
			if served == pendingPerRun {
				return errors.Join(failures...)
			}
			served++
			err := w.serve(ctx, r)
			if later := (*laterError)(nil); errors.As(err, &later) {
				return errors.Join(append(failures, err)...)
			}
			if err != nil {
				failures = append(failures, fmt.Errorf("%s mail to subscriber %s: %w", r.Kind, r.Subscriber, err))
			}
		}
	}
	return errors.Join(failures...)
}
