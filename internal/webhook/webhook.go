// Package webhook knows what may be posted to and how a post is proved to be ours: which endpoints
// and connected addresses are public, what kind of receiver an endpoint is, Standard Webhooks
// signatures and their secrets, and when a failed post is tried again. It is pure and does no I/O:
// webhook/payload and webhook/chat write the bodies, webhook/sender sends them.
package webhook

// Rules say what counts as public. The zero Rules are those of production.
type Rules struct {
	// AllowLoopback lets http and https go to this machine, on any port, so that a receiver can be
	// tried beside `allclear serve`. Everything else stays refused.
	AllowLoopback bool
}
