package words

import (
	"fmt"
	"html/template"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"allclear/internal/status"
)

func TestBodiesAreRenderedAsTheirAuthorsMeant(t *testing.T) {
	for _, c := range []struct {
		name   string
		format status.Format
		text   string
		want   string
	}{
		{"a plain sentence", status.Markdown, "We're on it (50% done).", "<p>We&#39;re on it (50% done).</p>"},
		{"lines and paragraphs", status.Markdown, "One\r\ntwo\n\nthree", "<p>One<br/>\ntwo</p>\n<p>three</p>"},
		{"emphasis and a bare link", status.Markdown, "**Now** at https://a.example/?b=1&c=2.", `<p><strong>Now</strong> at <a href="https://a.example/?b=1&amp;c=2" rel="noopener nofollow">https://a.example/?b=1&amp;c=2</a>.</p>`},
		{"headings below those of the page", status.Markdown, "# One\n### Three", "<h4>One</h4>\n<h5>Three</h5>"},
		{"a tag in Markdown is text", status.Markdown, "use <b>bold</b>", "<p>use &lt;b&gt;bold&lt;/b&gt;</p>"},
		{"a script in Markdown is text", status.Markdown, "<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"},
		{"a link that would run", status.Markdown, "[x](javascript:alert(1))", "<p>x</p>"},
		{"imported lines", status.HTML, "One<br />two\n\nthree", "One<br/>two<br/><br/>three"},
		{"an imported break at the end of a line", status.HTML, "One<br />\r\ntwo", "One<br/>two"},
		{"an imported list", status.HTML, "See:\n<ul>\n<li>a</li>\n<li>b</li>\n</ul>\nend", "See:<ul><li>a</li><li>b</li></ul>end"},
		{"imported entities", status.HTML, "a &amp; b\n&lt;c&gt;", "a &amp; b<br/>&lt;c&gt;"},
		{"an imported script goes", status.HTML, "a<script>alert(1)</script>b", "ab"},
		{"imported handlers and names go", status.HTML, `<p id="state" onclick="x()" style="color:red">a</p>`, "<p>a</p>"},
		{"an imported link that would run", status.HTML, `<a href="javascript:alert(1)" rel="opener">a</a>`, `a`},
		{"an imported link", status.HTML, `<a href="https://a.example" target="_blank" rel="opener">a</a>`, `<a href="https://a.example" rel="noopener nofollow">a</a>`},
		{"imported elements are closed", status.HTML, "</div></div><b>a", "<b>a</b>"},
		{"nothing", status.Markdown, "", ""},
	} {
		if got := NewBodies().HTML(c.format, c.text); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestATextNestedTooDeepIsShownAsItIs(t *testing.T) {
	text := strings.Repeat("<div>", 5000) + "end"
	got := NewBodies().HTML(status.HTML, text)
	if strings.Count(got, "<div>") > 1000 || !strings.Contains(got, "end") {
		t.Errorf("got %.100s…", got)
	}
	if problem := harm(got); problem != "" {
		t.Error(problem)
	}
}

// bodySeeds are texts on the edges: of the short way, of Markdown, of HTML.
var bodySeeds = []string{
	"We're on it.", "1. first", "12 nodes", "- a", "a -- b", "a - b", "www.example.org", "see http://a.example", "a@b.example", "# h", "a  b", " a", "a ",
	"a\nb", "a\r\nb\rc", "a<br />b", "a<br>\n\nb", "a &amp; b", "a & b", "=", "--", "a\n--", "*a*", "_a_", "~~a~~", "`a`", "| a |\n|---|", "> a", "\\*", "100%", "a:b", ":", "(a)[b]",
	"<script>alert(1)</script>", "</div></article></main>", "<a href='javascript:alert(1)'>x</a>", "[x](javascript:alert(1))", "<img src=x onerror=alert(1)>",
	"<svg><script>1</script></svg>", "<math><mi//xlink:href='data:x,<script>alert(4)</script>'>", "<style>*{}</style>", "<table><tr><td>a", "<p><div></p>", "<!-- x -->", "<![CDATA[x]]>", "<plaintext>", "<textarea><script>",
	"a\x00b", "\u2028", "é ü", "[a]: http://x\n[a]", "&#60;script&#62;", "ftp://x.example", "://", "Www.x", "a 'b' \"c\"",
}

func TestTextsAreEscapedAsTemplatesDo(t *testing.T) {
	for _, text := range append(bodySeeds, `&<>'"+`, "\x00") {
		if got, want := escape.Replace(text), template.HTMLEscapeString(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func FuzzBodiesAreHarmless(f *testing.F) {
	for _, seed := range bodySeeds {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	f.Fuzz(func(t *testing.T, text string, imported bool) {
		format := status.Markdown
		if imported {
			format = status.HTML
		}
		got := NewBodies().HTML(format, text)
		if problem := harm(got); problem != "" {
			t.Errorf("%q became %q: %s", text, got, problem)
		}
		if short, plain := renderPlain(format, text); plain {
			if long := renderMarkup(format, text); reread(short) != reread(long) {
				t.Errorf("%q: the short way gives %q, the long way %q", text, short, long)
			}
		}
	})
}

// reread is a fragment as a browser has it, spaces at its ends aside.
func reread(fragment string) string {
	nodes, err := html.ParseFragment(strings.NewReader(strings.TrimSpace(fragment)), &html.Node{Type: html.ElementNode, DataAtom: atom.Div, Data: "div"})
	if err != nil {
		return err.Error()
	}
	var out strings.Builder
	for _, node := range nodes {
		if err := html.Render(&out, node); err != nil {
			return err.Error()
		}
	}
	return strings.TrimSpace(out.String())
}

// harm says what a fragment would do to a page that it must not, "" for nothing: run something,
// be found by name, or end the element that it stands in.
func harm(fragment string) string {
	root, err := html.Parse(strings.NewReader(`<main id="outer"><div id="inner">` + fragment + `</div><p id="after">x</p></main>`))
	if err != nil {
		return err.Error()
	}
	for node := range root.Descendants() {
		if node.Type != html.ElementNode {
			continue
		}
		switch node.DataAtom {
		case atom.Script, atom.Style, atom.Iframe, atom.Object, atom.Embed, atom.Form, atom.Base, atom.Meta, atom.Link, atom.Svg:
			return "it has the element " + node.Data
		}
		for _, a := range node.Attr {
			value := strings.ToLower(strings.TrimSpace(a.Val))
			switch {
			case strings.HasPrefix(a.Key, "on"), a.Key == "style", a.Key == "srcdoc":
				return "it has the attribute " + a.Key
			case strings.HasPrefix(value, "javascript:"), strings.HasPrefix(value, "data:"), strings.HasPrefix(value, "vbscript:"):
				return "it has the address " + a.Val
			case a.Key == "id" && a.Val == "after":
				if before := node.PrevSibling; node.Parent == nil || node.Parent.Data != "main" || before == nil || before.Data != "div" {
					return "it leaves its element"
				}
			case a.Key == "id" && a.Val != "inner" && a.Val != "outer", a.Key == "name":
				return fmt.Sprintf("it has the %s %s", a.Key, a.Val)
			}
		}
	}
	return ""
}
