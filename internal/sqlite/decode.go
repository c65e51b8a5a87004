package sqlite

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"allclear/internal/table"
)

// maxDepth is how deep containers in stored text can lie: those of an attribute, the attributes,
// the record and the list of records around them, and the object that bytes are.
const maxDepth = table.MaxDepth + 4

// decode reads the text of attributes. It is a parser of its own because every read and every
// condition waits for it and a general one takes three times as long; encoding/json is its judge in
// the tests. Text that a person has edited is read too, as long as numbers are whole.
func decode(text []byte) (table.Attributes, error) {
	v, err := decodeText(text)
	if err != nil {
		return nil, fmt.Errorf("decode attributes: %w", err)
	}
	attributes, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("decode attributes: not an object")
	}
	return attributes, nil
}

// decodeText reads one value and nothing behind it.
func decodeText(text []byte) (any, error) {
	if !utf8.Valid(text) {
		return nil, errors.New("not UTF-8")
	}
	p := parser{text: text}
	v, err := p.value(0)
	if p.space(); err == nil && p.at < len(p.text) {
		err = errors.New("something follows its end")
	}
	if err != nil {
		return nil, fmt.Errorf("byte %d: %w", p.at, err)
	}
	return v, nil
}

// parser reads JSON from text[at:].
type parser struct {
	text []byte
	at   int
}

var errCut = errors.New("ends too early")

func (p *parser) value(depth int) (any, error) {
	p.space()
	if p.at == len(p.text) {
		return nil, errCut
	}
	if depth > maxDepth {
		return nil, errors.New("too many containers inside each other")
	}
	switch p.text[p.at] {
	case '{':
		return p.object(depth)
	case '[':
		return p.list(depth)
	case '"':
		return p.str()
	case 'n':
		return nil, p.word("null")
	case 't':
		return true, p.word("true")
	case 'f':
		return false, p.word("false")
	default:
		return p.number()
	}
}

func (p *parser) space() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

// next tells whether c comes next, and if so passes it.
func (p *parser) next(c byte) bool {
	p.space()
	if p.at < len(p.text) && p.text[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *parser) word(word string) error {
	if !bytes.HasPrefix(p.text[p.at:], []byte(word)) {
		return fmt.Errorf("want %s", word)
	}
	p.at += len(word)
	return nil
}

func (p *parser) number() (int64, error) {
	end := p.at
	for end < len(p.text) && strings.IndexByte("+-.0123456789eE", p.text[end]) >= 0 {
		end++
	}
	digits := string(p.text[p.at:end])
	n, err := strconv.ParseInt(digits, 10, 64)
	bare := strings.TrimPrefix(digits, "-")
	if err != nil || bare[0] == '+' || bare[0] == '0' && len(bare) > 1 {
		return 0, fmt.Errorf("want a whole number of 64 bits, got %q", digits)
	}
	p.at = end
	return n, nil
}

func (p *parser) str() (string, error) {
	plain := true
	for end := p.at + 1; end < len(p.text); end++ {
		switch c := p.text[end]; {
		case c == '\\':
			plain = false
			end++
		case c == '"' && plain:
			s := string(p.text[p.at+1 : end])
			p.at = end + 1
			return s, nil
		case c == '"':
			var s string
			err := json.Unmarshal(p.text[p.at:end+1], &s)
			p.at = end + 1
			return s, err
		case c < ' ':
			return "", fmt.Errorf("control character %#x in a string", c)
		}
	}
	return "", errCut
}

func (p *parser) list(depth int) (any, error) {
	p.at++
	list := []any{}
	if p.next(']') {
		return list, nil
	}
	for {
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
		if p.next(']') {
			return list, nil
		}
		if !p.next(',') {
			return nil, errors.New("want , or ]")
		}
	}
}

// object reads a map, or bytes.
func (p *parser) object(depth int) (any, error) {
	p.at++
	m := map[string]any{}
	if p.next('}') {
		return m, nil
	}
	for {
		if p.space(); p.at == len(p.text) || p.text[p.at] != '"' {
			return nil, errors.New("want a name")
		}
		name, err := p.str()
		if err != nil {
			return nil, err
		}
		if !p.next(':') {
			return nil, errors.New("want a colon")
		}
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		end := p.next('}')
		if strings.HasPrefix(name, escape) {
			if text, ok := v.(string); ok && end && len(m) == 0 && name == bytesName {
				return base64.StdEncoding.AppendDecode([]byte{}, []byte(text))
			}
			if name = name[len(escape):]; !strings.HasPrefix(name, escape) {
				return nil, fmt.Errorf("name %s%s without its escape", escape, name)
			}
		}
		m[name] = v
		if end {
			return m, nil
		}
		if !p.next(',') {
			return nil, errors.New("want , or }")
		}
	}
}
