package replay

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// begin is when the page was made.
var begin = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// clock is the time of a world. It goes on only where somebody lets it, and may be used by many.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now is the time.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// tick is a look at the clock that takes a second, so that what is written has an order.
func (c *clock) tick() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Second)
	return c.now
}

// Sleep lets the time come at once.
func (c *clock) Sleep(ctx context.Context, until time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if until.After(c.now) {
		c.now = until
	}
	return ctx.Err()
}

// counter makes names: the first is prefix and 1.
type counter struct {
	mu     sync.Mutex
	prefix string
	n      int
}

func (c *counter) next() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	return fmt.Sprintf("%s%06d", c.prefix, c.n)
}
