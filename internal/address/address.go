// Package address checks the addresses that subscribers are reached at and brings them into the
// form in which they are kept. It refuses whatever could break out of a mail's header or envelope.
// Whether anybody reads there, and whether a host may be connected to, is for others to find out.
// The operator API and the import of lists call it.
package address

import (
	"net/netip"
	"net/url"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"allclear/internal/status"
)

// Limits of a mail address in octets (RFC 5321, section 4.5.3.1).
const (
	maxLocal = 64
	maxTotal = 254
)

// Mail brings a mail address into its form: the domain in lower case and punycode, the local part
// as it is. It takes plain local parts of 7 bits; quoted ones are refused, since hardly anybody has
// one and much software mistakes them. The error names no field.
func Mail(text string) (string, error) {
	text = strings.TrimSpace(text)
	at := strings.LastIndexByte(text, '@')
	if at < 1 || at == len(text)-1 {
		return "", refuse("must be a mail address such as name@example.com")
	}
	local, domain := text[:at], text[at+1:]
	switch {
	case len(local) > maxLocal:
		return "", refuse("is too long before the @ (%d bytes, at most %d)", len(local), maxLocal)
	case !plainLocal(local):
		return "", refuse("must be a mail address such as name@example.com, of letters, digits and !#$%%&'*+-/=?^_`{|}~. before the @")
	}
	ascii, ok := domainOf(domain)
	if !ok {
		return "", refuse("must have a domain after the @ such as example.com")
	}
	if total := len(local) + 1 + len(ascii); total > maxTotal {
		return "", refuse("is too long (%d bytes, at most %d)", total, maxTotal)
	}
	return local + "@" + ascii, nil
}

func refuse(format string, args ...any) error { return status.Invalidf("", format, args...) }

// domainOf is a domain in punycode. One whose punycode would not be taken in its place is none.
func domainOf(domain string) (string, bool) {
	if !utf8.ValidString(domain) {
		return "", false
	}
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil || !hostName(ascii) {
		return "", false
	}
	again, err := idna.Lookup.ToASCII(ascii)
	return ascii, err == nil && again == ascii
}

// plainLocal is RFC 5322's dot-atom.
func plainLocal(local string) bool {
	for atom := range strings.SplitSeq(local, ".") {
		if atom == "" {
			return false
		}
		for _, c := range []byte(atom) {
			letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
			if !letter && !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", rune(c)) {
				return false
			}
		}
	}
	return true
}

// hostName takes names of at least two labels, the last of which begins with a letter.
func hostName(host string) bool {
	labels := strings.Split(host, ".")
	if len(labels) < 2 || len(host) > 253 {
		return false
	}
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' || strings.Trim(strings.ToLower(l), "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	return labels[len(labels)-1][0] > '9' // what begins with a digit may be read as a number
}

// Endpoint checks the address of a webhook as far as its spelling goes: https on the usual port, a
// name or a public address as host, no credentials, no fragment. Whether its host leads somewhere
// public is known only when it is connected to. The error names no field.
func Endpoint(text string) error {
	for _, c := range []byte(text) {
		if c <= ' ' || c > '~' {
			return refuse("must be an address of printable ASCII without spaces")
		}
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme != "https" || u.Host == "" || u.Opaque != "":
		return refuse("must be an address such as https://example.com/hook")
	case u.User != nil:
		return refuse("can't hold a user name or password")
	case u.Fragment != "":
		return refuse("can't have a fragment (#)")
	case u.Port() != "" && u.Port() != "443":
		return refuse("must be on port 443")
	case len(text) > status.MaxEndpoint:
		return refuse("is too long (%d bytes, at most %d)", len(text), status.MaxEndpoint)
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil {
		if !ip.Unmap().IsGlobalUnicast() || ip.Unmap().IsPrivate() {
			return refuse("must be a public address")
		}
		return nil
	}
	if !hostName(u.Hostname()) {
		return refuse("must have a host such as example.com")
	}
	return nil
}
