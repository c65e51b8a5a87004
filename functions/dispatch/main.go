// Command dispatch finds whom an event concerns and puts them into the queues.
//
//	Trigger     the events topic: events that subscribers are to hear of
//	Reads       the Status and Audience tables
//	Writes      the queues for mail and webhooks; the Deliveries table: that the event was dispatched
//	On failure  Lambda tries twice more, then the failure queue is told; tick announces again what
//	            has no record of its dispatch
package main

import (
	"context"
	"log/slog"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"allclear/internal/boot"
	"allclear/internal/dispatch"
	"allclear/internal/dynamo"
	"allclear/internal/envelope"
	"allclear/internal/ledger"
	queuesqs "allclear/internal/queue/sqs"
	"allclear/internal/store"
)

type settings struct {
	StatusTable     string `env:"STATUS_TABLE,required,notEmpty"`
	AudienceTable   string `env:"AUDIENCE_TABLE,required,notEmpty"`
	DeliveriesTable string `env:"DELIVERIES_TABLE,required,notEmpty"`
	EventsTopic     string `env:"EVENTS_TOPIC,required,notEmpty"`
	MailQueue       string `env:"MAIL_QUEUE,required,notEmpty"`
	WebhookQueue    string `env:"WEBHOOK_QUEUE,required,notEmpty"`
}

func main() {
	set, aws := boot.Load[settings](context.Background())
	tables, queues := dynamodb.NewFromConfig(aws), sqs.NewFromConfig(aws)
	dispatcher := &dispatch.Dispatcher{
		Pages:    store.New(dynamo.Open(tables, set.StatusTable), store.Options{}),
		Audience: store.NewAudience(dynamo.Open(tables, set.AudienceTable), store.Options{}),
		Records:  ledger.New(dynamo.Open(tables, set.DeliveriesTable), nil),
		Mail:     queuesqs.New(queues, set.MailQueue), Webhook: queuesqs.New(queues, set.WebhookQueue),
		Logger: slog.Default(),
	}
	lambda.Start(envelope.Topic(set.EventsTopic, dispatcher.Handle))
}
