package page

import (
	"allclear/internal/html"
	"allclear/internal/status"
	"allclear/internal/words"
)

// What several pages show.

// bodyOf is the text of an update.
func bodyOf(body HTML) html.Node { return html.El("div", html.Class("body"), html.Safe(string(body))) }

// timeOf is a moment, for people and for machines.
func timeOf(m Moment) html.Node {
	return html.El("time", html.Attr("datetime", m.ISO()), html.Text(m.String()))
}

// tag is the impact of an incident.
func tag(impact status.Impact) html.Node {
	return html.El("span", html.Class("tag"), colour(impact), icon(), html.Text(words.Impact(impact)))
}

// state is the state of a component.
func state(s status.ComponentState) html.Node {
	return html.El("span", html.Class("state"), colour(s), icon(), html.Text(words.Component(s)))
}

// span is from when to when.
func span(i IncidentHead) html.Node {
	switch {
	case i.ScheduledFor != nil:
		return html.El("p", html.Class("span"), timeOf(*i.ScheduledFor), html.Text(" – "), timeOf(*i.ScheduledUntil))
	case i.ResolvedAt != nil:
		return html.El("p", html.Class("span"), timeOf(i.StartedAt), html.Text(" – "), timeOf(*i.ResolvedAt))
	default:
		return html.El("p", html.Class("span"), html.Text("Since "), timeOf(i.StartedAt))
	}
}

// affected names the components of an incident.
func affected(components []Reference) html.Node {
	if len(components) == 0 {
		return html.Node{}
	}
	names := []html.Node{html.El("span", html.Text(components[0].Name))}
	for _, c := range components[1:] {
		names = append(names, html.Text(", "), html.El("span", html.Text(c.Name)))
	}
	return html.El("p", html.Class("affected"), html.Text("Affects "), html.Fragment(names...))
}

// changes are the components that an update moved.
func changes(list []ChangeView) html.Node {
	if len(list) == 0 {
		return html.Node{}
	}
	return html.El("ul", html.Class("changes"), html.All(list, func(c ChangeView) html.Node {
		return html.El("li", html.Text(c.Name+": "), state(c.Old), html.Text(" → "), state(c.New))
	}))
}

// entries are the incidents and maintenances of a month.
func entries(month string, list []EntryView) html.Node {
	if len(list) == 0 {
		return html.El("p", html.Class("nothing"), html.Text("No incidents or maintenances in "+monthText(month)+"."))
	}
	return html.El("ol", html.Class("entries"), html.All(list, func(e EntryView) html.Node {
		return html.El("li", html.Class("entry"), html.ID("incident-"+e.ID), colour(e.Impact),
			html.El("h3", html.Link("/incidents/"+e.ID, e.Name)),
			tag(e.Impact),
			span(e.IncidentHead),
			html.When(e.Updates > 0,
				html.El("div", html.Class("latest"), html.El("h4", html.Class("label"), html.Text(e.Label)), bodyOf(e.Message)),
				html.El("p", html.Class("more"),
					html.El("a", html.Href("/incidents/"+e.ID),
						html.Text(plural(e.Updates, "update")), html.El("span", html.Class("hidden"), html.Text(" about "+e.Name)),
					),
				),
			),
		)
	}))
}

// fullHistory is the way to what a page no longer shows.
func fullHistory() html.Node {
	return html.El("p", html.Class("more"), html.Link("/history", "Full history"))
}

// paragraph is a text of a class, or nothing where there is no text.
func paragraph(name, content string) html.Node {
	return html.When(content != "", html.El("p", html.Class(name), html.Text(content)))
}

// colour is what gives an element its colour: a state, an impact or an indicator.
func colour[S ~string](status S) html.Node { return html.Attr("data-status", string(status)) }

// icon is drawn by the style sheet, in the colour around it.
func icon() html.Node { return html.El("span", html.Class("icon"), html.Attr("aria-hidden", "true")) }
