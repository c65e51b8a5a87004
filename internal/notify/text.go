package notify

import (
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/text/width"

	"allclear/internal/words"
)

// textWidth is how many columns the plain text has; only words longer than that go beyond.
const textWidth = 72

// textOf is a mail as plain text. The foot stands below the line that marks a signature.
func textOf(main, foot *html.Node) string {
	lines := append(textLines(main, textWidth), "", "-- ")
	lines = append(lines, textLines(foot, textWidth)...)
	return strings.Join(lines, "\n") + "\n"
}

// textLines writes what an element holds as plain text.
func textLines(node *html.Node, width int) []string {
	w := textWriter{width: max(width, 20)}
	for child := node.FirstChild; child != nil; child = child.NextSibling {
		w.add(child)
	}
	w.flush()
	return w.lines
}

type textWriter struct {
	width int
	lines []string
	line  strings.Builder // a paragraph that is not wrapped yet
	tight bool            // the next block follows without an empty line
}

func (w *textWriter) add(node *html.Node) {
	if node.Type == html.TextNode {
		w.line.WriteString(flowing(node.Data))
		return
	}
	switch node.DataAtom {
	case atom.H1:
		w.heading(node, "=")
	case atom.H2:
		w.heading(node, "-")
	case atom.H3, atom.H4, atom.H5, atom.H6:
		w.block(textLines(node, w.width))
		w.tight = node.DataAtom == atom.H3
	case atom.P:
		w.paragraph(node)
	case atom.Div, atom.Dl, atom.Dd, atom.Dt, atom.Details, atom.Summary, atom.Section, atom.Article, atom.Figure, atom.Figcaption, atom.Center:
		w.block(textLines(node, w.width))
	case atom.Ul, atom.Ol:
		w.list(node)
	case atom.Blockquote:
		w.block(indented(textLines(node, w.width-2), "> ", "> "))
	case atom.Pre:
		w.block(indented(strings.Split(strings.Trim(words.Legible(inner(node)), "\n"), "\n"), "    ", "    "))
	case atom.Hr:
		w.block([]string{strings.Repeat("-", 20)})
	case atom.Table:
		w.table(node)
	default:
		w.inline(node)
	}
}

// inline writes an element that stands in a line.
func (w *textWriter) inline(node *html.Node) {
	switch node.DataAtom {
	case atom.Br:
		w.line.WriteByte('\n')
		return
	case atom.Img:
		w.line.WriteString(flowing(attribute(node, "alt")))
		return
	}
	before := w.line.Len()
	for child := node.FirstChild; child != nil; child = child.NextSibling {
		w.add(child)
	}
	if node.DataAtom != atom.A || w.line.Len() < before {
		return
	}
	label := strings.TrimSpace(w.line.String()[before:])
	href := attribute(node, "href")
	if href != "" && label != href && "mailto:"+label != href {
		w.line.WriteString(" <" + href + ">")
	}
}

// paragraph writes a paragraph. One that is a single link has its address on a line of its own,
// where every program finds it.
func (w *textWriter) paragraph(node *html.Node) {
	link := onlyElement(node)
	if link != nil && attribute(node, roleKey) == roleButton {
		link = onlyElement(link)
	}
	if link != nil && link.DataAtom == atom.A {
		w.block(append(wrap(flowing(inner(link))+":", w.width), attribute(link, "href")))
		return
	}
	lines := textLines(node, w.width)
	w.block(lines)
	w.tight = attribute(node, roleKey) == roleNote && len(w.lines) > len(lines)
}

func (w *textWriter) heading(node *html.Node, rule string) {
	lines := textLines(node, w.width)
	longest := 0
	for _, line := range lines {
		longest = max(longest, columns(line))
	}
	w.block(append(lines, strings.Repeat(rule, min(longest, w.width))))
	w.tight = rule == "-"
}

func (w *textWriter) list(node *html.Node) {
	var lines []string
	number := 0
	for item := range node.ChildNodes() {
		if item.Type != html.ElementNode {
			continue
		}
		number++
		bullet := "- "
		if node.DataAtom == atom.Ol {
			bullet = strconv.Itoa(number) + ". "
		}
		lines = append(lines, indented(textLines(item, w.width-len(bullet)), bullet, strings.Repeat(" ", len(bullet)))...)
	}
	w.flush()
	w.tight = w.tight || node.Parent != nil && node.Parent.DataAtom == atom.Li
	w.block(lines)
}

