package words

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	renderer "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/util"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"allclear/internal/status"
)

// Bodies turns the texts of updates into HTML that is safe to put on a page or into a mail. It
// keeps what it rendered, since one text stands in several documents, so it lives as long as one
// piece of work; it is not for concurrent use.
type Bodies struct{ done map[bodyKey]string }

type bodyKey struct {
	format status.Format
	text   string
}

// NewBodies has rendered nothing yet.
func NewBodies() *Bodies { return &Bodies{done: map[bodyKey]string{}} }

// HTML is a text as HTML: a fragment of balanced, harmless elements, to stand inside an
// element of its own.
func (b *Bodies) HTML(format status.Format, text string) string {
	key := bodyKey{format, text}
	if done, ok := b.done[key]; ok {
		return done
	}
	done, plain := renderPlain(format, text)
	if !plain {
		done = renderMarkup(format, text)
	}
	b.done[key] = done
	return done
}

// renderMarkup takes the long way: to HTML, through the policy, then through a parser, which
// closes what was left open.
func renderMarkup(format status.Format, text string) string {
	source := []byte(text)
	if format == status.HTML {
		source = []byte(breakLines(text))
	} else {
		var converted bytes.Buffer
		if err := markdown().Convert(source, &converted); err != nil {
			return "<p>" + escape.Replace(text) + "</p>"
		}
		source = converted.Bytes()
	}
	tidy, err := tidy(policy().SanitizeBytes(source))
	if err != nil { // nested too deep to be meant
		return "<p>" + escape.Replace(text) + "</p>"
	}
	return tidy
}

// escape makes HTML of a text. It writes what html/template's HTMLEscapeString does, which is not
// used, since it is linked with all of text/template (internal/html/escape.go).
var escape = strings.NewReplacer(
	"\x00", "\uFFFD", `"`, "&#34;", "&", "&amp;", "'", "&#39;", "<", "&lt;", ">", "&gt;",
)

// Both take milliseconds to make, and most pages never need them.
var (
	markdown = sync.OnceValue(newMarkdown)
	policy   = sync.OnceValue(bluemonday.UGCPolicy)
)

// newMarkdown reads CommonMark with bare links, struck text and tables. It knows no raw HTML: a
// tag in a text is text like any other. A single newline is a line break, as people who type
// into a form expect and as the v2 JSON has it.
func newMarkdown() goldmark.Markdown {
	// The policy knows the attribute; it lets no style pass.
	alignedCells := extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute)
	isRawHTML := func(v util.PrioritizedValue) bool {
		return v.Value == parser.NewHTMLBlockParser() || v.Value == parser.NewRawHTMLParser()
	}
	return goldmark.New(
		goldmark.WithParser(parser.NewParser(
			parser.WithBlockParsers(slices.DeleteFunc(parser.DefaultBlockParsers(), isRawHTML)...),
			parser.WithInlineParsers(slices.DeleteFunc(parser.DefaultInlineParsers(), isRawHTML)...),
			parser.WithParagraphTransformers(parser.DefaultParagraphTransformers()...),
		)),
		goldmark.WithExtensions(extension.Linkify, extension.Strikethrough, extension.NewTable(alignedCells)),
		goldmark.WithRendererOptions(renderer.WithHardWraps()),
	)
}

const breakTag = "<br/>"

var (
	newline    = regexp.MustCompile(`\r\n?|\n`)
	writtenBR  = regexp.MustCompile(`(?i)<br\s*/?>\n?`)
	blockTag   = `</?(?i:p|div|ul|ol|li|dl|dt|dd|table|thead|tbody|tfoot|tr|td|th|caption|blockquote|pre|hr|h[1-6])(?:\s[^<>]*)?/?>`
	afterBlock = regexp.MustCompile(`(` + blockTag + `)\s*\n\s*`)
	beforeTag  = regexp.MustCompile(`\s*\n\s*(` + blockTag + `)`)
)

// breakLines makes the newlines of an imported text visible, as Statuspage does, except beside
// elements that begin a line by themselves and after a break that is written already.
func breakLines(text string) string {
	text = writtenBR.ReplaceAllString(newline.ReplaceAllString(text, "\n"), "\n")
	text = afterBlock.ReplaceAllString(text, "$1")
	text = beforeTag.ReplaceAllString(text, "$1")
	return strings.ReplaceAll(text, "\n", breakTag)
}

// renderPlain is the short way for a text without markup, which most are. It gives what the long
// way would.
func renderPlain(format status.Format, text string) (string, bool) {
	if format == status.HTML {
		text = writtenBR.ReplaceAllString(newline.ReplaceAllString(text, "\n"), "\n")
		if strings.ContainsAny(text, "<>&\x00") {
			return "", false
		}
		return strings.ReplaceAll(escape.Replace(text), "\n", breakTag), true
	}
	if !plainMarkdown(text) {
		return "", false
	}
	return "<p>" + escape.Replace(text) + "</p>", true
}

// plainMarkdown tells whether Markdown would make exactly one paragraph of a text, without
// anything in it: only letters, digits, single spaces and harmless punctuation.
func plainMarkdown(text string) bool {
	if text == "" || text[0] == ' ' || text[len(text)-1] == ' ' {
		return false
	}
	if text[0] >= '0' && text[0] <= '9' { // may be the first of a list
		return false
	}
	for i, r := range text {
		switch {
		case r == ' ' && text[i-1] == ' ':
			return false
		case r == ':' && strings.HasPrefix(text[i:], "://"), r == '.' && i >= 3 && strings.EqualFold(text[i-3:i], "www"):
			return false
		case r == ' ', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		case strings.ContainsRune(`.,;:?%/'()"`, r):
		case r == '-' && i > 0:
		default:
			return false
		}
	}
	return true
}

// tidy reads a sanitised fragment as a browser would and writes it again: balanced, its headings
// below those of the page, its links without a way back, nothing in it to be found by name.
func tidy(fragment []byte) (string, error) {
	context := &html.Node{Type: html.ElementNode, DataAtom: atom.Div, Data: "div"}
	nodes, err := html.ParseFragment(bytes.NewReader(fragment), context)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	for _, node := range nodes {
		for child := range node.Descendants() {
			tidyElement(child)
		}
		tidyElement(node)
		if err := html.Render(&out, node); err != nil {
			return "", err
		}
	}
	return strings.TrimSpace(out.String()), nil
}

func tidyElement(node *html.Node) {
	if node.Type != html.ElementNode {
		return
	}
	node.Attr = slices.DeleteFunc(node.Attr, func(a html.Attribute) bool {
		return a.Key == "id" || a.Key == "name" || a.Key == "usemap" || a.Key == "rel"
	})
	switch node.DataAtom {
	case atom.A, atom.Area:
		node.Attr = append(node.Attr, html.Attribute{Key: "rel", Val: "noopener nofollow"})
	case atom.H1, atom.H2:
		node.DataAtom, node.Data = atom.H4, "h4"
	case atom.H3, atom.H4:
		node.DataAtom, node.Data = atom.H5, "h5"
	case atom.H5, atom.H6:
		node.DataAtom, node.Data = atom.H6, "h6"
	}
}
