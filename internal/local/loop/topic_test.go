package loop_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"allclear/internal/local/loop"
	"allclear/internal/topic"
	"allclear/internal/wiring"
)

// news is a topic with a subscription for each function.
func news(policies map[string]string) wiring.Wiring {
	w := wiring.Wiring{Resources: map[string]wiring.Resource{"EventTopic": {Type: "AWS::SNS::Topic"}}}
	for name, policy := range policies {
		s := wiring.Topic{Topic: "EventTopic"}
		if policy != "" {
			s.FilterPolicy = json.RawMessage(policy)
		}
		w.Functions = append(w.Functions, wiring.Function{
			Name: name, Timeout: 10 * time.Second, Retries: 2, OnFailure: "FailureQueue", Sources: []wiring.Source{{Topic: &s}},
		})
	}
	return w
}

func (l *laptop) publish(body string, attributes map[string]topic.Attribute) {
	l.t.Helper()
	if err := l.options.Broker.Topic("EventTopic").Publish(l.t.Context(), topic.Message{Body: body, Attributes: attributes}); err != nil {
		l.t.Fatal(err)
	}
}

// listener notes the messages that it gets and answers as told.
type listener struct {
	mu     sync.Mutex
	seen   []string
	at     []time.Time
	last   events.SNSEvent
	raw    []byte // the last payload
	answer func(body string) error
}

func (n *listener) function(_ context.Context, payload []byte) ([]byte, error) {
	var e events.SNSEvent
	if err := json.Unmarshal(payload, &e); err != nil {
		return nil, err
	}
	if len(e.Records) != 1 {
		return nil, errors.New("want one record")
	}
	n.mu.Lock()
	n.seen, n.at, n.last, n.raw = append(n.seen, e.Records[0].SNS.Message), append(n.at, time.Now()), e, payload
	n.mu.Unlock()
	if n.answer != nil {
		return nil, n.answer(e.Records[0].SNS.Message)
	}
	return []byte("null"), nil
}

func (n *listener) all() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.seen)
}

func TestAMessageComesAtOnceAndInTheShapeOfSNS(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newOffice(t, news(map[string]string{"dispatch": ""}))
		var n listener
		l.start(map[string]loop.Function{"dispatch": n.function})
		pass(time.Hour)
		published := time.Now()
		l.publish("<a>", map[string]topic.Attribute{"type": topic.Text("incident.created"), "components": topic.List("a", "b")})
		synctest.Wait()
		if len(n.at) != 1 || !n.at[0].Equal(published) {
			t.Fatalf("got calls at %v, want one at %v", n.at, published)
		}
		got := n.last.Records[0]
		if got.SNS.MessageID == "" {
			t.Error("got no message id")
		}
		got.SNS.MessageID = ""
		want := events.SNSEventRecord{
			EventVersion: "1.0", EventSource: "aws:sns", EventSubscriptionArn: "arn:aws:sns:local:000000000000:EventTopic:dispatch",
			SNS: events.SNSEntity{
				Type: "Notification", TopicArn: "arn:aws:sns:local:000000000000:EventTopic", Message: "<a>",
				Timestamp: published.UTC(), SignatureVersion: "1",
				MessageAttributes: map[string]any{
					"type":       map[string]any{"Type": "String", "Value": "incident.created"},
					"components": map[string]any{"Type": "String.Array", "Value": `["a","b"]`},
				},
			},
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("record (-want +got):\n%s", d)
		}
		sameShape(t, "sns/incident-created.json", n.raw)
		l.drain()
	})
}

