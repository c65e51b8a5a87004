package hooks_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"allclear/internal/hooks"
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

// stuck is a Poster whose receiver answers when it is told to.
type stuck struct {
	asked  chan string
	answer chan sender.Result
}

func (s stuck) Send(_ context.Context, p sender.Post) sender.Result {
	s.asked <- string(p.Body)
	return <-s.answer
}

// telling tells when an endpoint is noted to be slow.
type telling struct {
	hooks.Ledger
	slow chan time.Time
}

func (l telling) Busy(ctx context.Context, subscriber string, until time.Time) error {
	err := l.Ledger.Busy(ctx, subscriber, until)
	l.slow <- until
	return err
}

// An endpoint that hangs holds up one message and not one of each incident: the others would be in the
// way of all endpoints.
func TestAnEndpointThatHangsHasOneMessageAtATime(t *testing.T) {
	d := newDesk(t)
	poster, book := stuck{make(chan string, 1), make(chan sender.Result, 1)}, telling{d.book, make(chan time.Time, 1)}
	d.Poster, d.Worker.Ledger, d.SlowAfter = poster, book, 1
	s := d.subscribes("/hook")
	first, seq := d.posts("", status.Investigating, "The cranes stand still.")
	done := make(chan error)
	go func() { done <- d.Each(t.Context(), chunk(first, seq, s.ID)) }()
	<-poster.asked
	until := <-book.slow
	if want := d.now.Add(hooks.PostTimeout); !until.Equal(want) {
		t.Errorf("slow until %v, want the end of the post, %v", until, want)
	}

	second, seq := d.posts("", status.Investigating, "The gates are shut.")
	d.handles(chunk(second, seq, s.ID)) // would hang if it were posted
	poster.answer <- sender.Result{Outcome: sender.Delivered, Status: 200}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	d.counts(first, ledger.Counts{Recipients: 1, Sent: 1, Delivered: 1})
	if f, err := d.book.Failing(t.Context(), s.ID); err != nil || f != (ledger.Failing{}) {
		t.Errorf("got %+v, %v, want that nothing is held against it", f, err)
	}

	poster.answer <- sender.Result{Outcome: sender.Delivered, Status: 200}
	d.SlowAfter = time.Hour
	d.now = until
	if n := d.requeue(); n != 1 {
		t.Fatalf("got %d messages that waited, want 1", n)
	}
	if body := <-poster.asked; !strings.Contains(body, "The gates are shut.") {
		t.Errorf("got %s", body)
	}
	d.counts(second, ledger.Counts{Recipients: 1, Sent: 1, Delivered: 1})
}
