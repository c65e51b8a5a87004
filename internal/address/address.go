// Package address reads mail addresses that people type: one spelling in, one form out that every
// mail server takes, or a refusal that says what is wrong. It refuses what is legal but leads to
// lost or abused mail: quoted and non-ASCII local parts, address literals, names without a dot.
// It is pure. internal/notify makes headers of its addresses; subscribing asks it first.
package address

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"allclear/internal/status"
)

// Limits in octets (RFC 5321, section 4.5.3.1, and its erratum 1690).
const (
	MaxLocal   = 64
	MaxAddress = 254
)

// field is the input that refusals name.
const field = "email"

// Address is a mail address that can stand in a header as it is. The zero value is none.
type Address struct{ local, domain string }

// Parse reads "local@domain". Spaces around it are left out, an international domain becomes
// punycode, the domain lower case; the local part stays as typed. A refusal is a status.Error on
// the field "email".
func Parse(typed string) (Address, error) {
	if strings.ContainsFunc(typed, unicode.IsControl) {
		return Address{}, status.Invalidf(field, "can't contain line breaks or other control characters")
	}
	if !utf8.ValidString(typed) {
		return Address{}, status.Invalidf(field, "must be valid UTF-8")
	}
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return Address{}, status.Invalidf(field, "can't be blank")
	}
	if len(typed) > 4*MaxAddress { // also as punycode
		return Address{}, status.Invalidf(field, "is too long (at most %d octets)", MaxAddress)
	}
	at := strings.LastIndexByte(typed, '@')
	if at < 0 {
		return Address{}, status.Invalidf(field, "must have an @ between name and domain")
	}
	a := Address{local: typed[:at]}
	if err := checkLocal(a.local); err != nil {
		return Address{}, err
	}
	domain, err := parseDomain(typed[at+1:])
	if err != nil {
		return Address{}, err
	}
	a.domain = domain
	if n := len(a.String()); n > MaxAddress {
		return Address{}, status.Invalidf(field, "is too long (%d octets, at most %d)", n, MaxAddress)
	}
	return a, nil
}

// String is the address in its one form.
func (a Address) String() string {
	if a.domain == "" {
		return ""
	}
	return a.local + "@" + a.domain
}

// Domain is what stands behind the @, in lower case and punycode.
func (a Address) Domain() string { return a.domain }

// Key is the same for all spellings that reach the same mailbox. Servers may tell upper from lower
// case in the local part (RFC 5321, section 2.4); none that matter do.
func (a Address) Key() string { return strings.ToLower(a.String()) }

// checkLocal takes a dot-atom (RFC 5322, section 3.2.3) and nothing else.
func checkLocal(local string) error {
	switch {
	case local == "":
		return status.Invalidf(field, "has nothing before the @")
	case strings.ContainsAny(local, `"\`):
		return status.Invalidf(field, "has a quoted part before the @, which is not supported")
	case strings.Contains(local, "<"):
		return status.Invalidf(field, "must be the address alone, without a name or angle brackets")
	}
	for _, r := range local {
		switch {
		case r > unicode.MaxASCII:
			return status.Invalidf(field, "can only have ASCII characters before the @")
		case r == '.', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		case strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r):
		default:
			return status.Invalidf(field, "can't have %q before the @", r)
		}
	}
	if len(local) > MaxLocal {
		return status.Invalidf(field, "is too long before the @ (%d octets, at most %d)", len(local), MaxLocal)
	}
	if strings.HasPrefix(local, ".") || strings.HasSuffix(local, ".") || strings.Contains(local, "..") {
		return status.Invalidf(field, "can't have a dot at an end of the part before the @, or two in a row")
	}
	return nil
}

// parseDomain takes a name that can be looked up on the public Internet.
func parseDomain(typed string) (string, error) {
	if typed == "" {
		return "", status.Invalidf(field, "has no domain after the @")
	}
	if strings.HasPrefix(typed, "[") {
		return "", status.Invalidf(field, "must have a domain name after the @, not a network address")
	}
	domain, err := idna.Lookup.ToASCII(typed)
	if err != nil {
		return "", status.Invalidf(field, "has a domain that is no valid name")
	}
	if again, err := idna.Lookup.ToASCII(domain); err != nil || again != domain { // others could not read it
		return "", status.Invalidf(field, "has a domain that is no valid name")
	}
	labels := strings.Split(domain, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 {
			return "", status.Invalidf(field, "has a domain that is no valid name")
		}
	}
	last := labels[len(labels)-1]
	switch {
	case len(labels) < 2:
		return "", status.Invalidf(field, "must have a full domain after the @, such as example.com")
	case strings.Trim(last, "0123456789") == "":
		return "", status.Invalidf(field, "must have a domain name after the @, not a network address")
	case len(domain) > 253:
		return "", status.Invalidf(field, "is too long after the @ (%d octets, at most 253)", len(domain))
	}
	return domain, nil
}