func TestEachSubscriptionGetsWhatItsPolicyLetsPass(t *testing.T) {
	bubble(t, func(t *testing.T) {
		policies := map[string]string{
			"everything": "", "incidents": `{"type":[{"prefix":"incident."}]}`, "website": `{"components":["website","api"]}`,
			"both": `{"type":["incident.created"],"components":[{"anything-but":["website"]}]}`, "bare": `{"components":[{"exists":false}]}`,
		}
		l := newOffice(t, news(policies))
		functions, listeners := map[string]loop.Function{}, map[string]*listener{}
		for name := range policies {
			listeners[name] = new(listener)
			functions[name] = listeners[name].function
		}
		l.start(functions)
		text, list := topic.Text, topic.List
		l.publish("1", map[string]topic.Attribute{"type": text("incident.created"), "components": list("website")})
		l.publish("2", map[string]topic.Attribute{"type": text("incident.created"), "components": list("mail", "api")})
		l.publish("3", map[string]topic.Attribute{"type": text("component.updated"), "components": list("mail")})
		l.publish("4", map[string]topic.Attribute{"type": text("incident.resolved")})
		pass(time.Second)
		l.drain()
		for name, want := range map[string][]string{
			"everything": {"1", "2", "3", "4"}, "incidents": {"1", "2", "4"}, "website": {"1", "2"}, "both": {"2"}, "bare": {"4"},
		} {
			got := listeners[name].all()
			slices.Sort(got) // invocations of one function go on side by side
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s (-want +got):\n%s", name, d)
			}
		}
	})
}

func TestAnInvocationThatFailsIsRetriedTwiceAndThenTheDestinationHears(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newOffice(t, news(map[string]string{"dispatch": ""}))
		n := listener{answer: func(body string) error {
			if body == "bad" {
				return errors.New("cannot")
			}
			return nil
		}}
		l.start(map[string]loop.Function{"dispatch": n.function})
		l.publish("bad", nil)
		l.publish("good", nil)
		pass(time.Hour)
		l.drain()
		got := n.all()
		slices.Sort(got)
		if d := cmp.Diff([]string{"bad", "bad", "bad", "good"}, got); d != "" {
			t.Errorf("invocations (-want +got):\n%s", d)
		}
		if len(l.failures) != 1 {
			t.Fatalf("got %d failures, want 1", len(l.failures))
		}
		f := l.failures[0]
		if f.RequestContext.Condition != "RetriesExhausted" || f.RequestContext.ApproximateInvokeCount != 3 || !strings.Contains(string(f.RequestPayload), `"Message":"bad"`) {
			t.Errorf("got %+v, want exhausted retries after 3 with the message", f)
		}
	})
}

func TestAMessageThatACrashInterruptedIsDeliveredByTheNextRun(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newOffice(t, news(map[string]string{"dispatch": ""}))
		slow := listener{answer: func(string) error { time.Sleep(time.Second); return nil }}
		functions := map[string]loop.Function{"dispatch": slow.function}
		l.publish("a", nil) // before anybody runs
		l.start(functions)
		synctest.Wait()
		l.crash()
		l.start(functions)
		pass(time.Hour)
		l.drain()
		if d := cmp.Diff([]string{"a", "a"}, slow.all()); d != "" {
			t.Errorf("invocations (-want +got):\n%s", d)
		}
	})
}

func TestATopicThatNobodySubscribesToKeepsNothingPending(t *testing.T) {
	bubble(t, func(t *testing.T) {
		l := newOffice(t, news(nil))
		l.start(nil)
		l.publish("a", nil)
		synctest.Wait()
		if _, waiting, err := l.options.Broker.Topic("EventTopic").Pending().Next(t.Context()); waiting || err != nil {
			t.Errorf("got something pending: %t, %v", waiting, err)
		}
		l.drain()
	})
}

func TestAPolicyThatCannotBeReadIsAnError(t *testing.T) {
	w := news(map[string]string{"dispatch": `{"type":[{"cidr":"10.0.0.0/8"}]}`})
	l := newOffice(t, w)
	var n listener
	if _, err := loop.New(w, map[string]loop.Function{"dispatch": n.function}, nil, l.options); err == nil || !strings.Contains(err.Error(), "filter policy") {
		t.Errorf("got %v, want one of the policy", err)
	}
}
