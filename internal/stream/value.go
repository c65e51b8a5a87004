package stream

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"allclear/internal/table"
)

// value reads one attribute value from the wire: an object of one member that names the kind, such as
// {"S": "text"} or {"N": "12"}. The kinds are the seven that table.Attributes can hold; sets are
// not among them, and numbers are whole.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html
type value struct{ v any }

// UnmarshalJSON reads a value of any of the seven kinds.
func (w *value) UnmarshalJSON(b []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(b, &members); err != nil {
		return err
	}
	if len(members) != 1 {
		return fmt.Errorf("an attribute value with %d kinds, want 1", len(members))
	}
	for kind, raw := range members {
		v, err := decodeKind(kind, raw)
		if err != nil {
			return fmt.Errorf("attribute value of kind %.8q: %w", kind, err)
		}
		w.v = v
	}
	return nil
}

var errNull = errors.New("null where a value belongs")

func decodeKind(kind string, raw json.RawMessage) (any, error) {
	if bytes.Equal(raw, []byte("null")) {
		return nil, errNull
	}
	switch kind {
	case "S":
		return decodeAs[string](raw)
	case "N":
		s, err := decodeAs[string](raw)
		if err != nil {
			return nil, err
		}
		return strconv.ParseInt(s, 10, 64)
	case "B":
		return decodeAs[[]byte](raw)
	case "BOOL":
		return decodeAs[bool](raw)
	case "NULL":
		yes, err := decodeAs[bool](raw)
		if err == nil && !yes {
			err = errors.New("want true")
		}
		return nil, err
	case "L":
		elements, err := decodeAs[[]value](raw)
		if err != nil {
			return nil, err
		}
		list := make([]any, len(elements))
		for i, e := range elements {
			list[i] = e.v
		}
		return list, nil
	case "M":
		members, err := decodeAs[map[string]value](raw)
		if err != nil {
			return nil, err
		}
		return plain(members), nil
	default:
		return nil, errors.New("this kind is not stored here")
	}
}

func decodeAs[T any](raw json.RawMessage) (T, error) {
	var v T
	err := json.Unmarshal(raw, &v)
	return v, err
}

func plain(members map[string]value) map[string]any {
	m := make(map[string]any, len(members))
	for name, e := range members {
		m[name] = e.v
	}
	return m
}

// treeOf wraps a value of table.Attributes into the maps and lists that JSON makes of it.
func treeOf(v any) (map[string]any, error) {
	switch v := v.(type) {
	case nil:
		return map[string]any{"NULL": true}, nil
	case bool:
		return map[string]any{"BOOL": v}, nil
	case int64:
		return map[string]any{"N": strconv.FormatInt(v, 10)}, nil
	case string:
		return map[string]any{"S": v}, nil
	case []byte:
		if v == nil {
			v = []byte{} // absent bytes are empty bytes, not a null that no reader takes
		}
		return map[string]any{"B": v}, nil
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			t, err := treeOf(e)
			if err != nil {
				return nil, err
			}
			list[i] = t
		}
		return map[string]any{"L": list}, nil
	case map[string]any:
		members, err := treeOfMap(v)
		return map[string]any{"M": members}, err
	default:
		return nil, fmt.Errorf("a value of type %T has no attribute kind", v)
	}
}

func treeOfMap(m map[string]any) (map[string]any, error) {
	members := make(map[string]any, len(m))
	for name, e := range m {
		t, err := treeOf(e)
		if err != nil {
			return nil, err
		}
		members[name] = t
	}
	return members, nil
}

// treeOfItem is a whole item on the wire, its key and expiry included.
func treeOfItem(item table.Item) (map[string]any, error) {
	image, err := treeOfMap(item.Attributes)
	if err != nil {
		return nil, fmt.Errorf("item %s: %w", item.Key, err)
	}
	image[partitionName] = map[string]any{"S": item.Partition}
	image[sortName] = map[string]any{"S": item.Sort}
	if !item.Expires.IsZero() {
		image[expiresName] = map[string]any{"N": strconv.FormatInt(item.Expires.Unix(), 10)}
	}
	return image, nil
}

// itemOf is the reverse of treeOfItem.
func itemOf(image map[string]value) (*table.Item, error) {
	key, err := keyOf(image)
	if err != nil {
		return nil, err
	}
	item := &table.Item{Key: key, Attributes: make(table.Attributes, len(image))}
	for name, w := range image {
		switch name {
		case partitionName, sortName:
		case expiresName:
			seconds, ok := w.v.(int64)
			if !ok {
				return nil, fmt.Errorf("attribute %s is no number", expiresName)
			}
			item.Expires = time.Unix(seconds, 0).UTC()
		default:
			item.Attributes[name] = w.v
		}
	}
	if _, err := table.Size(*item); err != nil {
		return nil, err
	}
	return item, nil
}

func keyOf(attributes map[string]value) (table.Key, error) {
	partition, _ := attributes[partitionName].v.(string)
	sort, _ := attributes[sortName].v.(string)
	key := table.Key{Partition: partition, Sort: sort}
	if !key.Valid() {
		return table.Key{}, fmt.Errorf("no key of two strings %s and %s", partitionName, sortName)
	}
	return key, nil
}
