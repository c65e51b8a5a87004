// Command welcome sends the mails about a subscription itself, to confirm or to manage it.
//
//	Trigger     stream of the Audience table: inserts of MAILREQUEST# items; a schedule, for those
//	            that the stream has lost
//	Reads       the Status and Audience tables, the signing key
//	Writes      SES; the Audience table: which requests are served; the Deliveries table: its turns
//	            at sending
//	On failure  the batch is tried again, halved, and in the end named in the failure queue; the
//	            schedule serves what was asked for and not sent
package main

import (
	"context"
	"log/slog"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ssmclient "github.com/aws/aws-sdk-go-v2/service/ssm"

	"allclear/internal/boot"
	"allclear/internal/deliver"
	"allclear/internal/dynamo"
	"allclear/internal/ledger"
	"allclear/internal/mailer/ses"
	"allclear/internal/mailing"
	"allclear/internal/secret"
	"allclear/internal/secret/ssm"
	"allclear/internal/store"
	"allclear/internal/stream"
	"allclear/internal/welcome"
)

func main() {
	ctx := context.Background()
	set, aws := boot.Load[boot.Mailing](ctx)
	tables := dynamodb.NewFromConfig(aws)
	mails := ses.New(aws, set.MailConfiguration)
	pages := store.New(dynamo.Open(tables, set.StatusTable), store.Options{})
	entries := ledger.New(dynamo.Open(tables, set.DeliveriesTable), nil)
	w := &welcome.Welcome{
		Audience: store.NewAudience(dynamo.Open(tables, set.AudienceTable), store.Options{}), Pages: pages,
		Turns:  deliver.NewTurns(entries, mailing.Quotas(mails), deliver.WallClock{}, store.RandomID()),
		Mailer: mails, Links: boot.Need(secret.Signer(ctx, ssm.Open(ssmclient.NewFromConfig(aws), set.SecretPath))),
		PublicURL: set.PublicURL, MailFrom: set.MailFrom, Logger: slog.Default(),
	}
	lambda.Start(stream.OrSchedule(stream.Handle(w.Each), func(ctx context.Context) error { return w.AllPending(ctx, pages) }))
}
