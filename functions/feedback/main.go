// Command feedback writes down what became of each mail.
//
//	Trigger     the topic that SES publishes its events to
//	Reads       the Deliveries and Audience tables
//	Writes      the Deliveries table; the Audience table: addresses that must not be mailed again
//	On failure  Lambda tries twice more, then the failure queue is told; what SES said is then
//	            missing from the evidence, and a lost outcome counts as unknown
package main

import (
	"context"
	"log/slog"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"allclear/internal/boot"
	"allclear/internal/dynamo"
	"allclear/internal/envelope"
	"allclear/internal/feedback"
	"allclear/internal/ledger"
	"allclear/internal/store"
)

type settings struct {
	AudienceTable   string `env:"AUDIENCE_TABLE,required,notEmpty"`
	DeliveriesTable string `env:"DELIVERIES_TABLE,required,notEmpty"`
	FeedbackTopic   string `env:"FEEDBACK_TOPIC,required,notEmpty"`
}

func main() {
	set, aws := boot.Load[settings](context.Background())
	tables := dynamodb.NewFromConfig(aws)
	f := &feedback.Feedback{
		Ledger:   ledger.New(dynamo.Open(tables, set.DeliveriesTable), nil),
		Audience: store.NewAudience(dynamo.Open(tables, set.AudienceTable), store.Options{}),
		Logger:   slog.Default(),
	}
	lambda.Start(envelope.Topic(set.FeedbackTopic, f.Handle))
}
