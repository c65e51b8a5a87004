package webhook

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/idna"
)

const localhost = "localhost"

// privateDomains are names that no public resolver answers for, and that may mean something at
// home: the registry of special-use names (RFC 6761 and its successors) and the private ones of
// ICANN and of routers. https://www.iana.org/assignments/special-use-domain-names
var privateDomains = []string{
	"alt", "arpa", "corp", "example", "home", "internal", "intranet", "invalid", "lan", "local",
	"localdomain", localhost, "mail", "onion", "private", "test",
}

// names reads a host's name as a browser does: other scripts become punycode, capital letters
// small, full-width digits plain ones. What is left has only letters, digits and hyphens.
var names = idna.New(
	idna.MapForLookup(), idna.BidiRule(), idna.CheckJoiners(true), idna.VerifyDNSLength(true),
	idna.StrictDomainName(true), idna.CheckHyphens(false), // r3---a.example.com exists
)

// host gives the one spelling of an address's host, or what is wrong with it.
func (r Rules) host(u *url.URL) (host, problem string) {
	written := u.Hostname()
	if strings.HasPrefix(u.Host, "[") {
		address, err := netip.ParseAddr(written)
		if err != nil || !address.Is6() {
			return "", "must name a host: what is in brackets is no IPv6 address"
		}
		return r.literal(address)
	}
	name, err := names.ToASCII(written)
	if strings.HasSuffix(written, ".") || strings.HasSuffix(name, ".") {
		return "", "must not have a dot at the end of its host"
	}
	if err != nil || !stable(name) {
		return "", "must name a host: a public name of letters, digits, hyphens and dots"
	}
	if endsInNumber(name) {
		address, err := netip.ParseAddr(name)
		if err != nil {
			return "", "must not write an IPv4 address in an unusual way: use four decimal numbers, or a name"
		}
		return r.literal(address)
	}
	return r.name(name)
}

// stable tells whether a name is the spelling that it is turned into: some that are no characters
// come out as punycode that nothing comes back from.
func stable(name string) bool {
	again, err := names.ToASCII(name)
	return err == nil && again == name
}

func (r Rules) literal(address netip.Addr) (host, problem string) {
	if err := r.CheckAddress(address); err != nil {
		return "", "must be at a public address: " + err.Error()
	}
	return address.String(), ""
}

func (r Rules) name(name string) (host, problem string) {
	if r.AllowLoopback && name == localhost {
		return name, ""
	}
	labels := strings.Split(name, ".")
	if slices.Contains(privateDomains, labels[len(labels)-1]) {
		return "", "must be at a public name: nobody outside can look up ." + labels[len(labels)-1]
	}
	if len(labels) < 2 {
		return "", "must be at a public name, with a dot in it"
	}
	return name, ""
}

// endsInNumber tells whether a system library may take a host for an IPv4 address: its last label
// begins with a digit. No top-level domain does (RFC 3696, section 2), and so 127.1, 2130706433,
// 0x7f000001, 0177.0.0.1 and whatever else C reads as a number are all meant.
func endsInNumber(host string) bool {
	first := host[strings.LastIndexByte(host, '.')+1]
	return '0' <= first && first <= '9'
}
