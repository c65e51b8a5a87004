package deliver_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"allclear/internal/deliver"
)

func TestTheWallClockSleepsUntilATimeAndNoLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, start := deliver.WallClock{}, time.Now()
		for _, wait := range []time.Duration{-time.Hour, 0, time.Second, time.Hour} {
			began := c.Now()
			if err := c.Sleep(t.Context(), began.Add(wait)); err != nil {
				t.Errorf("for %v: got %v", wait, err)
			}
			if got, want := c.Now().Sub(began), max(wait, 0); got != want {
				t.Errorf("got %v asleep, want %v", got, want)
			}
		}
		if got, want := time.Since(start), time.Hour+time.Second; got != want {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

func TestTheWallClockWakesWhenTheContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, began := deliver.WallClock{}, time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for _, says := range []string{"asleep", "ended before"} {
			if err := c.Sleep(ctx, began.Add(time.Hour)); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: got %v, want the context's error", says, err)
			}
		}
		if err := c.Sleep(ctx, began); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("nothing to wait for: got %v, want the context's error", err)
		}
		if got := time.Since(began); got != time.Minute {
			t.Errorf("got %v, want a minute", got)
		}
	})
}
