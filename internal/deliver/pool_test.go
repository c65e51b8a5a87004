package deliver_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"allclear/internal/deliver"
	"allclear/internal/guard"
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
	busy   map[string]int // sendings by chunk
	most   int            // chunks at once
	takes  time.Duration  // a sending
}

func (r *rush) Reserve(ctx context.Context, n int, clock string, q ledger.Quota) (ledger.Grant, error) {
	r.mu.Lock()
	r.clocks[clock]++
	r.mu.Unlock()
	return r.book.Reserve(ctx, n, clock, q)
}

func (r *rush) Park(ctx context.Context, d ledger.Due) error { return r.book.Park(ctx, d) }

func (r *rush) Send(ctx context.Context, m deliver.Message[string]) (deliver.Outcome, error) {
	chunk := strings.TrimLeft(m.Subscriber, "abc")
	r.mu.Lock()
	r.starts = append(r.starts, time.Now())
	r.sent[m.Subscriber]++
	r.busy[chunk]++
	r.most = max(r.most, len(r.busy))
	r.mu.Unlock()
	err := deliver.WallClock{}.Sleep(ctx, time.Now().Add(r.takes))
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.busy[chunk]--; r.busy[chunk] == 0 {
		delete(r.busy, chunk)
	}
	return deliver.Sent, err
}

const sendingTakes = 300 * time.Millisecond

func newRush(t *testing.T, q ledger.Quota) (*rush, deliver.Worker[string]) {
	t.Helper()
	d := newDesk(t)
	book := ledger.New(memory.New(memory.Options{}).Table("Deliveries"), nil)
	r := &rush{clocks: map[string]int{}, book: book, sent: map[string]int{}, busy: map[string]int{}, takes: sendingTakes}
	var ids atomic.Int64
	return r, deliver.Worker[string]{
		Ledger: book, Pace: r, Incidents: d, Subscribers: d, Sender: r, Clock: deliver.WallClock{},
		Quotas: &deliver.QuotaCache{Read: func(context.Context) (ledger.Quota, error) { return q, nil }, Now: time.Now, MaxAge: time.Hour},
		NewID:  func() string { return fmt.Sprint("id", ids.Add(1)) }, Queue: "mail", Logger: slog.New(slog.DiscardHandler),
	}
}

func TestAPoolHandlesAsManyChunksAtOnceAsItMay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := runPool(t, 3, ledger.Quota{})
		if r.most != 3 {
			t.Errorf("got %d at once, want 3", r.most)
		}
	})
}

func TestThePoolsChunksKeepTheRateTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const perSecond = 10
		r := runPool(t, 3, ledger.Quota{PerSecond: perSecond})
		if len(r.clocks) != 1 {
			t.Errorf("got clocks %v, want that of one sender", r.clocks)
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

// One worker keeps the whole rate, though each sending takes as long as thirty slots.
func TestHowLongASendingTakesDoesNotHoldUpTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const perSecond = 100
		_, w := newRush(t, ledger.Quota{PerSecond: perSecond})
		c := chunk()
		for n := range deliver.ChunkSize {
			c.Subscribers = append(c.Subscribers, fmt.Sprint("s", n))
		}
		began := time.Now()
		if got, err := w.Handle(t.Context(), c); err != nil || got.Sent != deliver.ChunkSize {
			t.Fatalf("got %+v, %v", got, err)
		}
		if got, want := time.Since(began), sendingTakes+deliver.ChunkSize*time.Second/perSecond; got > want {
			t.Errorf("%d took %v, want at most %v", deliver.ChunkSize, got, want)
		}
	})
}

