package html

import (
	"strconv"
	"strings"
)

// What comes from outside is escaped exactly as html/template would, which is not used: it finds
// methods by their names at run time, so that the linker must keep all of every type, also the
// hundreds that the AWS clients have. escape_test.go compares.

// escapeText is for text and for attributes in double quotes. A plus sign begins UTF-7, for who
// guesses the encoding.
var escapeText = strings.NewReplacer(
	"\x00", "\uFFFD", `"`, "&#34;", "&", "&amp;", "'", "&#39;", "+", "&#43;", "<", "&lt;", ">", "&gt;",
)

// escapeAttribute escapes the value of an attribute in double quotes. One that is an address can
// do no harm either when it is followed.
func escapeAttribute(name Literal, value string) string {
	switch name {
	case "action", "href", "src":
		value = normalAddress(value)
	}
	return escapeText.Replace(value)
}

// refusedAddress stands for an address that might run something. It leads nowhere, and is what
// html/template writes, so that it can be looked up.
const refusedAddress = "#ZgotmplZ"

// normalAddress is a relative address, or one of http, https and mailto, as it is written in
// RFC 3986: what cannot stand in it is percent-encoded, what is encoded stays.
func normalAddress(address string) string {
	if scheme, _, ok := strings.Cut(address, ":"); ok && !strings.Contains(scheme, "/") {
		switch {
		case strings.EqualFold(scheme, "http"), strings.EqualFold(scheme, "https"), strings.EqualFold(scheme, "mailto"):
		default:
			return refusedAddress
		}
	}
	return percentEncode(address, func(n int) bool {
		return strings.IndexByte("!#$&*+,/:;=?@[]", address[n]) >= 0 || isEncoded(address[n:])
	})
}

// Anchor is the address of what has an id on the same page.
func Anchor(id string) string {
	return "#" + percentEncode(id, func(int) bool { return false })
}

// isEncoded tells whether a text begins with a percent-encoded byte.
func isEncoded(s string) bool {
	if len(s) < 3 || s[0] != '%' {
		return false
	}
	_, err := strconv.ParseUint(s[1:3], 16, 8)
	return err == nil
}

// percentEncode encodes the bytes that are not unreserved, except those that are to be kept.
func percentEncode(s string, keep func(n int) bool) string {
	const digits = "0123456789abcdef"
	var out strings.Builder
	for n := range len(s) {
		c := s[n]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~", c) >= 0, keep(n):
			out.WriteByte(c)
		default:
			out.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return out.String()
}
