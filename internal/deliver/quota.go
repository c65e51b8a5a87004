package deliver

import (
	"context"
	"fmt"
	"sync"
	"time"

	"allclear/internal/ledger"
)

// QuotaCache remembers the account's quota for a while. It is safe for concurrent use.
type QuotaCache struct {
	Read   func(ctx context.Context) (ledger.Quota, error) // asks the mail service; At is filled in
	Now    func() time.Time
	MaxAge time.Duration

	mu    sync.Mutex
	known ledger.Quota // At is zero when nothing is known
}

// Quota is the account's quota, at most MaxAge old.
func (c *QuotaCache) Quota(ctx context.Context) (ledger.Quota, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.Now(); c.known.At.IsZero() || now.Sub(c.known.At) >= c.MaxAge {
		q, err := c.Read(ctx)
		if err != nil {
			return ledger.Quota{}, fmt.Errorf("read the sending quota: %w", err)
		}
		q.At = now
		c.known = q
	}
	return c.known, nil
}

// Forget makes the next Quota ask again: the mail service has just refused what the known one allows.
func (c *QuotaCache) Forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known = ledger.Quota{}
}
