package dynamo

import (
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"allclear/internal/table"
)

// stored is an item as the SDK has it.
type stored = map[string]types.AttributeValue

// encodeItem makes what is stored of an item that table.Validate has let through.
func encodeItem(item table.Item) stored {
	s := encodeKey(item.Key)
	if !item.Expires.IsZero() {
		s[expiresName] = number(item.Expires.Unix())
	}
	for name, v := range item.Attributes {
		s[name] = encodeValue(v)
	}
	return s
}

func encodeKey(key table.Key) stored {
	return stored{
		partitionName: &types.AttributeValueMemberS{Value: key.Partition},
		sortName:      &types.AttributeValueMemberS{Value: key.Sort},
	}
}

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

// encodeValue shares no memory with v. A value of another kind than table.Attributes allows is a
// mistake in this package, as table.Validate comes first.
func encodeValue(v any) types.AttributeValue {
	switch v := v.(type) {
	case nil:
		return &types.AttributeValueMemberNULL{Value: true}
	case bool:
		return &types.AttributeValueMemberBOOL{Value: v}
	case int64:
		return number(v)
	case string:
		return &types.AttributeValueMemberS{Value: v}
	case []byte: // never nil, which the SDK would send as null
		return &types.AttributeValueMemberB{Value: append([]byte{}, v...)}
	case []any:
		list := make([]types.AttributeValue, len(v))
		for i, e := range v {
			list[i] = encodeValue(e)
		}
		return &types.AttributeValueMemberL{Value: list}
	case map[string]any:
		members := make(stored, len(v))
		for name, e := range v {
			members[name] = encodeValue(e)
		}
		return &types.AttributeValueMemberM{Value: members}
	default:
		panic(fmt.Sprintf("dynamo: value of type %T", v))
	}
}

// decodeItem reads what encodeItem wrote. What no version of this program writes is an error.
func decodeItem(s stored) (table.Item, error) {
	item := table.Item{Attributes: make(table.Attributes, len(s))}
	for name, raw := range s {
		v, err := decodeValue(raw)
		if err != nil {
			return item, fmt.Errorf("attribute %q: %w", name, err)
		}
		var ok bool
		switch name {
		case partitionName:
			item.Partition, ok = v.(string)
		case sortName:
			item.Sort, ok = v.(string)
		case expiresName:
			var at int64
			at, ok = v.(int64)
			item.Expires = time.Unix(at, 0).UTC()
		default:
			item.Attributes[name], ok = v, true
		}
		if !ok {
			return item, fmt.Errorf("attribute %q: a value of type %T", name, v)
		}
	}
	if !item.Key.Valid() {
		return item, fmt.Errorf("key %q", item.Key)
	}
	return item, nil
}

func decodeValue(raw types.AttributeValue) (any, error) {
	switch raw := raw.(type) {
	case *types.AttributeValueMemberNULL:
		return nil, nil
	case *types.AttributeValueMemberBOOL:
		return raw.Value, nil
	case *types.AttributeValueMemberN:
		return strconv.ParseInt(raw.Value, 10, 64)
	case *types.AttributeValueMemberS:
		return raw.Value, nil
	case *types.AttributeValueMemberB:
		return append([]byte{}, raw.Value...), nil
	case *types.AttributeValueMemberL:
		list := make([]any, len(raw.Value))
		for i, e := range raw.Value {
			v, err := decodeValue(e)
			if err != nil {
				return nil, err
			}
			list[i] = v
		}
		return list, nil
	case *types.AttributeValueMemberM:
		members := make(map[string]any, len(raw.Value))
		for name, e := range raw.Value {
			v, err := decodeValue(e)
			if err != nil {
				return nil, err
			}
			members[name] = v
		}
		return members, nil
	default:
		return nil, fmt.Errorf("a value of type %T is not stored here", raw)
	}
}

// expired tells whether an item is absent at a time in Unix seconds.
func expired(item table.Item, now int64) bool {
	return !item.Expires.IsZero() && item.Expires.Unix() <= now
}
