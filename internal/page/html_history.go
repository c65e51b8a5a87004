package page

// historyPage is the current month and the way to all others.
func historyPage(d HistoryDocument) node {
	return fragment(
		el("h1", text("History")),
		el("section", labelledBy("month"),
			el("h2", id("month"), link("/history/"+d.Month, monthText(d.Month))),
			entries(d.Month, d.Entries),
		),
		el("section", class("months"), labelledBy("months"),
			el("h2", id("months"), text("All months")),
			all(byYear(d.Months), func(y year) node {
				return fragment(
					el("h3", text(y.Year)),
					el("ul", all(y.Months, func(month string) node {
						return el("li", link("/history/"+month, monthText(month)))
					})),
				)
			}),
		),
	)
}
