// Package table is the port to the database: get, query one partition, and write one transaction.
// It is small on purpose, so that DynamoDB, SQLite and memory can honour it to the letter
// (internal/tabletest holds them to it). It knows nothing of pages or incidents: access patterns
// live in internal/store, which is its only caller apart from the adapters' own tests.
package table

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Limits of one transaction and one item. They are DynamoDB's
// (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html);
// every adapter enforces them, so that nothing works on a laptop only.
const (
	MaxActions      = 100
	MaxItemSize     = 400 << 10 // bytes, as Size counts them
	MaxWriteSize    = 4 << 20   // bytes of all items of one transaction
	MaxPartitionKey = 2048      // bytes
	MaxSortKey      = 1024      // bytes
	MaxDepth        = 31        // containers inside each other in one attribute; the value in them is the 32nd level
)

// Key names one item: a partition and a sort key inside it. Both are non-empty, of printable
// ASCII, and no longer than MaxPartitionKey and MaxSortKey. In DynamoDB they are the attributes
// "pk" and "sk".
type Key struct {
	Partition string
	Sort      string
}

func (k Key) String() string { return k.Partition + "/" + k.Sort }

// Attributes are an item's values by name. A value is nil, bool, int64, string, []byte,
// []any or map[string]any, the last two of such values again, at most MaxDepth deep. Strings are
// valid UTF-8 and may hold NUL. Names, also those inside a map, are non-empty valid UTF-8; at the
// top "pk", "sk" and "expires" belong to the adapters. What is read back is never a nil slice or
// map: an empty one comes instead.
type Attributes map[string]any

// Item is one stored item.
type Item struct {
	Key
	Attributes Attributes
	// Expires is when the item ceases to exist for reads and conditions: it is absent at that
	// second and later. Zero means never; else it is after 1970, fractions of a second are cut
	// off, and it is read back in UTC. An adapter may delete the item at any time after that.
	Expires time.Time
}

// Query asks for a range of sort keys of one partition. From, To and After are ASCII. A To that is
// not above From is a range without items, no error.
type Query struct {
	Partition string
	From      string // inclusive; "" is the start of the partition
	To        string // exclusive; "" is its end
	Reverse   bool   // newest first, when sort keys are times
	Limit     int    // items in one answer; 0 means as many as the adapter gives at once
	After     string // the Next of the answer before, "" for the first
}

// Prefix is the query for all sort keys that begin with p.
func Prefix(partition, p string) Query {
	return Query{Partition: partition, From: p, To: PrefixEnd(p)}
}

// PrefixEnd is the smallest string greater than every string that begins with p. It treats p as
// ASCII: keys are made of ASCII only.
func PrefixEnd(p string) string {
	if p == "" {
		return ""
	}
	b := []byte(p)
	b[len(b)-1]++
	return string(b)
}

// Result is one page of a query's answer. It holds Limit items, fewer only at the end of the range.
type Result struct {
	Items []Item
	Next  string // the sort key of the last item when there is more, else ""
}

// Table is what an adapter offers. All reads are strongly consistent. Implementations are safe
// for concurrent use.
type Table interface {
	// Get reads items by key. The answer has the keys' length and order, nil where an item is
	// absent. A key that Write would refuse names no item, so it is nil too; a key may come twice.
	// The items are not of one instant.
	Get(ctx context.Context, keys ...Key) ([]*Item, error)
	// Query reads one page of a range of one partition, in the order of the sort keys' bytes.
	Query(ctx context.Context, q Query) (Result, error)
	// Write applies all actions or none. At most MaxActions, each on a key of its own.
	// A condition that does not hold is a *ConditionError; another transaction that was in the
	// way is ErrContention: the same call may succeed later. Where all conditions hold, an Add to
	// what is no number is ErrInvalid. The arguments may be changed once Write has returned.
	Write(ctx context.Context, actions ...Action) error
}

// ErrContention says that a transaction met another one and was not applied.
var ErrContention = errors.New("table: transaction conflict")

// ErrInvalid wraps every refusal of a call that could never succeed as things are: too many
// actions, an item that is too large, a value of a kind that Attributes does not allow.
var ErrInvalid = errors.New("table: invalid request")

// ConditionError says which action's condition did not hold. Nothing was applied.
type ConditionError struct {
	Index int // of the first such action
	Key   Key
}

func (e *ConditionError) Error() string {
	return fmt.Sprintf("table: condition of action %d on %s does not hold", e.Index, e.Key)
}

// All reads every page of a query.
func All(ctx context.Context, t Table, q Query) ([]Item, error) {
	var items []Item
	for {
		r, err := t.Query(ctx, q)
		if err != nil {
			return nil, err
		}
		items = append(items, r.Items...)
		if r.Next == "" {
			return items, nil
		}
		q.After = r.Next
	}
}
