package loop_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"allclear/internal/local/broker"
	"allclear/internal/local/loop"
	"allclear/internal/queue"
	"allclear/internal/wiring"
)

// mailQueue is an event source mapping of a queue with the usual settings: visible again after a minute,
// given up after three receipts.
func mailQueue(change func(*wiring.Queue)) wiring.Wiring {
	q := wiring.Queue{Queue: "MailQueue", BatchSize: 10, MaximumConcurrency: 2, ReportBatchItemFailures: true}
	if change != nil {
		change(&q)
	}
	return wiring.Wiring{
		Functions: []wiring.Function{{Name: "mail", Timeout: 10 * time.Second, Sources: []wiring.Source{{Queue: &q}}}},
		Resources: map[string]wiring.Resource{
			"MailQueue": {Type: "AWS::SQS::Queue", VisibilityTimeout: time.Minute, MaxReceiveCount: 3, DeadLetter: "MailDead"},
			"MailDead":  {Type: "AWS::SQS::Queue", VisibilityTimeout: 30 * time.Second},
		},
	}
}

// newOffice is a laptop with a broker.
func newOffice(t *testing.T, w wiring.Wiring) *laptop {
	l := newLaptop(t, w)
	l.options.Broker = broker.New(l.db.Table("messages"), broker.Options{})
	return l
}

func (l *laptop) enqueue(name string, bodies ...string) {
	l.t.Helper()
	for _, body := range bodies {
		if err := l.options.Broker.Queue(name).Send(l.t.Context(), queue.Message{Body: body}); err != nil {
			l.t.Fatal(err)
		}
	}
}

// left are the bodies in a queue that are in sight.
func (l *laptop) left(name string) []string {
	l.t.Helper()
	messages, _, err := l.options.Broker.Queue(name).Receive(context.Background(), 10, broker.Rules{Visibility: time.Millisecond})
	if err != nil {
		l.t.Fatal(err)
	}
	var bodies []string
	for _, m := range messages {
		bodies = append(bodies, m.Body)
	}
	return bodies
}

// worker notes the batches that it gets, as bodies with their receive counts, and answers as told.
type worker struct {
	mu     sync.Mutex
	seen   []string
	at     []time.Time
	last   events.SQSEvent
	raw    []byte                                               // the last payload
	answer func(e events.SQSEvent) (failed []string, err error) // ids
}

func (w *worker) functions() map[string]loop.Function {
	return map[string]loop.Function{"mail": w.function}
}

func (w *worker) function(_ context.Context, payload []byte) ([]byte, error) {
	var e events.SQSEvent
	if err := json.Unmarshal(payload, &e); err != nil {
		return nil, err
	}
	var batch []string
	for _, m := range e.Records {
		batch = append(batch, m.Body+"/"+m.Attributes["ApproximateReceiveCount"])
	}
	w.mu.Lock()
	w.seen, w.at, w.last, w.raw = append(w.seen, strings.Join(batch, " ")), append(w.at, time.Now()), e, payload
	w.mu.Unlock()
	var response events.SQSEventResponse
	if w.answer != nil {
		failed, err := w.answer(e)
		if err != nil {
			return nil, err
		}
		for _, id := range failed {
			response.BatchItemFailures = append(response.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: id})
		}
	}
	return json.Marshal(response)
}

func (w *worker) all() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.seen)
}

// reporting reports the messages with these bodies as failed.
func reporting(bodies ...string) func(events.SQSEvent) ([]string, error) {
	return func(e events.SQSEvent) (failed []string, err error) {
		for _, m := range e.Records {
			if slices.Contains(bodies, m.Body) {
				failed = append(failed, m.MessageId)
			}
		}
		return failed, nil
	}
}

