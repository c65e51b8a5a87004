package subscribe

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"allclear/internal/status"
)

// Limits of a body.
const (
	maxBody   = 128 << 10 // bytes: a page can have 1,500 components to choose from
	maxFields = 4000
)

func malformed(message string) error {
	return &status.Error{Code: status.Malformed, Message: message}
}

// readForm reads the fields of a body: a form, or, for programs, JSON, whose members are named as
// a form would name them.
func readForm(r *http.Request) (url.Values, error) {
	raw, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
		return nil, &status.Error{Code: status.TooLarge, Message: "The form is larger than 128 KB"}
	}
	if err != nil {
		return nil, malformed("The form breaks off")
	}
	return decodeForm(r.Header.Get("Content-Type"), raw)
}

func decodeForm(contentType string, raw []byte) (url.Values, error) {
	media, parameters, _ := mime.ParseMediaType(contentType)
	decode := decodeFields
	switch {
	case media == "multipart/form-data":
		decode = func(raw []byte) (url.Values, error) { return decodeMultipart(raw, parameters["boundary"]) }
	case media == "application/json", bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")):
		decode = decodeJSON
	}
	values, err := decode(raw)
	if err != nil {
		return nil, err
	}
	count := 0
	for name, list := range values {
		count += len(list)
		for _, value := range list {
			if !utf8.ValidString(name) || !utf8.ValidString(value) {
				return nil, malformed("The form is not valid UTF-8")
			}
		}
	}
	if count > maxFields {
		return nil, malformed("The form has too many fields")
	}
	return values, nil
}

func decodeFields(raw []byte) (url.Values, error) {
	values, err := url.ParseQuery(string(raw))
	if err != nil {
		return nil, malformed("The body is not a valid form")
	}
	return values, nil
}

// decodeMultipart reads the fields of a multipart form; files are passed over.
func decodeMultipart(raw []byte, boundary string) (url.Values, error) {
	broken := malformed("The body is not a valid multipart form")
	if boundary == "" {
		return nil, broken
	}
	values, reader := url.Values{}, multipart.NewReader(bytes.NewReader(raw), boundary)
	for range maxFields + 1 {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return values, nil
		}
		if err != nil {
			return nil, broken
		}
		if part.FileName() != "" {
			continue
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return nil, broken
		}
		values.Add(part.FormName(), string(value))
	}
	return nil, malformed("The form has too many fields")
}

// decodeJSON reads an object, with objects and lists in it as Statuspage's clients send them.
func decodeJSON(raw []byte) (url.Values, error) {
	var object map[string]any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&object); err != nil {
		return nil, malformed("The body is not a valid JSON object")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, malformed("The body goes on after its JSON object")
	}
	values := url.Values{}
	for name, value := range object {
		if err := flatten(values, name, value, 0); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// maxDepth is how deep members may lie in each other: subscriber, component_ids, an id.
const maxDepth = 3

func flatten(values url.Values, name string, value any, depth int) error {
	if depth > maxDepth {
		return malformed("The body is nested too deeply")
	}
	switch v := value.(type) {
	case nil:
	case map[string]any:
		for _, member := range slices.Sorted(maps.Keys(v)) {
			if err := flatten(values, name+"["+member+"]", v[member], depth+1); err != nil {
				return err
			}
		}
	case []any:
		for _, element := range v {
			if err := flatten(values, name+"[]", element, depth+1); err != nil {
				return err
			}
		}
	default:
		values.Add(name, fmt.Sprint(v))
	}
	return nil
}

// list gives the values of a list that a form names component_ids, component_ids[] or
// component_ids[0], component_ids[1] and so on.
func list(values url.Values, name string) []string {
	elements := slices.Clone(values[name])
	names := make([]string, 0, len(values))
	for field := range values {
		if rest, ok := strings.CutPrefix(field, name+"["); ok && strings.HasSuffix(rest, "]") {
			names = append(names, field)
		}
	}
	slices.SortFunc(names, func(a, b string) int { // 10 comes after 9
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	for _, field := range names {
		elements = append(elements, values[field]...)
	}
	return elements
}
