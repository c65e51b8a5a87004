// Command setup is what a deployment needs besides resources: the site's files, the secrets, the
// first page and its first documents.
//
//	Trigger     CloudFormation: the custom resources Secrets and Site
//	Reads       the built site that it carries, the Status table, the secrets
//	Writes      the site bucket, the Status table where there is no page, the secrets where there are none
//	On failure  the deployment fails with the sentence that setup gives; deploying again is harmless
package main

import (
	"context"
	"log/slog"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	ssmclient "github.com/aws/aws-sdk-go-v2/service/ssm"

	"allclear"
	"allclear/internal/boot"
	buckets3 "allclear/internal/bucket/s3"
	"allclear/internal/customresource"
	"allclear/internal/dynamo"
	"allclear/internal/secret/ssm"
	"allclear/internal/setup"
	"allclear/internal/store"
)

type settings struct {
	StatusTable string `env:"STATUS_TABLE,required,notEmpty"`
	SiteBucket  string `env:"SITE_BUCKET,required,notEmpty"`
	SecretPath  string `env:"SECRET_PATH,required,notEmpty"`
	Disposable  bool   `env:"DISPOSABLE" envDefault:"false"` // removing the stack removes what it holds
}

func main() {
	set, aws := boot.Load[settings](context.Background())
	s := &setup.Setup{
		Store:   store.New(dynamo.Open(dynamodb.NewFromConfig(aws), set.StatusTable), store.Options{}),
		Bucket:  buckets3.New(s3.NewFromConfig(aws), set.SiteBucket),
		Secrets: ssm.Open(ssmclient.NewFromConfig(aws), set.SecretPath),
		Files:   allclear.Site(), Site: allclear.SiteFiles(), Disposable: set.Disposable, Logger: slog.Default(),
	}
	lambda.Start(customresource.Handler(s.Do, customresource.Options{Logger: slog.Default()}))
}
