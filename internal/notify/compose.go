package notify

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/yuin/goldmark"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"allclear/internal/status"
	"allclear/internal/words"
)

// maxHTML is how many bytes of HTML a mail may have before the recipient's own links: Gmail shows
// 102 KB and cuts off the rest, the link to unsubscribe first.
const maxHTML = 96_000

// content is a mail before it becomes a message. Its links that differ by recipient are slots.
type content struct{ subject, html, text string }

// compose makes both forms of a mail. Where it gets too long it is made again with less room for
// what can be cut.
func compose(m Mail) (content, error) { return composeIn(languageOf(m.page().Language), m) }

func composeIn(l *language, m Mail) (content, error) {
	bodies := words.NewBodies()
	for room := 72_000; ; room /= 2 {
		c := &composer{language: l, page: m.page(), rendered: bodies}
		done, err := c.compose(m, room)
		if err != nil {
			return content{}, fmt.Errorf("compose %s: %w", m.kind(), err)
		}
		if len(done.html) <= maxHTML || room < 1000 {
			return done, nil
		}
	}
}

// composer makes one mail.
type composer struct {
	language *language
	page     Page
	rendered *words.Bodies
	bodies   map[string][]*html.Node // by their marks
}

func (c *composer) compose(m Mail, room int) (content, error) {
	mail, ok := c.language.mails[m.kind()]
	if !ok {
		return content{}, fmt.Errorf("no such kind of mail")
	}
	subject, preview, source, err := mail.fill(m.words(c, room))
	if err != nil {
		return content{}, err
	}
	var markup bytes.Buffer
	if err := goldmark.Convert([]byte(source), &markup); err != nil {
		return content{}, err
	}
	root, err := fragment(markup.String())
	if err != nil {
		return content{}, err
	}
	if err := resolve(root, m.links()); err != nil {
		return content{}, err
	}
	c.insert(root)
	main, foot := split(root)
	c.footer(foot)
	done := content{subject: subject, text: textOf(main, foot)}
	done.html, err = c.layout(subject, preview, main, foot)
	return done, err
}

// fragment reads balanced HTML into a container of its own.
func fragment(markup string) (*html.Node, error) {
	root := &html.Node{Type: html.ElementNode, DataAtom: atom.Div, Data: "div"}
	nodes, err := html.ParseFragment(strings.NewReader(markup), &html.Node{Type: html.ElementNode, DataAtom: atom.Div, Data: "div"})
	if err != nil {
		return nil, err
	}
	for _, node := range nodes {
		root.AppendChild(node)
	}
	return root, nil
}

// body is the text of an update on its way into a mail.
type body struct {
	mark    string // what stands for it in the Markdown; nobody can type one
	summary string
	size    int // bytes of HTML, about
	cut     bool
}

// body makes a text ready for a mail. One that takes more than limit bytes of HTML loses its
// markup and its end.
func (c *composer) body(format status.Format, source string, limit int) body {
	b := body{mark: "\x01" + strconv.Itoa(len(c.bodies)) + "\x01"}
	root, err := fragment(c.rendered.HTML(format, source))
	if err != nil { // was read once by the same parser: nested to the very limit
		root = paragraph(source)
	}
	c.absolute(root)
	flow := strings.Join(textLines(root, 1<<20), "\n")
	b.summary, b.size = flow, weight(root)
	for length := limit; b.size > limit && length > 0; length /= 2 {
		root = paragraph(status.Cut(flow, max(length, len("…"))))
		b.size, b.cut = weight(root), true
	}
	if c.bodies == nil {
		c.bodies = map[string][]*html.Node{}
	}
	c.bodies[b.mark] = nil // also an empty one has to go
	for child := root.FirstChild; child != nil; child = root.FirstChild {
		root.RemoveChild(child)
		c.bodies[b.mark] = append(c.bodies[b.mark], child)
	}
	return b
}

// paragraph is a text as HTML, its lines kept.
func paragraph(source string) *html.Node {
	root := element(atom.Div)
	p := element(atom.P)
	for n, line := range strings.Split(source, "\n") {
		if n > 0 {
			p.AppendChild(element(atom.Br))
		}
		p.AppendChild(&html.Node{Type: html.TextNode, Data: line})
	}
	root.AppendChild(p)
	return root
}

func element(a atom.Atom) *html.Node {
	return &html.Node{Type: html.ElementNode, DataAtom: a, Data: a.String()}
}

// insert puts the bodies where their marks are.
func (c *composer) insert(root *html.Node) {
	for child := root.FirstChild; child != nil; child = child.NextSibling {
		if child.FirstChild == nil || child.FirstChild.Type != html.TextNode {
			continue
		}
		nodes, ok := c.bodies[child.FirstChild.Data]
		if !ok {
			continue
		}
		child.RemoveChild(child.FirstChild)
		for _, node := range nodes {
			child.AppendChild(node)
			if slices.Contains(blocks, node.DataAtom) {
				child.DataAtom, child.Data = atom.Div, "div" // a paragraph cannot hold them
				setAttribute(child, roleKey, roleBody)
			}
		}
		direct(child)
		setAttribute(child, "dir", "auto")
	}
}

// blocks are the elements of a body that have space around them by themselves.
var blocks = []atom.Atom{
	atom.P, atom.Div, atom.Ul, atom.Ol, atom.Dl, atom.Blockquote, atom.Pre, atom.Table, atom.Hr, atom.H4, atom.H5, atom.H6,
	atom.Section, atom.Article, atom.Details, atom.Figure, atom.Header, atom.Footer, atom.Aside, atom.Nav, atom.Main, atom.Hgroup, atom.Summary, atom.Center,
}

// split takes what stands below the rule out of a mail.
func split(root *html.Node) (main, foot *html.Node) {
	foot = element(atom.Div)
	for child := root.FirstChild; child != nil; child = child.NextSibling {
		if child.DataAtom != atom.Hr {
			continue
		}
		for next := child.NextSibling; next != nil; next = child.NextSibling {
			root.RemoveChild(next)
			foot.AppendChild(next)
		}
		root.RemoveChild(child)
		break
	}
	return root, foot
}

// footer ends a mail with what the operator wants there.
func (c *composer) footer(foot *html.Node) {
	const maxFooter = 4000
	if strings.TrimSpace(c.page.Footer) == "" {
		return
	}
	mark := c.body(status.Markdown, c.page.Footer, maxFooter).mark
	own := element(atom.Div)
	for _, node := range c.bodies[mark] {
		own.AppendChild(node)
	}
	direct(own)
	foot.AppendChild(own)
}
