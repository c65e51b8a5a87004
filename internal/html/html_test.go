package html

import "testing"

func TestNodesAreWrittenAsTheyStand(t *testing.T) {
	for _, c := range []struct {
		name string
		node Node
		want string
	}{
		{"nothing", Node{}, ""},
		{"nothing in an element", El("p", Node{}, When(false, Attr("id", "a"), Text("b"))), "<p></p>"},
		{"an attribute wherever it is given", El("p", Text("a"), Class("b"), El("b"), Boolean("hidden")), `<p class="b" hidden>a<b></b></p>`},
		{"an attribute under a condition", El("details", When(true, Boolean("open")), Text("a")), "<details open>a</details>"},
		{"an attribute belongs to the nearest element", El("p", El("b", ID("a"))), `<p><b id="a"></b></p>`},
		{"an attribute without an element", Fragment(ID("a"), Boolean("hidden"), Text("b")), "b"},
		{"an empty attribute", El("p", Attr("title", "")), `<p title=""></p>`},
		{"an element without content", El("meta", Attr("name", "a"), Text("b")), `<meta name="a">`},
		{"a list", El("ul", All([]string{"a", "b"}, func(s string) Node { return El("li", Text(s)) })), "<ul><li>a</li><li>b</li></ul>"},
		{"an empty list", El("ul", All(nil, Text)), "<ul></ul>"},
		{"what the source says", El("link", Constant("type", "a+b"), Attr("title", "a+b")), `<link type="a+b" title="a&#43;b">`},
		{"what is safe already", El("div", Safe("<b>a</b>")), "<div><b>a</b></div>"},
	} {
		if got := string(c.node.AppendTo(nil)); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}
