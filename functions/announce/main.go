// Command announce publishes each committed event on the topic.
//
//	Trigger     stream of the Status table: inserts of EVENT# items
//	Reads       nothing: an event says all that the document does
//	Writes      the topic
//	On failure  the batch is tried again, halved, and in the end named in the failure queue; tick
//	            announces what was never dispatched
package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"allclear/internal/announce"
	"allclear/internal/boot"
	"allclear/internal/stream"
	topicsns "allclear/internal/topic/sns"
)

type settings struct {
	EventsTopic string `env:"EVENTS_TOPIC,required,notEmpty"`
	PublicURL   string `env:"PUBLIC_URL,required,notEmpty"`
}

func main() {
	set, aws := boot.Load[settings](context.Background())
	announcer := &announce.Announcer{
		Topic: topicsns.New(sns.NewFromConfig(aws), set.EventsTopic), PublicURL: set.PublicURL,
		Now: time.Now, Logger: slog.Default(),
	}
	lambda.Start(stream.Handle(announcer.Handle))
}