// With tables and a mail service as far away as they are on AWS, and two functions that are handed
// three chunks at a time, the rate is used but for some of it at the beginning and the end, and where
// it is so high that the calls for a chunk take longer than its slots.
func TestFunctionsUseTheRateThoughTheirCallsTakeTime(t *testing.T) {
	for perSecond, most := range map[int]float64{14: 1.05, 50: 1.25, 200: 2} {
		synctest.Test(t, func(t *testing.T) {
			const functions, batch, chunks = 2, 3, 100
			r, w := newRush(t, ledger.Quota{PerSecond: float64(perSecond)})
			r.takes = 100 * time.Millisecond
			r.book = ledger.New(memory.New(memory.Options{Fault: func(ctx context.Context, c memory.Call) error {
				if c.Moment == memory.AfterWrite {
					return nil
				}
				return deliver.WallClock{}.Sleep(ctx, time.Now().Add(10*time.Millisecond))
			}}).Table("Deliveries"), nil)
			w.Ledger = r.book
			queue := make(chan deliver.Chunk, chunks)
			for n := range chunks {
				c := chunk()
				for i := range deliver.ChunkSize {
					c.Subscribers = append(c.Subscribers, fmt.Sprint("s", n*deliver.ChunkSize+i))
				}
				queue <- c
			}
			close(queue)
			began := time.Now()
			var group sync.WaitGroup
			for n := range functions {
				group.Go(func() {
					one := w
					one.ClockName = fmt.Sprint("function", n)
					pool := deliver.NewPool(one, batch)
					for len(queue) > 0 {
						var invocation sync.WaitGroup
						for range batch {
							invocation.Go(func() {
								if c, ok := <-queue; ok {
									if got, err := pool.Handle(t.Context(), c); err != nil || got.Sent != deliver.ChunkSize {
										t.Errorf("got %+v, %v", got, err)
									}
								}
							})
						}
						invocation.Wait()
						time.Sleep(20 * time.Millisecond) // until the next batch is there
					}
				})
			}
			group.Wait()
			keepsRate(t, r, perSecond)
			const all = chunks * deliver.ChunkSize
			got, want := r.starts[len(r.starts)-1].Sub(began), all*time.Second/time.Duration(perSecond)
			if ratio := got.Seconds() / want.Seconds(); ratio > most || len(r.sent) != all {
				t.Errorf("%d a second: the last of %d began after %v, %.2f of what the quota allows, want at most %.2f", perSecond, len(r.sent), got, ratio, most)
			}
			t.Logf("%d a second: the last of %d after %v; the quota allows %v", perSecond, all, got, want)
		})
	}
}

// Where others use most of a low rate, a slot may lie behind the end of the invocation: who waits for
// it would be killed there, and its chunk would come again much later.
func TestASlotBehindTheEndOfTheInvocationIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := newRush(t, ledger.Quota{PerSecond: 1})
		w.ClockName = "worker"
		if _, err := r.book.Reserve(t.Context(), 26, "another", ledger.Quota{PerSecond: 1, At: time.Now()}); err != nil {
			t.Fatal(err)
		}
		const left = 28 * time.Second
		ctx, cancel := context.WithTimeout(t.Context(), left)
		defer cancel()
		began := time.Now()
		got, err := w.Handle(ctx, chunk("a", "b"))
		if took := time.Since(began); err != nil || got.Parked != 2 || took > left/2 {
			t.Errorf("got %+v, %v after %v, want two parked with time to spare", got, err, took)
		}
	})
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

// late is a clock that oversleeps, once: the start in a slot, of which the first are whole seconds from
// begin.
type late struct {
	deliver.WallClock
	begin time.Time
	slot  int
	by    time.Duration
	once  sync.Once
}

func (l *late) Sleep(ctx context.Context, until time.Time) error {
	err := l.WallClock.Sleep(ctx, until)
	if until.Equal(l.begin.Add(time.Duration(l.slot) * time.Second)) {
		l.once.Do(func() { time.Sleep(l.by) })
	}
	return err
}

// A little lateness is carried on into the next chunk, and after more of it that one waits.
func TestTheNextChunkKeepsItsDistanceFromALateSending(t *testing.T) {
	for _, by := range []time.Duration{300 * time.Millisecond, 700 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			r, w := newRush(t, ledger.Quota{PerSecond: 1})
			clock := &late{begin: time.Now().Truncate(time.Microsecond), slot: 2, by: by}
			w.Clock = clock
			pool := deliver.NewPool(w, 3)
			var group sync.WaitGroup
			for n := range 3 {
				group.Go(func() {
					c := chunk(fmt.Sprint("a", n), fmt.Sprint("b", n), fmt.Sprint("c", n))
					if got, err := pool.Handle(t.Context(), c); err != nil || got.Sent != 3 {
						t.Errorf("got %+v, %v", got, err)
					}
				})
			}
			group.Wait()
			if got, want := r.starts[2].Sub(clock.begin), 2*time.Second+by; got != want {
				t.Fatalf("the third began after %v, want %v", got, want)
			}
			keepsRate(t, r, 1)
		})
	}
}

