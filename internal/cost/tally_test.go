package cost_test

import (
	"context"
	"maps"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"

	"allclear/internal/bucket"
	"allclear/internal/bucket/s3"
	"allclear/internal/dynamo"
	"allclear/internal/table"
)

// tally is what was used since the last take: calls by the name of the SDK's operation, and at the
// ports also request units of DynamoDB.
type tally struct {
	mu   sync.Mutex
	used usage
}

type usage struct {
	calls      map[string]int
	readUnits  int
	writeUnits int
}

func (t *tally) take() usage {
	t.mu.Lock()
	defer t.mu.Unlock()
	used := t.used
	t.used = usage{}
	if used.calls == nil {
		used.calls = map[string]int{}
	}
	return used
}

func (t *tally) call(operation string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.used.calls == nil {
		t.used.calls = map[string]int{}
	}
	t.used.calls[operation]++
}

func (t *tally) units(read, write int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.used.readUnits += read
	t.used.writeUnits += write
}

// plus adds up two usages.
func (u usage) plus(v usage) usage {
	sum := usage{calls: maps.Clone(u.calls), readUnits: u.readUnits + v.readUnits, writeUnits: u.writeUnits + v.writeUnits}
	if sum.calls == nil {
		sum.calls = map[string]int{}
	}
	for operation, n := range v.calls {
		sum.calls[operation] += n
	}
	return sum
}

// Sizes of request units, in bytes: https://aws.amazon.com/dynamodb/pricing/on-demand/
const (
	readUnit  = 4 << 10
	writeUnit = 1 << 10
)

func unitsOf(size, unit int) int { return max(1, (size+unit-1)/unit) }

func sizeOf(item *table.Item) int {
	if item == nil {
		return 0
	}
	n, err := table.Size(*item)
	if err != nil {
		panic(err) // it was stored
	}
	return n
}

// countedTable counts at the port what internal/dynamo makes of each call; the emulator's test
// holds it to that.
type countedTable struct {
	table.Table
	*tally
}

func (c countedTable) Get(ctx context.Context, keys ...table.Key) ([]*table.Item, error) {
	items, err := c.Table.Get(ctx, keys...)
	c.call("BatchGetItem")
	for _, item := range items {
		c.units(unitsOf(sizeOf(item), readUnit), 0)
	}
	return items, err
}

// Query reads all when there is no limit: internal/memory ends a page after fifty items, DynamoDB
// after a megabyte, which no query of these tests comes near.
func (c countedTable) Query(ctx context.Context, q table.Query) (table.Result, error) {
	c.call("Query")
	var result table.Result
	var err error
	if q.Limit == 0 {
		result.Items, err = table.All(ctx, c.Table, q)
	} else {
		result, err = c.Table.Query(ctx, q)
	}
	size := 0
	for i := range result.Items {
		size += sizeOf(&result.Items[i])
	}
	c.units(unitsOf(size, readUnit), 0)
	return result, err
}

func (c countedTable) Write(ctx context.Context, actions ...table.Action) error {
	operation, factor := "TransactWriteItems", 2
	if len(actions) == 1 && actions[0].Kind == table.ActionPut && len(actions[0].If) == 0 {
		operation, factor = "PutItem", 1
	}
	c.call(operation)
	for i := range actions {
		c.units(0, factor*unitsOf(sizeOf(&actions[i].Item), writeUnit))
	}
	return c.Table.Write(ctx, actions...)
}

// countedBucket counts at the port what internal/bucket/s3 makes of each call.
type countedBucket struct {
	bucket.Bucket
	*tally
}

func (c countedBucket) Head(ctx context.Context, path string) (bucket.Info, error) {
	c.call("HeadObject")
	return c.Bucket.Head(ctx, path)
}

func (c countedBucket) Get(ctx context.Context, path string) (bucket.Object, bucket.Info, error) {
	c.call("GetObject")
	return c.Bucket.Get(ctx, path)
}

func (c countedBucket) Put(ctx context.Context, path string, o bucket.Object, condition bucket.Condition) (bucket.Info, error) {
	c.call("PutObject")
	return c.Bucket.Put(ctx, path, o, condition)
}

func (c countedBucket) Delete(ctx context.Context, path string) error {
	c.call("DeleteObject")
	return c.Bucket.Delete(ctx, path)
}

func (c countedBucket) List(ctx context.Context, prefix, after string, limit int) ([]string, error) {
	c.call("ListObjectsV2")
	return c.Bucket.List(ctx, prefix, after, limit)
}

// countedDynamo counts the calls of the SDK itself.
type countedDynamo struct {
	dynamo.Client
	*tally
}

func (c countedDynamo) BatchGetItem(ctx context.Context, in *dynamodb.BatchGetItemInput, o ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	c.call("BatchGetItem")
	return c.Client.BatchGetItem(ctx, in, o...)
}

func (c countedDynamo) Query(ctx context.Context, in *dynamodb.QueryInput, o ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	c.call("Query")
	return c.Client.Query(ctx, in, o...)
}

func (c countedDynamo) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, o ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	c.call("TransactWriteItems")
	return c.Client.TransactWriteItems(ctx, in, o...)
}

func (c countedDynamo) PutItem(ctx context.Context, in *dynamodb.PutItemInput, o ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	c.call("PutItem")
	return c.Client.PutItem(ctx, in, o...)
}

func (c countedDynamo) DeleteItem(ctx context.Context, in *dynamodb.DeleteItemInput, o ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error) {
	c.call("DeleteItem")
	return c.Client.DeleteItem(ctx, in, o...)
}

// countedS3 counts the calls of the SDK itself.
type countedS3 struct {
	s3.Client
	*tally
}

func (c countedS3) HeadObject(ctx context.Context, in *sdk.HeadObjectInput, o ...func(*sdk.Options)) (*sdk.HeadObjectOutput, error) {
	c.call("HeadObject")
	return c.Client.HeadObject(ctx, in, o...)
}

func (c countedS3) GetObject(ctx context.Context, in *sdk.GetObjectInput, o ...func(*sdk.Options)) (*sdk.GetObjectOutput, error) {
	c.call("GetObject")
	return c.Client.GetObject(ctx, in, o...)
}

func (c countedS3) ListObjectsV2(ctx context.Context, in *sdk.ListObjectsV2Input, o ...func(*sdk.Options)) (*sdk.ListObjectsV2Output, error) {
	c.call("ListObjectsV2")
	return c.Client.ListObjectsV2(ctx, in, o...)
}

func (c countedS3) PutObject(ctx context.Context, in *sdk.PutObjectInput, o ...func(*sdk.Options)) (*sdk.PutObjectOutput, error) {
	c.call("PutObject")
	return c.Client.PutObject(ctx, in, o...)
}

func (c countedS3) DeleteObject(ctx context.Context, in *sdk.DeleteObjectInput, o ...func(*sdk.Options)) (*sdk.DeleteObjectOutput, error) {
	c.call("DeleteObject")
	return c.Client.DeleteObject(ctx, in, o...)
}
