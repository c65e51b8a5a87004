// Command api is the operator API, Statuspage's v1, behind API Gateway.
//
//	Trigger     HTTP: everything under /v1 of the HTTP API
//	Reads       the Status and Audience tables; the Deliveries table, for what became of notifications
//	Writes      the Status and Audience tables: each change of a page is one transaction with its event, each of a
//	            subscriber one with its audit
//	On failure  the caller is answered with an error and tries again; an Idempotency-Key makes that safe
package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"allclear/internal/api"
	"allclear/internal/boot"
	"allclear/internal/dynamo"
	"allclear/internal/lambdahttp"
	"allclear/internal/ledger"
	"allclear/internal/store"
)

type settings struct {
	boot.Tables
	PublicURL string `env:"PUBLIC_URL,required,notEmpty"`
	RateLimit int    `env:"RATE_LIMIT" envDefault:"60"` // requests a minute and key
}

// warmUp bounds the first connection to the table: the handshake is made while there is no
// request to wait for it.
const warmUp = 2 * time.Second

func main() {
	ctx := context.Background()
	set, aws := boot.Load[settings](ctx)
	tables := dynamodb.NewFromConfig(aws)
	pages := store.New(dynamo.Open(tables, set.StatusTable), store.Options{})
	audience := store.NewAudience(dynamo.Open(tables, set.AudienceTable), store.Options{})
	limited, cancel := context.WithTimeout(ctx, warmUp)
	_, _ = pages.Pages(limited) // what is wrong with the table shows at the first request
	cancel()
	lambda.Start(lambdahttp.Handler(api.New(api.Options{
		Store: pages, Audience: audience, Evidence: ledger.New(dynamo.Open(tables, set.DeliveriesTable), nil),
		PublicURL: func() string { return set.PublicURL }, RateLimit: set.RateLimit,
		RequestID: lambdahttp.RequestID, Logger: slog.Default(),
	})))
}
