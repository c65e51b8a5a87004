package local

import "allclear/internal/local/broker"

// messagesTable holds the queues and topics.
const messagesTable = "messages"

// eventTopic is the logical id of the topic of events in resources/.
const eventTopic = "EventTopic"

// Events is the topic that every public change is published to.
func (d *Deployment) Events() *broker.Topic {
	return broker.New(d.db.Table(messagesTable), broker.Options{}).Topic(eventTopic)
}
