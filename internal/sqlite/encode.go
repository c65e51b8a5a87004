package sqlite

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"allclear/internal/table"
)

// Attributes are stored as JSON that a person can read in the sqlite3 shell: names sorted, so that
// equal attributes are equal text; int64 in full; bytes as {"$bytes": base64}. A name that begins
// with "$" gets one more in front, so no stored map is taken for bytes.
const (
	escape    = "$"
	bytesName = "$bytes"
)

// encode is the text of attributes that table.Validate has let pass.
func encode(attributes table.Attributes) string {
	return string(appendMap(make([]byte, 0, 256), attributes))
}

func appendMap(b []byte, m map[string]any) []byte {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	b = append(b, '{')
	for i, name := range names {
		if i > 0 {
			b = append(b, ',')
		}
		stored := name
		if strings.HasPrefix(name, escape) {
			stored = escape + name
		}
		b = appendString(b, stored)
		b = append(b, ':')
		b = appendValue(b, m[name])
	}
	return append(b, '}')
}

func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case string:
		return appendString(b, v)
	case []byte:
		b = append(b, `{"`+bytesName+`":"`...)
		b = base64.StdEncoding.AppendEncode(b, v)
		return append(b, `"}`...)
	case []any:
		b = append(b, '[')
		for i, e := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendValue(b, e)
		}
		return append(b, ']')
	case map[string]any:
		return appendMap(b, v)
	default:
		panic(fmt.Sprintf("sqlite: value of type %T passed validation", v))
	}
}

// appendString writes a JSON string. It escapes only what JSON must have escaped, so text in any
// script and HTML stay readable.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	written := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[written:i]...)
		written = i + 1
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, `\n`...)
		case '\r':
			b = append(b, `\r`...)
		case '\t':
			b = append(b, `\t`...)
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	b = append(b, s[written:]...)
	return append(b, '"')
}
