package store

import (
	"context"
	"errors"
	"sync"

	"golang.org/x/sync/errgroup"

	"allclear/internal/status"
)

// ErrEnough ends a Visit early, without an error.
var ErrEnough = errors.New("store: enough")

// Sizes of a visit: how many parts are read at once, and how many subscribers at a time.
const (
	visitParts = 4
	visitPage  = 500
)

// Visit shows every subscriber of a page, in whatever state and in no order, one at a time. It
// reads all parts and holds a few hundred subscribers at most, however many there are. So counting
// and searching cost one read of the audience and keep no second truth beside it.
func (a *Audience) Visit(ctx context.Context, page string, visit func(*status.Subscriber) error) error {
	var one sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(visitParts)
	for part := range AudienceParts {
		group.Go(func() error {
			after := ""
			for {
				list, next, err := a.Subscribers(ctx, page, part, after, visitPage)
				if err != nil {
					return err
				}
				if err := visitAll(&one, list, visit); err != nil {
					return err
				}
				if next == "" {
					return nil
				}
				after = next
			}
		})
	}
	if err := group.Wait(); !errors.Is(err, ErrEnough) {
		return err
	}
	return nil
}

func visitAll(one *sync.Mutex, list []*status.Subscriber, visit func(*status.Subscriber) error) error {
	one.Lock()
	defer one.Unlock()
	for _, s := range list {
		if err := visit(s); err != nil {
			return err
		}
	}
	return nil
}
