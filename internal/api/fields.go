package api

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"allclear/internal/status"
)

// fields reads the members of one object of a request by name and keeps the first thing that is
// wrong with them in err. What is absent or null was not mentioned. Members that nobody asks for
// are ignored: clients send many.
type fields struct {
	name string // of the object, as in the request: "incident"
	m    map[string]any
	err  error
}

// object is the member of the body that holds everything, such as "incident".
func (c *call) object(name string) *fields {
	f := &fields{name: name}
	switch v := c.body[name].(type) {
	case nil:
		f.err = status.Invalidf(name, `is missing: the body must be {%q: {…}} or a form of %s[…] fields`, name, name)
	case map[string]any:
		f.m = v
	default:
		f.err = status.Invalidf(name, "must be an object")
	}
	return f
}

// refuseNUL finds a NUL character anywhere in a body, and names the field that holds it.
func refuseNUL(path string, tree any) error {
	switch v := tree.(type) {
	case string:
		if strings.ContainsRune(v, 0) {
			return status.Invalidf(path, "can't contain a NUL character")
		}
	case []any:
		for _, e := range v {
			if err := refuseNUL(path, e); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if strings.ContainsRune(name, 0) {
				return status.Invalidf(cmp.Or(path, "The body"), "can't contain a NUL character")
			}
			inner := path
			switch {
			case path == "":
				inner = name
			case !strings.Contains(path, "."):
				inner = path + "." + name
			}
			if err := refuseNUL(inner, v[name]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *fields) path(name string) string {
	if f.name == "" { // the body itself
		return name
	}
	return f.name + "." + name
}

func (f *fields) fail(name, format string, args ...any) {
	if f.err == nil {
		f.err = status.Invalidf(f.path(name), format, args...)
	}
}

// has tells whether a member was sent, be it null.
func (f *fields) has(name string) bool {
	_, ok := f.m[name]
	return ok
}

// text reads a string; "" counts as one.
func (f *fields) text(name string) *string {
	switch v := f.m[name].(type) {
	case nil:
	case string:
		return &v
	default:
		f.fail(name, "must be a string")
	}
	return nil
}

// given reads a string of which "" says as little as null.
func (f *fields) given(name string) *string {
	s := f.text(name)
	if s == nil || *s == "" {
		return nil
	}
	return s
}

// clearable reads a string that null and "" take away. sent is false when it is not mentioned.
func (f *fields) clearable(name string) (value *string, sent bool) {
	return f.given(name), f.has(name) && f.err == nil
}

// flag reads a boolean, also in the spellings of forms.
func (f *fields) flag(name string) *bool {
	var yes bool
	switch v := f.m[name].(type) {
	case nil:
		return nil
	case bool:
		yes = v
	case json.Number:
		if v != "0" && v != "1" {
			f.fail(name, "must be true or false")
		}
		yes = v == "1"
	case string:
		switch strings.ToLower(v) {
		case "":
			return nil
		case "true", "t", "1", "on", "yes":
			yes = true
		case "false", "f", "0", "off", "no":
		default:
			f.fail(name, "must be true or false")
		}
	default:
		f.fail(name, "must be true or false")
	}
	return &yes
}

// list reads ids: a list of strings, or of objects with an id, or what forms make of a list.
// Empty strings in it are passed over, since that is how a form says "none".
func (f *fields) list(name string) *[]string {
	elements, ok := asList(f.m[name])
	if !ok {
		f.fail(name, "must be a list of ids")
		return nil
	}
	if elements == nil {
		return nil
	}
	ids, seen := []string{}, map[string]bool{}
	for _, e := range elements {
		if object, ok := e.(map[string]any); ok {
			if e = object["id"]; e == nil {
				e = object["component_id"]
			}
		}
		id, ok := e.(string)
		if !ok {
			f.fail(name, "must be a list of ids")
			return nil
		}
		if id != "" && !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	return &ids
}

// asList gives the elements of what may be a list, nil for nothing.
func asList(v any) ([]any, bool) {
	switch v := v.(type) {
	case nil:
		return nil, true
	case string:
		return nil, v == ""
	case []any:
		return v, true
	case map[string]any: // a[0]=x&a[1]=y
		if !numbered(v) {
			return nil, false
		}
		keys := slices.Collect(maps.Keys(v))
		slices.SortFunc(keys, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
		elements := make([]any, len(keys))
		for i, k := range keys {
			elements[i] = v[k]
		}
		return elements, true
	default:
		return nil, false
	}
}

// numbered tells a form's list from an object: its members are named 0, 1, 2 … Ids are longer.
func numbered(m map[string]any) bool {
	for k := range m {
		if _, err := strconv.ParseUint(k, 10, 16); err != nil || len(k) > 4 {
			return false
		}
	}
	return len(m) > 0
}

// momentLayouts are the spellings of a moment that clients send. Go reads fractions of a second
// after the seconds of any of them.
func momentLayouts() []string {
	return []string{
		time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04Z07:00", "2006-01-02 15:04:05Z07:00",
		"2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05 MST",
	}
}

// moment reads a time with its offset. "" is not mentioned.
func (f *fields) moment(name string) *time.Time {
	text := f.given(name)
	if text == nil {
		return nil
	}
	for _, layout := range momentLayouts() {
		t, err := time.Parse(layout, *text)
		if err != nil || (strings.HasSuffix(layout, "MST") && !strings.HasSuffix(*text, " UTC")) {
			continue // other abbreviations say nothing certain
		}
		return f.inRange(name, t)
	}
	f.fail(name, "must be a time with its offset, such as 2006-01-02T15:04:05Z or 2006-01-02T15:04:05-07:00")
	return nil
}

// momentOrDate also reads a date, which means the start of that day in a zone.
func (f *fields) momentOrDate(name string, zone *time.Location) *time.Time {
	text := f.given(name)
	if text == nil {
		return nil
	}
	if t, err := time.ParseInLocation(status.DateLayout, *text, zone); err == nil {
		return f.inRange(name, t)
	}
	return f.moment(name)
}

// inRange keeps out what would sort wrongly in a key or have no four-digit year in some zone.
func (f *fields) inRange(name string, t time.Time) *time.Time {
	t = status.Millis(t)
	if t.Year() < 1970 || t.Year() > 2999 {
		f.fail(name, "must be between the years 1970 and 2999")
		return nil
	}
	return &t
}

// date reads a date "YYYY-MM-DD", also one with a time behind it. null and "" take it away.
func (f *fields) date(name string) (value *string, sent bool) {
	text, sent := f.clearable(name)
	if text == nil {
		return nil, sent
	}
	t, err := time.Parse(status.DateLayout, *text)
	if err != nil {
		t, err = time.Parse(time.RFC3339, *text)
	}
	if err != nil || f.inRange(name, t) == nil {
		f.fail(name, "must be a date such as 2006-01-02")
		return nil, false
	}
	day := t.Format(status.DateLayout)
	return &day, true
}

// choices words a closed set for a refusal.
func choices[T ~string](values []T) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = string(v)
	}
	return fmt.Sprintf("must be one of %s", strings.Join(words, ", "))
}

// check keeps an error that a rule of the domain found.
func (f *fields) check(err error) {
	if f.err == nil && err != nil {
		f.err = err
	}
}
