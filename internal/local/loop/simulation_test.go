package loop_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"allclear/internal/local/loop"
	"allclear/internal/table"
)

// chaos is a function, a log and a destination in which everything fails now and then. Some
// records are poison: no attempt ever processes them.
type chaos struct {
	table.Log
	mu        sync.Mutex
	draw      func(most int) int // 0 to most
	calm      bool
	poison    []int
	processed []int
	discarded []int
	wrong     []string
}

func (c *chaos) unlucky(oneIn int) bool { return !c.calm && c.draw(oneIn-1) == 0 }

// function processes records in order and fails in every way that a function can.
func (c *chaos) function(ctx context.Context, payload []byte) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, text := range numbersOf(payload) {
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, err
		}
		if slices.Contains(c.poison, n) || c.unlucky(12) {
			switch c.draw(3) {
			case 0:
				return nil, errors.New("cannot")
			case 1:
				panic("out of bounds")
			case 2:
				return []byte(`{"batchItemFailures":[{"itemIdentifier":"nobody"}]}`), nil
			default:
				return fmt.Appendf(nil, `{"batchItemFailures":[{"itemIdentifier":"%d"}]}`, 2*n), nil
			}
		}
		// Everything in front is processed or given up on: order holds, also over retries.
		for before := 1; before < n; before++ {
			if !slices.Contains(c.processed, before) && !slices.Contains(c.discarded, before) {
				c.wrong = append(c.wrong, fmt.Sprintf("%d at place %d before %d", n, i, before))
			}
		}
		c.processed = append(c.processed, n)
	}
	return nil, nil
}

func (c *chaos) Put(_ context.Context, _ string, f loop.Failure) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.unlucky(8) {
		return errors.New("disk full")
	}
	first, err := strconv.Atoi(number(f.Stream.StartSequenceNumber))
	if err != nil {
		return err
	}
	for n := first; strconv.Itoa(n) <= number(f.Stream.EndSequenceNumber) && n < first+f.Stream.BatchSize; n++ {
		c.discarded = append(c.discarded, n)
	}
	return nil
}

func (c *chaos) Records(ctx context.Context, after int64, limit int) ([]table.Record, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.unlucky(8) {
		return nil, errors.New("busy")
	}
	return c.Log.Records(ctx, after, limit)
}

func (c *chaos) Acknowledge(ctx context.Context, reader string, sequence int64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.unlucky(8) {
		return errors.New("busy")
	}
	return c.Log.Acknowledge(ctx, reader, sequence)
}

// dice gives numbers from 0 to most. It is cheap, because it is asked hundreds of times.
func dice(seed uint64) func(most int) int {
	return func(most int) int {
		seed = seed*6364136223846793005 + 1442695040888963407
		return int(seed>>33) % (most + 1)
	}
}

// Whatever fails, every record that is not poison is processed, every poisonous one is given up on,
// each only after all those in front of it, and after a drain nothing is left over.
func TestNothingIsLostInChaos(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		faults, plan := dice(rapid.Uint64().Draw(rt, "faults")), dice(rapid.Uint64().Draw(rt, "plan"))
		batchSize := rapid.IntRange(1, 12).Draw(rt, "batch size")
		steps := rapid.SliceOfN(rapid.SampledFrom([]string{"commit", "commit", "crash", "wait"}), 1, 12).Draw(rt, "steps")
		poisoned := rapid.SliceOfN(rapid.IntRange(1, 40), 0, 3).Draw(rt, "poison")
		bubble(t, func(t *testing.T) {
			s := mapping()
			// With so many attempts only poison is ever given up on.
			s.BatchSize, s.MaximumRetryAttempts, s.MaximumRecordAge = batchSize, 40, 0
			l := newLaptop(t, wired(s))
			c := &chaos{Log: l.log, draw: faults, poison: poisoned}
			l.log, l.options.Failures = c, c
			functions := map[string]loop.Function{"publish": c.function}
			l.start(functions)
			for _, step := range steps {
				switch step {
				case "commit":
					l.commit(1 + plan(7))
				case "crash":
					l.crash()
					l.start(functions)
				default:
					pass(time.Duration(plan(5000)) * time.Millisecond)
				}
			}
			c.mu.Lock()
			c.calm = true
			c.mu.Unlock()
			l.drain()
			for n := 1; n <= l.next; n++ {
				bad := slices.Contains(poisoned, n)
				if slices.Contains(c.processed, n) == bad || slices.Contains(c.discarded, n) != bad {
					rt.Errorf("record %d: poison %v, processed %v, given up on %v", n, bad, slices.Contains(c.processed, n), slices.Contains(c.discarded, n))
				}
			}
			if len(c.wrong) > 0 {
				rt.Errorf("got out of order: %v", c.wrong)
			}
			if position, latest := l.position(); position != latest {
				rt.Errorf("got position %d, want %d", position, latest)
			}
		})
	})
}
