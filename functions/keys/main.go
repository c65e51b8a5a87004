// Command keys makes an API key: it answers the key's text, once, and keeps its hash.
//
//	Trigger     direct invocation only, by whoever IAM allows: {"name": "ci"}
//	Reads       nothing
//	Writes      the Status table: the key's hash and name
//	On failure  the caller is told; a key that was lost on the way is of no use to anybody
package main

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"allclear/internal/boot"
	"allclear/internal/dynamo"
	"allclear/internal/keys"
	"allclear/internal/store"
)

type settings struct {
	StatusTable string `env:"STATUS_TABLE,required,notEmpty"`
}

func main() {
	set, aws := boot.Load[settings](context.Background())
	pages := store.New(dynamo.Open(dynamodb.NewFromConfig(aws), set.StatusTable), store.Options{})
	lambda.Start(keys.Handler(pages, store.NewKey))
}
