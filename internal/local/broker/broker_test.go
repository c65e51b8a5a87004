package broker_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/local/broker"
	"allclear/internal/memory"
	"allclear/internal/queue"
	"allclear/internal/queue/queuetest"
	"allclear/internal/sqlite"
	"allclear/internal/table"
	"allclear/internal/topic"
	"allclear/internal/topic/topictest"
)

var (
	_ queue.Queue = (*broker.Queue)(nil)
	_ topic.Topic = (*broker.Topic)(nil)
)

// world is a broker with a clock that only the test moves.
type world struct {
	*broker.Broker
	now time.Time
}

var start = time.Date(2026, 3, 4, 5, 6, 7, 891e6, time.UTC)

// opener makes the table under a broker.
type opener func(t *testing.T, now func() time.Time) table.Table

func newWorld(t *testing.T, open opener) *world {
	t.Helper()
	w := &world{now: start}
	clock := func() time.Time { return w.now }
	w.Broker = broker.New(open(t, clock), broker.Options{Now: clock})
	return w
}

func inMemory(_ *testing.T, now func() time.Time) table.Table {
	return memory.New(memory.Options{Now: now}).Table("messages")
}

func inSQLite(t *testing.T, now func() time.Time) table.Table {
	t.Helper()
	return inFile(filepath.Join(t.TempDir(), "allclear.db"))(t, now)
}

func inFile(path string) opener {
	return func(t *testing.T, now func() time.Time) table.Table {
		t.Helper()
		db, err := sqlite.Open(path, sqlite.Options{Now: now})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		return db.Table("messages")
	}
}

func TestTheBrokerHasQueues(t *testing.T) {
	for name, open := range map[string]opener{"memory": inMemory, "sqlite": inSQLite} {
		t.Run(name, func(t *testing.T) {
			queuetest.Run(t, func(t *testing.T) queuetest.Harness {
				w := newWorld(t, open)
				q := w.Queue("Queue")
				return queuetest.Harness{
					Queue: q,
					Receive: func(t *testing.T) []string {
						bodies, _ := receive(t, q, rules)
						return bodies
					},
					Delayed: func(t *testing.T) map[string]time.Duration {
						before := w.now
						defer func() { w.now = before }()
						delays := map[string]time.Duration{}
						for d := time.Duration(0); d <= queue.MaxDelay; d += time.Minute {
							w.now = before.Add(d)
							bodies, _ := receive(t, q, broker.Rules{Visibility: 24 * time.Hour})
							for _, body := range bodies {
								delays[body] = d
							}
						}
						return delays
					},
				}
			})
		})
	}
}

func TestTheBrokerHasTopics(t *testing.T) {
	for name, open := range map[string]opener{"memory": inMemory, "sqlite": inSQLite} {
		t.Run(name, func(t *testing.T) {
			topictest.Run(t, func(t *testing.T) topictest.Harness {
				news := newWorld(t, open).Topic("Topic")
				return topictest.Harness{Topic: news, Receive: func(t *testing.T) []topic.Message {
					received, _, err := news.Pending().Receive(t.Context(), broker.MaxReceive, rules)
					if err != nil {
						t.Fatal(err)
					}
					var messages []topic.Message
					for _, m := range received {
						messages = append(messages, topic.Message{Body: m.Body, Attributes: m.Attributes})
					}
					return messages
				}}
			})
		})
	}
}

var rules = broker.Rules{Visibility: time.Hour} // never changed

// receive gives the bodies of what is received and of what is dead.
func receive(t *testing.T, q *broker.Queue, rules broker.Rules) (received, dead []string) {
	t.Helper()
	messages, gone, err := q.Receive(t.Context(), broker.MaxReceive, rules)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range messages {
		received = append(received, m.Body)
	}
	for _, m := range gone {
		dead = append(dead, m.Body)
	}
	return received, dead
}

func send(t *testing.T, q *broker.Queue, bodies ...string) {
	t.Helper()
	for _, body := range bodies {
		if err := q.Send(t.Context(), queue.Message{Body: body}); err != nil {
			t.Fatal(err)
		}
	}
}

