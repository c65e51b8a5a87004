package subscribe

import (
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// HeaderOrigin carries the secret that the CDN adds to every request that it hands on.
const HeaderOrigin = "X-Allclear-Origin"

// Viewer is the other end of the connection: who asks, where nothing stands in between.
func Viewer(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// ViewerBehind tells who asks the CDN that knows a secret. What such a request says in
// X-Forwarded-For can be trusted from its end: CloudFront appends the address that the viewer
// connected from to whatever the viewer itself sent, and API Gateway may append the address that
// CloudFront connected from, which is also the other end of our connection. So the viewer is the
// last address that is not that one. Anybody may send the header to the API directly, but without
// the secret only the other end of the connection counts.
func ViewerBehind(secret string) func(*http.Request) string {
	return func(r *http.Request) string {
		edge := Viewer(r)
		if secret == "" || subtle.ConstantTimeCompare([]byte(r.Header.Get(HeaderOrigin)), []byte(secret)) != 1 {
			return edge
		}
		hops := forwarded(r)
		last := hops[len(hops)-1]
		if len(hops) > 1 && sameAddress(last, edge) {
			last = hops[len(hops)-2]
		}
		if !validAddress(last) {
			return edge
		}
		return last
	}
}

// ViewerBehindProxy tells who asks a proxy on this machine. The last address in X-Forwarded-For is
// the one that the proxy wrote itself, so that nothing a visitor sends is believed; from another
// machine the header counts for nothing.
func ViewerBehindProxy(r *http.Request) string {
	peer := Viewer(r)
	if address, err := netip.ParseAddr(peer); err != nil || !address.Unmap().IsLoopback() {
		return peer
	}
	hops := forwarded(r)
	if last := hops[len(hops)-1]; validAddress(last) {
		return last
	}
	return peer
}

// forwarded are the addresses of X-Forwarded-For, at least one, which may be anything.
func forwarded(r *http.Request) []string {
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := range hops {
		hops[i] = strings.TrimSpace(hops[i])
	}
	return hops
}

func validAddress(text string) bool {
	_, err := netip.ParseAddr(text)
	return err == nil
}

func sameAddress(a, b string) bool {
	x, err := netip.ParseAddr(a)
	if err != nil {
		return false
	}
	y, err := netip.ParseAddr(b)
	return err == nil && x.Unmap() == y.Unmap()
}

// networkOf is the network that a viewer's address belongs to: what one customer of a provider
// gets at least. All whose address is not known are one network.
func networkOf(viewer string) string {
	address, err := netip.ParseAddr(viewer)
	if err != nil {
		return "unknown"
	}
	address = address.Unmap().WithZone("")
	bits := 48
	if address.Is4() {
		bits = 24
	}
	return netip.PrefixFrom(address, bits).Masked().String()
}