// table writes one line for each row.
func (w *textWriter) table(node *html.Node) {
	var lines []string
	for row := range node.Descendants() {
		if row.DataAtom != atom.Tr {
			continue
		}
		var cells []string
		for cell := range row.ChildNodes() {
			if cell.Type == html.ElementNode {
				cells = append(cells, strings.Join(textLines(cell, 1<<20), " "))
			}
		}
		lines = append(lines, wrap(strings.Join(cells, " | "), w.width)...)
	}
	w.block(lines)
}

// block writes lines apart from what is before them.
func (w *textWriter) block(lines []string) {
	w.flush()
	if len(lines) == 0 {
		return
	}
	if len(w.lines) > 0 && !w.tight {
		w.lines = append(w.lines, "")
	}
	w.lines, w.tight = append(w.lines, lines...), false
}

// flush ends the paragraph that stands in the element itself.
func (w *textWriter) flush() {
	line := w.line.String()
	w.line.Reset()
	if strings.TrimSpace(line) != "" {
		w.block(wrap(line, w.width))
	}
}

// flowing is a text whose newlines are spaces, as in HTML.
func flowing(s string) string {
	return strings.NewReplacer("\n", " ", "\r", " ", "\t", " ").Replace(words.Legible(s))
}

// inner is all text in an element.
func inner(node *html.Node) string {
	var out strings.Builder
	for child := range node.Descendants() {
		if child.Type == html.TextNode {
			out.WriteString(child.Data)
		}
	}
	return out.String()
}

// wrap breaks a text at spaces so that lines have at most width columns, and at newlines. Chinese and
// Japanese, which have no spaces, break between characters.
func wrap(s string, width int) []string {
	var lines []string
	var line strings.Builder
	end := func() {
		lines = append(lines, line.String())
		line.Reset()
	}
	for paragraph := range strings.SplitSeq(strings.Trim(s, "\n "), "\n") {
		length := 0 // of the line, which is empty
		for word := range strings.FieldsSeq(paragraph) {
			for n, part := range breakable(word) {
				space := ""
				if n == 0 && line.Len() > 0 {
					space = " "
				}
				if line.Len() > 0 && length+len(space)+columns(part) > width {
					end()
					length, space = 0, ""
				}
				line.WriteString(space + part)
				length += len(space) + columns(part)
			}
		}
		end()
	}
	return lines
}

// breakable are the parts of a word that may stand on lines of their own.
func breakable(word string) []string {
	if !strings.ContainsFunc(word, ideographic) {
		return []string{word}
	}
	var parts []string
	last := rune(0)
	for n, r := range word {
		next := n == 0 || (ideographic(r) || ideographic(last)) && !strings.ContainsRune(neverFirst, r) && !strings.ContainsRune(neverLast, last)
		if next && !unicode.Is(unicode.M, r) {
			parts = append(parts, "")
		}
		parts[len(parts)-1] += string(r)
		last = r
	}
	return parts
}

// What a line does not begin or end with where it breaks between characters.
const (
	neverFirst = "、。，．・：；？！）」』】〉》〕］｝ーァィゥェォッャュョぁぃぅぇぉっゃゅょ々…,.:;?!)]}"
	neverLast  = "（「『【〈《〔［｛([{"
)

// ideographic tells of characters that are written without spaces, and of the punctuation among them.
func ideographic(r rune) bool {
	return isWide(r) && (unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) || unicode.IsPunct(r))
}

// columns is how wide a text is where all letters have the same width.
func columns(s string) int {
	total := 0
	for _, r := range s {
		switch {
		case isWide(r):
			total += 2
		case !unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
			total++
		}
	}
	return total
}

func isWide(r rune) bool {
	kind := width.LookupRune(r).Kind()
	return kind == width.EastAsianWide || kind == width.EastAsianFullwidth
}

func indented(lines []string, first, rest string) []string {
	out := make([]string, len(lines))
	for n, line := range lines {
		out[n] = strings.TrimRight(rest+line, " ")
		if n == 0 {
			out[n] = first + line
		}
	}
	return out
}
