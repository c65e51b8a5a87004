// Command tick does what is due by the clock and closes every gap that lost invocations leave.
//
//	Trigger     schedule: every minute
//	Reads       the Status table, the site bucket
//	Writes      the Status table where something is due, the site bucket
//	On failure  the next minute's run does what this one left; the failure queue is told
package main

import (
	"context"
	"encoding/json"
	"log/slog"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"allclear"
	"allclear/internal/boot"
	buckets3 "allclear/internal/bucket/s3"
	"allclear/internal/dynamo"
	"allclear/internal/publish"
	"allclear/internal/store"
	"allclear/internal/tick"
)

type settings struct {
	StatusTable string `env:"STATUS_TABLE,required,notEmpty"`
	SiteBucket  string `env:"SITE_BUCKET,required,notEmpty"`
	PublicURL   string `env:"PUBLIC_URL,required,notEmpty"`
	Renderer    string `env:"RENDERER,required,notEmpty"`
}

func main() {
	set, aws := boot.Load[settings](context.Background())
	pages := store.New(dynamo.Open(dynamodb.NewFromConfig(aws), set.StatusTable), store.Options{})
	ticker := &tick.Ticker{
		Store: pages, Logger: slog.Default(),
		Publisher: &publish.Publisher{
			Store: pages, Bucket: buckets3.New(s3.NewFromConfig(aws), set.SiteBucket), PublicURL: set.PublicURL,
			Site: allclear.SiteFiles(), Renderer: set.Renderer, Logger: slog.Default(),
		},
	}
	lambda.Start(func(ctx context.Context, _ json.RawMessage) error { return ticker.Run(ctx) })
}
