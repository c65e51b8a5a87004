package cloud

import (
	"context"
	"time"

	"allclear/internal/publish"
)

// settleEvery is how often Settle looks.
const settleEvery = time.Second

// Settle waits until a version of a page, or a later one, is published by the deployed functions,
// at most as long as patience. It reports whether it is.
func (d *Deployment) Settle(ctx context.Context, page string, seq int64, patience time.Duration) (bool, error) {
	reader := publish.Publisher{Bucket: d.Bucket}
	deadline := time.Now().Add(patience)
	ticker := time.NewTicker(settleEvery)
	defer ticker.Stop()
	for {
		pointer, err := reader.Pointer(ctx, page)
		if err != nil {
			return false, Explain(err)
		}
		if pointer != nil && pointer.Seq >= seq {
			return true, nil
		}
		if !time.Now().Before(deadline) {
			return false, nil
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-ticker.C:
		}
	}
}
