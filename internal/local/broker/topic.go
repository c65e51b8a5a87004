package broker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"allclear/internal/table"
	"allclear/internal/topic"
)

// Topic is one topic. It implements topic.Topic for who publishes. A message first waits as
// pending; the event-source loop, which knows the subscriptions, hands a copy to each that wants it.
type Topic struct {
	broker   *Broker
	name     string
	unlisted bool
}

// history is how long messages can be listed after they were published.
const history = 24 * time.Hour

// Publish implements topic.Topic.
func (t *Topic) Publish(ctx context.Context, m topic.Message) error {
	if err := topic.Validate(m); err != nil {
		return err
	}
	b := t.broker
	now := b.now()
	published := Message{ID: b.newID(), Body: m.Body, Attributes: m.Attributes, Sent: now}
	waiting := published.item(pendingPartition(t.name), now)
	actions := []table.Action{table.Put(waiting, table.Absent())}
	if !t.unlisted {
		b.publishing.Lock()
		defer b.publishing.Unlock()
		b.published = max(now.UnixMilli(), b.published+1)
		listed := published.item(historyPartition(t.name), time.UnixMilli(b.published))
		listed.Expires = now.Add(history)
		actions = append(actions, table.Put(listed, table.Absent()))
	}
	if err := b.table.Write(ctx, actions...); err != nil {
		return fmt.Errorf("publish to topic %s: %w", t.name, err)
	}
	b.announce(waiting.Partition)
	return nil
}

// Unlisted is the same topic for who publishes what nobody lists: then many messages can be published
// at the same time, since the list alone needs an order.
func (t *Topic) Unlisted() *Topic { return &Topic{broker: t.broker, name: t.name, unlisted: true} }

// Since lists up to limit messages in the order of their publication, for who watches the topic: first
// those of the last day, with after "", and then those behind the Handle of the last one seen.
func (t *Topic) Since(ctx context.Context, after string, limit int) ([]Message, error) {
	page, err := t.broker.table.Query(ctx, table.Query{Partition: historyPartition(t.name), After: after, Limit: limit})
	if err != nil {
		return nil, fmt.Errorf("list topic %s: %w", t.name, err)
	}
	messages := make([]Message, len(page.Items))
	for i, item := range page.Items {
		if messages[i], _, err = read(item); err != nil {
			return nil, fmt.Errorf("list topic %s: %w", t.name, err)
		}
	}
	return messages, nil
}

// Newest is the Handle that Since goes on from for messages to come only.
func (t *Topic) Newest(ctx context.Context) (string, error) {
	page, err := t.broker.table.Query(ctx, table.Query{Partition: historyPartition(t.name), Reverse: true, Limit: 1})
	if err != nil || len(page.Items) == 0 {
		return "", err
	}
	return page.Items[0].Sort, nil
}

// Pending is the queue of messages that were not handed to the subscriptions yet.
func (t *Topic) Pending() *Queue {
	return &Queue{broker: t.broker, name: t.name + " (pending)", partition: pendingPartition(t.name)}
}

// Subscription is the queue of messages for one function.
func (t *Topic) Subscription(function string) *Queue {
	return &Queue{broker: t.broker, name: t.name + " for " + function, partition: subscriptionPartition(t.name, function)}
}

// Forward hands a pending message that was received to the subscriptions of these functions, all at
// once and only once: that it is pending no more is in the same transaction.
func (t *Topic) Forward(ctx context.Context, m Message, functions []string) error {
	now := t.broker.now()
	copied := m
	copied.Receives, copied.FirstReceived = 0, time.Time{}
	actions := []table.Action{table.Delete(table.Key{Partition: pendingPartition(t.name), Sort: m.Handle}, table.Present())}
	for _, function := range functions {
		actions = append(actions, table.Put(copied.item(subscriptionPartition(t.name, function), now)))
	}
	err := t.broker.table.Write(ctx, actions...)
	if lost := (*table.ConditionError)(nil); errors.As(err, &lost) {
		return nil // forwarded by who received it after its time was up
	}
	if err != nil {
		return fmt.Errorf("forward message of topic %s: %w", t.name, err)
	}
	for _, function := range functions {
		t.broker.announce(subscriptionPartition(t.name, function))
	}
	return nil
}
