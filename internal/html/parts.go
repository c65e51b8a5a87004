package html

// Elements and attributes that most pages have.

// Link is a link with a text.
func Link(address, content string) Node { return El("a", Href(address), Text(content)) }

// Href is where a link leads.
func Href(address string) Node { return Attr("href", address) }

// Class are the names that the style sheet knows an element by.
func Class(names string) Node { return Attr("class", names) }

// ID is what an element is linked to by.
func ID(name string) Node { return Attr("id", name) }

// LabelledBy names the heading of a section.
func LabelledBy(heading string) Node { return Attr("aria-labelledby", heading) }

// Meta is something that the head says of the page.
func Meta(name, content string) Node {
	return El("meta", Attr("name", name), Attr("content", content))
}
