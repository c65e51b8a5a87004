package hooks_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"allclear/internal/ledger"
	"allclear/internal/status"
	"allclear/internal/webhook/sender"
)

// busy is a Poster for many at once, whose receivers take everything.
type busy struct {
	mu    sync.Mutex
	posts map[string][]string // bodies, by endpoint
}

func (b *busy) Send(_ context.Context, p sender.Post) sender.Result {
	b.mu.Lock()
	defer b.mu.Unlock()
	to := p.Endpoint.URL()
	b.posts[to] = append(b.posts[to], string(p.Body))
	return sender.Result{Outcome: sender.Delivered, Status: 200}
}

// The messages of a batch are handled at the same time: two events of an incident to each of many, every
// message twice. Each endpoint gets the newest event, once.
func TestMessagesOfABatchAreHandledAtTheSameTime(t *testing.T) {
	d := newDesk(t)
	poster := &busy{posts: map[string][]string{}}
	var ids atomic.Int64
	d.Poster, d.Pages, d.NewID = poster, d.pages, func() string { return fmt.Sprint("worker", ids.Add(1)) }
	incident, first := d.posts("", status.Investigating, "We look into it.")
	_, second := d.posts(incident, status.Resolved, "The cranes move again.")
	const many = 12
	var messages []string
	for n := range many {
		s := d.subscribes(fmt.Sprint("/hook/", n), func(s *status.Subscriber) {
			if n%3 == 0 {
				s.Mode = status.ModeMattermost
			}
		})
		for range 2 {
			messages = append(messages, chunk(incident, first, s.ID), chunk(incident, second, s.ID))
		}
	}
	var all sync.WaitGroup
	for _, m := range messages {
		all.Go(func() {
			if err := d.Each(t.Context(), m); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if len(poster.posts) != many {
		t.Errorf("got posts to %d endpoints, want %d", len(poster.posts), many)
	}
	for to, bodies := range poster.posts {
		if len(bodies) != 1 || !strings.Contains(bodies[0], "The cranes move again.") {
			t.Errorf("%s got %d messages, want one, of the newest event", to, len(bodies))
		}
	}
	d.counts(incident, ledger.Counts{Recipients: many, Sent: many, Delivered: many})
}
