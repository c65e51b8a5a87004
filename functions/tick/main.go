// Command tick does what is due by the clock and closes every gap that lost invocations leave.
//
//	Trigger     schedule: every minute
//	Reads       all tables, the site bucket
//	Writes      the Status table where something is due, the site bucket; the events topic and the
//	            queues where something was lost or has waited; Deliveries and Audience for those;
//	            Audience also where a subscription ends with its incident
//	On failure  the next minute's run does what this one left; the failure queue is told
package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"allclear"
	"allclear/internal/announce"
	"allclear/internal/boot"
	buckets3 "allclear/internal/bucket/s3"
	"allclear/internal/deliver"
	"allclear/internal/dynamo"
	"allclear/internal/ledger"
	"allclear/internal/publish"
	queuesqs "allclear/internal/queue/sqs"
	"allclear/internal/store"
	"allclear/internal/tick"
	topicsns "allclear/internal/topic/sns"
)

func main() {
	set, aws := boot.Load[boot.Tick](context.Background())
	tables, queues := dynamodb.NewFromConfig(aws), sqs.NewFromConfig(aws)
	pages := store.New(dynamo.Open(tables, set.StatusTable), store.Options{})
	entries := ledger.New(dynamo.Open(tables, set.DeliveriesTable), nil)
	announcer := &announce.Announcer{Topic: topicsns.New(sns.NewFromConfig(aws), set.EventsTopic), PublicURL: set.PublicURL, Now: time.Now, Logger: slog.Default()}
	to := deliver.Queues{deliver.MailQueue: queuesqs.New(queues, set.MailQueue), deliver.WebhookQueue: queuesqs.New(queues, set.WebhookQueue)}
	audience := store.NewAudience(dynamo.Open(tables, set.AudienceTable), store.Options{})
	publisher := &publish.Publisher{
		Store: pages, Bucket: buckets3.New(s3.NewFromConfig(aws), set.SiteBucket), PublicURL: set.PublicURL,
		Site: allclear.SiteFiles(), Renderer: set.Renderer, Logger: slog.Default(),
	}
	ticker := &tick.Ticker{
		Store: pages, Publisher: publisher, Logger: slog.Default(),
		Announcing:    &tick.Announcing{Announcer: announcer, Dispatches: entries},
		Waiting:       &tick.Waiting{Work: entries, Queues: to, NewID: store.RandomID},
		Confirmations: &tick.Confirmations{Audience: audience, PerDay: store.DefaultDailyConfirmations},
		Followers:     audience,
	}
	lambda.Start(func(ctx context.Context, _ json.RawMessage) error { return ticker.Run(ctx) })
}
