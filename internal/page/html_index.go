package page

import (
	"allclear/internal/html"
	"allclear/internal/status"
)

// indexPage is everything that is going on, and what went on lately.
func indexPage(v IndexView) html.Node {
	return html.Fragment(
		banner(v.Banner),
		paragraph("headline", v.Page.Headline),
		paragraph("description", v.Page.Description),
		incidents("open", "Open incidents", v.Incidents),
		incidents("maintenances", "Scheduled maintenance", v.Maintenances),
		components(v.Components),
		recent(v.Recent),
	)
}

func banner(b Banner) html.Node {
	title := html.Text(b.Title)
	if b.Incident != "" {
		title = html.Link("/incidents/"+b.Incident, b.Title)
	}
	return html.El("section", html.Class("banner"), colour(b.Status),
		icon(),
		html.El("div",
			html.El("h1", title),
			paragraph("detail", b.Detail),
			html.When(b.More > 0, html.El("p", html.Class("detail"), html.Text("and "+plural(b.More, "other open incident")))),
		),
	)
}

// incidents are those that are not over.
func incidents(name, title string, list []IncidentView) html.Node {
	if len(list) == 0 {
		return html.Node{}
	}
	return html.El("section", html.Class(name), html.LabelledBy(name),
		html.El("h2", html.ID(name), html.Text(title)),
		html.All(list, incident),
	)
}

// incident is one that is not over, with its whole timeline.
func incident(i IncidentView) html.Node {
	return html.El("article", html.Class("incident"), html.ID("incident-"+i.ID), colour(i.Impact),
		html.El("header",
			html.El("h3", html.Link("/incidents/"+i.ID, i.Name)),
			tag(i.Impact),
			span(i.IncidentHead),
			affected(i.Components),
		),
		html.El("ol", html.Class("timeline"), html.All(i.Updates, func(u UpdateView) html.Node {
			return html.El("li", html.Class("update"), html.ID("update-"+u.ID), colour(u.Status),
				html.El("h4", html.Class("label"), html.Text(u.Label)),
				bodyOf(u.Body),
				changes(u.Changes),
				html.El("p", html.Class("when"), timeOf(u.At)),
			)
		})),
	)
}

func components(list []ComponentView) html.Node {
	if len(list) == 0 {
		return html.Node{}
	}
	return html.El("section", html.Class("parts"), html.LabelledBy("components"),
		html.El("h2", html.ID("components"), html.Text("Components")),
		html.El("ul", html.Class("components"), html.All(list, func(c ComponentView) html.Node {
			if c.Group {
				return group(c)
			}
			return component(c)
		})),
	)
}

func component(c ComponentView) html.Node {
	return html.El("li", html.Class("component"), html.ID("component-"+c.ID),
		html.El("div", html.Class("line"), html.El("span", html.Class("name"), html.Text(c.Name)), html.Text(" "), state(c.Status)),
		paragraph("about", c.Description),
		uptimeBar(c.Uptime),
	)
}

// group is open while it has trouble.
func group(g ComponentView) html.Node {
	return html.El("li", html.Class("group"), html.ID("component-"+g.ID),
		html.El("details", html.When(g.Status != status.Operational, html.Boolean("open")),
			html.El("summary", html.Class("line"),
				html.El("span", html.Class("name"),
					html.Text(g.Name+" "), html.El("span", html.Class("count"), html.Text(plural(len(g.Components), "component"))),
				),
				html.Text(" "),
				state(g.Status),
			),
			paragraph("about", g.Description),
			html.El("ul", html.Class("components"), html.All(g.Components, component)),
		),
		uptimeBar(g.Uptime),
	)
}

// uptimeBar is the last 90 days as a picture (html_bars.go) with a sentence.
func uptimeBar(u *UptimeView) html.Node {
	if u == nil {
		return html.Node{}
	}
	return html.El("div", html.Class("uptime"),
		html.El("div", html.Class("bar"), html.Attr("role", "img"), html.Attr("aria-label", uptimeLabel(u)),
			html.El("svg", html.Attr("viewBox", "0 0 360 32"), html.Attr("preserveAspectRatio", "none"), html.Attr("aria-hidden", "true"),
				html.All(bars(u), func(b bar) html.Node { return html.El("path", colour(b.State), html.Attr("d", b.Path)) }),
			),
		),
		html.El("p", html.Class("scale"), html.Attr("aria-hidden", "true"),
			html.El("span", html.Text("90 days ago")), html.El("span", html.Text(uptimeWord(u))), html.El("span", html.Text("Today")),
		),
	)
}

// recent are the last days, with what is over.
func recent(days []DayView) html.Node {
	return html.El("section", html.Class("recent"), html.LabelledBy("recent"),
		html.El("h2", html.ID("recent"), html.Text("Past incidents")),
		html.All(days, func(d DayView) html.Node {
			return html.El("section", html.Class("day"),
				html.El("h3", html.El("time", html.Attr("datetime", d.Date), html.Text(dayText(d.Date)))),
				html.All(d.Ongoing, func(i Reference) html.Node {
					return html.El("p", html.Class("ongoing"), html.Link(html.Anchor("incident-"+i.ID), i.Name), html.Text(" – ongoing"))
				}),
				html.All(d.Incidents, pastIncident),
				html.When(len(d.Incidents)+len(d.Ongoing) == 0, html.El("p", html.Class("nothing"), html.Text("No incidents reported."))),
			)
		}),
		fullHistory(),
	)
}

func pastIncident(i IncidentView) html.Node {
	return html.El("article", html.Class("incident"), html.ID("incident-"+i.ID), colour(i.Impact),
		html.El("header",
			html.El("h4", html.Link("/incidents/"+i.ID, i.Name)),
			tag(i.Impact),
		),
		html.El("ol", html.Class("timeline"), html.All(i.Updates, func(u UpdateView) html.Node {
			return html.El("li", html.Class("update"), colour(u.Status),
				html.El("h5", html.Class("label"), html.Text(u.Label)),
				bodyOf(u.Body),
				html.El("p", html.Class("when"), timeOf(u.At)),
			)
		})),
	)
}
