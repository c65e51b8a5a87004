package local

import "allclear/internal/local/broker"

// The topics, by their logical ids in resources/.
const (
	eventsTopic   = "EventsTopic"
	feedbackTopic = "FeedbackTopic"
)

// Events is the topic that every public change is published to.
func (d *Deployment) Events() *broker.Topic {
	return broker.New(d.db.Table(messagesTable), broker.Options{}).Topic(eventsTopic)
}
