package page

import "allclear/internal/html"

// historyPage is the current month and the way to all others.
func historyPage(d HistoryDocument) html.Node {
	return html.Fragment(
		html.El("h1", html.Text("History")),
		html.El("section", html.LabelledBy("month"),
			html.El("h2", html.ID("month"), html.Link("/history/"+d.Month, monthText(d.Month))),
			entries(d.Month, d.Entries),
		),
		html.El("section", html.Class("months"), html.LabelledBy("months"),
			html.El("h2", html.ID("months"), html.Text("All months")),
			html.All(byYear(d.Months), func(y year) html.Node {
				return html.Fragment(
					html.El("h3", html.Text(y.Year)),
					html.El("ul", html.All(y.Months, func(month string) html.Node {
						return html.El("li", html.Link("/history/"+month, monthText(month)))
					})),
				)
			}),
		),
	)
}
