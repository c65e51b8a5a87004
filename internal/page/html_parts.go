package page

import (
	"allclear/internal/status"
	"allclear/internal/words"
)

// What several pages show.

// bodyOf is the text of an update.
func bodyOf(html HTML) node { return el("div", class("body"), safe(html)) }

// timeOf is a moment, for people and for machines.
func timeOf(m Moment) node { return el("time", attr("datetime", m.ISO()), text(m.String())) }

// tag is the impact of an incident.
func tag(impact status.Impact) node {
	return el("span", class("tag"), colour(impact), icon(), text(words.Impact(impact)))
}

// state is the state of a component.
func state(s status.ComponentState) node {
	return el("span", class("state"), colour(s), icon(), text(words.Component(s)))
}

// span is from when to when.
func span(i IncidentHead) node {
	switch {
	case i.ScheduledFor != nil:
		return el("p", class("span"), timeOf(*i.ScheduledFor), text(" – "), timeOf(*i.ScheduledUntil))
	case i.ResolvedAt != nil:
		return el("p", class("span"), timeOf(i.StartedAt), text(" – "), timeOf(*i.ResolvedAt))
	default:
		return el("p", class("span"), text("Since "), timeOf(i.StartedAt))
	}
}

// affected names the components of an incident.
func affected(components []Reference) node {
	if len(components) == 0 {
		return node{}
	}
	names := []node{el("span", text(components[0].Name))}
	for _, c := range components[1:] {
		names = append(names, text(", "), el("span", text(c.Name)))
	}
	return el("p", class("affected"), text("Affects "), fragment(names...))
}

// changes are the components that an update moved.
func changes(list []ChangeView) node {
	if len(list) == 0 {
		return node{}
	}
	return el("ul", class("changes"), all(list, func(c ChangeView) node {
		return el("li", text(c.Name+": "), state(c.Old), text(" → "), state(c.New))
	}))
}

// entries are the incidents and maintenances of a month.
func entries(month string, list []EntryView) node {
	if len(list) == 0 {
		return el("p", class("nothing"), text("No incidents or maintenances in "+monthText(month)+"."))
	}
	return el("ol", class("entries"), all(list, func(e EntryView) node {
		return el("li", class("entry"), id("incident-"+e.ID), colour(e.Impact),
			el("h3", link("/incidents/"+e.ID, e.Name)),
			tag(e.Impact),
			span(e.IncidentHead),
			when(e.Updates > 0,
				el("div", class("latest"), el("h4", class("label"), text(e.Label)), bodyOf(e.Message)),
				el("p", class("more"),
					el("a", href("/incidents/"+e.ID),
						text(plural(e.Updates, "update")), el("span", class("hidden"), text(" about "+e.Name)),
					),
				),
			),
		)
	}))
}

// fullHistory is the way to what a page no longer shows.
func fullHistory() node { return el("p", class("more"), link("/history", "Full history")) }

// paragraph is a text of a class, or nothing where there is no text.
func paragraph(name, content string) node {
	return when(content != "", el("p", class(name), text(content)))
}

func link(address, content string) node { return el("a", href(address), text(content)) }

func href(address string) node { return attr("href", address) }

func class(names string) node { return attr("class", names) }

func id(name string) node { return attr("id", name) }

// labelledBy names the heading of a section.
func labelledBy(heading string) node { return attr("aria-labelledby", heading) }

// colour is what gives an element its colour: a state, an impact or an indicator.
func colour[S ~string](status S) node { return attr("data-status", string(status)) }

// icon is drawn by the style sheet, in the colour around it.
func icon() node { return el("span", class("icon"), attr("aria-hidden", "true")) }
