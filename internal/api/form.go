package api

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"mime/multipart"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxFields bounds the fields of one form.
const maxFields = 10_000

func decodeForm(raw string) (map[string]any, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, malformed("The body is not a valid form")
	}
	return treeOf(values)
}

// decodeMultipart reads the fields of a multipart form; files are passed over.
func decodeMultipart(raw []byte, boundary string) (map[string]any, error) {
	if boundary == "" {
		return nil, malformed("The Content-Type has no boundary")
	}
	values := url.Values{}
	reader := multipart.NewReader(bytes.NewReader(raw), boundary)
	for range maxFields {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return treeOf(values)
		}
		if err != nil {
			return nil, malformed("The body is not a valid multipart form")
		}
		if part.FileName() != "" {
			continue
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return nil, malformed("The body is not a valid multipart form")
		}
		values.Add(part.FormName(), string(value))
	}
	return nil, malformed("The body has too many fields")
}

// treeOf nests fields as Rails does: a[b] is the member b of a, a[] one more element of the list a,
// and of a plain field that comes twice the last one counts.
func treeOf(values url.Values) (map[string]any, error) {
	if len(values) > maxFields {
		return nil, malformed("The body has too many fields")
	}
	var tree any = map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if name == "" {
			continue
		}
		path := splitName(name)
		if len(path) > maxDepth {
			return nil, malformed("The body is nested too deeply")
		}
		for _, value := range values[name] {
			if !utf8.ValidString(name) || !utf8.ValidString(value) {
				return nil, malformed("The body is not valid UTF-8")
			}
			var ok bool
			if tree, ok = nest(tree, path, value); !ok {
				return nil, malformed("The form gives " + path[0] + " in two shapes")
			}
		}
	}
	return tree.(map[string]any), nil
}

// nest puts a value into a tree, or finds that something of another shape is there.
func nest(tree any, path []string, value string) (any, bool) {
	if len(path) == 0 {
		_, text := tree.(string)
		return value, text || tree == nil
	}
	if path[0] == "" {
		list, ok := tree.([]any)
		if !ok && tree != nil {
			return nil, false
		}
		element, ok := nest(nil, path[1:], value)
		return append(list, element), ok
	}
	object, ok := tree.(map[string]any)
	if !ok && tree != nil {
		return nil, false
	}
	if object == nil {
		object = map[string]any{}
	}
	member, ok := nest(object[path[0]], path[1:], value)
	object[path[0]] = member
	return object, ok
}

// splitName turns a[b][] into a, b and "". A name that is not of this form is one word.
func splitName(name string) []string {
	base, rest, nested := strings.Cut(name, "[")
	if !nested || base == "" || !strings.HasSuffix(rest, "]") {
		return []string{name}
	}
	path := append([]string{base}, strings.Split(strings.TrimSuffix(rest, "]"), "][")...)
	for _, part := range path {
		if strings.ContainsAny(part, "[]") {
			return []string{name}
		}
	}
	return path
}
