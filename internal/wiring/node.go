package wiring

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// node is a place in a YAML file, with the way to it for errors.
type node struct {
	yaml *yaml.Node
	file string
	line int
	path string // such as functions.api.events[0]
}

// member is one name and value of a mapping.
type member struct {
	name  string
	value node
}

func (r *reader) parse(file string) (node, error) {
	b, err := fs.ReadFile(r.files, file)
	if err != nil {
		return node{}, fmt.Errorf("read wiring: %w", err)
	}
	var document, second yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(b))
	if err := d.Decode(&document); err != nil && !errors.Is(err, io.EOF) {
		return node{}, fmt.Errorf("read wiring: %s: %w", file, err)
	}
	if err := d.Decode(&second); !errors.Is(err, io.EOF) || len(document.Content) != 1 {
		return node{}, fmt.Errorf("read wiring: %s: want one document", file)
	}
	return node{yaml: document.Content[0], file: file, line: 1}, nil
}

// fail is an error that names the place.
func (n node) fail(format string, args ...any) error {
	place := fmt.Sprintf("%s:%d", n.file, n.line)
	if n.path != "" {
		place += ": " + n.path
	}
	return fmt.Errorf("read wiring: %s: %s", place, fmt.Sprintf(format, args...))
}

// bare tells a node of this kind that has neither a tag of its own nor an anchor.
func (n node) bare(kind yaml.Kind) bool {
	return n.yaml.Kind == kind && n.yaml.Style&yaml.TaggedStyle == 0 && n.yaml.Anchor == ""
}

// members are those of a mapping, in the order of the file.
func (n node) members() ([]member, error) {
	if !n.bare(yaml.MappingNode) {
		return nil, n.fail("want a mapping, not %s", n.kind())
	}
	var members []member
	for i := 0; i < len(n.yaml.Content); i += 2 {
		key, value := n.yaml.Content[i], n.yaml.Content[i+1]
		child := node{yaml: value, file: n.file, line: key.Line, path: key.Value}
		if n.path != "" {
			child.path = n.path + "." + key.Value
		}
		if key.Kind != yaml.ScalarNode || key.ShortTag() == "!!merge" {
			return nil, child.fail("a merge key is not understood here")
		}
		if _, twice := find(members, key.Value); twice {
			return nil, child.fail("this name is there twice")
		}
		members = append(members, member{key.Value, child})
	}
	return members, nil
}

func find(members []member, name string) (node, bool) {
	for _, m := range members {
		if m.name == name {
			return m.value, true
		}
	}
	return node{}, false
}

// read hands every member to the function of its name. A member without one is refused.
func (n node) read(fields map[string]func(node) error) error {
	members, err := n.members()
	if err != nil {
		return err
	}
	for _, m := range members {
		field, ok := fields[m.name]
		if !ok {
			return m.value.fail("this setting is not known here")
		}
		if err := field(m.value); err != nil {
			return err
		}
	}
	return nil
}

// elements are those of a list.
func (n node) elements() ([]node, error) {
	if !n.bare(yaml.SequenceNode) {
		return nil, n.fail("want a list, not %s", n.kind())
	}
	elements := make([]node, len(n.yaml.Content))
	for i, v := range n.yaml.Content {
		elements[i] = node{yaml: v, file: n.file, line: v.Line, path: fmt.Sprintf("%s[%d]", n.path, i)}
	}
	return elements, nil
}

// text is a literal string without variables in it.
func (n node) text() (string, error) {
	v, err := n.literal()
	if err != nil {
		return "", err
	}
	s, ok := v.(string)
	if !ok {
		return "", n.fail("want a string, not %s", n.kind())
	}
	return s, nil
}

// between is a whole number within bounds.
func (n node) between(least, most int) (int, error) {
	v, err := n.literal()
	if err != nil {
		return 0, err
	}
	number, ok := v.(int)
	if !ok {
		return 0, n.fail("want a whole number, not %s", n.kind())
	}
	if number < least || number > most {
		return 0, n.fail("want %d to %d, not %d", least, most, number)
	}
	return number, nil
}

