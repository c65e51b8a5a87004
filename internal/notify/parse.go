package notify

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// parse reads a template that may use some parts.
func parse(source string, parts map[string]template) (template, error) {
	p := &parser{rest: source, parts: parts}
	t, end, err := p.block()
	if err == nil && end != nil {
		err = fmt.Errorf("{{%s}} belongs to nothing", strings.Join(end, " "))
	}
	return t, err
}

// parseParts reads a file of nothing but parts. One may use those above it, so that none uses itself.
func parseParts(source string) (map[string]template, error) {
	p := &parser{rest: source, parts: map[string]template{}}
	for {
		between, action, err := p.next()
		if err != nil {
			return nil, err
		}
		if strings.TrimSpace(between) != "" {
			return nil, fmt.Errorf("%q stands in no part", strings.TrimSpace(between))
		}
		if action == nil {
			return p.parts, nil
		}
		if len(action) != 2 || action[0] != "define" {
			return nil, fmt.Errorf("{{%s}} stands in no part", strings.Join(action, " "))
		}
		name := action[1]
		if _, ok := p.parts[name]; ok {
			return nil, fmt.Errorf("the part %s is there twice", name)
		}
		if p.parts[name], err = p.closed(action); err != nil {
			return nil, err
		}
	}
}

// parser reads what is in double braces, an action, and what is between. Parts are known by their
// names in quotes.
type parser struct {
	rest  string
	parts map[string]template
}

// next reads up to the next action and answers its words, none at the end of the text.
func (p *parser) next() (between string, action []string, err error) {
	between, rest, found := strings.Cut(p.rest, "{{")
	if strings.Contains(between, "}}") {
		return "", nil, fmt.Errorf("}} without {{ in %q", between)
	}
	if !found {
		p.rest = ""
		return between, nil, nil
	}
	inside, rest, found := strings.Cut(rest, "}}")
	if !found {
		return "", nil, fmt.Errorf("{{ without }} before %q", inside)
	}
	p.rest = rest
	if action = strings.Fields(inside); len(action) == 0 {
		return "", nil, errors.New("{{}} says nothing")
	}
	return between, action, nil
}

// block reads up to the action that ends it, an end or else, or none at the end of the text.
func (p *parser) block() (t template, end []string, err error) {
	for {
		between, action, err := p.next()
		if err != nil {
			return nil, nil, err
		}
		if between != "" {
			t = append(t, literal(between))
		}
		if action == nil || action[0] == "end" || action[0] == "else" {
			return t, action, nil
		}
		piece, err := p.piece(action)
		if err != nil {
			return nil, nil, err
		}
		t = append(t, piece)
	}
}

// closed reads what an action has up to its own end.
func (p *parser) closed(action []string) (template, error) {
	t, end, err := p.block()
	if err == nil && strings.Join(end, " ") != "end" {
		err = fmt.Errorf("{{%s}} has no {{end}}", strings.Join(action, " "))
	}
	return t, err
}

func (p *parser) piece(action []string) (func(*filling, record), error) {
	of := path(action[len(action)-1])
	isPath := strings.HasPrefix(string(of), ".")
	switch {
	case action[0] == "if":
		return p.choice(action)
	case len(action) == 1 && isPath:
		return place(of), nil
	case len(action) == 2 && action[0] == "range" && isPath:
		body, err := p.closed(action)
		return loop(of, body), err
	case len(action) == 3 && action[0] == "template" && isPath:
		part, ok := p.parts[action[1]]
		if !ok {
			return nil, fmt.Errorf("no part %s", action[1])
		}
		return inclusion(part, of), nil
	}
	return nil, fmt.Errorf("{{%s}} cannot be read", strings.Join(action, " "))
}

// choice reads an if with all that follows up to its end.
func (p *parser) choice(action []string) (func(*filling, record), error) {
	asked, err := parseCondition(action[1:])
	if err != nil {
		return nil, fmt.Errorf("{{%s}} %w", strings.Join(action, " "), err)
	}
	then, end, err := p.block()
	if err != nil {
		return nil, err
	}
	var otherwise template
	switch last := strings.Join(end, " "); {
	case last == "end":
	case last == "else":
		otherwise, err = p.closed(action)
	case strings.HasPrefix(last, "else if "):
		otherwise = make(template, 1)
		otherwise[0], err = p.choice(end[1:]) // reads the end of both
	default:
		err = fmt.Errorf("{{%s}} has no {{end}}", strings.Join(action, " "))
	}
	return choice(asked, then, otherwise), err
}

func parseCondition(asked []string) (condition, error) {
	switch {
	case len(asked) == 1 && strings.HasPrefix(asked[0], "."):
		return condition{of: path(asked[0])}, nil
	case len(asked) == 3 && asked[0] == "eq" && strings.HasPrefix(asked[1], "."):
		if number, err := strconv.Atoi(asked[2]); err == nil {
			return condition{of: path(asked[1]), equals: true, number: number}, nil
		}
	}
	return condition{}, errors.New("asks for no field, and for no number of one")
}
