package cost

// bill adds up items. An allowance of the always-free tier is for all items of a price together.
type bill struct {
	items []Item
	used  map[*price]float64
}

// counted adds an amount that follows from what was counted.
func (b *bill) counted(p *price, quantity float64, service, what string) {
	left := max(0, p.free-b.used[p])
	b.used[p] += quantity
	b.items = append(b.items, Item{
		Service: service, What: what, Quantity: quantity, Unit: p.unit,
		Dollars: quantity / p.per * p.dollars, Free: min(quantity, left) / p.per * p.dollars,
	})
}
