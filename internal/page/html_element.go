package page

// node is what an HTML page is made of: an element, an attribute of the element that it is given
// to, text, or several nodes. A page is a tree of nodes that is written once; whatever comes from
// outside is escaped on the way (html_escape.go). The zero node is nothing: what a part is that
// has nothing to show.
type node struct {
	kind    kind
	name    literal // of an element or attribute
	value   string  // of an attribute; the text of a text
	content []node  // of an element or fragment: attributes, texts and elements
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

// literal is written in the source: a variable string does not become one by itself. So no name
// of an element or attribute comes from outside.
type literal string

// el is an element with its attributes and its content.
func el(name literal, content ...node) node {
	return node{kind: isElement, name: name, content: content}
}

// fragment is several nodes without an element around them.
func fragment(content ...node) node { return node{content: content} }

// when is what it is given, or nothing.
func when(condition bool, content ...node) node {
	if !condition {
		return node{}
	}
	return fragment(content...)
}

// all are the parts that a list is made into.
func all[T any](list []T, part func(T) node) node {
	content := make([]node, len(list))
	for n, item := range list {
		content[n] = part(item)
	}
	return fragment(content...)
}

func text(content string) node { return node{kind: isText, value: content} }

// attr is an attribute with any value. It is not for those whose value is code: style, srcdoc, on….
func attr(name literal, value string) node {
	return node{kind: isAttribute, name: name, value: value}
}

// boolean is an attribute without a value: it is there or not.
func boolean(name literal) node { return node{kind: isBoolean, name: name} }

// constant is an attribute whose value is from the source, as it is.
func constant(name, value literal) node { return boolean(name + `="` + value + `"`) }

// verbatim is HTML from the source.
func verbatim(html literal) node { return safe(HTML(html)) }

// safe is HTML that is safe already.
func safe(html HTML) node { return node{kind: isVerbatim, value: string(html)} }

// appendTo writes what stands in the content of an element; attributes stand in its tag.
func (n node) appendTo(out []byte) []byte {
	switch n.kind {
	case isFragment:
		for _, child := range n.content {
			out = child.appendTo(out)
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
			out = child.appendTo(out)
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

func (n node) appendToTag(out []byte) []byte {
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
func isVoid(element literal) bool {
	switch element {
	case "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr":
		return true
	}
	return false
}
