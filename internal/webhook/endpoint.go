package webhook

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"allclear/internal/status"
)

const (
	// MaxEndpoint is the longest address of an endpoint, in bytes. Those of Microsoft's workflows
	// have about 400.
	MaxEndpoint = 2048

	schemeHTTP  = "http"
	schemeHTTPS = "https"
	portHTTPS   = 443
)

// Endpoint is an address that was checked by Rules.ParseEndpoint. It holds a secret more often than
// not: whoever knows the address of a chat's webhook can write there. So it prints and logs as its
// host only; URL is the whole. Endpoints are equal when their addresses are.
type Endpoint struct {
	scheme string
	host   string // lower case, ASCII; an IPv6 address without brackets
	port   string // "" for 443
	path   string // escaped, with the query
}

// ParseEndpoint reads the address of a subscriber's endpoint: https on port 443 at a public name or
// address, spelled in the one way that nobody reads differently. The errors are status.Errors about
// the field. A name may still lead to a private address: CheckConnection decides when it is used.
func (r Rules) ParseEndpoint(field, text string) (Endpoint, error) {
	if err := checkSpelling(field, text); err != nil {
		return Endpoint{}, err
	}
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" {
		return Endpoint{}, status.Invalidf(field, "must be an address such as https://example.com/hook")
	}
	switch {
	case u.Scheme == "":
		return Endpoint{}, status.Invalidf(field, "must begin with https://")
	case u.Scheme != schemeHTTPS && !(r.AllowLoopback && u.Scheme == schemeHTTP):
		return Endpoint{}, status.Invalidf(field, "must use https")
	case u.User != nil:
		return Endpoint{}, status.Invalidf(field, "must not contain a user name or password")
	case u.Hostname() == "":
		return Endpoint{}, status.Invalidf(field, "must name a host")
	}
	e := Endpoint{scheme: u.Scheme, port: u.Port(), path: escape(cmp.Or(u.RawPath, u.EscapedPath()))}
	if u.RawQuery != "" || u.ForceQuery {
		e.path += "?" + escape(u.RawQuery)
	}
	host, problem := r.host(u)
	if problem != "" {
		return Endpoint{}, status.Invalidf(field, "%s", problem)
	}
	e.host = host
	return r.checkPort(field, e)
}

// checkSpelling refuses what two readers of an address may understand differently, before anything
// reads it.
func checkSpelling(field, text string) error {
	switch {
	case text == "":
		return status.Invalidf(field, "must not be empty")
	case len(text) > MaxEndpoint:
		return status.Invalidf(field, "must not be longer than %d bytes", MaxEndpoint)
	case !utf8.ValidString(text):
		return status.Invalidf(field, "must be UTF-8")
	case strings.ContainsFunc(text, func(c rune) bool { return unicode.IsSpace(c) || !unicode.IsPrint(c) }):
		return status.Invalidf(field, "must not contain spaces or invisible characters")
	case strings.Contains(text, `\`):
		return status.Invalidf(field, "must not contain a backslash")
	case strings.Contains(text, "#"):
		return status.Invalidf(field, "must not contain a fragment (#)")
	}
	return nil
}

// checkPort leaves only 443, and plain http only for this machine.
func (r Rules) checkPort(field string, e Endpoint) (Endpoint, error) {
	if r.AllowLoopback && e.onLoopback() {
		if e.scheme == schemeHTTPS && e.port == fmt.Sprint(portHTTPS) {
			e.port = ""
		}
		return e, nil
	}
	if e.scheme != schemeHTTPS {
		return Endpoint{}, status.Invalidf(field, "must use https")
	}
	if e.port != "" && e.port != fmt.Sprint(portHTTPS) {
		return Endpoint{}, status.Invalidf(field, "must use port %d", portHTTPS)
	}
	e.port = ""
	return e, nil
}

func (e Endpoint) onLoopback() bool {
	address, err := netip.ParseAddr(e.host)
	return e.host == localhost || err == nil && loopback(address)
}

// escape escapes what may not stand in an address, and leaves the rest as it was written: receivers
// may check a signature over it.
func escape(part string) string {
	var b strings.Builder
	for _, c := range []byte(part) {
		if c < utf8.RuneSelf && !strings.ContainsRune("\"<>^`{|}", rune(c)) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// URL is the whole address, in its one spelling. It is to be kept like a password.
func (e Endpoint) URL() string { return e.origin() + e.path }

// Host is the host's name or address, without brackets.
func (e Endpoint) Host() string { return e.host }

// String shows where the endpoint is and not what it is.
func (e Endpoint) String() string { return e.origin() + "/…" }

// LogValue is String.
func (e Endpoint) LogValue() slog.Value { return slog.StringValue(e.String()) }

func (e Endpoint) origin() string {
	host := e.host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if e.port != "" {
		host += ":" + e.port
	}
	return e.scheme + "://" + host
}
