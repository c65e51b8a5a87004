package chat

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// style is how a piece of text looks. The pieces of a body have no other form than this.
type style struct{ bold, italic, strike, code bool }

// run is a piece of text of one look. A line break in it is one.
type run struct {
	text  string
	style style
	link  string // http or https, or ""
}

// block is a paragraph, an item of a list, a quote, or text to be left as it is.
type block struct {
	marker string // of a list's item: "• ", "2. "
	depth  int    // of lists inside lists, from 0
	tight  bool   // an item or a row: close to the one above
	quote  bool
	pre    bool
	runs   []run
}

// read takes the safe HTML of an update apart, as a chat can show it: headings become bold, rows of
// tables lines, images their description.
func read(fragment string) []block {
	context := &html.Node{Type: html.ElementNode, DataAtom: atom.Div, Data: "div"}
	nodes, err := html.ParseFragment(strings.NewReader(fragment), context)
	if err != nil { // nested too deep to be meant
		return []block{{runs: []run{{text: fragment}}}}
	}
	r := &reader{}
	for _, node := range nodes {
		r.read(node, place{})
	}
	r.end()
	return slices.DeleteFunc(r.blocks, func(b block) bool { return strings.TrimSpace(plain(b.runs)) == "" })
}

// place is where a node stands.
type place struct {
	style style
	link  string
	block block // form of the blocks here
	items *list
}

// list counts the items of a list.
type list struct {
	ordered bool
	next    int
}

type reader struct {
	blocks []block
	open   bool
	marker string // for the next block
}

func (r *reader) read(node *html.Node, at place) {
	if node.Type == html.TextNode {
		if node.Parent == nil || !onlyElements(node.Parent.DataAtom) {
			r.text(node.Data, at)
		}
		return
	}
	around := false // begins and ends a block
	switch node.DataAtom {
	case atom.B, atom.Strong, atom.Th:
		at.style.bold = true
	case atom.I, atom.Em, atom.Cite, atom.Dfn:
		at.style.italic = true
	case atom.S, atom.Del, atom.Strike:
		at.style.strike = true
	case atom.Code, atom.Kbd, atom.Samp, atom.Tt:
		at.style.code = !at.block.pre
	case atom.A:
		at.link = webAddress(attribute(node, "href"))
	case atom.Br:
		r.add("\n", at)
	case atom.Img:
		at.link = webAddress(attribute(node, "src"))
		r.add(attribute(node, "alt"), at)
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Dt:
		around, at.style.bold = true, true
	case atom.Blockquote:
		around, at.block.quote = true, true
	case atom.Pre:
		around, at.block.pre = true, true
	case atom.Ul, atom.Ol:
		around = true
		if at.items != nil {
			at.block.depth++
		}
		at.items = newList(node)
	case atom.Li:
		around, at.block.tight = true, true
		r.marker = at.items.marker()
	case atom.Tr:
		around, at.block.tight = true, true
	case atom.P, atom.Div, atom.Dd, atom.Table, atom.Hr, atom.Caption:
		around = true
	}
	if around {
		r.end()
	}
	for child := range node.ChildNodes() {
		if node.DataAtom == atom.Tr && child.PrevSibling != nil && child.Type == html.ElementNode && r.open {
			r.add(" | ", at)
		}
		r.read(child, at)
	}
	if around {
		r.end()
	}
	if node.DataAtom == atom.Li {
		r.marker = ""
	}
}

// onlyElements tells an element whose own text is nothing but the white space between others.
func onlyElements(a atom.Atom) bool {
	switch a {
	case atom.Ul, atom.Ol, atom.Dl, atom.Table, atom.Thead, atom.Tbody, atom.Tfoot, atom.Tr:
		return true
	default:
		return false
	}
}

func newList(node *html.Node) *list {
	l := &list{ordered: node.DataAtom == atom.Ol, next: 1}
	if start, err := strconv.Atoi(attribute(node, "start")); err == nil {
		l.next = start
	}
	return l
}

