// Command publish renders the documents that changed and puts them into the site bucket.
//
//	Trigger     stream of the Status table: inserts of EVENT# items
//	Reads       the Status table, the site bucket
//	Writes      the site bucket
//	On failure  the batch is tried again, halved, and in the end named in the failure queue; tick
//	            publishes what is missing within a minute
package main

import (
	"context"
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
	"allclear/internal/stream"
)

type settings struct {
	StatusTable string `env:"STATUS_TABLE,required,notEmpty"`
	SiteBucket  string `env:"SITE_BUCKET,required,notEmpty"`
	PublicURL   string `env:"PUBLIC_URL,required,notEmpty"`
	Renderer    string `env:"RENDERER,required,notEmpty"`
}

func main() {
	set, aws := boot.Load[settings](context.Background())
	publisher := &publish.Publisher{
		Store:  store.New(dynamo.Open(dynamodb.NewFromConfig(aws), set.StatusTable), store.Options{}),
		Bucket: buckets3.New(s3.NewFromConfig(aws), set.SiteBucket), PublicURL: set.PublicURL,
		Site: allclear.SiteFiles(), Renderer: set.Renderer, Logger: slog.Default(),
	}
	lambda.Start(stream.HandleBatch(publisher.HandleBatch))
}
