package dynamo

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// Open is New on the SDK's client with the real clock. It holds the client's five methods and not
// the client: one that is put into an interface keeps all of its sixty methods in a program that
// looks methods up by name, as templates do, since the linker cannot know which those are.
func Open(client *dynamodb.Client, name string) *Table {
	return New(calls{
		get: client.BatchGetItem, query: client.Query,
		transact: client.TransactWriteItems, put: client.PutItem, remove: client.DeleteItem,
	}, name, nil)
}

// options are what each call can change of the client's.
type options = func(*dynamodb.Options)

type calls struct {
	get      func(context.Context, *dynamodb.BatchGetItemInput, ...options) (*dynamodb.BatchGetItemOutput, error)
	query    func(context.Context, *dynamodb.QueryInput, ...options) (*dynamodb.QueryOutput, error)
	transact func(context.Context, *dynamodb.TransactWriteItemsInput, ...options) (*dynamodb.TransactWriteItemsOutput, error)
	put      func(context.Context, *dynamodb.PutItemInput, ...options) (*dynamodb.PutItemOutput, error)
	remove   func(context.Context, *dynamodb.DeleteItemInput, ...options) (*dynamodb.DeleteItemOutput, error)
}

func (c calls) BatchGetItem(ctx context.Context, in *dynamodb.BatchGetItemInput, o ...options) (*dynamodb.BatchGetItemOutput, error) {
	return c.get(ctx, in, o...)
}

func (c calls) Query(ctx context.Context, in *dynamodb.QueryInput, o ...options) (*dynamodb.QueryOutput, error) {
	return c.query(ctx, in, o...)
}

func (c calls) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, o ...options) (*dynamodb.TransactWriteItemsOutput, error) {
	return c.transact(ctx, in, o...)
}

func (c calls) PutItem(ctx context.Context, in *dynamodb.PutItemInput, o ...options) (*dynamodb.PutItemOutput, error) {
	return c.put(ctx, in, o...)
}

func (c calls) DeleteItem(ctx context.Context, in *dynamodb.DeleteItemInput, o ...options) (*dynamodb.DeleteItemOutput, error) {
	return c.remove(ctx, in, o...)
}
