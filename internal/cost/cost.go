// Package cost estimates what a deployment costs a month on AWS: from what it is used for, the calls
// that the project's handlers were counted to make (calls.json) and list prices (prices.go). It is
// pure and asks nobody: it neither reads a bill nor knows discounts. cmd/allclear calls it.
package cost

import "allclear/internal/status"

// Use is what a page is used for in a month.
type Use struct {
	Views       int64 // visits of the public page
	Subscribers int64 // confirmed, by mail, each for everything
	Incidents   int64
	Updates     int64 // of each incident, after its first
	Components  int64
}

// maxUse bounds every number of a Use: beyond it somebody mistyped.
const maxUse = 1_000_000_000_000

// Check refuses what no page can be used for, by name.
func (u Use) Check() error {
	for _, number := range []struct {
		name string
		n    int64
	}{
		{"views", u.Views},
		{"subscribers", u.Subscribers},
		{"incidents", u.Incidents},
		{"updates", u.Updates},
		{"components", u.Components},
	} {
		if number.n < 0 {
			return status.Invalidf(number.name, "can't be negative: %d", number.n)
		}
		if number.n > maxUse {
			return status.Invalidf(number.name, "can't be more than %d: %d", int64(maxUse), number.n)
		}
	}
	return nil
}

// Item is one line of an Estimate.
type Item struct {
	Service  string
	What     string
	Quantity float64
	Unit     string
	Dollars  float64
	Free     float64 // dollars of it that the always-free tier takes off
}

// Estimate is what a month of a Use costs.
type Estimate struct {
	Use   Use
	Items []Item
}

// Total is the sum in dollars, without free tiers.
func (e Estimate) Total() float64 {
	sum := 0.0
	for i := range e.Items {
		sum += e.Items[i].Dollars
	}
	return sum
}

// Free is how much of the total the always-free tier takes off.
func (e Estimate) Free() float64 {
	sum := 0.0
	for i := range e.Items {
		sum += e.Items[i].Free
	}
	return sum
}
