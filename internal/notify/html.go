package notify

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"allclear/internal/status"
	"allclear/internal/words"
)

// layout puts a mail into its frame.
func (c *composer) layout(subject, preview string, main, foot *html.Node) (string, error) {
	style(main)
	style(foot)
	mainHTML, err := render(main)
	if err != nil {
		return "", err
	}
	footHTML, err := render(foot)
	if err != nil {
		return "", err
	}
	out := frame{
		language: c.language, subject: subject, preview: preview,
		page: status.Cut(words.Line(words.PageTitle(c.page.Name)), maxName), url: c.page.URL, logo: c.page.Logo,
		main: mainHTML, foot: footHTML, // made of parsed nodes, by html.Render
	}.String()
	// A slot begins its line, so that no encoding breaks it.
	return strings.ReplaceAll(out, ` href="`+"\x02", "\nhref=\"\x02"), nil
}

// render writes what a container holds.
func render(root *html.Node) (string, error) {
	var out strings.Builder
	for child := range root.ChildNodes() {
		if err := html.Render(&out, child); err != nil {
			return "", fmt.Errorf("render mail: %w", err)
		}
	}
	return strings.TrimSpace(out.String()), nil
}

// look is how an element of a mail looks: most programs read nothing but inline styles.
type look struct{ class, style string }

var looks = map[atom.Atom]look{
	atom.P:          {"", "margin:0 0 16px"},
	atom.H1:         {"", "margin:0 0 12px;font-size:24px;line-height:30px;font-weight:700"},
	atom.H2:         {"", "margin:28px 0 8px;font-size:18px;line-height:24px;font-weight:700"},
	atom.H3:         {"", "margin:20px 0 0;font-size:16px;line-height:24px;font-weight:700"},
	atom.H4:         {"", "margin:0 0 8px;font-size:16px;line-height:24px"},
	atom.H5:         {"", "margin:0 0 8px;font-size:16px;line-height:24px"},
	atom.H6:         {"", "margin:0 0 8px;font-size:16px;line-height:24px"},
	atom.Ul:         {"", "margin:0 0 16px;padding:0 24px"},
	atom.Ol:         {"", "margin:0 0 16px;padding:0 24px"},
	atom.Li:         {"", "margin:0 0 4px"},
	atom.Blockquote: {"quiet code", "margin:0 0 16px;padding:16px 16px 1px;background:" + colourSurface.light + ";color:" + colourQuiet.light}, // the same from either direction
	atom.Pre:        {"code", "margin:0 0 16px;padding:8px 12px;background:" + colourSurface.light + ";font:14px/20px " + monoFont + ";white-space:pre-wrap"},
	atom.Code:       {"", "font-family:" + monoFont + ";font-size:14px"},
	atom.Hr:         {"line", "margin:16px 0;border:0;border-top:1px solid " + colourLine.light},
	atom.Img:        {"", "max-width:100%;height:auto;border:0"},
	atom.Table:      {"", "margin:0 0 16px;border-collapse:collapse"},
	atom.Th:         {"line", "padding:4px 8px;border:1px solid " + colourLine.light + ";word-break:normal;text-align:start"},
	atom.Td:         {"line", "padding:4px 8px;border:1px solid " + colourLine.light + ";word-break:normal"},
	atom.A:          {"link", "color:" + colourLink.light},
}

// directed are the elements of an operator's text whose direction follows what is in them: it need not
// be that of the language. The words around it have the language's.
var directed = []atom.Atom{atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Li, atom.Td, atom.Th, atom.Blockquote}

func direct(root *html.Node) {
	for node := range root.Descendants() {
		if slices.Contains(directed, node.DataAtom) && attribute(node, "dir") == "" {
			setAttribute(node, "dir", "auto")
		}
	}
}

// style gives every element its look and takes out what no mail may carry.
func style(root *html.Node) {
	var buttons, tables []*html.Node
	for node := range root.Descendants() {
		switch node.Type {
		case html.TextNode:
			node.Data = words.Legible(node.Data)
		case html.ElementNode:
			if role := attribute(node, roleKey); role == roleButton {
				buttons = append(buttons, node)
			} else {
				styleElement(node, role)
			}
			if node.DataAtom == atom.Table {
				tables = append(tables, node)
			}
		case html.ErrorNode, html.DocumentNode, html.CommentNode, html.DoctypeNode, html.RawNode:
		default:
		}
	}
	for _, node := range buttons {
		makeButton(node)
	}
	for _, node := range tables {
		scroll(node)
	}
}

