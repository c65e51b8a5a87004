package page

import "allclear/internal/html"

// monthPage is one month of the history.
func monthPage(d MonthDocument) html.Node {
	return html.Fragment(
		html.El("h1", html.Text("History")),
		html.El("section", html.LabelledBy("month"),
			html.El("h2", html.ID("month"), html.Text(monthText(d.Month))),
			entries(d.Month, d.Entries),
		),
		html.El("nav", html.Class("pager"), html.Attr("aria-label", "Months"),
			html.When(d.Previous != "",
				html.El("a", html.Attr("rel", "prev"), html.Href("/history/"+d.Previous), html.Text("← "+monthText(d.Previous))),
				html.Text(" "),
			),
			html.Link("/history", "All months"),
			html.When(d.Next != "",
				html.Text(" "),
				html.El("a", html.Attr("rel", "next"), html.Href("/history/"+d.Next), html.Text(monthText(d.Next)+" →")),
			),
		),
	)
}