func TestMessagesComeAtOnceAndInTheShapeOfSQS(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newOffice(t, mailQueue(nil))
		var w worker
		l.start(w.functions())
		pass(time.Hour)
		sent := time.Now()
		l.enqueue("MailQueue", "<a>")
		synctest.Wait()
		if len(w.at) != 1 || !w.at[0].Equal(sent) {
			t.Fatalf("got calls at %v, want one at %v", w.at, sent)
		}
		got := w.last.Records[0]
		if got.MessageId == "" || got.ReceiptHandle == "" {
			t.Errorf("got id %q and handle %q, want both", got.MessageId, got.ReceiptHandle)
		}
		got.MessageId, got.ReceiptHandle = "", ""
		at := fmt.Sprint(sent.UnixMilli())
		want := events.SQSMessage{
			Body: "<a>", Md5OfBody: "e2fc207215939b25e8dd4c6f9db3cc38", EventSource: "aws:sqs", AWSRegion: "local",
			EventSourceARN: "arn:aws:sqs:local:000000000000:MailQueue", MessageAttributes: map[string]events.SQSMessageAttribute{},
			Attributes: map[string]string{
				"ApproximateReceiveCount": "1", "SentTimestamp": at, "ApproximateFirstReceiveTimestamp": at, "SenderId": "000000000000",
			},
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("message (-want +got):\n%s", d)
		}
		sameShape(t, "sqs/mail-chunk.json", w.raw)
		l.drain()
		pass(2 * time.Minute)
		if left := l.left("MailQueue"); left != nil {
			t.Errorf("got %q left, want nothing", left)
		}
	})
}

func TestAReportedMessageComesAgainAloneAfterItsVisibilityTimeout(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newOffice(t, mailQueue(nil))
		l.enqueue("MailQueue", "a", "b", "c")
		w := worker{answer: reporting("b")}
		l.start(w.functions())
		pass(61 * time.Second)
		l.crash()
		if d := cmp.Diff([]string{"a/1 b/1 c/1", "b/2"}, w.all()); d != "" {
			t.Errorf("batches (-want +got):\n%s", d)
		}
		if got := w.at[1].Sub(w.at[0]); got != time.Minute {
			t.Errorf("got a second attempt after %s, want a minute", got)
		}
	})
}

func TestEveryFailureOfAFunctionBringsTheWholeBatchAgain(t *testing.T) {
	for name, answer := range map[string]func(events.SQSEvent) ([]string, error){
		"an error":      func(events.SQSEvent) ([]string, error) { return nil, errors.New("cannot") },
		"a panic":       func(events.SQSEvent) ([]string, error) { panic("out of bounds") },
		"a time-out":    func(events.SQSEvent) ([]string, error) { time.Sleep(11 * time.Second); return nil, nil },
		"a strange id":  func(events.SQSEvent) ([]string, error) { return []string{"nobody"}, nil },
		"an empty id":   func(events.SQSEvent) ([]string, error) { return []string{""}, nil },
		"every message": reporting("a", "b"),
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				l := newOffice(t, mailQueue(nil))
				l.enqueue("MailQueue", "a", "b")
				w := worker{answer: answer}
				l.start(w.functions())
				pass(75 * time.Second) // also the second run is over
				l.crash()
				if d := cmp.Diff([]string{"a/1 b/1", "a/2 b/2"}, w.all()); d != "" {
					t.Errorf("batches (-want +got):\n%s", d)
				}
			})
		})
	}
}

func TestAMessageThatFailsTooOftenGoesToTheDeadLetterQueue(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newOffice(t, mailQueue(nil))
		l.enqueue("MailQueue", "bad", "good")
		w := worker{answer: reporting("bad")}
		l.start(w.functions())
		pass(10 * time.Minute)
		l.drain()
		if d := cmp.Diff([]string{"bad/1 good/1", "bad/2", "bad/3"}, w.all()); d != "" {
			t.Errorf("batches (-want +got):\n%s", d)
		}
		if d := cmp.Diff([]string{"bad"}, l.left("MailDead")); d != "" {
			t.Errorf("dead letters (-want +got):\n%s", d)
		}
		if left := l.left("MailQueue"); left != nil {
			t.Errorf("got %q left, want nothing", left)
		}
	})
}

func TestWithoutReportsAnAnswerDeletesTheBatch(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newOffice(t, mailQueue(func(q *wiring.Queue) { q.ReportBatchItemFailures = false }))
		l.enqueue("MailQueue", "a")
		w := worker{answer: reporting("a")}
		l.start(w.functions())
		pass(10 * time.Minute)
		l.drain()
		if d := cmp.Diff([]string{"a/1"}, w.all()); d != "" {
			t.Errorf("batches (-want +got):\n%s", d)
		}
	})
}

