package page

import "fmt"

// layout is a whole page, around what it shows.
func layout(s sheet) node {
	return fragment(
		verbatim("<!DOCTYPE html>"),
		el("html", attr("lang", "en"),
			head(s),
			el("body",
				el("div", id("app"),
					el("a", class("skip"), href("#main"), text("Skip to content")),
					el("header", class("top"),
						el("a", class("brand"), href("/"), text(s.Head.Page.Title)),
						el("nav", attr("aria-label", "Pages"), link("/", "Status"), text(" "), link("/history", "History")),
					),
					el("main", id("main"), attr("tabindex", "-1"),
						el("p", class("age"), boolean("hidden")),
						s.Main,
					),
					footer(s.Head.Page),
					el("div", class("live"), attr("aria-live", "polite")),
				),
				scripts(s),
			),
		),
	)
}

// head is what browsers, search engines and chats read.
func head(s sheet) node {
	masthead := s.Head.Page
	return el("head",
		el("meta", attr("charset", "utf-8")),
		el("title", text(s.FullTitle())),
		meta("viewport", "width=device-width, initial-scale=1"),
		meta("description", s.Description),
		meta("color-scheme", "light dark"),
		el("meta", attr("name", "theme-color"), attr("content", "#ffffff"), attr("media", "(prefers-color-scheme: light)")),
		el("meta", attr("name", "theme-color"), attr("content", "#12161d"), attr("media", "(prefers-color-scheme: dark)")),
		meta("allclear-version", fmt.Sprintf("%d %s", s.Head.Seq, s.Head.At.ISO())),
		when(s.NoIndex, meta("robots", "noindex")),
		when(s.State != nil,
			el("link", attr("rel", "canonical"), href(s.Canonical())),
			property("og:type", "website"),
			property("og:site_name", masthead.Title),
			property("og:title", s.FullTitle()),
			property("og:description", s.Description),
			property("og:url", s.Canonical()),
		),
		when(masthead.Feeds,
			alternate("application/atom+xml", masthead.Title, PathAtom),
			alternate("application/rss+xml", masthead.Title, PathRSS),
		),
		alternate("text/calendar", "Scheduled maintenance", PathCalendar),
		when(s.Site.Icon != "", el("link", attr("rel", "icon"), href(s.Site.Icon))),
		all(s.Site.Styles, func(path string) node { return el("link", attr("rel", "stylesheet"), href(path)) }),
	)
}

func meta(name, content string) node {
	return el("meta", attr("name", name), attr("content", content))
}

// property is what chats show of a link to the page (https://ogp.me).
func property(name, content string) node {
	return el("meta", attr("property", name), attr("content", content))
}

// alternate names a feed.
func alternate(mediaType literal, title, path string) node {
	return el("link", attr("rel", "alternate"), constant("type", mediaType), attr("title", title), href("/"+path))
}

func footer(masthead Masthead) node {
	return el("footer", class("bottom"),
		el("ul", class("links"),
			when(masthead.Feeds,
				el("li", link("/"+PathAtom, "Atom feed")),
				el("li", link("/"+PathRSS, "RSS feed")),
			),
			el("li", link("/"+PathCalendar, "Calendar")),
			when(masthead.Support != "", el("li", link(masthead.Support, "Support"))),
			when(masthead.Website != "", el("li", link(masthead.Website, masthead.Name))),
		),
		el("p", class("zone"),
			text("Times are in "+masthead.TimeZone+". "),
			el("button", attr("type", "button"), class("quiet"), boolean("hidden"), text("Show my time")),
		),
	)
}

// scripts are what takes the page over, and the view to begin with.
func scripts(s sheet) node {
	return when(s.State != nil,
		el("script", attr("type", "application/json"), id("state"), safe(HTML(s.State))), // encodeView left no `<` in it
		all(s.Site.Scripts, func(path string) node { return el("script", attr("type", "module"), attr("src", path)) }),
	)
}
