package front

import (
	"net/http"
	"slices"
	"strings"
)

// Header is one header of an answer.
type Header struct{ Name, Value string }

// Behaviour is what the addresses that match a pattern are answered with besides the object's own
// headers, as a cache behaviour of a CloudFront distribution with its response headers policy.
type Behaviour struct {
	Pattern string // a path pattern as CloudFront's, with one "*"
	CORS    bool   // readable from every origin, preflight included
	Headers []Header
}

// StrictTransportSecurity is added where the page is served over HTTPS, and only there (RFC 6797,
// section 7.2). It does not speak for subdomains: the page may live on a domain with neighbours.
const StrictTransportSecurity = "max-age=63072000"

// Behaviours is the one table of them: the first whose pattern matches counts. The headers are on
// every answer, refusals included. The distribution's template is tested against it.
func Behaviours() []Behaviour {
	return []Behaviour{
		{Pattern: "/api/v2/*", CORS: true, Headers: secured("default-src 'none'; frame-ancestors 'none'")},
		// Badges may be framed and embedded anywhere; as documents of their own they may do nothing.
		{Pattern: "*.svg", Headers: secured("default-src 'none'; style-src 'unsafe-inline'; frame-ancestors *")},
		{Pattern: "*", Headers: secured("default-src 'none'; base-uri 'none'; connect-src 'self'; font-src 'self'; " +
			"form-action 'self'; frame-ancestors 'none'; img-src 'self' https: data:; manifest-src 'self'; " +
			"script-src 'self'; style-src 'self'")},
	}
}

func secured(contentSecurityPolicy string) []Header {
	return []Header{
		{"Content-Security-Policy", contentSecurityPolicy},
		{"Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"},
		{"Referrer-Policy", "strict-origin-when-cross-origin"},
		{"X-Content-Type-Options", "nosniff"},
	}
}

// behaviour is a Behaviour made ready: http.Header takes slices, and these are shared by all answers.
type behaviour struct {
	prefix, suffix string
	cors           bool
	headers        []line
}

type line struct {
	name  string // in canonical form
	value []string
}

func ready(behaviours []Behaviour, https bool) []behaviour {
	made := make([]behaviour, 0, len(behaviours))
	for _, b := range behaviours {
		headers := slices.Clone(b.Headers)
		if b.CORS {
			headers = append(headers, Header{"Access-Control-Allow-Origin", "*"})
		}
		if https {
			headers = append(headers, Header{"Strict-Transport-Security", StrictTransportSecurity})
		}
		next := behaviour{cors: b.CORS}
		next.prefix, next.suffix, _ = strings.Cut(b.Pattern, "*")
		for _, h := range headers {
			next.headers = append(next.headers, line{http.CanonicalHeaderKey(h.Name), []string{h.Value}})
		}
		made = append(made, next)
	}
	return made
}

// behaviourOf gives the behaviour of an address; the last one matches everything.
func (f *Front) behaviourOf(address string) *behaviour {
	for i := range f.behaviours {
		b := &f.behaviours[i]
		if strings.HasPrefix(address, b.prefix) && strings.HasSuffix(address, b.suffix) {
			return b
		}
	}
	return &f.behaviours[len(f.behaviours)-1]
}
