// Package dynamo is the table port on DynamoDB. A table has the key attributes "pk" (partition)
// and "sk" (sort), both strings, and the number "expires" (Unix seconds) for its time to live; it
// needs no index and is never scanned. The change log is the table's stream, which Lambda reads.
// The functions' main.go make a Table; nothing else imports it.
package dynamo

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"allclear/internal/table"
)

// Names of the attributes that are not the caller's.
const (
	partitionName = "pk"
	sortName      = "sk"
	expiresName   = "expires"
)

// Client is the part of *dynamodb.Client that a Table uses.
type Client interface {
	Reader
	Writer
}

// Reader reads items.
type Reader interface {
	BatchGetItem(context.Context, *dynamodb.BatchGetItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error)
	Query(context.Context, *dynamodb.QueryInput, ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error)
}

// Writer changes items.
type Writer interface {
	TransactWriteItems(context.Context, *dynamodb.TransactWriteItemsInput, ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error)
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
	DeleteItem(context.Context, *dynamodb.DeleteItemInput, ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error)
}

// Table is one table. It is safe for concurrent use.
type Table struct {
	client Client
	name   string
	now    func() time.Time
}

var _ table.Table = (*Table)(nil)

// New makes the adapter of an existing table, by name or ARN. The clock decides what is expired;
// nil is time.Now.
func New(client Client, name string, now func() time.Time) *Table {
	if now == nil {
		now = time.Now
	}
	return &Table{client: client, name: name, now: now}
}
