package intake

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"allclear/internal/status"
)

// scope reads the fields of one object of a capture. What is wrong is collected as a problem
// with its place; keys that nobody asked for end up in the report.
type scope struct {
	d    *decoder
	kind string // "component", "incident": what the report calls it
	path string // "incidents[3].components[0]"
	o    *object
	seen map[string]bool
}

// decoder collects what is found out about one file.
type decoder struct {
	source   string
	problems []string
	told     map[string]bool // places that have a problem already
	unknown  map[string]int  // "component.automation_email" → how often
}

// maxProblems of one file are told; more would not help.
const maxProblems = 10

func (d *decoder) problem(path, format string, args ...any) {
	if len(d.problems) < maxProblems && !d.told[path] {
		d.told[path] = true
		d.problems = append(d.problems, fmt.Sprintf("%s: %s %s", d.source, path, fmt.Sprintf(format, args...)))
	}
}

// scope opens an object; anything else is a problem.
func (d *decoder) scope(kind, path string, v any) (*scope, bool) {
	o, ok := v.(*object)
	if !ok {
		d.problem(path, "is %s, want an object", describe(v))
		return nil, false
	}
	return &scope{d: d, kind: kind, path: path, o: o, seen: map[string]bool{}}, true
}

// close notes the keys that were not asked for.
func (s *scope) close() {
	for _, key := range s.o.keys {
		if !s.seen[key] {
			s.d.unknown[s.kind+"."+key]++
		}
	}
}

func (s *scope) at(key string) string {
	if s.path == "" {
		return key
	}
	return s.path + "." + key
}

// get answers a key's value; present is false for an absent key, not for null.
func (s *scope) get(key string) (v any, present bool) {
	s.seen[key] = true
	v, present = s.o.values[key]
	return v, present
}

func (s *scope) problem(key, format string, args ...any) { s.d.problem(s.at(key), format, args...) }

// need answers a key's value and complains when it is absent or null.
func (s *scope) need(key, want string) (any, bool) {
	v, present := s.get(key)
	if !present {
		s.problem(key, "is missing")
		return nil, false
	}
	if v == nil {
		s.problem(key, "is null, want %s", want)
		return nil, false
	}
	return v, true
}

const (
	wantText   = "a text"
	wantTime   = "a time such as 2026-07-30T09:07:42.419Z"
	wantFlag   = "true or false"
	wantNumber = "a whole number"
	wantList   = "a list"
)

func (s *scope) text(key string) string {
	v, ok := s.need(key, wantText)
	if !ok {
		return ""
	}
	return s.asText(key, v)
}

func (s *scope) asText(key string, v any) string {
	t, ok := v.(string)
	if !ok {
		s.problem(key, "is %s, want %s", describe(v), wantText)
	}
	return t
}

// optionalText is nil for null and for an absent key.
func (s *scope) optionalText(key string) *string {
	v, _ := s.get(key)
	if v == nil {
		return nil
	}
	t := s.asText(key, v)
	return &t
}

// id reads one that can be kept.
func (s *scope) id(key string) string {
	id := s.text(key)
	if id != "" && !status.ValidID(id) {
		s.problem(key, "is not an id: %q", status.Cut(id, 80))
	}
	return id
}

func (s *scope) time(key string) time.Time {
	v, ok := s.need(key, wantTime)
	if !ok {
		return time.Time{}
	}
	return s.asTime(key, v)
}

func (s *scope) asTime(key string, v any) time.Time {
	text, ok := v.(string)
	if !ok {
		s.problem(key, "is %s, want %s", describe(v), wantTime)
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		s.problem(key, "is not %s: %q", wantTime, status.Cut(text, 80))
		return time.Time{}
	}
	if y := t.UTC().Year(); y < 1970 || y > 9998 {
		s.problem(key, "is out of range: %q", text)
		return time.Time{}
	}
	return status.Millis(t)
}

// optionalTime is nil for null and for an absent key.
func (s *scope) optionalTime(key string) *time.Time {
	v, _ := s.get(key)
	if v == nil {
		return nil
	}
	t := s.asTime(key, v)
	return &t
}

// flag is nil for an absent key; null counts as absent.
func (s *scope) flag(key string) *bool {
	v, _ := s.get(key)
	if v == nil {
		return nil
	}
	b, ok := v.(bool)
	if !ok {
		s.problem(key, "is %s, want %s", describe(v), wantFlag)
	}
	return &b
}

// number is nil for an absent key or null.
func (s *scope) number(key string) *int {
	v, _ := s.get(key)
	if v == nil {
		return nil
	}
	n, ok := v.(json.Number)
	if !ok {
		s.problem(key, "is %s, want %s", describe(v), wantNumber)
		return nil
	}
	i, err := strconv.Atoi(n.String())
	if err != nil || i < 0 || i > 1e9 {
		s.problem(key, "is not %s of reasonable size: %s", wantNumber, status.Cut(n.String(), 40))
		return nil
	}
	return &i
}

// list is nil for an absent key or null; an empty list is not nil.
func (s *scope) list(key string) []any {
	v, _ := s.get(key)
	if v == nil {
		return nil
	}
	l, ok := v.([]any)
	if !ok {
		s.problem(key, "is %s, want %s", describe(v), wantList)
	}
	return l
}

// check turns the complaint of a domain rule into a problem.
func (s *scope) check(key string, err error) {
	if rule := (*status.Error)(nil); errors.As(err, &rule) {
		s.problem(key, "%s", rule.Message)
	}
}

// describe names a JSON value's kind with an article.
func describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return fmt.Sprintf("the text %q", status.Cut(v, 40))
	case json.Number:
		return "the number " + status.Cut(v.String(), 40)
	case bool:
		return strconv.FormatBool(v)
	case []any:
		return "a list"
	case *object:
		return "an object"
	default:
		return fmt.Sprintf("a %T", v)
	}
}
