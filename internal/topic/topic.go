// Package topic is the port to topics, where every subscriber gets a copy of each message that its
// filter policy lets pass: SNS on AWS, internal/local/broker on a laptop. It publishes and knows
// nothing of what a message says. Who subscribes is a matter of the wiring.
package topic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// MaxSize is the most bytes of a message: its body with the names, types and values of its attributes.
// It is the limit of SNS: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html.
const MaxSize = 256 << 10

// Message is one message. Body is opaque text: at least one byte of valid UTF-8. Filter policies
// look at the attributes only. A name has 1 to 256 of the characters A-Z a-z 0-9 _ - and ".", which
// is neither first nor last nor next to another; it does not begin with "AWS." or "Amazon.".
type Message struct {
	Body       string
	Attributes map[string]Attribute
}

// Attribute is the value of a message attribute, a text or a list of texts. Make it with Text or
// List; the zero value is refused.
type Attribute struct {
	values []string
	list   bool
}

// Text is an attribute of one text, which is not empty.
func Text(s string) Attribute { return Attribute{values: []string{s}} }

// List is an attribute of several texts, of which a filter policy must match one. An empty list is
// refused, since services differ in what it matches: leave the attribute out.
func List(values ...string) Attribute { return Attribute{values: slices.Clone(values), list: true} }

// Values are the texts of a list, or the one text.
func (a Attribute) Values() []string { return slices.Clone(a.values) }

// Type is the data type on the wire: String or String.Array.
func (a Attribute) Type() string {
	if a.list {
		return "String.Array"
	}
	return "String"
}

// Value is the value on the wire: the text, or the list as a JSON array.
func (a Attribute) Value() string {
	if !a.list {
		return strings.Join(a.values, "")
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(a.values); err != nil {
		panic(fmt.Sprintf("texts do not become JSON: %v", err))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// Attributed reads an attribute from its form on the wire.
func Attributed(dataType, value string) (Attribute, error) {
	switch dataType {
	case "String":
		return Text(value), nil
	case "String.Array":
		var values []string
		if err := json.Unmarshal([]byte(value), &values); err != nil {
			return Attribute{}, fmt.Errorf("read attribute of type String.Array: %w", err)
		}
		return List(values...), nil
	default:
		return Attribute{}, fmt.Errorf("read attribute: the type %q is not known here", dataType)
	}
}

// Equal tells whether two attributes are the same.
func (a Attribute) Equal(b Attribute) bool {
	return a.list == b.list && slices.Equal(a.values, b.values)
}

// Topic is what an adapter offers. Implementations are safe for concurrent use.
type Topic interface {
	// Publish publishes one message. Nil means that the topic durably has it. After an error it may
	// have it too, so who publishes again must expect that subscribers get it twice; after
	// ErrInvalid it does not have it, and the same call never succeeds.
	Publish(ctx context.Context, m Message) error
}

// ErrInvalid wraps every refusal of a message that breaks a limit.
var ErrInvalid = errors.New("topic: invalid message")

// Validate refuses a message that no adapter takes. The error wraps ErrInvalid.
func Validate(m Message) error {
	if m.Body == "" {
		return fmt.Errorf("%w: body is empty", ErrInvalid)
	}
	if !utf8.ValidString(m.Body) {
		return fmt.Errorf("%w: body is not UTF-8", ErrInvalid)
	}
	size := len(m.Body)
	for _, name := range slices.Sorted(maps.Keys(m.Attributes)) {
		a := m.Attributes[name]
		if err := checkName(name); err != nil {
			return fmt.Errorf("%w: attribute %q: %w", ErrInvalid, name, err)
		}
		if err := a.check(); err != nil {
			return fmt.Errorf("%w: attribute %s: %w", ErrInvalid, name, err)
		}
		size += len(name) + len(a.Type()) + len(a.Value())
	}
	if size > MaxSize {
		return fmt.Errorf("%w: %d bytes with attributes, at most %d", ErrInvalid, size, MaxSize)
	}
	return nil
}

func checkName(name string) error {
	switch {
	case name == "" || len(name) > 256:
		return errors.New("name has to have 1 to 256 characters")
	case strings.HasPrefix(name, ".") || strings.HasSuffix(name, ".") || strings.Contains(name, ".."):
		return errors.New("name has a misplaced dot")
	case strings.HasPrefix(strings.ToLower(name), "aws.") || strings.HasPrefix(strings.ToLower(name), "amazon."):
		return errors.New("name is reserved")
	}
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("_-.", r) {
			return fmt.Errorf("name has the character %q", r)
		}
	}
	return nil
}

func (a Attribute) check() error {
	if len(a.values) == 0 {
		return errors.New("has no value")
	}
	for _, v := range a.values {
		if !utf8.ValidString(v) {
			return errors.New("value is not UTF-8")
		}
		if v == "" && !a.list {
			return errors.New("value is empty")
		}
	}
	return nil
}
