package page

// missingPage is what an address shows that leads nowhere.
func missingPage() node {
	return fragment(
		el("h1", text("Nothing here")),
		el("p", text("There is no page at this address. It may have been removed, or the address may be wrong.")),
		el("p", class("more"), link("/", "Current status"), text(" "), link("/history", "Full history")),
	)
}
