// Package broker is SQS and SNS on a laptop: queues and topics in one table, so that what was sent
// survives the process in the same file as everything else. A message that was received stays out of
// sight until it is deleted or its time is up; one that was received too often goes to the
// dead-letter queue. It calls no function: internal/local/loop takes messages out and does that.
package broker

import (
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"allclear/internal/table"
)

// retention is how long a message waits at most, the longest that SQS allows.
const retention = 14 * 24 * time.Hour

// Options of a Broker. Its zero value is ready for use.
type Options struct {
	// Now is the clock by which messages come into sight; time.Now if nil.
	Now func() time.Time
	// NewID names a message; a UUID if nil, greater than those before, so that messages of one
	// moment keep their order.
	NewID func() string
}

// Broker is all queues and topics of one table. It is safe for concurrent use.
type Broker struct {
	table table.Table
	now   func() time.Time
	newID func() string

	publishing sync.Mutex // topics list messages in the order of their commits
	published  int64      // milliseconds since 1970 of the newest

	mu      sync.Mutex
	changed map[string]chan struct{} // by partition; closed at the next message, while somebody waits
	turns   map[string]*sync.Mutex   // by partition; held while messages are received
}

// New makes a broker of a table that nothing else uses.
func New(t table.Table, o Options) *Broker {
	b := &Broker{
		table: t, now: o.Now, newID: o.NewID,
		changed: map[string]chan struct{}{}, turns: map[string]*sync.Mutex{},
	}
	if b.now == nil {
		b.now = time.Now
	}
	if b.newID == nil {
		b.newID = func() string { return uuid.Must(uuid.NewV7()).String() }
	}
	return b
}

// The partitions. Names are logical ids and functions' names, which have no slash.
func queuePartition(name string) string   { return "QUEUE#" + name }
func historyPartition(name string) string { return "TOPIC#" + name }
func pendingPartition(name string) string { return "PENDING#" + name }
func subscriptionPartition(topic, function string) string {
	return "SUBSCRIPTION#" + topic + "/" + function
}

// sortKey puts messages in the order in which they come into sight.
func sortKey(due time.Time, id string) string { return moment(due) + "#" + id }

// moment is a time as text that sorts as the time does, for some centuries.
func moment(t time.Time) string { return fmt.Sprintf("%013d", t.UnixMilli()) }

// Queue is the queue with this name.
func (b *Broker) Queue(name string) *Queue {
	return &Queue{broker: b, name: name, partition: queuePartition(name)}
}

// Topic is the topic with this name.
func (b *Broker) Topic(name string) *Topic { return &Topic{broker: b, name: name} }

// announce wakes who waits for messages of a partition.
func (b *Broker) announce(partition string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c, ok := b.changed[partition]; ok {
		close(c)
		delete(b.changed, partition)
	}
}

// turn is the lock under which messages of a partition are received.
func (b *Broker) turn(partition string) *sync.Mutex {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.turns[partition] == nil {
		b.turns[partition] = new(sync.Mutex)
	}
	return b.turns[partition]
}
