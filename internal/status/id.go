package status

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// IDLength is the length of every id that is made here. Ids of imported pages are of the same kind.
const IDLength = 12

// IDAlphabet holds the characters of an id.
const IDAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789"

// ValidID tells whether s can be an id: 1 to 64 characters [a-z0-9]. Real ones have 12; pages
// older than that had shorter ones.
func ValidID(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for _, r := range s {
		if !strings.ContainsRune(IDAlphabet, r) {
			return false
		}
	}
	return true
}

// Limits of texts, in characters.
const (
	MaxName        = 255   // Statuspage's limit for incident names
	MaxBody        = 25000 // Statuspage's limit for the body of an update
	MaxDescription = 10000
)

// CheckName refuses a name that cannot stand in one line: empty, too long, with control
// characters (so no CR, LF or NUL), or not UTF-8.
func CheckName(field, s string) error {
	if strings.TrimSpace(s) == "" {
		return Invalidf(field, "can't be blank")
	}
	if err := CheckText(field, s, MaxName); err != nil {
		return err
	}
	if strings.ContainsFunc(s, unicode.IsControl) {
		return Invalidf(field, "can't contain line breaks or other control characters")
	}
	return nil
}

// CheckText refuses a text that is too long, is not UTF-8 or has a NUL.
func CheckText(field, s string, limit int) error {
	if !utf8.ValidString(s) {
		return Invalidf(field, "must be valid UTF-8")
	}
	if strings.ContainsRune(s, 0) {
		return Invalidf(field, "can't contain a NUL character")
	}
	if n := utf8.RuneCountInString(s); n > limit {
		return Invalidf(field, "is too long (%d characters, at most %d)", n, limit)
	}
	return nil
}
