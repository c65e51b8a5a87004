// Command webhook posts to subscribers' endpoints and chat services.
//
//	Trigger     the queue of endpoints, one in a message
//	Reads       the Status and Audience tables, the signing key
//	Writes      HTTPS to public addresses; the Deliveries table; the Audience table where an endpoint
//	            has failed for days
//	On failure  the ledger brings it back, again and again for days; a message that cannot be read
//	            lies in the queue of the undeliverable
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
	"allclear/internal/hooks"
	"allclear/internal/ledger"
	"allclear/internal/reach"
	"allclear/internal/secret"
	"allclear/internal/secret/ssm"
	"allclear/internal/store"
	"allclear/internal/webhook/sender"
)

type settings struct {
	boot.Tables
	PublicURL  string `env:"PUBLIC_URL,required,notEmpty"`
	SecretPath string `env:"SECRET_PATH,required,notEmpty"`
}

func main() {
	ctx := context.Background()
	set, aws := boot.Load[settings](ctx)
	tables := dynamodb.NewFromConfig(aws)
	links := boot.Need(secret.Signer(ctx, ssm.Open(ssmclient.NewFromConfig(aws), set.SecretPath)))
	pages := store.New(dynamo.Open(tables, set.StatusTable), store.Options{})
	audience := store.NewAudience(dynamo.Open(tables, set.AudienceTable), store.Options{})
	who := &reach.Reader{Pages: pages, Audience: audience, Modes: hooks.Modes()}
	worker := &hooks.Worker{
		Ledger: ledger.New(dynamo.Open(tables, set.DeliveriesTable), nil), Incidents: who, Subscribers: who, Audience: audience, Pages: pages,
		Poster: sender.New(sender.Options{}), Links: links, PublicURL: set.PublicURL,
		Queue: deliver.WebhookQueue, Now: time.Now, NewID: store.RandomID, Logger: slog.Default(),
	}
	lambda.Start(envelope.Queue(worker.Each))
}
