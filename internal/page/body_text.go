package page

import (
	"html"
	"regexp"
	"strings"
	"sync"

	"github.com/microcosm-cc/bluemonday"

	"allclear/internal/status"
	"allclear/internal/words"
)

const lineBreak = "<br />"

var (
	toLineBreaks = strings.NewReplacer("\r\n", lineBreak, "\n", lineBreak, "\r", lineBreak)
	toNewlines   = strings.NewReplacer("\r\n", "\n", "\r", "\n", lineBreak, "\n", "<br>", "\n", "<br/>", "\n", "</p>", "\n", "</li>", "\n")
)

// BodyText is the body of an update as Statuspage's v2 JSON has it: what was written here gets
// "<br />" for its line breaks, what was imported stays as it was. HTML inside is as typed, so
// it must be sanitised before it is shown.
func BodyText(u *status.Update) string {
	if u.Format == status.HTML {
		return u.Body
	}
	return htmlBreaks(u.Body)
}

// htmlBreaks turns line breaks into HTML ones.
func htmlBreaks(s string) string {
	if !strings.ContainsAny(s, "\r\n") {
		return s
	}
	return toLineBreaks.Replace(s)
}

// feedHTML is a body as the HTML of a feed: as typed, without what could run, its remaining
// line breaks turned into HTML ones.
func feedHTML(format status.Format, body string) string {
	body = escapeStray(format, body)
	if markup(strings.ReplaceAll(body, lineBreak, "")) {
		body = words.Legible(feedPolicy().Sanitize(body)) // entities may have hidden more
	}
	return htmlBreaks(body)
}

// plainBody is a body without markup, for where none can be shown.
func plainBody(body string) string {
	body = words.Legible(body)
	if markup(body) || strings.Contains(body, "\r") {
		body = toNewlines.Replace(body)
	}
	if markup(body) {
		body = words.Legible(html.UnescapeString(textPolicy().Sanitize(body)))
	}
	return strings.TrimSpace(body)
}

// escapeStray is a legible body in which a policy finds markup only where some is meant. What was
// written here is no HTML: "List<String>" and an open "<!--" are text like any other, and nothing
// behind them may get lost. Only the plain elements that people write by hand count.
func escapeStray(format status.Format, body string) string {
	body = words.Legible(body)
	if format == status.HTML || !strings.Contains(body, "<") {
		return body
	}
	return anyTag.ReplaceAllStringFunc(body, func(tag string) string {
		if handwritten.MatchString(tag) {
			return tag
		}
		return "&lt;" + tag[1:]
	})
}

var (
	anyTag      = regexp.MustCompile(`<(/?[A-Za-z][^\s/>]*|)`)
	handwritten = regexp.MustCompile(`^</?(?i:a|abbr|b|blockquote|br|code|em|h[1-6]|hr|i|img|li|ol|p|pre|s|small|span|strong|sub|sup|u|ul)$`)
)

// markup tells whether a text could be anything but text to a reader of HTML.
func markup(s string) bool { return strings.ContainsAny(s, "<&") }

// feedPolicy lets through the HTML that people write into updates, as it is: no attribute is
// added to a link. Scripts, styles, frames and forms are taken out.
var feedPolicy = sync.OnceValue(func() *bluemonday.Policy {
	p := bluemonday.UGCPolicy()
	p.RequireNoFollowOnLinks(false)
	p.AllowRelativeURLs(true)
	p.AllowURLSchemes("mailto", "http", "https", "tel")
	p.AllowAttrs("target", "rel").Matching(bluemonday.SpaceSeparatedTokens).OnElements("a")
	return p
})

// textPolicy takes all markup out.
var textPolicy = sync.OnceValue(bluemonday.StrictPolicy)
