package dynamo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"allclear/internal/table"
)

const (
	batchSize = 100 // keys of one BatchGetItem
	// A batch of which nothing came for so many attempts is given up, about three seconds in all.
	fruitless = 7
	firstWait = 50 * time.Millisecond // doubled with each fruitless attempt
)

// Get implements table.Table.
func (t *Table) Get(ctx context.Context, keys ...table.Key) ([]*table.Item, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	places := make(map[table.Key][]int, len(keys))
	asked := make([]stored, 0, len(keys)) // each key once, as BatchGetItem wants it
	for i, key := range keys {
		if !key.Valid() {
			continue
		}
		if places[key] == nil {
			asked = append(asked, encodeKey(key))
		}
		places[key] = append(places[key], i)
	}
	items := make([]*table.Item, len(keys))
	now := t.now().Unix()
	for len(asked) > 0 {
		n := min(len(asked), batchSize)
		found, err := t.getBatch(ctx, asked[:n])
		if err != nil {
			return nil, fmt.Errorf("get %d items from %s: %w", n, t.name, err)
		}
		asked = asked[n:]
		for _, s := range found {
			if err := place(items, places, s, now); err != nil {
				return nil, fmt.Errorf("get item from %s: %w", t.name, err)
			}
		}
	}
	return items, nil
}

// place puts an item wherever it was asked for, each time a copy of its own.
func place(items []*table.Item, places map[table.Key][]int, s stored, now int64) error {
	item, err := decodeItem(s)
	if err != nil || expired(item, now) {
		return err
	}
	for n, i := range places[item.Key] {
		one := item
		if n > 0 {
			if one, err = decodeItem(s); err != nil {
				return err
			}
		}
		items[i] = &one
	}
	return nil
}

// getBatch reads up to batchSize keys. What DynamoDB leaves unprocessed, because the answer grew
// past 16 MB or it is throttled, is asked for again.
func (t *Table) getBatch(ctx context.Context, keys []stored) ([]stored, error) {
	var found []stored
	consistent := true
	ask := types.KeysAndAttributes{Keys: keys, ConsistentRead: &consistent}
	wait := firstWait
	for attempt := 0; attempt < fruitless; attempt++ {
		out, err := t.client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{t.name: ask}})
		if err != nil {
			return nil, mapError(err)
		}
		for _, items := range out.Responses { // of the one table, under its name
			found = append(found, items...)
		}
		var left []stored
		for _, unprocessed := range out.UnprocessedKeys {
			left = append(left, unprocessed.Keys...)
		}
		if len(left) == 0 {
			return found, nil
		}
		if len(left) < len(ask.Keys) {
			attempt, wait = -1, firstWait
		}
		ask.Keys = left
		if err := pause(ctx, wait); err != nil {
			return nil, err
		}
		wait *= 2
	}
	return nil, errors.New("keys stay unprocessed: the table is throttled")
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
