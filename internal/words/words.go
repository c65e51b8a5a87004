// Package words is how allclear speaks: the words for states, and the texts that operators wrote
// as HTML that is safe to show. Pages (internal/page) and mails (internal/notify) say the same
// thing the same way because both ask here. It is pure and knows neither layout nor links.
package words

import (
	"strings"
	"unicode"
)

// PageTitle says that a page is a status page, once: a name that says so itself stays as it is.
func PageTitle(name string) string {
	name = strings.TrimSpace(name)
	lower := strings.ToLower(name)
	said := strings.HasSuffix(lower, "status")
	for word := range strings.FieldsFuncSeq(lower, func(r rune) bool { return !unicode.IsLetter(r) }) {
		said = said || word == "status" || word == "statuspage"
	}
	if said {
		return name
	}
	return strings.TrimSpace(name + " Status")
}

// Line is a name in one line. Names are no HTML: "<" is just a character in them.
func Line(s string) string { return strings.Join(strings.Fields(Legible(s)), " ") }

// Legible leaves out what XML 1.0 (section 2.2), iCalendar and mail cannot carry: bytes that are
// not UTF-8 and control characters other than tab and line breaks.
func Legible(s string) string {
	return strings.Map(func(r rune) rune { // gives s itself when nothing is left out
		if illegible(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
}

func illegible(r rune) bool {
	switch {
	case r >= ' ' && r <= '~', r == '\t', r == '\n', r == '\r':
		return false
	case r == '\ufffe', r == '\uffff':
		return true
	default:
		return unicode.IsControl(r)
	}
}
