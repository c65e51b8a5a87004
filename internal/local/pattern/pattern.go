// Package pattern matches JSON against the filter patterns of Lambda's event source mappings, which
// are those of EventBridge: exact values, null, prefix, suffix, equals-ignore-case, anything-but,
// numeric, exists and $or. It knows no other operator and says so when a pattern is compiled.
// The laptop's event-source loop calls it; on AWS the service does the same.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
package pattern

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"sort"
)

// Pattern is a compiled pattern. Use Compile to make one.
type Pattern struct{ root object }

// object is what a pattern asks of one JSON object: all of it must hold.
type object struct {
	fields []field
	ors    [][]object // of each list at least one
}

// field is what a pattern asks of one member: either of the object that it is, or of its values.
type field struct {
	name   string
	object *object
	tests  []test // at least one must hold
}

// test judges the values of a leaf: one, several when it is a list, none when it is absent.
type test func(values []any) bool

// Compile reads a pattern from JSON.
func Compile(text []byte) (Pattern, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return Pattern{}, fmt.Errorf("read pattern: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return Pattern{}, fmt.Errorf("read pattern: more than one JSON value")
	}
	members, ok := v.(map[string]any)
	if !ok {
		return Pattern{}, fmt.Errorf("read pattern: want a JSON object")
	}
	root, err := compileObject(members, "")
	if err != nil {
		return Pattern{}, fmt.Errorf("read pattern: %w", err)
	}
	return Pattern{root}, nil
}

func compileObject(members map[string]any, path string) (object, error) {
	if len(members) == 0 {
		return object{}, fmt.Errorf("%san empty object", at(path))
	}
	names := make([]string, 0, len(members))
	for name := range members {
		names = append(names, name)
	}
	sort.Strings(names)
	var o object
	for _, name := range names {
		below := path + "." + name
		if alternatives := asOr(name, members[name]); alternatives != nil {
			or, err := compileOr(alternatives, below)
			if err != nil {
				return object{}, err
			}
			o.ors = append(o.ors, or)
			continue
		}
		f, err := compileField(name, members[name], below)
		if err != nil {
			return object{}, err
		}
		o.fields = append(o.fields, f)
	}
	return o, nil
}

// asOr gives the alternatives of a "$or" that is one: a list of two or more objects of which none
// has a member named like an operator. Any other "$or" is a field of that name.
func asOr(name string, v any) []map[string]any {
	list, ok := v.([]any)
	if name != "$or" || !ok || len(list) < 2 {
		return nil
	}
	alternatives := make([]map[string]any, len(list))
	for i, e := range list {
		members, ok := e.(map[string]any)
		if !ok {
			return nil
		}
		for name := range members {
			if isOperator(name) {
				return nil
			}
		}
		alternatives[i] = members
	}
	return alternatives
}

func compileOr(alternatives []map[string]any, path string) ([]object, error) {
	or := make([]object, len(alternatives))
	for i, members := range alternatives {
		var err error
		if or[i], err = compileObject(members, fmt.Sprintf("%s[%d]", path, i)); err != nil {
			return nil, err
		}
	}
	return or, nil
}

func compileField(name string, v any, path string) (field, error) {
	switch v := v.(type) {
	case map[string]any:
		o, err := compileObject(v, path)
		return field{name: name, object: &o}, err
	case []any:
		if len(v) == 0 {
			return field{}, fmt.Errorf("%san empty list", at(path))
		}
		tests := make([]test, len(v))
		for i, e := range v {
			var err error
			if tests[i], err = compileTest(e); err != nil {
				return field{}, fmt.Errorf("%s%w", at(path), err)
			}
		}
		return field{name: name, tests: tests}, nil
	default:
		return field{}, fmt.Errorf("%swant an object or a list", at(path))
	}
}

func at(path string) string {
	if path == "" {
		return ""
	}
	return path[1:] + ": "
}

// Match tells whether a JSON value matches. The value is made of what encoding/json decodes into an
// any (numbers as float64 or json.Number), of int64 and of []byte, which counts as its base64 text.
func (p Pattern) Match(v any) bool { return p.root.match(v) }

func (o object) match(v any) bool {
	if list, ok := v.([]any); ok && len(list) > 0 {
		// Lists are looked through, but everything that is asked must hold in the same element.
		return slices.ContainsFunc(list, o.match)
	}
	members, _ := v.(map[string]any) // what is no object has no member, as what is absent
	for _, f := range o.fields {
		if !f.match(members[f.name], has(members, f.name)) {
			return false
		}
	}
	for _, or := range o.ors {
		if !matchAny(or, members) {
			return false
		}
	}
	return true
}

func has(members map[string]any, name string) bool {
	_, ok := members[name]
	return ok
}

func matchAny(alternatives []object, members map[string]any) bool {
	for _, o := range alternatives {
		if o.match(members) {
			return true
		}
	}
	return false
}

func (f field) match(v any, present bool) bool {
	if f.object != nil {
		return f.object.match(v)
	}
	var values []any
	if present {
		values = leaves(nil, v)
	}
	for _, t := range f.tests {
		if t(values) {
			return true
		}
	}
	return false
}

// leaves are the values that are neither lists nor objects, at any depth of lists.
func leaves(values []any, v any) []any {
	switch v := v.(type) {
	case map[string]any:
		return values
	case []any:
		for _, e := range v {
			values = leaves(values, e)
		}
		return values
	default:
		return append(values, v)
	}
}
