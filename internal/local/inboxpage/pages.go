package inboxpage

import (
	"bytes"
	_ "embed"
	"maps"
	"regexp"
	"slices"
	"strings"

	markup "golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"allclear/internal/html"
	"allclear/internal/mailer/inbox"
)

//go:embed inbox.css
var style string

func page(title string, main ...html.Node) []byte {
	return append(html.Fragment(
		html.Verbatim("<!DOCTYPE html>"),
		html.El("html", html.Attr("lang", "en"),
			html.El("head",
				html.El("meta", html.Attr("charset", "utf-8")),
				html.El("title", html.Text(title)),
				html.Meta("viewport", "width=device-width, initial-scale=1"),
				html.El("link", html.Attr("rel", "stylesheet"), html.Href(pathStyle)),
			),
			html.El("body", html.El("main", html.Fragment(main...))),
		),
	).AppendTo(nil), '\n')
}

func listPage(list []inbox.Summary) []byte {
	return page("Inbox",
		html.El("h1", html.Text("Inbox")),
		html.El("p", html.Class("note"), html.Text("Mails are captured here instead of being sent, the newest first. Reload to see new ones.")),
		html.When(len(list) == 0, html.El("p", html.Text("There are none yet."))),
		html.El("ol", html.All(list, func(m inbox.Summary) html.Node {
			return html.El("li",
				html.El("a", html.Href(Path+"/"+m.ID), html.Text(subjectOf(m))),
				html.When(m.Preview != "", html.El("p", html.Class("preview"), html.Text(m.Preview))),
				html.El("p", html.Class("note"), html.Text("to "+m.To+" · "), timeOf(m)),
			)
		})),
	)
}

func mailPage(m inbox.Mail) []byte {
	return page(subjectOf(m.Summary),
		html.El("p", html.Link(Path, "← Inbox")),
		html.El("h1", html.Text(subjectOf(m.Summary))),
		html.El("p", html.Class("note"),
			html.Text("to "+m.To+" · from "+m.From+" · "), timeOf(m.Summary), html.Text(" · "), html.Link(Path+"/"+m.ID+suffixRaw, "raw message"),
		),
		html.When(m.Unreadable != "", html.El("p", html.Class("problem"), html.Text("Not all of it could be read: "+m.Unreadable))),
		html.When(m.HTML != "",
			html.El("h2", html.Text("HTML")),
			html.El("p", html.Class("note"), html.Text("Images are not loaded. Links open in a new tab.")),
			html.El("iframe", html.Attr("title", "The mail as HTML"), html.Constant("sandbox", sandbox), html.Attr("src", Path+"/"+m.ID+suffixHTML)),
		),
		html.When(m.Text != "", html.El("h2", html.Text("Text")), html.El("pre", linked(m.Text))),
		html.El("h2", html.Text("Header")),
		html.El("pre", html.All(slices.Sorted(maps.Keys(m.Headers)), func(name string) html.Node {
			return html.All(m.Headers[name], func(value string) html.Node { return html.Text(name + ": " + value + "\n") })
		})),
	)
}

func subjectOf(m inbox.Summary) string {
	if strings.TrimSpace(m.Subject) == "" {
		return "(no subject)"
	}
	return m.Subject
}

func timeOf(m inbox.Summary) html.Node {
	return html.El("time", html.Attr("datetime", m.Date.Format("2006-01-02T15:04:05.000Z")), html.Text(m.Date.Format("2006-01-02 15:04:05 UTC")))
}

var addresses = regexp.MustCompile(`https?://[^\s<>"]+[^\s<>".,;:!?)\]]`)

// linked is a text in which addresses can be followed.
func linked(text string) html.Node {
	var nodes []html.Node
	at := 0
	for _, found := range addresses.FindAllStringIndex(text, -1) {
		address := text[found[0]:found[1]]
		nodes = append(nodes, html.Text(text[at:found[0]]), html.Link(address, address))
		at = found[1]
	}
	return html.Fragment(append(nodes, html.Text(text[at:]))...)
}

// framed makes the links in the HTML of a mail open outside its frame.
func framed(source string) ([]byte, error) {
	document, err := markup.Parse(strings.NewReader(source))
	if err != nil {
		return nil, err
	}
	for node := range document.Descendants() {
		if node.DataAtom == atom.Head {
			base := &markup.Node{Type: markup.ElementNode, DataAtom: atom.Base, Data: "base", Attr: []markup.Attribute{{Key: "target", Val: "_blank"}}}
			node.InsertBefore(base, node.FirstChild)
			break
		}
	}
	var out bytes.Buffer
	if err := markup.Render(&out, document); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