func expect(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestMessagesOfOneMomentKeepTheirOrder(t *testing.T) {
	q := newWorld(t, inMemory).Queue("Q")
	send(t, q, "c", "a", "d", "b")
	got, _ := receive(t, q, rules)
	expect(t, "received", got, "c", "a", "d", "b")
}

func TestAReceivedMessageIsOutOfSightUntilItsTimeIsUp(t *testing.T) {
	w := newWorld(t, inMemory)
	q := w.Queue("Q")
	send(t, q, "a")
	for receives := 1; receives <= 3; receives++ {
		messages, _, err := q.Receive(t.Context(), 1, rules)
		if err != nil || len(messages) != 1 {
			t.Fatalf("got %d messages and %v, want one", len(messages), err)
		}
		m := messages[0]
		if m.Receives != receives || !m.FirstReceived.Equal(start.Truncate(time.Millisecond)) || !m.Sent.Equal(start.Truncate(time.Millisecond)) {
			t.Errorf("got receipt %d, first at %s, sent at %s, want %d, %s twice", m.Receives, m.FirstReceived, m.Sent, receives, start)
		}
		w.now = w.now.Add(time.Hour - time.Millisecond)
		got, _ := receive(t, q, rules)
		expect(t, "a millisecond early", got)
		if due, ok, err := q.Next(t.Context()); err != nil || !ok || !due.Equal(w.now.Add(time.Millisecond)) {
			t.Errorf("got next at %s, %t, %v, want in a millisecond", due, ok, err)
		}
		w.now = w.now.Add(time.Millisecond)
	}
}

func TestOnlyTheNewestReceiptDeletes(t *testing.T) {
	w := newWorld(t, inMemory)
	q := w.Queue("Q")
	send(t, q, "a")
	old, _, err := q.Receive(t.Context(), 1, rules)
	if err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(time.Hour)
	newest, _, err := q.Receive(t.Context(), 1, rules)
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Delete(t.Context(), old[0].Handle); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := q.Next(t.Context()); !ok || err != nil {
		t.Fatalf("got none left and %v after the old receipt's delete, want one", err)
	}
	for range 2 {
		if err := q.Delete(t.Context(), newest[0].Handle); err != nil {
			t.Fatal(err)
		}
	}
	if _, ok, err := q.Next(t.Context()); ok || err != nil {
		t.Errorf("got one left and %v, want none", err)
	}
}

func TestAMessageReceivedTooOftenGoesToTheDeadLetterQueueAndCanBeSentBack(t *testing.T) {
	w := newWorld(t, inMemory)
	q, dead := w.Queue("Q"), w.Queue("Dead")
	bounded := broker.Rules{Visibility: time.Minute, MaxReceives: 2, DeadLetter: "Dead"}
	send(t, q, "bad")
	for range 2 {
		got, gone := receive(t, q, bounded)
		expect(t, "received", got, "bad")
		expect(t, "given up", gone)
		w.now = w.now.Add(time.Minute)
	}
	send(t, q, "good")
	changed := dead.Changed()
	got, gone := receive(t, q, bounded)
	expect(t, "received", got, "good")
	expect(t, "given up", gone, "bad")
	select {
	case <-changed:
	default:
		t.Error("nobody who waits for dead letters was woken")
	}
	messages, _, err := dead.Receive(t.Context(), 10, rules)
	if err != nil || len(messages) != 1 || messages[0].Source != "Q" || messages[0].Receives != 1 || !messages[0].Sent.Equal(start.Truncate(time.Millisecond)) {
		t.Errorf("got dead letters %+v and %v, want one from Q with its time of sending", messages, err)
	}
	send(t, dead, "sent here by hand")
	if n, err := dead.Redrive(t.Context()); n != 1 || err != nil {
		t.Errorf("got %d redriven and %v, want 1", n, err)
	}
	got, _ = receive(t, q, bounded)
	expect(t, "received after redriving", got, "bad")
	got, _ = receive(t, dead, rules)
	expect(t, "left in the dead-letter queue", got, "sent here by hand")
}

func TestReleasePutsBackWhatWasReceivedButNotWhatIsDelayed(t *testing.T) {
	w := newWorld(t, inMemory)
	q := w.Queue("Q")
	send(t, q, "a", "b")
	if err := q.Send(t.Context(), queue.Message{Body: "later", Delay: time.Minute}); err != nil {
		t.Fatal(err)
	}
	if got, _ := receive(t, q, rules); len(got) != 2 {
		t.Fatalf("got %q, want two messages", got)
	}
	w.now = w.now.Add(time.Second)
	if err := q.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	messages, _, err := q.Receive(t.Context(), 10, rules)
	if err != nil || len(messages) != 2 || messages[0].Receives != 2 {
		t.Errorf("got %+v and %v, want both for the second time", messages, err)
	}
}

func TestAMessageOutlivesTheProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "allclear.db")
	t.Run("before", func(t *testing.T) { // closes the file at its end
		w := newWorld(t, inFile(path))
		send(t, w.Queue("Q"), "queued")
		if err := w.Topic("T").Publish(t.Context(), topic.Message{Body: "published", Attributes: map[string]topic.Attribute{"a": topic.List("x")}}); err != nil {
			t.Fatal(err)
		}
	})
	w := newWorld(t, inFile(path))
	got, _ := receive(t, w.Queue("Q"), rules)
	expect(t, "queue", got, "queued")
	messages, _, err := w.Topic("T").Pending().Receive(t.Context(), 10, rules)
	if err != nil || len(messages) != 1 || !messages[0].Attributes["a"].Equal(topic.List("x")) {
		t.Errorf("got %+v and %v, want the published one with its list", messages, err)
	}
}