func TestABatchIsNeverLargerThanItsSize(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newOffice(t, mailQueue(func(q *wiring.Queue) { q.BatchSize, q.MaximumConcurrency = 2, 1 }))
		l.enqueue("MailQueue", "a", "b", "c", "d", "e")
		w := worker{answer: func(events.SQSEvent) ([]string, error) { time.Sleep(time.Second); return nil, nil }}
		l.start(w.functions())
		pass(time.Minute)
		l.drain()
		if d := cmp.Diff([]string{"a/1 b/1", "c/1 d/1", "e/1"}, w.all()); d != "" {
			t.Errorf("batches (-want +got):\n%s", d)
		}
	})
}

func TestABatchingWindowWaitsForMoreAndEndsAtItsSize(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newOffice(t, mailQueue(func(q *wiring.Queue) { q.BatchSize, q.BatchWindow = 25, 5*time.Second }))
		var w worker
		l.start(w.functions())
		pass(time.Minute)
		began := time.Now()
		l.enqueue("MailQueue", "a")
		pass(3 * time.Second)
		l.enqueue("MailQueue", "b")
		pass(3 * time.Second)
		if d := cmp.Diff([]string{"a/1 b/1"}, w.all()); d != "" {
			t.Fatalf("batches (-want +got):\n%s", d)
		}
		if got := w.at[0].Sub(began); got != 5*time.Second {
			t.Errorf("got the batch after %s, want 5s", got)
		}
		var many []string
		for i := range 26 {
			many = append(many, fmt.Sprint(i))
		}
		began = time.Now()
		l.enqueue("MailQueue", many...)
		synctest.Wait()
		if got := len(w.last.Records); got != 25 || !w.at[1].Equal(began) {
			t.Errorf("got a batch of %d after %s, want 25 at once", got, w.at[1].Sub(began))
		}
		l.drain()
	})
}

func TestNoMoreInvocationsGoOnAtATimeThanTheWiringAllows(t *testing.T) {
	for bound, want := range map[int]int{2: 2, 3: 3, 0: 5} {
		bubble(t, func(t *testing.T) {
			l := newOffice(t, mailQueue(func(q *wiring.Queue) { q.BatchSize, q.MaximumConcurrency = 1, bound }))
			for i := range 20 {
				l.enqueue("MailQueue", fmt.Sprint(i))
			}
			var mu sync.Mutex
			running, most, runs := 0, 0, 0
			l.start(map[string]loop.Function{"mail": func(context.Context, []byte) ([]byte, error) {
				mu.Lock()
				running++
				runs++
				most = max(most, running)
				mu.Unlock()
				time.Sleep(time.Second)
				mu.Lock()
				running--
				mu.Unlock()
				return nil, nil
			}})
			pass(time.Minute)
			l.drain()
			if most != want || runs != 20 {
				t.Errorf("bound %d: got %d at a time and %d runs, want %d and 20", bound, most, runs, want)
			}
		})
	}
}

func TestADelayedMessageComesWhenItIsDue(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newOffice(t, mailQueue(nil))
		var w worker
		l.start(w.functions())
		sent := time.Now()
		if err := l.options.Broker.Queue("MailQueue").Send(t.Context(), queue.Message{Body: "a", Delay: 90 * time.Second}); err != nil {
			t.Fatal(err)
		}
		pass(2 * time.Minute)
		l.drain()
		if len(w.at) != 1 || w.at[0].Sub(sent) != 90*time.Second {
			t.Errorf("got calls at %v, want one 90s after %v", w.at, sent)
		}
	})
}

func TestMessagesThatNoFilterWantsAreDeleted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newOffice(t, mailQueue(func(q *wiring.Queue) {
			q.FilterPatterns = []json.RawMessage{[]byte(`{"body":{"kind":["mail"]}}`), []byte(`{"body":["text"]}`)}
		}))
		l.enqueue("MailQueue", `{"kind":"mail"}`, `{"kind":"hook"}`, "text", "other text", `["mail"]`)
		var w worker
		l.start(w.functions())
		pass(10 * time.Minute)
		l.drain()
		if d := cmp.Diff([]string{`{"kind":"mail"}/1 text/1`}, w.all()); d != "" {
			t.Errorf("batches (-want +got):\n%s", d)
		}
		for _, name := range []string{"MailQueue", "MailDead"} {
			if left := l.left(name); left != nil {
				t.Errorf("got %q left in %s, want nothing", left, name)
			}
		}
	})
}

