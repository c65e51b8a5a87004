// Command mail sends mails, each once, at the account's rate.
//
//	Trigger     the queue of chunks of subscribers
//	Reads       the Status and Audience tables, the signing key
//	Writes      SES; the Deliveries table: who was told what, and what has to wait
//	On failure  the chunk comes again, and after a hundred times lies in the queue of the undeliverable;
//	            the ledger knows who was told, so nobody is told twice
package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ssmclient "github.com/aws/aws-sdk-go-v2/service/ssm"

	"allclear/internal/boot"
	"allclear/internal/deliver"
	"allclear/internal/dynamo"
	"allclear/internal/envelope"
	"allclear/internal/ledger"
	"allclear/internal/mailer/ses"
	"allclear/internal/mailing"
	"allclear/internal/reach"
	"allclear/internal/secret"
	"allclear/internal/secret/ssm"
	"allclear/internal/status"
	"allclear/internal/store"
)

// chunksAtOnce is at least the batch size of the event source.
const chunksAtOnce = 10

func main() {
	ctx := context.Background()
	set, aws := boot.Load[boot.Mailing](ctx)
	tables := dynamodb.NewFromConfig(aws)
	links := boot.Need(secret.Signer(ctx, ssm.Open(ssmclient.NewFromConfig(aws), set.SecretPath)))
	pages := store.New(dynamo.Open(tables, set.StatusTable), store.Options{})
	audience := store.NewAudience(dynamo.Open(tables, set.AudienceTable), store.Options{})
	entries := ledger.New(dynamo.Open(tables, set.DeliveriesTable), nil)
	mails := ses.New(aws, set.MailConfiguration)
	who := &reach.Reader{Pages: pages, Audience: audience, Modes: []status.Mode{status.ModeEmail}}
	worker := deliver.Worker[*status.Subscriber]{
		Ledger: entries, Pace: entries, Quotas: mailing.Quotas(mails), Incidents: who, Subscribers: who,
		Sender: &mailing.Sender{Pages: pages, Mailer: mails, Links: links, PublicURL: set.PublicURL, MailFrom: set.MailFrom, Now: time.Now},
		Clock:  deliver.WallClock{}, NewID: store.RandomID, Queue: deliver.MailQueue, Logger: slog.Default(),
	}
	lambda.Start(envelope.Queue(mailing.Handler(deliver.NewPool(worker, chunksAtOnce), slog.Default())))
}
