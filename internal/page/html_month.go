package page

// monthPage is one month of the history.
func monthPage(d MonthDocument) node {
	return fragment(
		el("h1", text("History")),
		el("section", labelledBy("month"),
			el("h2", id("month"), text(monthText(d.Month))),
			entries(d.Month, d.Entries),
		),
		el("nav", class("pager"), attr("aria-label", "Months"),
			when(d.Previous != "",
				el("a", attr("rel", "prev"), href("/history/"+d.Previous), text("← "+monthText(d.Previous))),
				text(" "),
			),
			link("/history", "All months"),
			when(d.Next != "",
				text(" "),
				el("a", attr("rel", "next"), href("/history/"+d.Next), text(monthText(d.Next)+" →")),
			),
		),
	)
}
