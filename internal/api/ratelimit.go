package api

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"allclear/internal/status"
)

// limiter lets each key make a number of requests per minute: as many at once, then as fast as
// they come back. Only good keys get here, so there are no more entries than keys.
type limiter struct {
	perMinute int

	mu   sync.Mutex
	keys map[string]*rate.Limiter
}

func newLimiter(perMinute int) *limiter {
	return &limiter{perMinute: perMinute, keys: map[string]*rate.Limiter{}}
}

// take counts one request of a key, or refuses it. A nil limiter refuses nothing.
func (l *limiter) take(key string, now time.Time) error {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	bucket := l.keys[key]
	if bucket == nil {
		bucket = rate.NewLimiter(rate.Every(time.Minute/time.Duration(l.perMinute)), l.perMinute)
		l.keys[key] = bucket
	}
	reservation := bucket.ReserveN(now, 1)
	wait := reservation.DelayFrom(now)
	if wait == 0 {
		return nil
	}
	reservation.CancelAt(now)
	return &limited{
		refusal: &status.Error{Code: status.Limited, Message: "This API key has made too many requests; try again later"},
		wait:    wait,
	}
}
