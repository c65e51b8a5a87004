package page

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

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

// HTML is a fragment of balanced, harmless elements. Only bodies makes it of what people wrote.
type HTML string

// bodies turns the texts of updates into HTML that is safe to put on a page. It keeps what it
// rendered, since one text stands in several documents; it belongs to one Input.
type bodies struct {
	markdown goldmark.Markdown
	policy   *bluemonday.Policy
	done     map[bodyKey]HTML
}

type bodyKey struct {
	format status.Format
	text   string
}

func newBodies() *bodies { return &bodies{done: map[bodyKey]HTML{}} }

// render gives the HTML of a text, to stand inside an element of its own.
func (b *bodies) render(format status.Format, text string) HTML {
	key := bodyKey{format, text}
	if done, ok := b.done[key]; ok {
		return done
	}
	body, plain := renderPlain(format, text)
	if !plain {
		body = b.renderMarkup(format, text)
	}
	b.done[key] = HTML(body)
	return HTML(body)
}

// renderMarkup takes the long way: to HTML, through the policy, then through a parser, which
// closes what was left open.
func (b *bodies) renderMarkup(format status.Format, text string) string {
	if b.policy == nil { // most pages never need them
		b.markdown, b.policy = newMarkdown(), bluemonday.UGCPolicy()
	}
	source := []byte(text)
	if format == status.HTML {
		source = []byte(breakLines(text))
	} else {
		var converted bytes.Buffer
		if err := b.markdown.Convert(source, &converted); err != nil {
			return "<p>" + escapeBody.Replace(text) + "</p>"
		}
		source = converted.Bytes()
	}
	tidy, err := tidy(b.policy.SanitizeBytes(source))
	if err != nil { // nested too deep to be meant
		return "<p>" + escapeBody.Replace(text) + "</p>"
	}
	return tidy
}

// newMarkdown reads CommonMark with bare links, struck text and tables. It knows no raw HTML: a
// tag in a text is text like any other. A single newline is a line break, as people who type
// into a form expect and as the v2 JSON has it.
func newMarkdown() goldmark.Markdown {
	isRawHTML := func(v util.PrioritizedValue) bool {
		return v.Value == parser.NewHTMLBlockParser() || v.Value == parser.NewRawHTMLParser()
	}
	return goldmark.New(
		goldmark.WithParser(parser.NewParser(
			parser.WithBlockParsers(slices.DeleteFunc(parser.DefaultBlockParsers(), isRawHTML)...),
			parser.WithInlineParsers(slices.DeleteFunc(parser.DefaultInlineParsers(), isRawHTML)...),
			parser.WithParagraphTransformers(parser.DefaultParagraphTransformers()...),
		)),
		goldmark.WithExtensions(extension.Linkify, extension.Strikethrough, extension.Table),
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
		return strings.ReplaceAll(escapeBody.Replace(text), "\n", breakTag), true
	}
	if !plainMarkdown(text) {
		return "", false
	}
	return "<p>" + escapeBody.Replace(text) + "</p>", true
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
