package dynamo

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"allclear/internal/table"
)

// fake answers as its functions say. A call to one that is nil is a mistake and panics.
type fake struct {
	Client
	batch    func(*dynamodb.BatchGetItemInput) (*dynamodb.BatchGetItemOutput, error)
	query    func(*dynamodb.QueryInput) (*dynamodb.QueryOutput, error)
	transact func(*dynamodb.TransactWriteItemsInput) error
	put      func(*dynamodb.PutItemInput) error
	del      func(*dynamodb.DeleteItemInput) error
}

func (f *fake) BatchGetItem(_ context.Context, in *dynamodb.BatchGetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	return f.batch(in)
}

func (f *fake) Query(_ context.Context, in *dynamodb.QueryInput, _ ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	return f.query(in)
}

func (f *fake) TransactWriteItems(_ context.Context, in *dynamodb.TransactWriteItemsInput, _ ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	return nil, f.transact(in)
}

func (f *fake) PutItem(_ context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	return nil, f.put(in)
}

func (f *fake) DeleteItem(_ context.Context, in *dynamodb.DeleteItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error) {
	return nil, f.del(in)
}

var now = time.Unix(1_800_000_000, 0) // never changed

func open(f *fake) *Table { return New(f, "status", func() time.Time { return now }) }

func key(i int) table.Key { return table.Key{Partition: "P", Sort: fmt.Sprintf("%04d", i)} }

func cancelled(reasons ...types.CancellationReason) error {
	return &smithy.OperationError{ServiceID: "DynamoDB", Err: &types.TransactionCanceledException{CancellationReasons: reasons}}
}

func reason(code string) types.CancellationReason { return types.CancellationReason{Code: &code} }

func failed(item table.Item) types.CancellationReason {
	return types.CancellationReason{Code: aws.String(reasonCondition), Item: encodeItem(item)}
}

func TestAnErrorOfATransactionHasItsMeaning(t *testing.T) {
	none, condition := reason("None"), reason(reasonCondition)
	text := table.Item{Key: key(2), Attributes: table.Attributes{"n": "text"}}
	for name, c := range map[string]struct {
		err  error
		want error
	}{
		"a failed condition":                    {cancelled(none, condition, condition), &table.ConditionError{Index: 1, Key: key(1)}},
		"an Add to what is no number":           {cancelled(none, none, failed(text)), table.ErrInvalid},
		"a failed condition and such an Add":    {cancelled(condition, none, failed(text)), &table.ConditionError{Index: 0, Key: key(0)}},
		"a conflict":                            {cancelled(none, reason(reasonConflict), none), table.ErrContention},
		"a conflict before a failed condition":  {cancelled(reason(reasonConflict), condition, none), table.ErrContention},
		"an item that grew too large":           {cancelled(none, none, reason(reasonValidation)), table.ErrInvalid},
		"a request that is still being applied": {&types.TransactionInProgressException{}, table.ErrContention},
		"a request that cannot be":              {&smithy.GenericAPIError{Code: "ValidationException"}, table.ErrInvalid},
		"a condition that is said to fail":      {cancelled(none, failed(table.Item{Key: key(1)}), none), table.ErrContention},
		"a cancelled context":                   {&aws.RequestCanceledError{Err: context.Canceled}, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			db := open(&fake{transact: func(*dynamodb.TransactWriteItemsInput) error { return c.err }})
			err := db.Write(t.Context(), table.Put(table.Item{Key: key(0)}, table.Present()), table.Check(key(1), table.Present()), table.Add(key(2), "n", 1))
			if want, ok := errors.AsType[*table.ConditionError](c.want); ok {
				got, _ := errors.AsType[*table.ConditionError](err)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("Write: %v (-want +got):\n%s", err, diff)
				}
			} else if !errors.Is(err, c.want) {
				t.Errorf("Write: got %v, want %v", err, c.want)
			}
		})
	}
}

func TestThrottlingIsNeitherContentionNorRefusal(t *testing.T) {
	for _, failure := range []error{
		cancelled(reason("ThrottlingError"), reason("None")),
		&types.ProvisionedThroughputExceededException{},
		&smithy.GenericAPIError{Code: "AccessDeniedException"},
	} {
		db := open(&fake{transact: func(*dynamodb.TransactWriteItemsInput) error { return failure }})
		err := db.Write(t.Context(), table.Put(table.Item{Key: key(0)}), table.Put(table.Item{Key: key(1)}))
		if !errors.Is(err, failure) || errors.Is(err, table.ErrContention) || errors.Is(err, table.ErrInvalid) {
			t.Errorf("got %v, want only %v", err, failure)
		}
	}
}