func TestAForwardedMessageReachesEachSubscriptionOnce(t *testing.T) {
	w := newWorld(t, inMemory)
	news := w.Topic("T")
	if err := news.Publish(t.Context(), topic.Message{Body: "a"}); err != nil {
		t.Fatal(err)
	}
	messages, _, err := news.Pending().Receive(t.Context(), 1, rules)
	if err != nil || len(messages) != 1 {
		t.Fatalf("got %d messages and %v, want one", len(messages), err)
	}
	for range 2 { // as if the first answer had been lost
		w.now = w.now.Add(time.Second)
		if err := news.Forward(t.Context(), messages[0], []string{"dispatch", "watch"}); err != nil {
			t.Fatal(err)
		}
	}
	for _, function := range []string{"dispatch", "watch"} {
		got, _ := receive(t, news.Subscription(function), rules)
		expect(t, function, got, "a")
		got, _ = receive(t, news.Subscription(function), rules)
		expect(t, function+" again", got)
	}
	w.now = w.now.Add(2 * time.Hour)
	got, _ := receive(t, news.Pending(), rules)
	expect(t, "still pending", got)
}

func TestATopicListsTheLastDay(t *testing.T) {
	w := newWorld(t, inMemory)
	news := w.Topic("T")
	if newest, err := news.Newest(t.Context()); newest != "" || err != nil {
		t.Errorf("got newest %q and %v of an empty topic, want none", newest, err)
	}
	for i := range 5 {
		if err := news.Publish(t.Context(), topic.Message{Body: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	after := ""
	for {
		page, err := news.Since(t.Context(), after, 2)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, m := range page {
			got = append(got, m.Body)
			after = m.Handle
		}
	}
	expect(t, "listed", got, "0", "1", "2", "3", "4")
	if newest, err := news.Newest(t.Context()); newest != after || err != nil {
		t.Errorf("got newest %q and %v, want %q", newest, err, after)
	}
	w.now = w.now.Add(25 * time.Hour)
	if err := news.Publish(t.Context(), topic.Message{Body: "new"}); err != nil {
		t.Fatal(err)
	}
	page, err := news.Since(t.Context(), after, 10)
	if err != nil || len(page) != 1 || page[0].Body != "new" {
		t.Errorf("got %+v and %v, want the new one alone", page, err)
	}
}

func TestWhatIsPublishedUnlistedIsForwardedAsEverythingAndNotListed(t *testing.T) {
	w := newWorld(t, inMemory)
	news := w.Topic("T")
	changed := news.Pending().Changed()
	if err := news.Unlisted().Publish(t.Context(), topic.Message{Body: "x"}); err != nil {
		t.Fatal(err)
	}
	select {
	case <-changed:
	default:
		t.Error("who waits for messages to forward was not woken")
	}
	if got, _, err := news.Pending().Receive(t.Context(), 10, rules); err != nil || len(got) != 1 || got[0].Body != "x" {
		t.Errorf("got %+v and %v to forward, want the message", got, err)
	}
	if listed, err := news.Since(t.Context(), "", 10); err != nil || len(listed) != 0 {
		t.Errorf("got %+v and %v listed, want none", listed, err)
	}
}

func TestAFileOutOfReachIsAnErrorThatNamesTheQueue(t *testing.T) {
	broken := errors.New("disk full")
	w := newWorld(t, func(*testing.T, func() time.Time) table.Table {
		return memory.New(memory.Options{Fault: func(context.Context, memory.Call) error { return broken }}).Table("messages")
	})
	q := w.Queue("MailQueue")
	_, _, receiving := q.Receive(t.Context(), 1, rules)
	_, _, looking := q.Next(t.Context())
	for what, err := range map[string]error{
		"send":    q.Send(t.Context(), queue.Message{Body: "secret"}),
		"receive": receiving, "look": looking, "delete": q.Delete(t.Context(), "x"), "release": q.Release(t.Context()),
		"publish": w.Topic("MailQueue").Publish(t.Context(), topic.Message{Body: "secret"}),
	} {
		if !errors.Is(err, broken) || !strings.Contains(err.Error(), "MailQueue") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v, want the cause, the name and no body", what, err)
		}
	}
}
