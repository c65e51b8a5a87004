package subscribe

import (
	"cmp"
	"context"
	"time"

	"allclear/internal/address"
	"allclear/internal/store"
)

// Limits are how often visitors may ask for something that causes a mail. They count requests,
// also those that cause none, so that they tell nothing of who is subscribed.
type Limits struct {
	Address       int64 // a day, about one mail address
	Network       int64 // an hour, from one /24 or /48
	Domain        int64 // an hour, about addresses of one domain
	Confirmations int64 // mails a day, of the page
}

// DefaultLimits let an office, or the customers of a large provider, subscribe while an incident
// is in everybody's mouth, and keep one person from filling the mailboxes of a company.
var DefaultLimits = Limits{Address: 10, Network: 30, Domain: 200, Confirmations: store.DefaultDailyConfirmations}

func (l Limits) orDefault() Limits {
	return Limits{
		Address: cmp.Or(l.Address, DefaultLimits.Address), Network: cmp.Or(l.Network, DefaultLimits.Network),
		Domain: cmp.Or(l.Domain, DefaultLimits.Domain), Confirmations: cmp.Or(l.Confirmations, DefaultLimits.Confirmations),
	}
}

// count takes one request of every limit, or is a *store.LimitedError. The domain of an address
// that is not given is none.
func (h *handler) count(ctx context.Context, viewer string, a address.Address) error {
	limits := []store.Limit{{Name: store.LimitNetwork, Subject: networkOf(viewer), Window: time.Hour, Most: h.Limits.Network}}
	if a != (address.Address{}) {
		limits = append(limits,
			store.Limit{Name: store.LimitAddress, Subject: a.Key(), Window: 24 * time.Hour, Most: h.Limits.Address},
			store.Limit{Name: store.LimitDomain, Subject: a.Domain(), Window: time.Hour, Most: h.Limits.Domain},
		)
	}
	return h.Audience.Take(ctx, limits...)
}
