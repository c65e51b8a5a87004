package page

import "allclear/internal/words"

// incidentPage is one incident or maintenance, with a permanent link to each update.
func incidentPage(i IncidentView) node {
	kind := "Incident"
	if i.Maintenance {
		kind = "Scheduled maintenance"
	}
	return fragment(
		el("article", class("incident alone"), id("incident-"+i.ID), colour(i.Impact),
			el("header",
				el("p", class("kind"), text(kind)),
				el("h1", text(i.Name)),
				el("p", class("facts"),
					el("span", class("status"), colour(i.Status), text(words.Incident(i.Status))),
					text(" "),
					tag(i.Impact),
				),
				span(i.IncidentHead),
				affected(i.Components),
			),
			el("h2", text("Updates")),
			el("ol", class("timeline"), all(i.Updates, func(u UpdateView) node {
				return el("li", class("update"), id("update-"+u.ID), colour(u.Status),
					el("h3", class("label"), text(u.Label)),
					bodyOf(u.Body),
					changes(u.Changes),
					el("p", class("when"), el("a", href(anchor("update-"+u.ID)), timeOf(u.At))),
				)
			})),
		),
		fullHistory(),
	)
}
