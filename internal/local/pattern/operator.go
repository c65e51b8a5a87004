package pattern

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// isOperator knows EventBridge's operators, also those that this package does not have.
func isOperator(name string) bool {
	switch name {
	case "exists", "prefix", "suffix", "equals-ignore-case", "anything-but", "numeric", "wildcard", "cidr":
		return true
	}
	return false
}

func compileTest(v any) (test, error) {
	operator, ok := v.(map[string]any)
	if !ok {
		return anyValue(exactly(v))
	}
	if len(operator) != 1 {
		return nil, fmt.Errorf("an operator object with %d members, want 1", len(operator))
	}
	for name, argument := range operator {
		t, err := compileOperator(name, argument)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return t, nil
	}
	return nil, nil // unreachable: there is one member
}

func compileOperator(name string, argument any) (test, error) {
	switch name {
	case "exists":
		want, ok := argument.(bool)
		if !ok {
			return nil, errors.New("want true or false")
		}
		return func(values []any) bool { return (len(values) > 0) == want }, nil
	case "prefix", "suffix", "equals-ignore-case":
		return anyValue(ofText(name, argument))
	case "anything-but":
		return anyValue(anythingBut(argument))
	case "numeric":
		return anyValue(numeric(argument))
	default:
		return nil, errors.New("this operator is not known here")
	}
}

// judge judges one value.
type judge func(v any) bool

func anyValue(j judge, err error) (test, error) {
	return func(values []any) bool {
		return slices.ContainsFunc(values, j)
	}, err
}

// exactly compares with a string, number, true, false or null. Numbers are compared as they are
// written, so 300 is not 300.0: that is Lambda's rule.
func exactly(want any) (judge, error) {
	switch want.(type) {
	case nil, bool, string, json.Number:
		return func(v any) bool { return sameText(v, want) }, nil
	default:
		return nil, errors.New("want a string, a number, true, false, null or an operator")
	}
}

func sameText(a, b any) bool {
	aText, aString := text(a)
	bText, bString := text(b)
	return aString == bString && aText == bText
}

// text is a value as JSON writes it, without quotes, and whether it is a string.
func text(v any) (s string, isString bool) {
	switch v := v.(type) {
	case nil:
		return "null", false
	case string:
		return v, true
	case []byte:
		return base64.StdEncoding.EncodeToString(v), true
	case bool:
		return strconv.FormatBool(v), false
	case int64:
		return strconv.FormatInt(v, 10), false
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64), false
	case json.Number:
		return v.String(), false
	default:
		return fmt.Sprint(v), false
	}
}

// ofText makes the three operators that work on strings only. The prefix and the suffix may
// themselves be an equals-ignore-case.
func ofText(name string, argument any) (judge, error) {
	fold := name == "equals-ignore-case"
	if nested, ok := argument.(map[string]any); ok && !fold && len(nested) == 1 {
		if inner, ok := nested["equals-ignore-case"]; ok {
			argument, fold = inner, true
		}
	}
	want, ok := argument.(string)
	if !ok {
		return nil, errors.New("want a string")
	}
	equal := func(a, b string) bool { return a == b }
	if fold {
		equal = strings.EqualFold
	}
	return func(v any) bool {
		s, isString := text(v)
		if !isString {
			return false
		}
		switch name {
		case "prefix":
			return len(s) >= len(want) && equal(s[:len(want)], want)
		case "suffix":
			return len(s) >= len(want) && equal(s[len(s)-len(want):], want)
		default:
			return equal(s, want)
		}
	}, nil
}

// anythingBut takes one string or number, a list of either, or an object with one of the operators
// on strings, whose argument may be a list too.
func anythingBut(argument any) (judge, error) {
	operator := ""
	if nested, ok := argument.(map[string]any); ok {
		if len(nested) != 1 {
			return nil, errors.New("want one operator")
		}
		for operator, argument = range nested {
			if operator != "prefix" && operator != "suffix" && operator != "equals-ignore-case" {
				return nil, fmt.Errorf("%s: this operator is not known here", operator)
			}
		}
	}
	list, ok := argument.([]any)
	if !ok {
		list = []any{argument}
	}
	if len(list) == 0 {
		return nil, errors.New("an empty list")
	}
	excluded := make([]judge, len(list))
	for i, e := range list {
		var err error
		if excluded[i], err = exclusion(operator, e); err != nil {
			return nil, err
		}
	}
	return func(v any) bool {
		for _, j := range excluded {
			if j(v) {
				return false
			}
		}
		return true
	}, nil
}

func exclusion(operator string, v any) (judge, error) {
	if operator != "" {
		return ofText(operator, v)
	}
	switch v.(type) {
	case string, json.Number:
		return exactly(v)
	default:
		return nil, errors.New("want strings or numbers")
	}
}

// numeric takes pairs of a comparison and a number, all of which must hold. It matches numbers
// only; a DynamoDB number is a string in a stream record.
func numeric(argument any) (judge, error) {
	list, ok := argument.([]any)
	if !ok || len(list) == 0 || len(list)%2 != 0 {
		return nil, errors.New("want a list of pairs of a comparison and a number")
	}
	var comparisons []func(n float64) bool
	for i := 0; i < len(list); i += 2 {
		number, ok := list[i+1].(json.Number)
		if !ok {
			return nil, fmt.Errorf("%v is no number", list[i+1])
		}
		bound, err := number.Float64()
		if err != nil {
			return nil, err
		}
		c, err := comparison(list[i], bound)
		if err != nil {
			return nil, err
		}
		comparisons = append(comparisons, c)
	}
	return func(v any) bool {
		n, ok := float(v)
		for _, c := range comparisons {
			ok = ok && c(n)
		}
		return ok
	}, nil
}

func comparison(operator any, bound float64) (func(n float64) bool, error) {
	switch operator {
	case "=":
		return func(n float64) bool { return n == bound }, nil
	case "<":
		return func(n float64) bool { return n < bound }, nil
	case "<=":
		return func(n float64) bool { return n <= bound }, nil
	case ">":
		return func(n float64) bool { return n > bound }, nil
	case ">=":
		return func(n float64) bool { return n >= bound }, nil
	default:
		return nil, fmt.Errorf("%v is no comparison", operator)
	}
}

func float(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case int64:
		return float64(v), true
	case json.Number:
		n, err := v.Float64()
		return n, err == nil
	default:
		return 0, false
	}
}
