package notify

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// slot is a link that every recipient has of their own.
type slot string

const (
	slotAction      slot = "action"
	slotManage      slot = "manage"
	slotUnsubscribe slot = "unsubscribe"
)

func slots() []slot { return []slot{slotAction, slotManage, slotUnsubscribe} }

// token stands for a slot until the recipient is known. No text can have one: control characters
// are taken out of all of them.
func (s slot) token() string { return "\x02" + string(s) + "\x02" }

// What the words of a mail can do beyond Markdown, each by a plain convention:
// a link to "link:<name>" leads to one of the mail's own addresses,
// one to "tone:<tone>" is a state in its colour, and no link,
// a paragraph of one bold link is a button, one of emphasis alone a note.
const (
	schemeLink = "link:"
	schemeTone = "tone:"
	roleKey    = "data-role"
	roleButton = "button"
	roleNote   = "note"
	roleBody   = "body" // what an operator wrote
)

// resolve makes these conventions into elements. It sees the words of the mail only, not the
// texts of operators.
func resolve(root *html.Node, links map[string]string) error {
	for node := range root.Descendants() {
		switch node.DataAtom {
		case atom.A:
			if err := resolveLink(node, links); err != nil {
				return err
			}
		case atom.P:
			switch only := onlyElement(node); {
			case only == nil:
			case only.DataAtom == atom.Em:
				setAttribute(node, roleKey, roleNote)
			case only.DataAtom == atom.Strong && onlyElement(only) != nil && onlyElement(only).DataAtom == atom.A:
				setAttribute(node, roleKey, roleButton)
			}
		}
	}
	return nil
}

func resolveLink(node *html.Node, links map[string]string) error {
	href := attribute(node, "href")
	if name, ok := strings.CutPrefix(href, schemeTone); ok {
		node.DataAtom, node.Data = atom.Span, "span"
		node.Attr = []html.Attribute{{Key: roleKey, Val: name}}
		return nil
	}
	name := strings.TrimPrefix(href, schemeLink)
	address, ok := links[name]
	if !ok && slices.Contains(slots(), slot(name)) {
		address, ok = slot(name).token(), true
	}
	if !ok {
		return fmt.Errorf("no link %q", href)
	}
	setAttribute(node, "href", address)
	return nil
}

// absolute makes the links and images of a text work outside the page.
func (c *composer) absolute(root *html.Node) {
	base, err := url.Parse(c.page.URL + "/")
	if err != nil {
		base = &url.URL{}
	}
	for node := range root.Descendants() {
		for n, a := range node.Attr {
			if a.Key != "href" && a.Key != "src" && a.Key != "cite" {
				continue
			}
			if u, err := base.Parse(a.Val); err == nil {
				node.Attr[n].Val = u.String()
			}
		}
	}
}

// onlyElement is the one element that a node holds, if it holds nothing else.
func onlyElement(node *html.Node) *html.Node {
	if child := node.FirstChild; child != nil && child.NextSibling == nil && child.Type == html.ElementNode {
		return child
	}
	return nil
}

func attribute(node *html.Node, key string) string {
	for _, a := range node.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func setAttribute(node *html.Node, key, value string) {
	for n := range node.Attr {
		if node.Attr[n].Key == key {
			node.Attr[n].Val = value
			return
		}
	}
	node.Attr = append(node.Attr, html.Attribute{Key: key, Val: value})
}
