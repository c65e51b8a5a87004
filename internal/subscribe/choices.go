package subscribe

import (
	"net/url"
	"slices"

	"allclear/internal/html"
	"allclear/internal/status"
)

// choices are what a form shows as chosen.
type choices struct {
	parts      bool // only some components
	components []string
	kinds      []status.NoticeKind
}

// everything is what is chosen before anybody has chosen.
func everything() choices { return choices{kinds: status.NoticeKinds()} }

// chosenBy is what a subscriber has chosen.
func chosenBy(s *status.Subscriber) choices {
	c := choices{parts: len(s.Components) > 0, components: s.Components, kinds: s.Kinds}
	if len(c.kinds) == 0 {
		c.kinds = kindsOf(s.Mode)
	}
	return c
}

// chosenIn is what a form that came back has chosen.
func chosenIn(values url.Values) choices {
	c := choices{parts: values.Get(fieldScope) == scopeParts, components: list(values, fieldComponents)}
	for _, kind := range list(values, fieldKinds) {
		c.kinds = append(c.kinds, status.NoticeKind(kind))
	}
	return c
}

// scope asks for the whole page or parts of it. Style sheets hide the parts while they are not
// asked for; without style sheets they are there, and count only when they are.
func (c choices) scope(cfg *status.Configuration, err error) html.Node {
	parts := c.list(cfg, cfg.TopLevel())
	if parts.content == 0 {
		return html.Node{}
	}
	return html.El("fieldset", html.ID(fieldComponents), html.Attr("tabindex", "-1"),
		html.When(fieldOf(err) == fieldComponents, html.Attr("aria-describedby", "problem")),
		html.El("legend", html.Text("About what")),
		choice("radio", fieldScope, scopePage, "The whole page", !c.parts),
		choice("radio", fieldScope, scopeParts, "Only these components:", c.parts),
		html.El("ul", html.Class("choices"), parts.Node),
	)
}

// some are nodes, and how many things they are.
type some struct {
	html.Node
	content int
}

// list shows what the page shows: a component that is only shown while it has trouble is offered
// only then, or when it was chosen.
func (c choices) list(cfg *status.Configuration, ids []string) some {
	var shown []html.Node
	for _, id := range ids {
		chosen := slices.Contains(c.components, id)
		if group, ok := cfg.Groups[id]; ok {
			members := c.list(cfg, cfg.Members(id))
			if members.content > 0 || chosen {
				shown = append(shown, html.El("li", choice("checkbox", fieldComponents, id, group.Name, chosen), html.El("ul", members.Node)))
			}
			continue
		}
		component := cfg.Components[id]
		if chosen || !component.OnlyShowIfDegraded || cfg.Status(id) != status.Operational {
			shown = append(shown, html.El("li", choice("checkbox", fieldComponents, id, component.Name, chosen)))
		}
	}
	return some{html.Fragment(shown...), len(shown)}
}

// news asks for the kinds of news, of those that there are. webhooksOnly is what to say of those that
// only webhooks get.
func (c choices) news(webhooksOnly string, kinds []status.NoticeKind, err error) html.Node {
	return html.El("fieldset", html.ID(fieldKinds), html.Attr("tabindex", "-1"),
		html.When(fieldOf(err) == fieldKinds, html.Attr("aria-describedby", "problem")),
		html.El("legend", html.Text("Which news")),
		html.All(kinds, func(k status.NoticeKind) html.Node {
			return choice("checkbox", fieldKinds, string(k), kindWords(k, webhooksOnly), slices.Contains(c.kinds, k))
		}),
	)
}

func kindWords(k status.NoticeKind, webhooksOnly string) string {
	switch k {
	case status.IncidentNotices:
		return "Incidents"
	case status.MaintenanceNotices:
		return "Scheduled maintenance"
	case status.ComponentNotices:
		return "Every change of a component’s state" + webhooksOnly
	default:
		return string(k)
	}
}
