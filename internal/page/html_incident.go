package page

import (
	"allclear/internal/html"
	"allclear/internal/link"
	"allclear/internal/words"
)

// incidentPage is one incident or maintenance, with a permanent link to each update and,
// until it is over, the way to be told of more.
func incidentPage(i IncidentView, subscribable bool) html.Node {
	kind := "Incident"
	if i.Maintenance {
		kind = "Scheduled maintenance"
	}
	return html.Fragment(
		html.El("article", html.Class("incident alone"), html.ID("incident-"+i.ID), colour(i.Impact),
			html.El("header",
				html.El("p", html.Class("kind"), html.Text(kind)),
				html.El("h1", html.Text(i.Name)),
				html.El("p", html.Class("facts"),
					html.El("span", html.Class("status"), colour(i.Status), html.Text(words.Incident(i.Status))),
					html.Text(" "),
					tag(i.Impact),
				),
				span(i.IncidentHead),
				affected(i.Components),
			),
			html.El("h2", html.Text("Updates")),
			html.El("ol", html.Class("timeline"), html.All(i.Updates, func(u UpdateView) html.Node {
				return html.El("li", html.Class("update"), html.ID("update-"+u.ID), colour(u.Status),
					html.El("h3", html.Class("label"), html.Text(u.Label)),
					bodyOf(u.Body),
					changes(u.Changes),
					html.El("p", html.Class("when"), html.El("a", html.Href(html.Anchor("update-"+u.ID)), timeOf(u.At))),
				)
			})),
		),
		html.When(subscribable && i.ResolvedAt == nil,
			html.El("p", html.Class("more"), html.Link(link.IncidentURL("", i.ID), "Get updates on this by mail or webhook")),
		),
		fullHistory(),
	)
}
