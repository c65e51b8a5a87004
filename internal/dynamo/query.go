package dynamo

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"allclear/internal/table"
)

// largestPage bounds the items of one request; DynamoDB ends a page at 1 MB in any case.
const largestPage = 10_000

// Query implements table.Table. It reads one item more than asked, so that Next is only there
// when more is: DynamoDB itself may name a last key after which nothing comes.
func (t *Table) Query(ctx context.Context, q table.Query) (table.Result, error) {
	if err := q.Validate(); err != nil {
		return table.Result{}, err
	}
	if err := ctx.Err(); err != nil {
		return table.Result{}, err
	}
	r := rangeOf(q)
	if r.empty {
		return table.Result{}, nil
	}
	now := t.now().Unix()
	input := t.queryInput(q, r, now)
	var items []table.Item
	limit := q.Limit
	for round := 0; ; round++ {
		if limit > 0 {
			// More with each round, for where many expired items lie between.
			n := int32(min(max(limit-len(items)+1, 1<<min(round, 10)), largestPage))
			input.Limit = &n
		}
		page, last, err := t.queryPage(ctx, input)
		if err != nil {
			return table.Result{}, fmt.Errorf("query %q of %s: %w", q.Partition, t.name, err)
		}
		for _, item := range page {
			if contains(q, item.Sort) && !expired(item, now) {
				items = append(items, item)
			}
		}
		if limit > 0 && len(items) > limit {
			return table.Result{Items: items[:limit:limit], Next: items[limit-1].Sort}, nil
		}
		if len(last) == 0 {
			return table.Result{Items: items}, nil
		}
		if limit == 0 {
			limit = len(items) // the page is what it is; what remains is to see whether more comes
		}
		input.ExclusiveStartKey = last
	}
}

// queryPage reads one page and the key it ends with, nil at the end.
func (t *Table) queryPage(ctx context.Context, input *dynamodb.QueryInput) (items []table.Item, last stored, err error) {
	out, err := t.client.Query(ctx, input)
	if err != nil {
		return nil, nil, mapError(err)
	}
	items = make([]table.Item, len(out.Items))
	for i, s := range out.Items {
		if items[i], err = decodeItem(s); err != nil {
			return nil, nil, err
		}
	}
	return items, out.LastEvaluatedKey, nil
}

// span is a range of sort keys as DynamoDB can be asked for it: both ends belong to it, "" is none.
// It may hold a little more than the query; contains has the last word.
type span struct {
	low, high string
	start     string // begin after this key of the span; "" for its beginning
	empty     bool
}

func rangeOf(q table.Query) span {
	// A bound that is longer than any key: no key is between it and its beginning.
	r := span{low: cut(q.From), high: cut(q.To)}
	switch {
	case !(table.Key{Partition: q.Partition, Sort: "x"}).Valid():
		r.empty = true
	case q.To != "" && q.To <= q.From:
		r.empty = true
	case q.After == "":
	case q.Reverse && q.After <= q.From, !q.Reverse && q.To != "" && q.After >= q.To:
		r.empty = true
	case q.Reverse && q.To != "" && q.After >= q.To, !q.Reverse && q.After < q.From:
		// It lies before the whole range. DynamoDB refuses a start outside of it.
	case len(q.After) <= table.MaxSortKey:
		r.start = q.After
	}
	return r
}

func cut(bound string) string { return bound[:min(len(bound), table.MaxSortKey)] }

// contains tells whether a sort key is in what is left of a query's range.
func contains(q table.Query, sort string) bool {
	switch {
	case sort < q.From, q.To != "" && sort >= q.To:
		return false
	case q.After == "":
		return true
	case q.Reverse:
		return sort < q.After
	default:
		return sort > q.After
	}
}

func (t *Table) queryInput(q table.Query, r span, now int64) *dynamodb.QueryInput {
	e := newExpression(now)
	condition := e.name(partitionName) + " = " + e.value(&types.AttributeValueMemberS{Value: q.Partition})
	bound := func(sort string) string { return e.value(&types.AttributeValueMemberS{Value: sort}) }
	switch {
	case r.low != "" && r.high != "":
		condition += " AND " + e.name(sortName) + " BETWEEN " + bound(r.low) + " AND " + bound(r.high)
	case r.low != "":
		condition += " AND " + e.name(sortName) + " >= " + bound(r.low)
	case r.high != "":
		condition += " AND " + e.name(sortName) + " <= " + bound(r.high)
	}
	filter := e.unexpired()
	forward, consistent := !q.Reverse, true
	input := &dynamodb.QueryInput{
		TableName:                 &t.name,
		KeyConditionExpression:    &condition,
		FilterExpression:          &filter,
		ExpressionAttributeNames:  e.names,
		ExpressionAttributeValues: e.values,
		ScanIndexForward:          &forward,
		ConsistentRead:            &consistent,
	}
	if r.start != "" {
		input.ExclusiveStartKey = encodeKey(table.Key{Partition: q.Partition, Sort: r.start})
	}
	return input
}
