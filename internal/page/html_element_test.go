package page

import "testing"

func TestNodesAreWrittenAsTheyStand(t *testing.T) {
	for _, c := range []struct {
		name string
		node node
		want string
	}{
		{"nothing", node{}, ""},
		{"nothing in an element", el("p", node{}, when(false, attr("id", "a"), text("b"))), "<p></p>"},
		{"an attribute wherever it is given", el("p", text("a"), class("b"), el("b"), boolean("hidden")), `<p class="b" hidden>a<b></b></p>`},
		{"an attribute under a condition", el("details", when(true, boolean("open")), text("a")), "<details open>a</details>"},
		{"an attribute belongs to the nearest element", el("p", el("b", id("a"))), `<p><b id="a"></b></p>`},
		{"an attribute without an element", fragment(id("a"), boolean("hidden"), text("b")), "b"},
		{"an empty attribute", el("p", attr("title", "")), `<p title=""></p>`},
		{"an element without content", el("meta", attr("name", "a"), text("b")), `<meta name="a">`},
		{"a list", el("ul", all([]string{"a", "b"}, func(s string) node { return el("li", text(s)) })), "<ul><li>a</li><li>b</li></ul>"},
		{"an empty list", el("ul", all(nil, text)), "<ul></ul>"},
		{"what the source says", el("link", constant("type", "a+b"), attr("title", "a+b")), `<link type="a+b" title="a&#43;b">`},
		{"what is safe already", el("div", safe("<b>a</b>")), "<div><b>a</b></div>"},
	} {
		if got := string(c.node.appendTo(nil)); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}
