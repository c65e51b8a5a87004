package webhook

import (
	"fmt"
	"net/netip"
)

// refusedRange is a block of addresses that no subscriber's endpoint may be in.
type refusedRange struct {
	prefix netip.Prefix
	name   string
	source string
}

// refusedRanges are the blocks of the IANA special-purpose address registries (RFC 6890, RFC 8190),
// also those that are globally reachable: none of them is a place for a receiver, and the
// translating ones carry an IPv4 address inside that would get around the rest of the table. Then
// multicast, and the addresses behind which clouds keep credentials. The first match names the
// reason, so the narrower blocks stand first.
//
//   - https://www.iana.org/assignments/iana-ipv4-special-registry
//   - https://www.iana.org/assignments/iana-ipv6-special-registry
var refusedRanges = []refusedRange{
	block("169.254.169.254/32", "the metadata service of a cloud", "RFC 3927, AWS"),
	block("168.63.129.16/32", "the platform service of a cloud", "Azure"),
	block("fd00:ec2::254/128", "the metadata service of a cloud", "RFC 4193, AWS"),

	block("0.0.0.0/8", "this network", "RFC 791"),
	block("10.0.0.0/8", "private", "RFC 1918"),
	block("100.64.0.0/10", "carrier-grade NAT", "RFC 6598"),
	block("127.0.0.0/8", "loopback", "RFC 1122"),
	block("169.254.0.0/16", "link-local", "RFC 3927"),
	block("172.16.0.0/12", "private", "RFC 1918"),
	block("192.0.0.0/24", "IETF protocol assignments", "RFC 6890"),
	block("192.0.2.0/24", "documentation", "RFC 5737"),
	block("192.31.196.0/24", "AS112", "RFC 7535"),
	block("192.52.193.0/24", "automatic multicast tunnelling", "RFC 7450"),
	block("192.88.99.0/24", "6to4 relay", "RFC 7526"),
	block("192.168.0.0/16", "private", "RFC 1918"),
	block("192.175.48.0/24", "AS112", "RFC 7534"),
	block("198.18.0.0/15", "benchmarking", "RFC 2544"),
	block("198.51.100.0/24", "documentation", "RFC 5737"),
	block("203.0.113.0/24", "documentation", "RFC 5737"),
	block("224.0.0.0/4", "multicast", "RFC 5771"),
	block("255.255.255.255/32", "broadcast", "RFC 8190"),
	block("240.0.0.0/4", "reserved", "RFC 1112"),

	block("::/128", "unspecified", "RFC 4291"),
	block("::1/128", "loopback", "RFC 4291"),
	block("::/96", "IPv4-compatible", "RFC 4291"),
	block("::ffff:0:0/96", "IPv4-mapped", "RFC 4291"),
	block("64:ff9b::/96", "NAT64", "RFC 6052"),
	block("64:ff9b:1::/48", "local NAT64", "RFC 8215"),
	block("100::/64", "discard-only", "RFC 6666"),
	block("100:0:0:1::/64", "dummy prefix", "RFC 9780"),
	block("2001::/32", "Teredo", "RFC 4380"),
	block("2001:2::/48", "benchmarking", "RFC 5180"),
	block("2001::/23", "IETF protocol assignments", "RFC 2928"),
	block("2001:db8::/32", "documentation", "RFC 3849"),
	block("2002::/16", "6to4", "RFC 3056"),
	block("2620:4f:8000::/48", "AS112", "RFC 7534"),
	block("3fff::/20", "documentation", "RFC 9637"),
	block("5f00::/16", "segment routing", "RFC 9602"),
	block("fc00::/7", "unique local", "RFC 4193"),
	block("fe80::/10", "link-local", "RFC 4291"),
	block("fec0::/10", "site-local", "RFC 3879"),
	block("ff00::/8", "multicast", "RFC 4291"),
}

// globalUnicast is all that IANA gives out of IPv6; the rest is reserved.
// https://www.iana.org/assignments/ipv6-address-space
var globalUnicast = netip.MustParsePrefix("2000::/3")

func block(prefix, name, source string) refusedRange {
	return refusedRange{netip.MustParsePrefix(prefix), name, source}
}

// AddressError says why an address is not posted to.
type AddressError struct {
	Address netip.Addr
	Range   string // "loopback"
	Source  string // "RFC 1122"
}

func (e *AddressError) Error() string {
	return fmt.Sprintf("%s is not a public address: %s (%s)", e.Address, e.Range, e.Source)
}

// CheckAddress refuses an address that is not public with an *AddressError.
func (r Rules) CheckAddress(address netip.Addr) error {
	if r.AllowLoopback && loopback(address) {
		return nil
	}
	if !address.IsValid() || address.Zone() != "" {
		return &AddressError{address, "valid on one link only", "RFC 4007"}
	}
	for _, refused := range refusedRanges {
		if refused.prefix.Contains(address) {
			return &AddressError{address, refused.name, refused.source}
		}
	}
	if address.Is6() && !globalUnicast.Contains(address) {
		return &AddressError{address, "reserved", "RFC 4291"}
	}
	return nil
}

// CheckConnection refuses an address and port that a connection is about to be made to. Only what
// is connected to counts: a name that was public when it was checked may lead elsewhere by now.
func (r Rules) CheckConnection(target netip.AddrPort) error {
	if err := r.CheckAddress(target.Addr()); err != nil {
		return err
	}
	if target.Port() != portHTTPS && !(r.AllowLoopback && loopback(target.Addr())) {
		return fmt.Errorf("port %d is not %d", target.Port(), portHTTPS)
	}
	return nil
}

func loopback(address netip.Addr) bool {
	return address.IsLoopback() && !address.Is4In6() && address.Zone() == ""
}
