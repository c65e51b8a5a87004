package intake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// maxNesting is how deep a capture may nest; real ones nest six deep.
const maxNesting = 32

// object is a JSON object that remembers the order of its keys and which of them are there.
type object struct {
	keys   []string
	values map[string]any // *object, []any, string, json.Number, bool or nil
}

// parse reads one JSON value. Unlike encoding/json alone it refuses what would be lost on the
// way: a key given twice, text that is not UTF-8, anything after the value.
func parse(data []byte) (any, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("is not UTF-8 text")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	v, err := parseValue(d, 0)
	if err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			return v, nil
		}
		err = errors.New("has something after the end of the JSON")
	}
	line := 1 + bytes.Count(data[:min(int(d.InputOffset()), len(data))], []byte("\n"))
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("is cut off: the JSON does not end")
	}
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		err = fmt.Errorf("is not JSON: %w", err)
	}
	return nil, fmt.Errorf("%w (line %d)", err, line)
}

func parseValue(d *json.Decoder, depth int) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	delimiter, ok := token.(json.Delim)
	if !ok {
		return token, nil
	}
	if depth == maxNesting {
		return nil, fmt.Errorf("nests deeper than %d levels", maxNesting)
	}
	if delimiter == '[' {
		list := []any{}
		for d.More() {
			v, err := parseValue(d, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err = d.Token()
		return list, err
	}
	o := &object{values: map[string]any{}}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		key, ok := token.(string)
		if !ok {
			return nil, fmt.Errorf("is not JSON: %v where a key should be", token)
		}
		if _, twice := o.values[key]; twice {
			return nil, fmt.Errorf("has the key %q twice in one object", key)
		}
		if o.values[key], err = parseValue(d, depth+1); err != nil {
			return nil, err
		}
		o.keys = append(o.keys, key)
	}
	_, err = d.Token()
	return o, err
}