func TestAddingToAnExpiredItemReplacesItWhileItIsExpired(t *testing.T) {
	old := table.Item{Key: key(0), Expires: now.Add(-time.Hour), Attributes: table.Attributes{"n": int64(9)}}
	var tokens []string
	var kinds []string
	db := open(&fake{transact: func(in *dynamodb.TransactWriteItemsInput) error {
		tokens = append(tokens, *in.ClientRequestToken)
		action := in.TransactItems[0]
		switch {
		case action.Update != nil:
			kinds = append(kinds, "update")
			if len(kinds) == 1 {
				return cancelled(failed(old))
			}
			return nil
		default:
			kinds = append(kinds, "put")
			if got := aws.ToString(action.Put.ConditionExpression); got != "(#n0 <= :v0)" || action.Put.ExpressionAttributeNames["#n0"] != "expires" {
				t.Errorf("condition of the put: got %q, want that the item is still expired", got)
			}
			return cancelled(reason(reasonCondition)) // in the meantime it was deleted
		}
	}})
	if err := db.Write(t.Context(), table.Add(key(0), "n", 1)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"update", "put", "update"}, kinds); diff != "" {
		t.Errorf("attempts (-want +got):\n%s", diff)
	}
	// One token with other actions would be refused.
	if tokens[0] == tokens[1] || tokens[1] == tokens[2] || len(tokens[0]) > 36 {
		t.Errorf("got tokens %q, want one for each plan, at most 36 characters", tokens)
	}
}

func TestOnlyWhatMayBeRepeatedIsWrittenWithoutATransaction(t *testing.T) {
	item := table.Item{Key: key(0)}
	for name, c := range map[string]struct {
		action table.Action
		want   string
	}{
		"a put":                {table.Put(item), "put"},
		"a delete":             {table.Delete(key(0)), "delete"},
		"a conditional put":    {table.Put(item, table.Absent()), "transact"},
		"a conditional delete": {table.Delete(key(0), table.Present()), "transact"},
		"an add":               {table.Add(key(0), "n", 1), "transact"},
		"a check":              {table.Check(key(0), table.Present()), "transact"},
	} {
		got := ""
		db := open(&fake{
			transact: func(*dynamodb.TransactWriteItemsInput) error { got += "transact"; return nil },
			put:      func(*dynamodb.PutItemInput) error { got += "put"; return nil },
			del:      func(*dynamodb.DeleteItemInput) error { got += "delete"; return nil },
		})
		if err := db.Write(t.Context(), c.action); err != nil || got != c.want {
			t.Errorf("%s: got %s, %v, want %s", name, got, err, c.want)
		}
	}
	db := open(&fake{put: func(*dynamodb.PutItemInput) error { return &types.TransactionConflictException{} }})
	if err := db.Write(t.Context(), table.Put(item)); !errors.Is(err, table.ErrContention) {
		t.Errorf("put in the way of a transaction: got %v, want ErrContention", err)
	}
}

func TestKeysLeftUnprocessedAreAskedForAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked []int
		db := open(&fake{batch: func(in *dynamodb.BatchGetItemInput) (*dynamodb.BatchGetItemOutput, error) {
			ask := in.RequestItems["status"]
			asked = append(asked, len(ask.Keys))
			if !*ask.ConsistentRead {
				t.Error("a read that is not consistent")
			}
			n := min(len(ask.Keys), 60)
			out := &dynamodb.BatchGetItemOutput{Responses: map[string][]map[string]types.AttributeValue{"status": ask.Keys[:n]}}
			if rest := ask.Keys[n:]; len(rest) > 0 {
				out.UnprocessedKeys = map[string]types.KeysAndAttributes{"status": {Keys: rest, ConsistentRead: ask.ConsistentRead}}
			}
			return out, nil
		}})
		keys := make([]table.Key, 150)
		for i := range keys {
			keys[i] = key(i)
		}
		items, err := db.Get(t.Context(), append(keys, keys[0])...)
		if err != nil {
			t.Fatal(err)
		}
		for i, item := range items {
			if item == nil || item.Key != key(i%150) {
				t.Errorf("answer %d: got %v", i, item)
			}
		}
		items[0].Attributes["changed"] = true
		if len(items[150].Attributes) != 0 {
			t.Error("two answers share their attributes")
		}
		if diff := cmp.Diff([]int{100, 40, 50}, asked); diff != "" {
			t.Errorf("sizes of requests (-want +got):\n%s", diff)
		}
	})
}

