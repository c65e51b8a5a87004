package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"allclear/internal/status"
)

// Limits of a body.
const (
	maxBody  = 1 << 20 // bytes
	maxDepth = 32      // containers inside each other
)

func malformed(message string) error {
	return &status.Error{Code: status.Malformed, Message: message}
}

func readAll(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
		return nil, &status.Error{Code: status.TooLarge, Message: "The body is larger than 1 MB"}
	}
	if err != nil {
		return nil, malformed("The body breaks off")
	}
	return raw, nil
}

// decodeBody reads a body into the tree that JSON would give: form fields such as
// incident[components][abc] become objects, and all their values strings. What looks like JSON
// is JSON, whatever the content type says: many clients send JSON with that of a form, or
// with none.
func decodeBody(contentType string, raw []byte) (map[string]any, error) {
	raw = bytes.TrimSpace(bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))) // some editors leave a mark
	if len(raw) == 0 {
		return map[string]any{}, nil
	}
	if contentType == "" {
		contentType = "application/x-www-form-urlencoded"
	}
	looksLikeJSON := raw[0] == '{' || raw[0] == '['
	media, parameters, err := mime.ParseMediaType(contentType)
	switch {
	case err != nil && !looksLikeJSON:
		return nil, malformed("The Content-Type cannot be read; send application/json")
	case strings.HasPrefix(media, "multipart/"):
		return decodeMultipart(raw, parameters["boundary"])
	case looksLikeJSON, media == "application/json", strings.HasSuffix(media, "+json"):
		return decodeJSON(raw)
	case media == "application/x-www-form-urlencoded", media == "text/plain":
		return decodeForm(string(raw))
	default:
		return nil, malformed("The body must be JSON or a form; its Content-Type is neither")
	}
}

// isCSV tells a list from the other bodies.
func isCSV(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && media == "text/csv"
}

func decodeJSON(raw []byte) (map[string]any, error) {
	if !utf8.Valid(raw) {
		return nil, malformed("The body is not valid UTF-8")
	}
	if tooDeep(raw) {
		return nil, malformed("The body is nested too deeply")
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		return nil, malformed("The body is not valid JSON")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, malformed("The body goes on after its JSON value")
	}
	object, ok := tree.(map[string]any)
	if !ok {
		return nil, malformed("The body must be a JSON object")
	}
	return object, nil
}

// tooDeep counts brackets outside strings, so that nothing deep is ever built.
func tooDeep(raw []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{', c == '[':
			if depth++; depth > maxDepth {
				return true
			}
		case c == '}', c == ']':
			depth--
		}
	}
	return false
}
