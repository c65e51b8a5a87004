package local

import (
	"time"

	"allclear/internal/announce"
	"allclear/internal/local/broker"
)

// The topics, by their logical ids in resources/.
const (
	eventsTopic   = "EventsTopic"
	feedbackTopic = "FeedbackTopic"
)

// Events is the topic that every public change is published to.
func (d *Deployment) Events() *broker.Topic {
	return broker.New(d.db.Table(messagesTable), broker.Options{}).Topic(eventsTopic)
}

// Announcer announces events on the folder's topic, which a running serve follows. Their links lead
// to where that serve can be reached, or to the default address.
func (d *Deployment) Announcer() *announce.Announcer {
	url := "http://" + DefaultAddress
	if c, err := d.Folder.ReadContract(); err == nil {
		url = c.PublicURL
	}
	return &announce.Announcer{Topic: d.Events(), PublicURL: url, Now: time.Now, Logger: d.Logger}
}
