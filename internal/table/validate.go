package table

import (
	"fmt"
	"unicode/utf8"
)

// Validate refuses a transaction that no adapter takes: none or too many actions, two on one
// item, a key, name or value that Key or Attributes does not allow, an item over MaxItemSize, a
// transaction over MaxWriteSize. The error wraps ErrInvalid.
func Validate(actions []Action) error {
	if len(actions) == 0 || len(actions) > MaxActions {
		return fmt.Errorf("%w: %d actions, want 1 to %d", ErrInvalid, len(actions), MaxActions)
	}
	total := 0
	seen := make(map[Key]bool, len(actions))
	for i, a := range actions {
		key := a.Item.Key
		if !key.Valid() {
			return fmt.Errorf("%w: key %q of action %d", ErrInvalid, key, i)
		}
		if seen[key] {
			return fmt.Errorf("%w: two actions on %s", ErrInvalid, key)
		}
		seen[key] = true
		size, err := validateAction(a)
		if err != nil {
			return fmt.Errorf("%w: action %d on %s: %w", ErrInvalid, i, key, err)
		}
		total += size
	}
	if total > MaxWriteSize {
		return fmt.Errorf("%w: transaction of %d bytes, at most %d", ErrInvalid, total, MaxWriteSize)
	}
	return nil
}

// validateAction returns the bytes that an action writes.
func validateAction(a Action) (size int, err error) {
	switch a.Kind {
	case ActionPut:
		if !a.Item.Expires.IsZero() && a.Item.Expires.Unix() < 1 {
			return 0, fmt.Errorf("expires before 1970")
		}
		size, err = Size(a.Item)
		if err != nil {
			return 0, err
		}
		if size > MaxItemSize {
			return 0, fmt.Errorf("item of %d bytes, at most %d", size, MaxItemSize)
		}
	case ActionAdd:
		if err := validateName(a.Attribute); err != nil {
			return 0, err
		}
	case ActionCheck:
		if len(a.If) == 0 {
			return 0, fmt.Errorf("check without a condition")
		}
	case ActionDelete:
	default:
		return 0, fmt.Errorf("unknown action %q", a.Kind)
	}
	for _, c := range a.If {
		if err := c.validate(); err != nil {
			return 0, err
		}
	}
	return size, nil
}

func (c Condition) validate() error {
	switch c.Kind {
	case IfAbsent, IfPresent:
		return nil
	case IfEquals:
		switch v := c.Value.(type) {
		case int64, bool:
		case string:
			if !utf8.ValidString(v) {
				return fmt.Errorf("condition on %s with a string that is not UTF-8", c.Attribute)
			}
		default:
			return fmt.Errorf("condition on %s with a value of type %T", c.Attribute, c.Value)
		}
	case IfBelowOrAbsent:
		if _, ok := c.Value.(int64); !ok {
			return fmt.Errorf("condition on %s with a value of type %T", c.Attribute, c.Value)
		}
	default:
		return fmt.Errorf("unknown condition %q", c.Kind)
	}
	return validateName(c.Attribute)
}

// Valid tells whether an item can have this key.
func (k Key) Valid() bool {
	return k.Partition != "" && len(k.Partition) <= MaxPartitionKey && within(k.Partition, '~') &&
		k.Sort != "" && len(k.Sort) <= MaxSortKey && within(k.Sort, '~')
}

// Validate refuses a query that no adapter takes: bounds that are not ASCII, a negative limit. A
// partition that no key can name is no error: it is empty. The error wraps ErrInvalid.
func (q Query) Validate() error {
	if q.Limit < 0 {
		return fmt.Errorf("%w: query with limit %d", ErrInvalid, q.Limit)
	}
	for _, bound := range []string{q.From, q.To, q.After} {
		// PrefixEnd of "~" is DEL, so a bound may hold it although a key may not.
		if !within(bound, 0x7f) {
			return fmt.Errorf("%w: query with bound %q", ErrInvalid, bound)
		}
	}
	return nil
}

// within tells whether all bytes of s are between the space and last.
func within(s string, last byte) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > last {
			return false
		}
	}
	return true
}

// Size is an item's size in bytes as DynamoDB counts it, rounded up a little: names and values,
// three bytes a container, one a member. It refuses names and values that Attributes does not allow.
func Size(item Item) (int, error) {
	size := len("pk") + len(item.Partition) + len("sk") + len(item.Sort)
	if !item.Expires.IsZero() {
		size += len("expires") + 12
	}
	for name, v := range item.Attributes {
		if err := validateName(name); err != nil {
			return 0, err
		}
		n, err := valueSize(v, 0)
		if err != nil {
			return 0, fmt.Errorf("attribute %s: %w", name, err)
		}
		size += len(name) + n
	}
	return size, nil
}

func validateName(name string) error {
	switch {
	case name == "", name == "pk", name == "sk", name == "expires":
		return fmt.Errorf("attribute name %q is not allowed", name)
	case !utf8.ValidString(name):
		return fmt.Errorf("attribute name %q is not UTF-8", name)
	default:
		return nil
	}
}

func valueSize(v any, depth int) (int, error) {
	switch v := v.(type) {
	case nil, bool:
		return 1, nil
	case int64:
		return 12, nil
	case string:
		if !utf8.ValidString(v) {
			return 0, fmt.Errorf("a string that is not UTF-8")
		}
		return len(v), nil
	case []byte:
		return len(v), nil
	case []any:
		if depth == MaxDepth {
			return 0, fmt.Errorf("more than %d containers inside each other", MaxDepth)
		}
		size := 3
		for _, e := range v {
			n, err := valueSize(e, depth+1)
			if err != nil {
				return 0, err
			}
			size += 1 + n
		}
		return size, nil
	case map[string]any:
		if depth == MaxDepth {
			return 0, fmt.Errorf("more than %d containers inside each other", MaxDepth)
		}
		size := 3
		for name, e := range v {
			if name == "" || !utf8.ValidString(name) {
				return 0, fmt.Errorf("name %q inside a map is not allowed", name)
			}
			n, err := valueSize(e, depth+1)
			if err != nil {
				return 0, err
			}
			size += 1 + len(name) + n
		}
		return size, nil
	default:
		return 0, fmt.Errorf("a value of type %T is not allowed", v)
	}
}

// Holds tells whether a condition holds of an item, nil for an absent one. Adapters without a
// condition language of their own use it; they pass nil for an expired item.
func (c Condition) Holds(item *Item) bool {
	switch c.Kind {
	case IfAbsent:
		return item == nil
	case IfPresent:
		return item != nil
	case IfEquals:
		if item == nil {
			return false
		}
		v, ok := item.Attributes[c.Attribute]
		return ok && v == c.Value
	case IfBelowOrAbsent:
		if item == nil {
			return true
		}
		v, ok := item.Attributes[c.Attribute]
		if !ok {
			return true
		}
		n, isNumber := v.(int64)
		return isNumber && n < c.Value.(int64)
	default:
		return false
	}
}
