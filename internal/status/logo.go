package status

import (
	"net/url"
	"path"
	"strings"
)

// maxLogo is the longest address of a logo, in bytes.
const maxLogo = 500

// CheckLogo refuses an address of an image that mails could not show: most mail programs load images
// through a server of their own, which takes https and draws no SVG. A mail is made with whatever
// passes, so the address has only characters that RFC 3986 has, and no name and password that every
// reader would see.
func CheckLogo(field, address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || len(address) > maxLogo || strings.ContainsFunc(address, notInAddresses) {
		return Invalidf(field, "must be the https address of an image, of at most %d characters as in RFC 3986", maxLogo)
	}
	switch strings.ToLower(path.Ext(u.Path)) {
	case ".svg", ".svgz":
		return Invalidf(field, "must be a PNG, JPEG or GIF: mail programs draw no SVG")
	}
	return nil
}

func notInAddresses(r rune) bool {
	return r <= ' ' || r > '~' || strings.ContainsRune("\"'<>\\^`{|}", r)
}
