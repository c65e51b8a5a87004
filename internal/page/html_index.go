package page

import "allclear/internal/status"

// indexPage is everything that is going on, and what went on lately.
func indexPage(v IndexView) node {
	return fragment(
		banner(v.Banner),
		paragraph("headline", v.Page.Headline),
		paragraph("description", v.Page.Description),
		incidents("open", "Open incidents", v.Incidents),
		incidents("maintenances", "Scheduled maintenance", v.Maintenances),
		components(v.Components),
		recent(v.Recent),
	)
}

func banner(b Banner) node {
	title := text(b.Title)
	if b.Incident != "" {
		title = link("/incidents/"+b.Incident, b.Title)
	}
	return el("section", class("banner"), colour(b.Status),
		icon(),
		el("div",
			el("h1", title),
			paragraph("detail", b.Detail),
			when(b.More > 0, el("p", class("detail"), text("and "+plural(b.More, "other open incident")))),
		),
	)
}

// incidents are those that are not over.
func incidents(name, title string, list []IncidentView) node {
	if len(list) == 0 {
		return node{}
	}
	return el("section", class(name), labelledBy(name),
		el("h2", id(name), text(title)),
		all(list, incident),
	)
}

// incident is one that is not over, with its whole timeline.
func incident(i IncidentView) node {
	return el("article", class("incident"), id("incident-"+i.ID), colour(i.Impact),
		el("header",
			el("h3", link("/incidents/"+i.ID, i.Name)),
			tag(i.Impact),
			span(i.IncidentHead),
			affected(i.Components),
		),
		el("ol", class("timeline"), all(i.Updates, func(u UpdateView) node {
			return el("li", class("update"), id("update-"+u.ID), colour(u.Status),
				el("h4", class("label"), text(u.Label)),
				bodyOf(u.Body),
				changes(u.Changes),
				el("p", class("when"), timeOf(u.At)),
			)
		})),
	)
}

func components(list []ComponentView) node {
	if len(list) == 0 {
		return node{}
	}
	return el("section", class("parts"), labelledBy("components"),
		el("h2", id("components"), text("Components")),
		el("ul", class("components"), all(list, func(c ComponentView) node {
			if c.Group {
				return group(c)
			}
			return component(c)
		})),
	)
}

func component(c ComponentView) node {
	return el("li", class("component"), id("component-"+c.ID),
		el("div", class("line"), el("span", class("name"), text(c.Name)), text(" "), state(c.Status)),
		paragraph("about", c.Description),
		uptimeBar(c.Uptime),
	)
}

// group is open while it has trouble.
func group(g ComponentView) node {
	return el("li", class("group"), id("component-"+g.ID),
		el("details", when(g.Status != status.Operational, boolean("open")),
			el("summary", class("line"),
				el("span", class("name"),
					text(g.Name+" "), el("span", class("count"), text(plural(len(g.Components), "component"))),
				),
				text(" "),
				state(g.Status),
			),
			paragraph("about", g.Description),
			el("ul", class("components"), all(g.Components, component)),
		),
		uptimeBar(g.Uptime),
	)
}

// uptimeBar is the last 90 days as a picture (html_bars.go) with a sentence.
func uptimeBar(u *UptimeView) node {
	if u == nil {
		return node{}
	}
	return el("div", class("uptime"),
		el("div", class("bar"), attr("role", "img"), attr("aria-label", uptimeLabel(u)),
			el("svg", attr("viewBox", "0 0 360 32"), attr("preserveAspectRatio", "none"), attr("aria-hidden", "true"),
				all(bars(u), func(b bar) node { return el("path", colour(b.State), attr("d", b.Path)) }),
			),
		),
		el("p", class("scale"), attr("aria-hidden", "true"),
			el("span", text("90 days ago")), el("span", text(uptimeWord(u))), el("span", text("Today")),
		),
	)
}

// recent are the last days, with what is over.
func recent(days []DayView) node {
	return el("section", class("recent"), labelledBy("recent"),
		el("h2", id("recent"), text("Past incidents")),
		all(days, func(d DayView) node {
			return el("section", class("day"),
				el("h3", el("time", attr("datetime", d.Date), text(dayText(d.Date)))),
				all(d.Ongoing, func(i Reference) node {
					return el("p", class("ongoing"), link(anchor("incident-"+i.ID), i.Name), text(" – ongoing"))
				}),
				all(d.Incidents, pastIncident),
				when(len(d.Incidents)+len(d.Ongoing) == 0, el("p", class("nothing"), text("No incidents reported."))),
			)
		}),
		fullHistory(),
	)
}

func pastIncident(i IncidentView) node {
	return el("article", class("incident"), id("incident-"+i.ID), colour(i.Impact),
		el("header",
			el("h4", link("/incidents/"+i.ID, i.Name)),
			tag(i.Impact),
		),
		el("ol", class("timeline"), all(i.Updates, func(u UpdateView) node {
			return el("li", class("update"), colour(u.Status),
				el("h5", class("label"), text(u.Label)),
				bodyOf(u.Body),
				el("p", class("when"), timeOf(u.At)),
			)
		})),
	)
}
