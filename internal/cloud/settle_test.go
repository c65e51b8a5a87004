package cloud_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"allclear/internal/bucket"
	bucketmemory "allclear/internal/bucket/memory"
	"allclear/internal/cloud"
	"allclear/internal/page"
)

func TestItWaitsForAVersionAndNoLongerThanItHasPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &cloud.Deployment{Bucket: &bucketmemory.Bucket{}}
		publish := func(seq int) {
			body := fmt.Sprintf(`{"page": "p", "seq": %d, "at": "2026-03-01T12:00:00.000Z"}`, seq)
			if _, err := d.Bucket.Put(t.Context(), page.PathPointer, bucket.Object{Body: []byte(body)}, bucket.Condition{}); err != nil {
				t.Error(err)
			}
		}
		started := time.Now()
		time.AfterFunc(10*time.Second, func() { publish(4) })
		time.AfterFunc(20*time.Second, func() { publish(6) })
		if ok, err := d.Settle(t.Context(), "p", 5, time.Minute); !ok || err != nil {
			t.Errorf("got %t, %v, want that it is published", ok, err)
		}
		if waited := time.Since(started); waited < 20*time.Second || waited > 22*time.Second {
			t.Errorf("waited %s, want until it was published", waited)
		}
		if ok, err := d.Settle(t.Context(), "p", 7, time.Minute); ok || err != nil {
			t.Errorf("got %t, %v, want that it is not", ok, err)
		}
	})
}
