package deliver_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"allclear/internal/deliver"
	"allclear/internal/ledger"
	"allclear/internal/memory"
)

// rush is a mail service that takes a while, and knows who sends at the same time.
type rush struct {
	mu     sync.Mutex
	clocks map[string]int // of reservations
	book   *ledger.Ledger
	starts []time.Time
	sent   map[string]int
	busy   atomic.Int64
	most   int64
}

func (r *rush) Reserve(ctx context.Context, n int, clock string, q ledger.Quota) (ledger.Grant, error) {
	r.mu.Lock()
	r.clocks[clock]++
	r.mu.Unlock()
	return r.book.Reserve(ctx, n, clock, q)
}

func (r *rush) Park(ctx context.Context, d ledger.Due) error { return r.book.Park(ctx, d) }

func (r *rush) Send(ctx context.Context, m deliver.Message[string]) (deliver.Outcome, error) {
	n := r.busy.Add(1)
	defer r.busy.Add(-1)
	r.mu.Lock()
	r.starts = append(r.starts, time.Now())
	r.sent[m.Subscriber]++
	r.most = max(r.most, n)
	r.mu.Unlock()
	return deliver.Sent, deliver.WallClock{}.Sleep(ctx, time.Now().Add(300*time.Millisecond))
}

func newRush(t *testing.T, q ledger.Quota) (*rush, deliver.Worker[string]) {
	t.Helper()
	d := newDesk(t)
	book := ledger.New(memory.New(memory.Options{}).Table("Deliveries"), nil)
	r := &rush{clocks: map[string]int{}, book: book, sent: map[string]int{}}
	var ids atomic.Int64
	return r, deliver.Worker[string]{
		Ledger: book, Pace: r, Incidents: d, Subscribers: d, Sender: r, Clock: deliver.WallClock{},
		Quotas: &deliver.QuotaCache{Read: func(context.Context) (ledger.Quota, error) { return q, nil }, Now: time.Now, MaxAge: time.Hour},
		NewID:  func() string { return fmt.Sprint("id", ids.Add(1)) }, Queue: "mail", Logger: slog.New(slog.DiscardHandler),
	}
}

func TestAPoolHandlesAsManyChunksAtOnceAsItHasWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := runPool(t, 3, ledger.Quota{})
		if r.most != 3 {
			t.Errorf("got %d at once, want 3", r.most)
		}
	})
}

func TestThePoolsWorkersKeepTheRateTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const perSecond = 10
		r := runPool(t, 3, ledger.Quota{PerSecond: perSecond})
		if len(r.clocks) != 3 {
			t.Errorf("got clocks %v, want one for each worker", r.clocks)
		}
		keepsRate(t, r, perSecond)
	})
}

// runPool hands chunks to a pool, each twice and all at once.
func runPool(t *testing.T, workers int, q ledger.Quota) *rush {
	t.Helper()
	r, w := newRush(t, q)
	pool := deliver.NewPool(w, workers)
	var group sync.WaitGroup
	for n := range 12 {
		for range 2 {
			group.Go(func() {
				if _, err := pool.Handle(t.Context(), chunk(fmt.Sprint("a", n), fmt.Sprint("b", n))); err != nil {
					t.Error(err)
				}
			})
		}
	}
	group.Wait()
	for who, n := range r.sent {
		if n != 1 {
			t.Errorf("%s was sent %d messages", who, n)
		}
	}
	return r
}

func keepsRate(t *testing.T, r *rush, perSecond int) {
	t.Helper()
	for n, at := range r.starts {
		if n >= perSecond && at.Sub(r.starts[n-perSecond]) < time.Second {
			t.Errorf("more than %d within a second at %d", perSecond, n)
		}
	}
}

func TestWhoWaitsForAWorkerGivesUpWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, w := newRush(t, ledger.Quota{})
		pool := deliver.NewPool(w, 1)
		var group sync.WaitGroup
		group.Go(func() {
			if _, err := pool.Handle(t.Context(), chunk("a", "b", "c")); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := pool.Handle(ctx, chunk("d")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the context's error", err)
		}
		group.Wait()
	})
}

// Single messages and chunks draw on one rate.
func TestTurnsKeepTheRateTogetherWithWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const perSecond = 4
		r, w := newRush(t, ledger.Quota{PerSecond: perSecond})
		turns := deliver.NewTurns(r, w.Quotas, w.Clock, "turns")
		w.ClockName = "worker"
		var group sync.WaitGroup
		group.Go(func() {
			for n := range 3 {
				if _, err := w.Handle(t.Context(), chunk(fmt.Sprint("a", n), fmt.Sprint("b", n), fmt.Sprint("c", n))); err != nil {
					t.Error(err)
				}
			}
		})
		for n := range 6 {
			group.Go(func() {
				err := turns.Take(t.Context(), func() error {
					_, err := r.Send(t.Context(), deliver.Message[string]{Subscriber: fmt.Sprint("single", n)})
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if len(r.starts) != 15 {
			t.Errorf("got %d sent, want 15", len(r.starts))
		}
		keepsRate(t, r, perSecond)
	})
}

func TestATurnThatThereIsNotIsAnErrorAndNothingIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := newRush(t, ledger.Quota{PerDay: 1})
		turns := deliver.NewTurns(r, w.Quotas, w.Clock, "turns")
		sent, wrong := 0, errors.New("wrong")
		take := func() error { return turns.Take(t.Context(), func() error { sent++; return wrong }) }
		if err := take(); !errors.Is(err, wrong) {
			t.Errorf("got %v, want the error of who sends", err)
		}
		wait := (*deliver.WaitError)(nil)
		if err := take(); !errors.As(err, &wait) || !wait.Daily || !wait.Until.After(time.Now()) || sent != 1 {
			t.Errorf("got %v, %d sent, want it to wait for the quota of the day", err, sent)
		}
	})
}

// One clock sends one message at a time: whoever comes meanwhile waits, as long as its context lets it.
func TestTurnsAreTakenOneAfterTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := newRush(t, ledger.Quota{})
		turns := deliver.NewTurns(r, w.Quotas, w.Clock, "turns")
		take := func(ctx context.Context) error {
			return turns.Take(ctx, func() error {
				_, err := r.Send(t.Context(), deliver.Message[string]{})
				return err
			})
		}
		var group sync.WaitGroup
		for range 3 {
			group.Go(func() {
				if err := take(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if err := take(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the context's error", err)
		}
		group.Wait()
		if r.most != 1 || len(r.starts) != 3 {
			t.Errorf("got %d at once and %d sent, want one and 3", r.most, len(r.starts))
		}
	})
}
