package broker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"allclear/internal/queue"
	"allclear/internal/table"
)

// Queue is one queue. It implements queue.Queue for who sends; the event-source loop receives.
type Queue struct {
	broker    *Broker
	name      string
	partition string
}

// MaxReceive is the most messages that one Receive gives, as with SQS.
const MaxReceive = 10

// Send implements queue.Queue. All messages are in one transaction, so there is no part of them.
func (q *Queue) Send(ctx context.Context, messages ...queue.Message) error {
	if err := queue.Validate(messages); err != nil {
		return err
	}
	now := q.broker.now()
	actions := make([]table.Action, len(messages))
	for i, m := range messages {
		sent := Message{ID: q.broker.newID(), Body: m.Body, Sent: now}
		actions[i] = table.Put(sent.item(q.partition, now.Add(m.Delay)), table.Absent())
	}
	if err := q.broker.table.Write(ctx, actions...); err != nil {
		return fmt.Errorf("send to queue %s: %w", q.name, err)
	}
	q.broker.announce(q.partition)
	return nil
}

// Rules say what becomes of a message that is received.
type Rules struct {
	Visibility  time.Duration // out of sight for so long
	MaxReceives int           // then, instead of once more, it goes to DeadLetter; 0: never
	DeadLetter  string        // name of a queue
}

// Receive takes up to limit messages that are in sight, at most MaxReceive, the oldest first, and
// puts them out of sight. Dead are messages that it moved to the dead-letter queue instead.
func (q *Queue) Receive(ctx context.Context, limit int, rules Rules) (received, dead []Message, err error) {
	turn := q.broker.turn(q.partition)
	turn.Lock()
	defer turn.Unlock()
	now := q.broker.now()
	page, err := q.broker.table.Query(ctx, table.Query{
		Partition: q.partition, To: moment(now.Add(time.Millisecond)), Limit: max(1, min(limit, MaxReceive)),
	})
	if err != nil {
		return nil, nil, fmt.Errorf("receive from queue %s: %w", q.name, err)
	}
	var actions []table.Action
	for _, item := range page.Items {
		m, _, err := read(item)
		if err != nil {
			return nil, nil, fmt.Errorf("receive from queue %s: %w", q.name, err)
		}
		actions = append(actions, table.Delete(item.Key, table.Present()))
		if rules.MaxReceives > 0 && m.Receives >= rules.MaxReceives {
			dead = append(dead, m)
			actions = append(actions, table.Put(q.deceased(m).item(queuePartition(rules.DeadLetter), now)))
			continue
		}
		m.Receives++
		if m.FirstReceived.IsZero() {
			m.FirstReceived = now
		}
		hidden := m.item(q.partition, now.Add(max(rules.Visibility, time.Millisecond)))
		m.Handle = hidden.Sort
		received = append(received, m)
		actions = append(actions, table.Put(hidden))
	}
	if len(actions) == 0 {
		return nil, nil, nil
	}
	if err := q.broker.table.Write(ctx, actions...); err != nil {
		if lost := (*table.ConditionError)(nil); errors.As(err, &lost) {
			err = table.ErrContention // another process received one of them
		}
		return nil, nil, fmt.Errorf("receive from queue %s: %w", q.name, err)
	}
	if len(dead) > 0 {
		q.broker.announce(queuePartition(rules.DeadLetter))
	}
	return received, dead, nil
}

// deceased is a message as it goes to the dead-letter queue, where it starts anew.
func (q *Queue) deceased(m Message) Message {
	m.Receives, m.FirstReceived, m.Source = 0, time.Time{}, q.name
	return m
}

// Delete removes messages for good, by the handles of their newest receipt. A handle of an older
// receipt, or of a message that is gone, does nothing.
func (q *Queue) Delete(ctx context.Context, handles ...string) error {
	for len(handles) > 0 {
		n := min(len(handles), table.MaxActions)
		actions := make([]table.Action, n)
		for i, handle := range handles[:n] {
			actions[i] = table.Delete(table.Key{Partition: q.partition, Sort: handle})
		}
		if err := q.broker.table.Write(ctx, actions...); err != nil {
			return fmt.Errorf("delete from queue %s: %w", q.name, err)
		}
		handles = handles[n:]
	}
	return nil
}

// Next is when the next message comes into sight, or came; ok is false when there is none.
func (q *Queue) Next(ctx context.Context) (due time.Time, ok bool, err error) {
	page, err := q.broker.table.Query(ctx, table.Query{Partition: q.partition, Limit: 1})
	if err == nil && len(page.Items) > 0 {
		_, due, err = read(page.Items[0])
		ok = err == nil
	}
	if err != nil {
		return time.Time{}, false, fmt.Errorf("look at queue %s: %w", q.name, err)
	}
	return due, ok, nil
}

// Release puts every message that was received and not deleted back into sight. It is for the start
// of the one process that receives: whoever received them before is dead.
func (q *Queue) Release(ctx context.Context) error {
	now := q.broker.now()
	hidden := table.Query{Partition: q.partition, From: moment(now.Add(time.Millisecond))}
	items, err := table.All(ctx, q.broker.table, hidden)
	if err != nil {
		return fmt.Errorf("release queue %s: %w", q.name, err)
	}
	for _, item := range items {
		m, _, err := read(item)
		if err != nil {
			return fmt.Errorf("release queue %s: %w", q.name, err)
		}
		if m.Receives == 0 {
			continue // delayed by its sender
		}
		if err := q.move(ctx, item, m, q.partition); err != nil {
			return fmt.Errorf("release queue %s: %w", q.name, err)
		}
	}
	return nil
}

// Redrive sends the messages of a dead-letter queue back to the queues that they came from and
// returns how many. A message that comes meanwhile may be left.
func (q *Queue) Redrive(ctx context.Context) (int, error) {
	items, err := table.All(ctx, q.broker.table, table.Query{Partition: q.partition})
	if err != nil {
		return 0, fmt.Errorf("redrive queue %s: %w", q.name, err)
	}
	n := 0
	for _, item := range items {
		m, _, err := read(item)
		if err != nil {
			return n, fmt.Errorf("redrive queue %s: %w", q.name, err)
		}
		if m.Source == "" {
			continue // sent here by somebody
		}
		to := queuePartition(m.Source)
		m.Receives, m.FirstReceived, m.Source = 0, time.Time{}, ""
		if err := q.move(ctx, item, m, to); err != nil {
			return n, fmt.Errorf("redrive queue %s: %w", q.name, err)
		}
		n++
	}
	return n, nil
}

// move puts a message into sight in a partition. One that is not there any more was deleted or moved
// meanwhile and is left alone.
func (q *Queue) move(ctx context.Context, from table.Item, m Message, partition string) error {
	err := q.broker.table.Write(ctx, table.Delete(from.Key, table.Present()), table.Put(m.item(partition, q.broker.now())))
	if lost := (*table.ConditionError)(nil); errors.As(err, &lost) {
		return nil
	}
	if err == nil {
		q.broker.announce(partition)
	}
	return err
}

// Changed is closed when this process next sends to the queue. Take it before receiving: then no
// message goes unseen.
func (q *Queue) Changed() <-chan struct{} {
	b := q.broker
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.changed[q.partition] == nil {
		b.changed[q.partition] = make(chan struct{})
	}
	return b.changed[q.partition]
}