func TestADrainLeavesWhatWaitsAndTheNextRunDeliversItAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newOffice(t, mailQueue(func(q *wiring.Queue) { q.BatchSize, q.MaximumConcurrency = 1, 1 }))
		l.enqueue("MailQueue", "a", "b")
		w := worker{answer: func(events.SQSEvent) ([]string, error) { time.Sleep(3 * time.Second); return nil, nil }}
		l.start(w.functions())
		synctest.Wait()
		l.drain() // while a is at work
		if d := cmp.Diff([]string{"a/1"}, w.all()); d != "" {
			t.Errorf("batches before (-want +got):\n%s", d)
		}
		l.start(w.functions())
		synctest.Wait()
		l.crash() // while b is at work
		restarted := time.Now()
		l.start(w.functions())
		synctest.Wait()
		if d := cmp.Diff([]string{"a/1", "b/1", "b/2"}, w.all()); d != "" {
			t.Errorf("batches (-want +got):\n%s", d)
		}
		if at := w.at[len(w.at)-1]; !at.Equal(restarted) {
			t.Errorf("got what the crash interrupted at %v, want at %v: nobody else can have it", at, restarted)
		}
		l.drain()
	})
}

func TestMessagesOfAnotherProcessAreNoticedByTheNextPoll(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newOffice(t, mailQueue(nil))
		l.options.Poll = time.Second
		var w worker
		l.start(w.functions())
		synctest.Wait()
		other := broker.New(l.db.Table("messages"), broker.Options{})
		if err := other.Queue("MailQueue").Send(t.Context(), queue.Message{Body: "a"}); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		if d := cmp.Diff([]string{"a/1"}, w.all()); d != "" {
			t.Errorf("batches (-want +got):\n%s", d)
		}
		l.drain()
	})
}

func TestAQueueWithoutABrokerOrAFunctionIsAnError(t *testing.T) {
	var w worker
	if _, err := loop.New(mailQueue(nil), w.functions(), nil, loop.Options{}); err == nil || !strings.Contains(err.Error(), "no broker") {
		t.Errorf("got %v, want one of the broker", err)
	}
	l := newOffice(t, mailQueue(nil))
	if _, err := loop.New(l.wiring, nil, nil, l.options); err == nil || !strings.Contains(err.Error(), "no such function") {
		t.Errorf("got %v, want one of the function", err)
	}
	off := mailQueue(func(q *wiring.Queue) { q.Disabled = true })
	if _, err := loop.New(off, nil, nil, loop.Options{}); err != nil {
		t.Errorf("got %v of a source that is off, want none", err)
	}
}

func message(body string) queue.Message { return queue.Message{Body: body} }

// everything takes all bodies out of a queue.
func (l *laptop) everything(name string) []string {
	l.t.Helper()
	var bodies []string
	for {
		messages, _, err := l.options.Broker.Queue(name).Receive(context.Background(), 10, broker.Rules{Visibility: 24 * time.Hour})
		if err != nil {
			l.t.Fatal(err)
		}
		if len(messages) == 0 {
			return bodies
		}
		for _, m := range messages {
			bodies = append(bodies, m.Body)
		}
	}
}

// sameShape holds that a payload has the members of a sample in events/, at every level but inside the
// maps that are named by their users.
func sameShape(t *testing.T, sample string, payload []byte) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "events", filepath.FromSlash(sample)))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(shape(t, text), shape(t, payload)); d != "" {
		t.Errorf("shape (-want +got):\n%s", d)
	}
}

func shape(t *testing.T, text []byte) []string {
	t.Helper()
	var tree any
	if err := json.Unmarshal(text, &tree); err != nil {
		t.Fatal(err)
	}
	var paths []string
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, each := range v {
				if strings.HasSuffix(path, ".MessageAttributes") {
					name = "*"
				}
				walk(path+"."+name, each)
			}
		case []any:
			for _, each := range v {
				walk(path+"[]", each)
			}
		default:
			paths = append(paths, fmt.Sprintf("%s %T", path, v))
		}
	}
	walk("", tree)
	slices.Sort(paths)
	return slices.Compact(paths)
}
