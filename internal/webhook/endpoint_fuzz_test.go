package webhook

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

// FuzzWhatIsTakenLeadsNowhereElse holds that an endpoint which is taken is one for every reader:
// https on 443, no user, its host either a public address in its usual spelling or a name that no
// system library takes for an address.
func FuzzWhatIsTakenLeadsNowhereElse(f *testing.F) {
	for _, seed := range []string{
		"https://hooks.example.com/in?a=b", "https://Bücher.example.com:443/ü", "https://8.8.8.8/", "https://[2606:4700::1]/",
		"https://2130706433/", "https://0x7f.1/", "https://0177.1/", "https://１２７.1/", "https://[::ffff:10.0.0.1]/", "https://a@b.c/",
		"https://[64:ff9b::7f00:1]/", "https://localhost./", "https:\\\\a.com", "https://a.com:443#", "https://a.com?x", "https://[fe80::1%25lo]/",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := Rules{}.ParseEndpoint(field, text)
		if err != nil {
			return
		}
		again, err := Rules{}.ParseEndpoint(field, e.URL())
		if err != nil || again != e {
			t.Errorf("%q is %s, which is read as %s, %v", text, e.URL(), again.URL(), err)
		}
		u, err := url.Parse(e.URL())
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if u.Scheme != "https" || u.Port() != "" || u.User != nil || u.Fragment != "" || u.Hostname() != e.Host() {
			t.Errorf("%q is taken as %s", text, e.URL())
		}
		for _, c := range []byte(e.URL()) {
			if c <= ' ' || c >= 0x7f {
				t.Errorf("%q is taken as %q", text, e.URL())
			}
		}
		if ip := meant(e.Host()); ip != nil && !publicIP(ip) {
			t.Errorf("%q is taken, and its host is %s to a system library", text, ip)
		}
	})
}

// FuzzAnAddressThatIsTakenIsPublic compares the table with what the standard library knows, also
// through the ways in which IPv6 carries an IPv4 address.
func FuzzAnAddressThatIsTakenIsPublic(f *testing.F) {
	for _, seed := range []string{"127.0.0.1", "8.8.8.8", "::1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "fd00:ec2::254", "fe80::1"} {
		f.Add(netip.MustParseAddr(seed).AsSlice())
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		address, ok := netip.AddrFromSlice(raw)
		if !ok || Rules.CheckAddress(Rules{}, address) != nil {
			return
		}
		if !publicIP(net.IP(raw)) {
			t.Errorf("%s is taken", address)
		}
	})
}

// publicIP is another opinion than the table's, from the standard library.
func publicIP(ip net.IP) bool {
	if v4 := ip.To4(); v4 == nil {
		for _, prefix := range []string{"64:ff9b::", "64:ff9b:1::"} {
			if network := (&net.IPNet{IP: net.ParseIP(prefix), Mask: net.CIDRMask(48, 128)}); network.Contains(ip) {
				return false
			}
		}
		if ip[0] == 0x20 && ip[1] == 0x02 {
			return false
		}
	}
	return ip.IsGlobalUnicast() && !ip.IsPrivate() && !ip.IsLoopback() && !ip.IsLinkLocalUnicast() &&
		!ip.IsMulticast() && !ip.IsUnspecified()
}

// meant is the address that inet_aton(3) or inet_pton(3) make of a host, nil for a name.
func meant(host string) net.IP {
	if strings.Contains(host, ":") {
		return net.ParseIP(host)
	}
	parts := strings.Split(host, ".")
	if len(parts) > 4 {
		return nil
	}
	var address uint64
	for n, part := range parts {
		v, err := strconv.ParseUint(strings.ReplaceAll(part, "_", "?"), 0, 32) // 0x, 0 and decimal, as C reads them
		if err != nil {
			return nil
		}
		if n == len(parts)-1 {
			address |= v
		} else {
			address |= v << (24 - 8*n)
		}
	}
	return net.IPv4(byte(address>>24), byte(address>>16), byte(address>>8), byte(address))
}
