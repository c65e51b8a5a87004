package front_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"allclear/internal/bucket"
	"allclear/internal/bucket/memory"
	"allclear/internal/front"
)

// gated is a bucket whose Get waits.
type gated struct {
	bucket.Bucket
	entered chan struct{}
	open    chan struct{}
	gets    atomic.Int64
}

func (g *gated) Get(ctx context.Context, path string) (bucket.Object, bucket.Info, error) {
	g.gets.Add(1)
	g.entered <- struct{}{}
	<-g.open
	if err := ctx.Err(); err != nil {
		return bucket.Object{}, bucket.Info{}, err
	}
	return g.Bucket.Get(ctx, path)
}

func TestOneReadServesAllWhoWaitEvenWhenTheFirstLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gated{Bucket: new(memory.Bucket), entered: make(chan struct{}, 10), open: make(chan struct{})}
		put(t, g, "x.txt", "hello", 1)
		f := front.New(g, front.Options{})
		ctx, leave := context.WithCancel(t.Context())
		var group sync.WaitGroup
		ask := func(ctx context.Context) *httptest.ResponseRecorder {
			w := httptest.NewRecorder()
			group.Go(func() { f.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/x.txt", nil)) })
			return w
		}
		ask(ctx)
		<-g.entered
		var others []*httptest.ResponseRecorder
		for range 5 {
			others = append(others, ask(t.Context()))
		}
		synctest.Wait()
		leave()
		close(g.open)
		group.Wait()
		for _, w := range others {
			if w.Code != http.StatusOK || w.Body.String() != "hello" {
				t.Errorf("%d %q, want 200 hello", w.Code, w.Body)
			}
		}
		if got := g.gets.Load(); got != 1 {
			t.Errorf("%d reads, want 1", got)
		}
	})
}
