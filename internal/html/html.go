// Package html writes HTML pages: trees of elements that are written once, with whatever comes from
// outside escaped on the way as html/template would, but without looking anything up by name at run
// time. internal/page makes the published pages of it, internal/subscribe its forms, internal/notify
// the frame of mails.
package html

// Node is what an HTML page is made of: an element, an attribute of the element that it is given
// to, text, or several nodes. A page is a tree of nodes that is written once; whatever comes from
// outside is escaped on the way (escape.go). The zero Node is nothing: what a part is that
// has nothing to show.
type Node struct {
	kind    kind
	name    Literal // of an element or attribute
	value   string  // of an attribute; the text of a text
	content []Node  // of an element or fragment: attributes, texts and elements
}

type kind int

const (
	isFragment kind = iota
	isElement
	isAttribute
	isBoolean
	isText
	isVerbatim
)

// Literal is written in the source: a variable string does not become one by itself. So no name
// of an element or attribute comes from outside.
type Literal string

// El is an element with its attributes and its content.
func El(name Literal, content ...Node) Node {
	return Node{kind: isElement, name: name, content: content}
}

// Fragment is several nodes without an element around them.
func Fragment(content ...Node) Node { return Node{content: content} }

// When is what it is given, or nothing.
func When(condition bool, content ...Node) Node {
	if !condition {
		return Node{}
	}
	return Fragment(content...)
}

// All are the parts that a list is made into.
func All[T any](list []T, part func(T) Node) Node {
	content := make([]Node, len(list))
	for n, item := range list {
		content[n] = part(item)
	}
	return Fragment(content...)
}

// Text is a text, escaped.
func Text(content string) Node { return Node{kind: isText, value: content} }

// Attr is an attribute with any value. Those whose value is code (style, srcdoc, on…) may have none
// that comes from outside.
func Attr(name Literal, value string) Node {
	return Node{kind: isAttribute, name: name, value: value}
}

// Boolean is an attribute without a value: it is there or not.
func Boolean(name Literal) Node { return Node{kind: isBoolean, name: name} }

// Constant is an attribute whose value is from the source, as it is.
func Constant(name, value Literal) Node { return Boolean(name + `="` + value + `"`) }

// Verbatim is HTML from the source.
func Verbatim(html Literal) Node { return Safe(string(html)) }

// Safe is HTML that is safe already.
func Safe(html string) Node { return Node{kind: isVerbatim, value: html} }

// AppendTo writes what stands in the content of an element; attributes stand in its tag.
func (n Node) AppendTo(out []byte) []byte {
	switch n.kind {
	case isFragment:
		for _, child := range n.content {
			out = child.AppendTo(out)
		}
	case isElement:
		out = append(append(out, '<'), n.name...)
		for _, child := range n.content {
			out = child.appendToTag(out)
		}
		out = append(out, '>')
		if isVoid(n.name) {
			return out
		}
		for _, child := range n.content {
			out = child.AppendTo(out)
		}
		out = append(append(append(out, "</"...), n.name...), '>')
	case isText:
		out = append(out, escapeText.Replace(n.value)...)
	case isVerbatim:
		out = append(out, n.value...)
	case isAttribute, isBoolean:
	}
	return out
}

func (n Node) appendToTag(out []byte) []byte {
	switch n.kind {
	case isFragment:
		for _, child := range n.content {
			out = child.appendToTag(out)
		}
	case isAttribute:
		out = append(append(append(out, ' '), n.name...), `="`...)
		out = append(append(out, escapeAttribute(n.name, n.value)...), '"')
	case isBoolean:
		out = append(append(out, ' '), n.name...)
	case isElement, isText, isVerbatim:
	}
	return out
}

// isVoid tells of the elements that have no content and no end tag
// (https://html.spec.whatwg.org/multipage/syntax.html#void-elements).
func isVoid(element Literal) bool {
	switch element {
	case "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr":
		return true
	}
	return false
}