// failing is a Pace that fails in one way at its first reservation.
type failing struct {
	*rush
	once sync.Once
	how  func() error
}

func (f *failing) Reserve(ctx context.Context, n int, clock string, q ledger.Quota) (g ledger.Grant, err error) {
	f.once.Do(func() { err = f.how() })
	if err != nil {
		return g, err
	}
	return f.rush.Reserve(ctx, n, clock, q)
}

// A chunk that fails while it has its turn gives it on to the next.
func TestAChunkThatFailsInItsTurnKeepsNoOtherWaiting(t *testing.T) {
	for name, how := range map[string]func() error{
		"an error": func() error { return errors.New("no answer") },
		"a panic":  func() error { panic("nil map") },
	} {
		synctest.Test(t, func(t *testing.T) {
			r, w := newRush(t, ledger.Quota{PerSecond: 10})
			w.Pace = &failing{rush: r, how: how}
			pool := deliver.NewPool(w, 3)
			var failed atomic.Int64
			var group sync.WaitGroup
			for n := range 3 {
				group.Go(func() {
					err := guard.Call(func() error {
						_, err := pool.Handle(t.Context(), chunk(fmt.Sprint("a", n), fmt.Sprint("b", n)))
						return err
					})
					if err != nil {
						failed.Add(1)
					}
				})
			}
			group.Wait()
			if failed.Load() != 1 || len(r.sent) != 4 {
				t.Errorf("%s: %d chunks failed and %d were sent, want one and 4", name, failed.Load(), len(r.sent))
			}
		})
	}
}

// Where one claim hangs for nearly the whole invocation, all chunks are kept for later before it ends.
func TestAClaimThatHangsCostsNobodyTheirMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, w := newRush(t, ledger.Quota{PerSecond: 1})
		var claims atomic.Int64
		w.Ledger = &meddling{Ledger: r.book, claiming: func() {
			if claims.Add(1) == 1 {
				time.Sleep(50 * time.Second)
			}
		}}
		pool := deliver.NewPool(w, 3)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var sent, parked atomic.Int64
		var group sync.WaitGroup
		for n := range 3 {
			group.Go(func() {
				got, err := pool.Handle(ctx, chunk(fmt.Sprint("a", n), fmt.Sprint("b", n)))
				if err != nil {
					t.Error(err)
				}
				sent.Add(int64(got.Sent))
				parked.Add(int64(got.Parked))
			})
		}
		group.Wait()
		if sent.Load()+parked.Load() != 6 || int(sent.Load()) != len(r.sent) || ctx.Err() != nil {
			t.Errorf("%d sent, %d parked, %v; want 6 together before the end", sent.Load(), parked.Load(), ctx.Err())
		}
	})
}

// ending is a Sender whose invocation is over while it sends.
type ending struct {
	deliver.Sender[string]
	end     func()
	outcome deliver.Outcome
}

func (e ending) Send(context.Context, deliver.Message[string]) (deliver.Outcome, error) {
	e.end()
	return e.outcome, errors.New("the end")
}

// What has happened is recorded, and who was not told is kept, also when the invocation is over.
func TestTheEndOfTheInvocationKeepsNothingFromBeingRecorded(t *testing.T) {
	for outcome, covered := range map[deliver.Outcome]bool{deliver.Refused: true, deliver.Lost: true, deliver.Throttled: false} {
		synctest.Test(t, func(t *testing.T) {
			r, w := newRush(t, ledger.Quota{})
			ctx, cancel := context.WithCancel(t.Context())
			w.ClockName, w.Sender = "worker", ending{end: cancel, outcome: outcome}
			got, err := w.Handle(ctx, chunk("ann"))
			claim, claimErr := r.book.Claim(t.Context(), subject, ledger.Target{Subscriber: "ann", Seq: 5}, "another")
			if claimErr != nil || (claim.Result == ledger.Covered) != covered || (claim.Result == ledger.Taken) == covered {
				t.Errorf("%s: another's claim is %s, %v", outcome, claim.Result, claimErr)
			}
			if !covered && err == nil && got.Parked != 1 {
				t.Errorf("%s: got %+v, want it parked, or an error", outcome, got)
			}
		})
	}
}

