package dynamo

import (
	"math"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"allclear/internal/table"
)

// expression is a condition in DynamoDB's language. Every name and value is a placeholder: names
// may be reserved words or hold any character.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
type expression struct {
	clauses []string
	names   map[string]string
	values  stored
	now     int64 // Unix seconds: an item is expired when its expires is not above it
}

func newExpression(now int64) *expression {
	return &expression{names: map[string]string{}, values: stored{}, now: now}
}

// must adds a clause that has to hold with the others.
func (e *expression) must(clause string) { e.clauses = append(e.clauses, "("+clause+")") }

// holds adds a condition of the port. A comparison of values of two types is false in DynamoDB.
func (e *expression) holds(c table.Condition) {
	switch c.Kind {
	case table.IfAbsent:
		e.must(e.gone())
	case table.IfPresent:
		e.must(e.there())
	case table.IfEquals: // an equal attribute is that of a present item
		e.must(e.name(c.Attribute) + " = " + e.value(encodeValue(c.Value)))
		e.must(e.unexpired())
	case table.IfBelowOrAbsent:
		name := e.name(c.Attribute)
		e.must(e.gone() + " OR attribute_not_exists(" + name + ") OR " + name + " < " + e.value(encodeValue(c.Value)))
	}
}

// summable holds where delta can be added in place: the item is not expired, and its number, if it
// has one, keeps within 64 bits.
func (e *expression) summable(attribute string, delta int64) {
	name := e.name(attribute)
	comparison, bound := " >= ", math.MinInt64-delta
	if delta > 0 {
		comparison, bound = " <= ", math.MaxInt64-delta
	}
	e.must(e.unexpired())
	e.must("attribute_not_exists(" + name + ") OR " + name + comparison + e.value(number(bound)))
}

// lapsed holds of an item that is stored and expired.
func (e *expression) lapsed() { e.must(e.name(expiresName) + " <= " + e.value(number(e.now))) }

func (e *expression) gone() string {
	return "attribute_not_exists(" + e.name(partitionName) + ") OR " + e.name(expiresName) + " <= " + e.value(number(e.now))
}

func (e *expression) there() string {
	return "attribute_exists(" + e.name(partitionName) + ") AND (" + e.unexpired() + ")"
}

// unexpired also holds of an item that is not stored.
func (e *expression) unexpired() string {
	name := e.name(expiresName)
	return "attribute_not_exists(" + name + ") OR " + name + " > " + e.value(number(e.now))
}

// name is the placeholder of an attribute.
func (e *expression) name(attribute string) string {
	for placeholder, a := range e.names {
		if a == attribute {
			return placeholder
		}
	}
	placeholder := "#n" + strconv.Itoa(len(e.names))
	e.names[placeholder] = attribute
	return placeholder
}

// value is a new placeholder of a value.
func (e *expression) value(v types.AttributeValue) string {
	placeholder := ":v" + strconv.Itoa(len(e.values))
	e.values[placeholder] = v
	return placeholder
}

// condition is the expression in the SDK's words: all nil where there is none.
func (e *expression) condition() (*string, map[string]string, stored) {
	if len(e.clauses) == 0 {
		return nil, nilIfEmpty(e.names), nilIfEmpty(e.values)
	}
	text := strings.Join(e.clauses, " AND ")
	return &text, nilIfEmpty(e.names), nilIfEmpty(e.values)
}

// nilIfEmpty leaves out what DynamoDB refuses when it is empty.
func nilIfEmpty[V any](m map[string]V) map[string]V {
	if len(m) == 0 {
		return nil
	}
	return m
}
