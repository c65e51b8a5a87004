package page

import "allclear/internal/html"

// missingPage is what an address shows that leads nowhere.
func missingPage() html.Node {
	return html.Fragment(
		html.El("h1", html.Text("Nothing here")),
		html.El("p", html.Text("There is no page at this address. It may have been removed, or the address may be wrong.")),
		html.El("p", html.Class("more"), html.Link("/", "Current status"), html.Text(" "), html.Link("/history", "Full history")),
	)
}
