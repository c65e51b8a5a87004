package loop_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"pgregory.net/rapid"

	"allclear/internal/local/broker"
	"allclear/internal/local/loop"
	"allclear/internal/memory"
	"allclear/internal/topic"
	"allclear/internal/wiring"
)

// turmoil is a topic whose subscriber sends to a queue whose function works, over a table that fails
// before and after its writes, with functions that fail, too. Some work is poison.
type turmoil struct {
	mu     sync.Mutex
	draw   func(most int) int
	calm   bool
	poison []string
	done   map[string]int
}

func (u *turmoil) unlucky(oneIn int) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return !u.calm && u.draw(oneIn-1) == 0
}

func (u *turmoil) fault(_ context.Context, c memory.Call) error {
	if u.unlucky(10) {
		return errors.New("fault " + string(c.Moment))
	}
	return nil
}

// work fails on poison, and now and then on anything.
func (u *turmoil) work(_ context.Context, payload []byte) ([]byte, error) {
	var e events.SQSEvent
	if err := json.Unmarshal(payload, &e); err != nil {
		return nil, err
	}
	var response events.SQSEventResponse
	for _, m := range e.Records {
		if u.unlucky(15) {
			return nil, errors.New("cannot")
		}
		if slices.Contains(u.poison, m.Body) || u.unlucky(10) {
			response.BatchItemFailures = append(response.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
			continue
		}
		u.mu.Lock()
		u.done[m.Body]++
		u.mu.Unlock()
	}
	return json.Marshal(response)
}

// Whatever fails, everything that was published is worked on at least once or, if it is poison, ends in
// the dead-letter queue, and nothing is left over.
func TestNoMessageIsLostInTurmoil(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		faults, plan := dice(rapid.Uint64().Draw(rt, "faults")), dice(rapid.Uint64().Draw(rt, "plan"))
		batchSize := rapid.IntRange(1, 10).Draw(rt, "batch size")
		steps := rapid.SliceOfN(rapid.SampledFrom([]string{"publish", "publish", "crash", "wait"}), 1, 10).Draw(rt, "steps")
		bubble(t, func(t *testing.T) {
			u := &turmoil{draw: faults, poison: []string{"3", "8"}, done: map[string]int{}}
			w := mailQueue(func(q *wiring.Queue) { q.BatchSize = batchSize })
			w.Functions = append(w.Functions, wiring.Function{
				// As many retries as it takes: giving up is another test's matter.
				Name: "dispatch", Timeout: 10 * time.Second, Retries: 1000, Sources: []wiring.Source{{Topic: &wiring.Topic{Topic: "EventTopic"}}},
			})
			w.Resources["EventTopic"] = wiring.Resource{Type: "AWS::SNS::Topic"}
			queueSettings := w.Resources["MailQueue"]
			queueSettings.MaxReceiveCount = 50 // crashes and faults count as receipts, too
			w.Resources["MailQueue"] = queueSettings

			l := newOffice(t, w)
			l.options.LongestRetry = time.Second
			l.options.Broker = broker.New(memory.New(memory.Options{Fault: u.fault}).Table("messages"), broker.Options{})
			functions := map[string]loop.Function{"mail": u.work, "dispatch": func(ctx context.Context, payload []byte) ([]byte, error) {
				var e events.SNSEvent
				if err := json.Unmarshal(payload, &e); err != nil {
					return nil, err
				}
				return nil, l.options.Broker.Queue("MailQueue").Send(ctx, message(e.Records[0].SNS.Message))
			}}
			l.start(functions)
			published := 0
			for _, step := range steps {
				switch step {
				case "publish":
					for range 1 + plan(4) {
						published++
						m := topic.Message{Body: fmt.Sprint(published)}
						for l.options.Broker.Topic("EventTopic").Publish(t.Context(), m) != nil { // again until it is there
						}
					}
				case "crash":
					l.crash()
					l.start(functions)
				default:
					pass(time.Duration(plan(100)) * time.Second)
				}
			}
			u.mu.Lock()
			u.calm = true
			u.mu.Unlock()
			pass(10 * time.Hour) // enough receipts for the poison, and for what was done but not deleted
			l.drain()
			dead := map[string]bool{}
			for _, m := range l.everything("MailDead") {
				dead[m] = true
			}
			for n := range published {
				body := fmt.Sprint(n + 1)
				bad := slices.Contains(u.poison, body)
				if (u.done[body] > 0) == bad || dead[body] != bad {
					rt.Errorf("message %s: poison %t, worked on %d times, dead %t", body, bad, u.done[body], dead[body])
				}
			}
			news := l.options.Broker.Topic("EventTopic")
			for name, q := range map[string]*broker.Queue{
				"topic": news.Pending(), "subscription": news.Subscription("dispatch"), "queue": l.options.Broker.Queue("MailQueue"),
			} {
				if _, left, err := q.Next(context.Background()); left || err != nil {
					rt.Errorf("got something left in the %s: %t, %v", name, left, err)
				}
			}
		})
	})
}