func (l *list) marker() string {
	if l == nil || !l.ordered {
		return "• "
	}
	l.next++
	return strconv.Itoa(l.next-1) + ". "
}

// text adds a text, its white space as a browser shows it.
func (r *reader) text(text string, at place) {
	if !at.block.pre {
		joined := strings.Join(strings.Fields(text), " ")
		if strings.TrimLeft(text, " \t\r\n\f") != text {
			joined = " " + joined
		}
		if joined != " " && strings.TrimRight(text, " \t\r\n\f") != text {
			joined += " "
		}
		if r.atLineStart() {
			joined = strings.TrimLeft(joined, " ")
		}
		text = joined
	}
	r.add(text, at)
}

// atLineStart tells whether white space would not be seen here.
func (r *reader) atLineStart() bool {
	if !r.open {
		return true
	}
	runs := r.blocks[len(r.blocks)-1].runs
	return len(runs) == 0 || strings.HasSuffix(runs[len(runs)-1].text, "\n") || strings.HasSuffix(runs[len(runs)-1].text, " ")
}

// add puts a text at the end. Pieces of one look become one, so that nothing can be hidden between.
func (r *reader) add(text string, at place) {
	if text == "" {
		return
	}
	if !r.open {
		b := at.block
		b.marker, r.marker, r.open = r.marker, "", true
		r.blocks = append(r.blocks, b)
	}
	b := &r.blocks[len(r.blocks)-1]
	if last := len(b.runs) - 1; last >= 0 && b.runs[last].style == at.style && b.runs[last].link == at.link {
		b.runs[last].text += text
		return
	}
	b.runs = append(b.runs, run{text, at.style, at.link})
}

// end ends a block; white space at its end is not seen.
func (r *reader) end() {
	if !r.open {
		return
	}
	r.open = false
	b := &r.blocks[len(r.blocks)-1]
	for len(b.runs) > 0 {
		last := &b.runs[len(b.runs)-1]
		if last.text = strings.TrimRight(last.text, " \n"); last.text != "" {
			return
		}
		b.runs = b.runs[:len(b.runs)-1]
	}
}

func attribute(node *html.Node, key string) string {
	for _, a := range node.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// webAddress is an address that may stand in a message, escaped so that it ends nothing there; ""
// for any other.
func webAddress(address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return ""
	}
	return addressEscapes.Replace(u.String())
}

var addressEscapes = strings.NewReplacer(
	" ", "%20", `"`, "%22", "'", "%27", "(", "%28", ")", "%29", "<", "%3C", ">", "%3E", `\`, "%5C", "`", "%60", "|", "%7C", "*", "%2A",
)

func plain(runs []run) string {
	var b strings.Builder
	for _, r := range runs {
		b.WriteString(r.text)
	}
	return b.String()
}

// line is a body in one line.
func line(blocks []block) string {
	var b strings.Builder
	for _, block := range blocks {
		b.WriteString(plain(block.runs) + " ")
	}
	return b.String()
}

// length is the number of characters of a body.
func length(blocks []block) int {
	n := 0
	for _, b := range blocks {
		for _, r := range b.runs {
			n += utf8.RuneCountInString(r.text)
		}
	}
	return n
}

// cut is the first characters of a body, with an ellipsis behind them.
func cut(blocks []block, runes int) []block {
	var kept []block
	for _, b := range blocks {
		whole := b.runs
		b.runs = nil
		for _, r := range whole {
			n := utf8.RuneCountInString(r.text)
			if n <= runes {
				runes -= n
				b.runs = append(b.runs, r)
				continue
			}
			if r.text = strings.TrimSpace(string([]rune(r.text)[:runes])); r.text != "" {
				b.runs = append(b.runs, r)
			}
			if b.runs = append(b.runs, run{text: "…"}); len(b.runs) > 1 || len(kept) == 0 {
				kept = append(kept, b)
			}
			return kept
		}
		kept = append(kept, b)
	}
	return kept
}
