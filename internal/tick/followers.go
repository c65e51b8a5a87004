package tick

import (
	"context"
	"time"

	"allclear/internal/store"
)

// Followers are subscribers of single incidents. *store.Audience is one.
type Followers interface {
	EndFollowing(ctx context.Context, page string, over store.OverSince) (ended int, err error)
}

// Minutes between two looks at followers, and at which of them, so that it is not one at which a
// sweep begins.
const (
	followersEvery = 10
	followersAt    = 5
)

// followers ends subscriptions to incidents that have long been over. It is called only when the page
// was published in this run: data that are older than what is published were restored and not
// recovered, and may lack an incident that goes on.
func (t *Ticker) followers(ctx context.Context, pageID string) error {
	if t.Followers == nil || t.Store.Now().Minute()%followersEvery != followersAt {
		return nil
	}
	over := func(ctx context.Context, incidents []string) (map[string]time.Time, error) {
		return t.Store.Over(ctx, pageID, incidents)
	}
	n, err := t.Followers.EndFollowing(ctx, pageID, over)
	if n > 0 {
		t.Logger.InfoContext(ctx, "subscriptions ended with their incidents", "page", pageID, "subscribers", n)
	}
	return err
}