// Who waits for a slot that is still far away is kept for later as soon as sending has to stop.
func TestNobodyWaitsForASlotWhenSendingHasToStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, w := newRush(t, ledger.Quota{PerSecond: 1})
		w.ClockName, w.Sender = "worker", ending{end: func() {}, outcome: deliver.Throttled}
		began := time.Now()
		got, err := w.Handle(t.Context(), chunk("a", "b", "c", "d", "e"))
		if took := time.Since(began); err != nil || got.Parked != 5 || took > time.Second {
			t.Errorf("got %+v, %v after %v, want all parked at once", got, err, took)
		}
	})
}

// hanging is a Sender without an answer.
type hanging struct{}

func (hanging) Send(ctx context.Context, _ deliver.Message[string]) (deliver.Outcome, error) {
	<-ctx.Done()
	return deliver.Lost, ctx.Err()
}

func TestASendingWithoutAnAnswerEndsUnderItsClaim(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, w := newRush(t, ledger.Quota{})
		w.ClockName, w.Sender = "worker", hanging{}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		got, err := w.Handle(ctx, chunk("a"))
		if took := time.Since(began); err != nil || got.Lost != 1 || took > deliver.SendTimeout {
			t.Errorf("got %+v, %v after %v, want it lost after %v", got, err, took, deliver.SendTimeout)
		}
	})
}

// preparing is a Sender that has to read something at first, for which all wait.
type preparing struct {
	*rush
	read  chan struct{} // closed when it is
	first sync.Once
	fails deliver.Outcome
}

func (p *preparing) Prepare(context.Context, deliver.Message[string]) (deliver.Outcome, error) {
	p.first.Do(func() { go func() { time.Sleep(1500 * time.Millisecond); close(p.read) }() })
	<-p.read
	if p.fails != "" {
		return p.fails, errors.New("unread")
	}
	return "", nil
}

func (p *preparing) Send(ctx context.Context, m deliver.Message[string]) (deliver.Outcome, error) {
	if outcome, err := p.Prepare(ctx, m); err != nil {
		return outcome, err
	}
	return p.rush.Send(ctx, m)
}

func TestWhoWaitedForTheSameReadingIsNotSentAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const perSecond = 10
		r, w := newRush(t, ledger.Quota{PerSecond: perSecond})
		w.Sender = &preparing{rush: r, read: make(chan struct{})}
		pool := deliver.NewPool(w, 3)
		var group sync.WaitGroup
		for n := range 3 {
			group.Go(func() {
				c := chunk()
				for i := range deliver.ChunkSize {
					c.Subscribers = append(c.Subscribers, fmt.Sprint("s", n*deliver.ChunkSize+i))
				}
				if got, err := pool.Handle(t.Context(), c); err != nil || got.Sent != deliver.ChunkSize {
					t.Errorf("got %+v, %v", got, err)
				}
			})
		}
		group.Wait()
		keepsRate(t, r, perSecond)
	})
}

// What cannot be prepared has the consequence of a sending with that outcome, and none is begun.
func TestWhatCannotBePreparedIsNotSent(t *testing.T) {
	for outcome, want := range map[deliver.Outcome]deliver.Report{
		deliver.Throttled: {Parked: 2}, deliver.Stopped: {Parked: 2, Alarm: deliver.AccountStopped}, deliver.Refused: {Failed: 2},
	} {
		synctest.Test(t, func(t *testing.T) {
			r, w := newRush(t, ledger.Quota{PerSecond: 10})
			w.ClockName, w.Sender = "worker", &preparing{rush: r, read: make(chan struct{}), fails: outcome}
			if got, err := w.Handle(t.Context(), chunk("a", "b")); err != nil || got != want || len(r.starts) > 0 {
				t.Errorf("%s: got %+v, %v and %d sendings, want %+v and none", outcome, got, err, len(r.starts), want)
			}
		})
	}
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
