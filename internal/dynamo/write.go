package dynamo

import (
	"context"
	"crypto/rand"
	"fmt"
	"math"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"allclear/internal/table"
)

// plans is how often a write is planned anew because an item that it adds to turned out to be
// expired, or no longer was.
const plans = 4

// Write implements table.Table.
func (t *Table) Write(ctx context.Context, actions ...table.Action) error {
	if err := table.Validate(actions); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(actions) == 1 && len(actions[0].If) == 0 {
		// Only what may be repeated: the SDK sends again what got no answer, and without a
		// transaction's token a conditional write would fail on its own first attempt, and an Add
		// would count twice.
		switch a := actions[0]; a.Kind {
		case table.ActionPut:
			return t.put(ctx, a.Item)
		case table.ActionDelete:
			return t.delete(ctx, a.Item.Key)
		case table.ActionAdd, table.ActionCheck:
		}
	}
	return t.transact(ctx, actions)
}

func (t *Table) put(ctx context.Context, item table.Item) error {
	_, err := t.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &t.name, Item: encodeItem(item)})
	if err != nil {
		return fmt.Errorf("put %s into %s: %w", item.Key, t.name, mapError(err))
	}
	return nil
}

func (t *Table) delete(ctx context.Context, key table.Key) error {
	_, err := t.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &t.name, Key: encodeKey(key)})
	if err != nil {
		return fmt.Errorf("delete %s from %s: %w", key, t.name, mapError(err))
	}
	return nil
}

// transact writes actions as one transaction. An Add to an expired item has to replace it, which
// is known only when its condition fails: then the transaction is planned anew.
func (t *Table) transact(ctx context.Context, actions []table.Action) error {
	lapsed := make([]bool, len(actions)) // the item that is added to is expired
	for range plans {
		now := t.now().Unix()
		items := make([]types.TransactWriteItem, len(actions))
		for i, a := range actions {
			items[i] = t.plan(a, lapsed[i], now)
		}
		token := rand.Text() // with it DynamoDB applies a repeated request once
		_, err := t.client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: items, ClientRequestToken: &token})
		if err == nil {
			return nil
		}
		reasons := failedConditions(err)
		if len(reasons) != len(actions) {
			return fmt.Errorf("write %d actions from %s to %s: %w", len(actions), actions[0].Item.Key, t.name, mapError(err))
		}
		changed, err := judge(actions, reasons, lapsed, now)
		if err != nil {
			return err
		}
		if !changed {
			break
		}
	}
	return fmt.Errorf("%w: conditions that did not hold do by now", table.ErrContention)
}

// judge finds out from the items as they were what made a transaction fail. Where that is only
// that an item is expired or not, it notes it in lapsed and reports a change.
func judge(actions []table.Action, reasons []types.CancellationReason, lapsed []bool, now int64) (changed bool, err error) {
	for i, a := range actions {
		if reasonCode(reasons[i]) != reasonCondition {
			continue
		}
		live, old, decodeErr := itemBefore(reasons[i].Item, now)
		if decodeErr != nil {
			return false, fmt.Errorf("read %s after a condition failed: %w", a.Item.Key, decodeErr)
		}
		for _, c := range a.If {
			if !c.Holds(live) {
				return false, &table.ConditionError{Index: i, Key: a.Item.Key}
			}
		}
		if a.Kind != table.ActionAdd {
			continue
		}
		if live != nil && !sumFits(*live, a) && err == nil {
			err = fmt.Errorf("%w: action %d on %s: attribute %q cannot take %d more", table.ErrInvalid, i, a.Item.Key, a.Attribute, a.Delta)
		}
		if now := old && live == nil; now != lapsed[i] {
			lapsed[i], changed = now, true
		}
	}
	return changed, err
}

// itemBefore reads the item of a cancellation reason: live is nil if it is absent, stored tells
// whether there was one at all.
func itemBefore(s stored, now int64) (live *table.Item, stored bool, err error) {
	if len(s) == 0 {
		return nil, false, nil
	}
	item, err := decodeItem(s)
	if err != nil || expired(item, now) {
		return nil, true, err
	}
	return &item, true, nil
}

func sumFits(item table.Item, a table.Action) bool {
	v, there := item.Attributes[a.Attribute]
	if !there {
		return true
	}
	n, ok := v.(int64)
	if a.Delta > 0 {
		return ok && n <= math.MaxInt64-a.Delta
	}
	return ok && n >= math.MinInt64-a.Delta
}

// plan is an action in the SDK's words.
func (t *Table) plan(a table.Action, lapsed bool, now int64) types.TransactWriteItem {
	e := newExpression(now)
	for _, c := range a.If {
		e.holds(c)
	}
	old := types.ReturnValuesOnConditionCheckFailureAllOld
	var w types.TransactWriteItem
	switch {
	case a.Kind == table.ActionAdd && !lapsed:
		e.summable(a.Attribute, a.Delta)
		update := "ADD " + e.name(a.Attribute) + " " + e.value(number(a.Delta))
		u := &types.Update{TableName: &t.name, Key: encodeKey(a.Item.Key), UpdateExpression: &update, ReturnValuesOnConditionCheckFailure: old}
		u.ConditionExpression, u.ExpressionAttributeNames, u.ExpressionAttributeValues = e.condition()
		w.Update = u
	case a.Kind == table.ActionAdd:
		e.lapsed()
		item := table.Item{Key: a.Item.Key, Attributes: table.Attributes{a.Attribute: a.Delta}}
		w.Put = t.planPut(item, e)
	case a.Kind == table.ActionPut:
		w.Put = t.planPut(a.Item, e)
	case a.Kind == table.ActionDelete:
		d := &types.Delete{TableName: &t.name, Key: encodeKey(a.Item.Key), ReturnValuesOnConditionCheckFailure: old}
		d.ConditionExpression, d.ExpressionAttributeNames, d.ExpressionAttributeValues = e.condition()
		w.Delete = d
	case a.Kind == table.ActionCheck:
		c := &types.ConditionCheck{TableName: &t.name, Key: encodeKey(a.Item.Key), ReturnValuesOnConditionCheckFailure: old}
		c.ConditionExpression, c.ExpressionAttributeNames, c.ExpressionAttributeValues = e.condition()
		w.ConditionCheck = c
	}
	return w
}

func (t *Table) planPut(item table.Item, e *expression) *types.Put {
	p := &types.Put{
		TableName: &t.name, Item: encodeItem(item),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
	p.ConditionExpression, p.ExpressionAttributeNames, p.ExpressionAttributeValues = e.condition()
	return p
}