func TestATableThatIsThrottledIsGivenUpWithinSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls, start := 0, time.Now()
		db := open(&fake{batch: func(in *dynamodb.BatchGetItemInput) (*dynamodb.BatchGetItemOutput, error) {
			calls++
			return &dynamodb.BatchGetItemOutput{UnprocessedKeys: in.RequestItems}, nil
		}})
		if items, err := db.Get(t.Context(), key(0)); err == nil {
			t.Errorf("got %v, want an error", items)
		}
		if took := time.Since(start); calls != fruitless || took < time.Second || took > 10*time.Second {
			t.Errorf("gave up after %d calls and %v", calls, took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := db.Get(ctx, key(0)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want DeadlineExceeded", err)
		}
	})
}

func TestAPageAfterWhichNothingComesHasNoNext(t *testing.T) {
	// DynamoDB names a last key whenever a page ends at 1 MB, also where that is the end.
	for _, limit := range []int{0, 2} {
		calls := 0
		db := open(&fake{query: func(in *dynamodb.QueryInput) (*dynamodb.QueryOutput, error) {
			calls++
			if in.ExclusiveStartKey != nil {
				return &dynamodb.QueryOutput{}, nil
			}
			return &dynamodb.QueryOutput{
				Items:            []map[string]types.AttributeValue{encodeKey(key(0)), encodeKey(key(1))},
				LastEvaluatedKey: encodeKey(key(1)),
			}, nil
		}})
		result, err := db.Query(t.Context(), table.Query{Partition: "P", Limit: limit})
		if err != nil || len(result.Items) != 2 || result.Next != "" || calls != 2 {
			t.Errorf("limit %d: got %d items, next %q, %v after %d calls", limit, len(result.Items), result.Next, err, calls)
		}
	}
}

func TestAQueryStartsInsideItsRange(t *testing.T) {
	// DynamoDB refuses any other start.
	for name, c := range map[string]struct {
		query table.Query
		want  string // the start key, "" for none, "-" for no request at all
	}{
		"inside":               {table.Query{From: "b", To: "d", After: "c"}, "c"},
		"at the first key":     {table.Query{From: "b", To: "d", After: "b"}, "b"},
		"before":               {table.Query{From: "b", To: "d", After: "a"}, ""},
		"behind":               {table.Query{From: "b", To: "d", After: "d"}, "-"},
		"reverse inside":       {table.Query{From: "b", To: "d", After: "c", Reverse: true}, "c"},
		"reverse before":       {table.Query{From: "b", To: "d", After: "e", Reverse: true}, ""},
		"reverse at the end":   {table.Query{From: "b", To: "d", After: "d", Reverse: true}, ""},
		"reverse behind":       {table.Query{From: "b", To: "d", After: "b", Reverse: true}, "-"},
		"of a whole partition": {table.Query{After: "a"}, "a"},
		"an empty range":       {table.Query{From: "d", To: "b"}, "-"},
		"no such partition":    {table.Query{Partition: "ä"}, "-"},
	} {
		got := "-"
		db := open(&fake{query: func(in *dynamodb.QueryInput) (*dynamodb.QueryOutput, error) {
			got = ""
			if start, ok := in.ExclusiveStartKey["sk"].(*types.AttributeValueMemberS); ok {
				got = start.Value
			}
			return &dynamodb.QueryOutput{}, nil
		}})
		if c.query.Partition == "" {
			c.query.Partition = "P"
		}
		if _, err := db.Query(t.Context(), c.query); err != nil || got != c.want {
			t.Errorf("%s: got start %q, %v, want %q", name, got, err, c.want)
		}
	}
}

func TestBoundsLongerThanAnyKeyAreCut(t *testing.T) {
	long := fmt.Sprintf("%02000d", 0)
	db := open(&fake{query: func(in *dynamodb.QueryInput) (*dynamodb.QueryOutput, error) {
		for name, v := range in.ExpressionAttributeValues {
			if s, ok := v.(*types.AttributeValueMemberS); ok && len(s.Value) > table.MaxSortKey {
				t.Errorf("value %s has %d bytes", name, len(s.Value))
			}
		}
		if in.ExclusiveStartKey != nil {
			t.Error("a start key that is too long")
		}
		// The beginning of the bound is below it.
		return &dynamodb.QueryOutput{Items: []map[string]types.AttributeValue{
			encodeKey(table.Key{Partition: "P", Sort: long[:table.MaxSortKey]}), encodeKey(table.Key{Partition: "P", Sort: "1"}),
		}}, nil
	}})
	for name, c := range map[string]struct {
		query table.Query
		want  int
	}{
		"from":          {table.Query{From: long}, 1},
		"to":            {table.Query{To: long}, 1},
		"after":         {table.Query{After: long}, 1},
		"reverse after": {table.Query{After: long, Reverse: true}, 1},
	} {
		c.query.Partition = "P"
		if result, err := db.Query(t.Context(), c.query); err != nil || len(result.Items) != c.want {
			t.Errorf("%s: got %d items, %v, want %d", name, len(result.Items), err, c.want)
		}
	}
}
