package loop

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"allclear/internal/local/broker"
	"allclear/internal/local/pattern"
	"allclear/internal/stream"
	"allclear/internal/wiring"
)

// fanout hands the messages of one topic to its subscriptions.
type fanout struct {
	*inlet
	topic         *broker.Topic
	subscriptions []*subscription
}

// forwarding is how long a message may take to be handed over before that is tried again.
const forwarding = 30 * time.Second

func newFanout(l *Loop, id string) *fanout {
	t := l.options.Broker.Topic(id)
	return &fanout{inlet: l.newInlet("", id, t.Pending(), broker.Rules{Visibility: forwarding}), topic: t}
}

// run forwards until ctx ends or the loop drains.
func (f *fanout) run(ctx context.Context) {
	if !f.release(ctx) {
		return
	}
	for {
		messages, ok := f.take(ctx, broker.MaxReceive, nil)
		if !ok {
			return
		}
		// At the same time, so that the database makes them durable together. A topic keeps no order.
		var all sync.WaitGroup
		for _, m := range messages {
			all.Go(func() { f.forward(ctx, m) })
		}
		all.Wait()
	}
}

func (f *fanout) forward(ctx context.Context, m broker.Message) {
	var functions []string
	for _, s := range f.subscriptions {
		if s.wants(m) {
			functions = append(functions, s.target.Name)
		}
	}
	if err := f.topic.Forward(ctx, m, functions); err != nil {
		f.complain(ctx, "message not forwarded", err, 1)
	}
}

// subscription invokes one function asynchronously with each message of a topic that its filter policy
// lets pass.
type subscription struct {
	*inlet
	target function
	topic  string
	filter *pattern.Pattern // nil lets everything pass
	slots  chan struct{}    // one for each invocation that may go on at a time
}

// asynchronousConcurrency is how many asynchronous invocations of a function go on at a time: the
// concurrency of a new account.
const asynchronousConcurrency = 10

func newSubscription(l *Loop, f function, s wiring.Topic) (*subscription, error) {
	if l.options.Broker == nil {
		return nil, errors.New("no broker")
	}
	// Long enough for all attempts: within one run nobody else invokes the function with the message.
	visibility := time.Duration(f.Retries+1) * (f.Timeout + grace + l.options.LongestRetry)
	queue := l.options.Broker.Topic(s.Topic).Subscription(f.Name)
	subscribed := &subscription{
		inlet:  l.newInlet(f.Name, s.Topic, queue, broker.Rules{Visibility: visibility}),
		target: f, topic: s.Topic, slots: make(chan struct{}, asynchronousConcurrency),
	}
	if s.FilterPolicy != nil {
		filter, err := pattern.Compile(s.FilterPolicy)
		if err != nil {
			return nil, fmt.Errorf("filter policy: %w", err)
		}
		subscribed.filter = &filter
	}
	return subscribed, nil
}

// wants applies the filter policy to the message attributes:
// https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html.
func (s *subscription) wants(m broker.Message) bool {
	if s.filter == nil {
		return true
	}
	tree := make(map[string]any, len(m.Attributes))
	for name, a := range m.Attributes {
		values := []any{}
		for _, v := range a.Values() {
			values = append(values, v)
		}
		tree[name] = values
	}
	return s.filter.Match(tree)
}

// run invokes until ctx ends or the loop drains, and waits for the invocations that go on then.
func (s *subscription) run(ctx context.Context) {
	var invocations sync.WaitGroup
	defer invocations.Wait()
	if !s.release(ctx) {
		return
	}
	for {
		select {
		case s.slots <- struct{}{}:
		case <-s.draining:
			return
		case <-ctx.Done():
			return
		}
		free := cap(s.slots) - len(s.slots) + 1 // only this loop fills any
		messages, ok := s.take(ctx, free, nil)
		if !ok {
			return
		}
		for i, m := range messages {
			if i > 0 {
				s.slots <- struct{}{}
			}
			invocations.Go(func() {
				defer func() { <-s.slots }()
				if s.target.asynchronously(ctx, s.event(m)) {
					s.remove(ctx, []broker.Message{m})
				}
			})
		}
	}
}

// event is what SNS hands to a function: https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html.
// There is nobody to verify a signature with, so there is none.
func (s *subscription) event(m broker.Message) []byte {
	type attribute struct {
		Type  string `json:"Type"`
		Value string `json:"Value"`
	}
	attributes := make(map[string]attribute, len(m.Attributes))
	for name, a := range m.Attributes {
		attributes[name] = attribute{a.Type(), a.Value()}
	}
	type notification struct {
		Type             string               `json:"Type"`
		MessageID        string               `json:"MessageId"`
		TopicARN         string               `json:"TopicArn"`
		Subject          *string              `json:"Subject"`
		Message          string               `json:"Message"`
		Timestamp        string               `json:"Timestamp"`
		SignatureVersion string               `json:"SignatureVersion"`
		Signature        string               `json:"Signature"`
		SigningCertURL   string               `json:"SigningCertUrl"`
		UnsubscribeURL   string               `json:"UnsubscribeUrl"`
		Attributes       map[string]attribute `json:"MessageAttributes"`
	}
	type record struct {
		Source          string       `json:"EventSource"`
		Version         string       `json:"EventVersion"`
		SubscriptionARN string       `json:"EventSubscriptionArn"`
		SNS             notification `json:"Sns"`
	}
	arn := topicARN(s.topic)
	return encode(struct {
		Records []record `json:"Records"`
	}{[]record{{
		Source: "aws:sns", Version: "1.0", SubscriptionARN: arn + ":" + s.target.Name,
		SNS: notification{
			Type: "Notification", MessageID: m.ID, TopicARN: arn, Message: m.Body,
			Timestamp: m.Sent.UTC().Format("2006-01-02T15:04:05.000Z"), SignatureVersion: "1", Attributes: attributes,
		},
	}}})
}

func topicARN(name string) string { return "arn:aws:sns:" + stream.Region + ":" + account + ":" + name }
