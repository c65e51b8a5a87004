package tabletest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"allclear/internal/table"
)

const (
	writers = 8
	rounds  = 15
)

func testConcurrency(t *testing.T, open func(t *testing.T) Harness) {
	cases(t, open, map[string]func(b *bed){
		"counters lose nothing": func(b *bed) {
			b.together(func(ctx context.Context, i int) error {
				for range rounds {
					if err := b.insist(ctx, table.Add(b.key("count"), "n", 1), table.Add(b.key(number(i)), "n", 1)); err != nil {
						return err
					}
				}
				return nil
			})
			b.holds("count", table.Attributes{"n": int64(writers * rounds)})
			b.holds(number(0), table.Attributes{"n": int64(rounds)})
		},
		"of writers that saw the same version one goes through": func(b *bed) {
			b.write(table.Put(b.item("page", table.Attributes{"seq": int64(0)})))
			b.together(func(ctx context.Context, i int) error {
				for done := 0; done < rounds; {
					items, err := b.Table.Get(ctx, b.key("page"))
					if err != nil {
						return err
					}
					seq := items[0].Attributes["seq"].(int64)
					err = b.insist(ctx,
						table.Put(b.item("page", table.Attributes{"seq": seq + 1}), table.Equals("seq", seq)),
						table.Put(b.item(fmt.Sprintf("event#%06d", seq+1), table.Attributes{"by": int64(i)}), table.Absent()))
					var condition *table.ConditionError
					switch {
					case err == nil:
						done++
					case !errors.As(err, &condition) || condition.Index != 0:
						return err
					}
				}
				return nil
			})
			b.holds("page", table.Attributes{"seq": int64(writers * rounds)})
			var want []string
			for i := range writers * rounds {
				want = append(want, fmt.Sprintf("event#%06d", i+1))
			}
			b.pages(table.Prefix(b.partition, "event#"), want)
		},
		"of those who claim one item one succeeds": func(b *bed) {
			var mu sync.Mutex
			won := map[string]int{}
			b.together(func(ctx context.Context, i int) error {
				for r := range rounds {
					err := b.insist(ctx, table.Put(b.item(number(r), table.Attributes{"by": int64(i)}), table.Absent()))
					if err == nil {
						mu.Lock()
						won[number(r)]++
						mu.Unlock()
					} else if condition := (*table.ConditionError)(nil); !errors.As(err, &condition) {
						return err
					}
				}
				return nil
			})
			for r := range rounds {
				if n := won[number(r)]; n != 1 {
					b.t.Errorf("claim %d: %d writers succeeded, want 1", r, n)
				}
			}
		},
		"the log tells of concurrent transactions one after the other": func(b *bed) {
			if b.Log == nil {
				b.t.Skip("no log")
			}
			log := newTail(b)
			b.together(func(ctx context.Context, i int) error {
				for range rounds {
					// The third action makes some fail in the company of others.
					err := b.insist(ctx, table.Add(b.key("x"), "n", 1), table.Add(b.key("y"), "n", 1),
						table.Check(b.key("none"), table.BelowOrAbsent("n", 0)))
					if err != nil {
						return err
					}
					err = b.Table.Write(ctx, table.Add(b.key("x"), "n", 1), table.Check(b.key("none"), table.Present()))
					if condition := (*table.ConditionError)(nil); !errors.As(err, &condition) {
						return fmt.Errorf("got error %w, want a ConditionError", err)
					}
				}
				return nil
			})
			records := log.read(10 * writers * rounds)
			if len(records) != 2*writers*rounds {
				b.t.Fatalf("got %d records, want %d", len(records), 2*writers*rounds)
			}
			for i, r := range records {
				key, want := b.key("x"), int64(i/2+1)
				if i%2 == 1 {
					key = b.key("y")
				}
				if r.Key != key || r.New.Attributes["n"] != want {
					b.t.Errorf("record %d: got %s = %v, want %s = %d", i, r.Key, r.New.Attributes["n"], key, want)
				}
			}
		},
		"the records of a transaction become visible together": func(b *bed) {
			if b.Log == nil {
				b.t.Skip("no log")
			}
			start := newTail(b).after
			done := make(chan struct{})
			var wg sync.WaitGroup
			wg.Go(func() {
				defer close(done)
				for range 5 * rounds {
					if err := b.insist(b.t.Context(), table.Add(b.key("x"), "n", 1), table.Add(b.key("y"), "n", 1), table.Add(b.key("z"), "n", 1)); err != nil {
						b.t.Error(err)
					}
				}
			})
			for running := true; running; {
				select {
				case <-done:
					running = false
				default:
				}
				records, err := b.Log.Records(b.t.Context(), start, 1000)
				if err != nil || len(records)%3 != 0 {
					b.t.Errorf("got %d records, %v, want whole transactions of 3", len(records), err)
					break
				}
			}
			wg.Wait()
		},
	})
}

// together runs writers at once and fails the test with their errors.
func (b *bed) together(write func(ctx context.Context, i int) error) {
	b.t.Helper()
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			if err := write(b.t.Context(), i); err != nil {
				b.t.Errorf("writer %d: %v", i, err)
			}
		})
	}
	wg.Wait()
}

// insist writes again while another transaction is in the way.
func (b *bed) insist(ctx context.Context, actions ...table.Action) error {
	for {
		if err := b.Table.Write(ctx, actions...); !errors.Is(err, table.ErrContention) {
			return err
		}
	}
}
