// Command subscribe is the public endpoints: subscribing, confirming, managing, leaving.
//
//	Trigger     HTTP: /subscribe, /subscriptions/… and /api/v2/subscribers.json, through the page's CDN
//	Reads       the Status and Audience tables, the secrets
//	Writes      the Audience table
//	On failure  the visitor is told and tries again; nothing is half done
package main

import (
	"context"
	"log/slog"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ssmclient "github.com/aws/aws-sdk-go-v2/service/ssm"

	"allclear"
	"allclear/internal/boot"
	"allclear/internal/dynamo"
	"allclear/internal/lambdahttp"
	"allclear/internal/secret"
	"allclear/internal/secret/ssm"
	"allclear/internal/store"
	"allclear/internal/subscribe"
)

type settings struct {
	StatusTable   string `env:"STATUS_TABLE,required,notEmpty"`
	AudienceTable string `env:"AUDIENCE_TABLE,required,notEmpty"`
	PublicURL     string `env:"PUBLIC_URL,required,notEmpty"`
	SecretPath    string `env:"SECRET_PATH,required,notEmpty"`
	MailFrom      string `env:"MAIL_FROM"` // the sender of pages that name none
}

func main() {
	ctx := context.Background()
	set, aws := boot.Load[settings](ctx)
	tables, secrets := dynamodb.NewFromConfig(aws), ssm.Open(ssmclient.NewFromConfig(aws), set.SecretPath)
	lambda.Start(lambdahttp.Handler(subscribe.New(subscribe.Options{
		Store:    store.New(dynamo.Open(tables, set.StatusTable), store.Options{}),
		Audience: store.NewAudience(dynamo.Open(tables, set.AudienceTable), store.Options{}),
		Links:    boot.Need(secret.Signer(ctx, secrets)), PublicURL: func() string { return set.PublicURL },
		MailFrom: set.MailFrom,
		Site:     allclear.SiteFiles(), Viewer: subscribe.ViewerBehind(boot.Need(secrets.Get(ctx, secret.Origin))),
		Logger: slog.Default(),
	})))
}
