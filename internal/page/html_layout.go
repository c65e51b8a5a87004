package page

import (
	"fmt"

	"allclear/internal/html"
	"allclear/internal/link"
)

// layout is a whole page, around what it shows.
func layout(s sheet) html.Node {
	return html.Fragment(
		html.Verbatim("<!DOCTYPE html>"),
		html.El("html", html.Attr("lang", "en"),
			head(s),
			html.El("body",
				html.El("div", html.ID("app"),
					html.El("a", html.Class("skip"), html.Href("#main"), html.Text("Skip to content")),
					html.El("header", html.Class("top"),
						html.El("a", html.Class("brand"), html.Href("/"), html.Text(s.Head.Page.Title)),
						html.El("nav", html.Attr("aria-label", "Pages"),
							html.Link("/", "Status"), html.Text(" "), html.Link("/history", "History"),
							html.When(s.Head.Page.Subscribe, html.Text(" "), html.Link(link.PathSubscribe, "Subscribe to updates")),
						),
					),
					html.El("main", html.ID("main"), html.Attr("tabindex", "-1"),
						html.El("p", html.Class("age"), html.Boolean("hidden")),
						s.Main,
					),
					footer(s.Head.Page),
					html.El("div", html.Class("live"), html.Attr("aria-live", "polite")),
				),
				scripts(s),
			),
		),
	)
}

// head is what browsers, search engines and chats read.
func head(s sheet) html.Node {
	masthead := s.Head.Page
	return html.El("head",
		html.El("meta", html.Attr("charset", "utf-8")),
		html.El("title", html.Text(s.FullTitle())),
		html.Meta("viewport", "width=device-width, initial-scale=1"),
		html.Meta("description", s.Description),
		html.Meta("color-scheme", "light dark"),
		html.El("meta", html.Attr("name", "theme-color"), html.Attr("content", "#ffffff"), html.Attr("media", "(prefers-color-scheme: light)")),
		html.El("meta", html.Attr("name", "theme-color"), html.Attr("content", "#12161d"), html.Attr("media", "(prefers-color-scheme: dark)")),
		html.Meta("allclear-version", fmt.Sprintf("%d %s", s.Head.Seq, s.Head.At.ISO())),
		html.When(s.NoIndex, html.Meta("robots", "noindex")),
		html.When(s.State != nil,
			html.El("link", html.Attr("rel", "canonical"), html.Href(s.Canonical())),
			property("og:type", "website"),
			property("og:site_name", masthead.Title),
			property("og:title", s.FullTitle()),
			property("og:description", s.Description),
			property("og:url", s.Canonical()),
		),
		html.When(masthead.Feeds,
			alternate("application/atom+xml", masthead.Title, PathAtom),
			alternate("application/rss+xml", masthead.Title, PathRSS),
		),
		alternate("text/calendar", "Scheduled maintenance", PathCalendar),
		html.When(s.Site.Icon != "", html.El("link", html.Attr("rel", "icon"), html.Href(s.Site.Icon))),
		html.All(s.Site.Styles, func(path string) html.Node { return html.El("link", html.Attr("rel", "stylesheet"), html.Href(path)) }),
	)
}

// property is what chats show of a link to the page (https://ogp.me).
func property(name, content string) html.Node {
	return html.El("meta", html.Attr("property", name), html.Attr("content", content))
}

// alternate names a feed.
func alternate(mediaType html.Literal, title, path string) html.Node {
	return html.El("link", html.Attr("rel", "alternate"), html.Constant("type", mediaType), html.Attr("title", title), html.Href("/"+path))
}

func footer(masthead Masthead) html.Node {
	return html.El("footer", html.Class("bottom"),
		html.El("ul", html.Class("links"),
			html.When(masthead.Feeds,
				html.El("li", html.Link("/"+PathAtom, "Atom feed")),
				html.El("li", html.Link("/"+PathRSS, "RSS feed")),
			),
			html.El("li", html.Link("/"+PathCalendar, "Calendar")),
			html.When(masthead.Support != "", html.El("li", html.Link(masthead.Support, "Support"))),
			html.When(masthead.Website != "", html.El("li", html.Link(masthead.Website, masthead.Name))),
		),
		html.El("p", html.Class("zone"),
			html.Text("Times are in "+masthead.TimeZone+". "),
			html.El("button", html.Attr("type", "button"), html.Class("quiet"), html.Boolean("hidden"), html.Text("Show my time")),
		),
	)
}

// scripts are what takes the page over, and the view to begin with.
func scripts(s sheet) html.Node {
	return html.When(s.State != nil,
		html.El("script", html.Attr("type", "application/json"), html.ID("state"), html.Safe(string(s.State))), // encodeView left no `<` in it
		html.All(s.Site.Scripts, func(path string) html.Node {
			return html.El("script", html.Attr("type", "module"), html.Attr("src", path))
		}),
	)
}