func (n node) seconds(least, most int) (time.Duration, error) {
	s, err := n.between(least, most)
	return time.Duration(s) * time.Second, err
}

func (n node) truth() (bool, error) {
	v, err := n.literal()
	if err != nil {
		return false, err
	}
	b, ok := v.(bool)
	if !ok {
		return false, n.fail("want true or false, not %s", n.kind())
	}
	return b, nil
}

// literal is a string, int, uint64, float64, bool or nil.
func (n node) literal() (any, error) {
	if !n.bare(yaml.ScalarNode) {
		return nil, n.fail("want a literal, not %s", n.kind())
	}
	if strings.Contains(n.yaml.Value, "${") {
		return nil, n.fail("want a literal, not a variable: %s", n.yaml.Value)
	}
	if n.yaml.ShortTag() == "!!timestamp" {
		return n.yaml.Value, nil // a date is text here, as it is to whoever deploys the file
	}
	var v any
	if err := n.yaml.Decode(&v); err != nil {
		return nil, n.fail("%v", err)
	}
	return v, nil
}

// plain is literals in lists and mappings, as encoding/json has them.
func (n node) plain() (any, error) {
	switch n.yaml.Kind {
	case yaml.MappingNode:
		members, err := n.members()
		if err != nil {
			return nil, err
		}
		m := make(map[string]any, len(members))
		for _, each := range members {
			if m[each.name], err = each.value.plain(); err != nil {
				return nil, err
			}
		}
		return m, nil
	case yaml.SequenceNode:
		elements, err := n.elements()
		if err != nil {
			return nil, err
		}
		list := make([]any, len(elements))
		for i, e := range elements {
			if list[i], err = e.plain(); err != nil {
				return nil, err
			}
		}
		return list, nil
	default:
		return n.literal()
	}
}

func (n node) json() (json.RawMessage, error) {
	v, err := n.plain()
	if err != nil {
		return nil, err
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil, n.fail("%v", err)
	}
	return b, nil
}

// reference is the logical id in {Ref: Id}, where attribute is "", or in {Fn::GetAtt: [Id, Attribute]}.
func (n node) reference(attribute string) (string, error) {
	members, err := n.members()
	if err != nil || len(members) != 1 {
		return "", n.fail("want %s", referenceForm(attribute))
	}
	name, value := members[0].name, members[0].value
	if attribute == "" && name == "Ref" {
		return value.text()
	}
	if attribute == "" || name != "Fn::GetAtt" {
		return "", n.fail("want %s, not %s", referenceForm(attribute), name)
	}
	parts, err := value.elements()
	if err != nil {
		return "", err
	}
	if len(parts) == 2 {
		if got, err := parts[1].text(); err == nil && got == attribute {
			return parts[0].text()
		}
	}
	return "", value.fail("want %s", referenceForm(attribute))
}

func referenceForm(attribute string) string {
	if attribute == "" {
		return "{Ref: LogicalId}"
	}
	return "{Fn::GetAtt: [LogicalId, " + attribute + "]}"
}

// kind is what a node is, for errors.
func (n node) kind() string {
	switch {
	case n.yaml.Style&yaml.TaggedStyle != 0:
		return "the tag " + n.yaml.Tag
	case n.yaml.Kind == yaml.AliasNode || n.yaml.Anchor != "":
		return "an anchor"
	case n.yaml.Kind == yaml.MappingNode:
		return "a mapping"
	case n.yaml.Kind == yaml.SequenceNode:
		return "a list"
	default:
		return "the " + strings.TrimPrefix(n.yaml.ShortTag(), "!!") + " " + n.yaml.Value
	}
}

var include = regexp.MustCompile(`^\$\{file\(([A-Za-z0-9_./-]+)\)\}$`)

// included is the file that a ${file(…)} names; ok is false for anything else.
func (n node) included() (file string, ok bool) {
	m := include.FindStringSubmatch(n.yaml.Value)
	if m == nil {
		return "", false
	}
	return strings.TrimPrefix(m[1], "./"), true
}