// scroll puts a table into an element of its own, in which a phone moves it: its words stay whole.
func scroll(table *html.Node) {
	around := element(atom.Div)
	around.Attr = []html.Attribute{{Key: "style", Val: "overflow-x:auto"}}
	table.Parent.InsertBefore(around, table)
	table.Parent.RemoveChild(table)
	around.AppendChild(table)
}

func styleElement(node *html.Node, role string) {
	node.Attr = slices.DeleteFunc(node.Attr, func(a html.Attribute) bool {
		return a.Key == roleKey || a.Key == "class" || a.Key == "style"
	})
	for n := range node.Attr {
		if v := node.Attr[n].Val; !isToken(v) {
			node.Attr[n].Val = words.Legible(v)
		}
	}
	if node.DataAtom == atom.Img {
		setAttribute(node, "alt", attribute(node, "alt")) // without one its address is read out
	}
	l := looks[node.DataAtom]
	switch {
	case role == roleNote:
		l = look{"quiet", "margin:0 0 8px;font-size:14px;line-height:21px;color:" + colourQuiet.light}
		unwrap(node)
	case role == roleBody: // may end in text that is in no paragraph
		l = looks[atom.P]
	case role != "":
		l = look{role, "font-weight:600;color:" + toneText[tone(role)].light}
	}
	if node.DataAtom == atom.H1 { // is a name, mostly
		setAttribute(node, "dir", "auto")
	}
	if l.class != "" {
		setAttribute(node, "class", l.class)
	}
	if node.DataAtom == atom.Th && attribute(node, "align") != "" {
		l.style = strings.TrimSuffix(l.style, ";text-align:start")
	}
	if l.style != "" {
		setAttribute(node, "style", l.style)
	}
}

// unwrap takes the emphasis out of a note, whose look says it already.
func unwrap(node *html.Node) {
	em := node.FirstChild
	for child := em.FirstChild; child != nil; child = em.FirstChild {
		em.RemoveChild(child)
		node.AppendChild(child)
	}
	node.RemoveChild(em)
}

// makeButton draws a link as a cell with a background, which also stands where images, borders
// and padding of links are not drawn.
func makeButton(p *html.Node) {
	link := onlyElement(onlyElement(p))
	address, label := attribute(link, "href"), words.Legible(inner(link))
	cell := element(atom.Td)
	cell.Attr = []html.Attribute{
		{Key: "class", Val: "button"},
		{Key: "bgcolor", Val: colourLink.light},
		{Key: "style", Val: "background:" + colourLink.light + ";border-radius:8px;mso-padding-alt:12px 22px"},
	}
	a := element(atom.A)
	a.Attr = []html.Attribute{
		{Key: "class", Val: "label"},
		{Key: "href", Val: address},
		{Key: "style", Val: "display:inline-block;padding:12px 22px;font-family:" + font + ";font-weight:600;color:" + colourPage.light + ";text-decoration:none"},
	}
	a.AppendChild(&html.Node{Type: html.TextNode, Data: label})
	cell.AppendChild(a)
	row, body := element(atom.Tr), element(atom.Tbody)
	row.AppendChild(cell)
	body.AppendChild(row)
	p.FirstChild.RemoveChild(link)
	p.RemoveChild(p.FirstChild)
	p.DataAtom, p.Data = atom.Table, "table"
	p.Attr = []html.Attribute{
		{Key: "role", Val: "presentation"},
		{Key: "cellpadding", Val: "0"},
		{Key: "cellspacing", Val: "0"},
		{Key: "border", Val: "0"},
		{Key: "style", Val: "margin:8px 0 20px"},
	}
	p.AppendChild(body)
}

func isToken(s string) bool {
	return slices.ContainsFunc(slots(), func(s2 slot) bool { return s == s2.token() })
}

// weight is about how many bytes of a mail's HTML a container takes.
func weight(root *html.Node) int {
	total := 0
	for node := range root.Descendants() {
		if node.Type == html.TextNode {
			total += len(html.EscapeString(node.Data))
			continue
		}
		l := looks[node.DataAtom]
		total += 2*len(node.Data) + 40 + len(l.class) + len(l.style)
		for _, a := range node.Attr {
			total += len(a.Key) + len(html.EscapeString(a.Val)) + 4
		}
	}
	return total
}
