package page

import (
	"bytes"
	"html/template"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// oracle has every kind of place that a page puts something from outside into.
var oracle = template.Must(template.New("oracle").Parse(
	`<title>{{.}}</title><meta name="description" content="{{.}}"><link rel="icon" href="{{.}}">` +
		`<p id="incident-{{.}}" class="{{.}}" data-status="{{.}}" aria-label="{{.}}">{{.}}<time datetime="{{.}}">{{.}}</time></p>` +
		`<svg><path d="{{.}}"></path></svg>` +
		`<a href="{{.}}">{{.}}</a><a href="/incidents/{{.}}">{{.}}</a><a href="#update-{{.}}">{{.}}</a>` +
		`<script type="module" src="{{.}}"></script>`))

func oracleNodes(s string) node {
	return fragment(
		el("title", text(s)), meta("description", s), el("link", attr("rel", "icon"), href(s)),
		el("p", id("incident-"+s), class(s), colour(s), attr("aria-label", s), text(s), el("time", attr("datetime", s), text(s))),
		el("svg", el("path", attr("d", s))),
		link(s, s), link("/incidents/"+s, s), link(anchor("update-"+s), s),
		el("script", attr("type", "module"), attr("src", s)),
	)
}

// nasty are texts that try to leave their place, and addresses that try to run.
var nasty = []string{
	"", "plain", attack, `"'<>&+`, "&amp;&#34;&lt", "</title><script>", "<!--", "-->", "]]>", "{{.}}", "\x00\x01\x7f", "\xff\xc3(", "\uFFFD\uFFFE\uFDD0", "\u2028\u2029", "\r\n\t\v\f",
	"a b", "100%", "%41%zz%4", "%", "é–→ü", "`=`", "()*!,;:@$[]{}|\\^~-._",
	"https://a.example/?b=1&c=(2)#d'e\"f", "HTTPS://a.example/%7Eü%", "mailto:a+b@a.example?subject=x y", "MailTo:a@a.example", "//a.example", "/a:b", "a/b:c", "?a:b", "#a:b", ":", "a:", "http:", "https",
	"javascript:alert(1)", "JavaScript:alert(1)", " javascript:alert(1)", "java\nscript:alert(1)", "\x00javascript:x", "data:text/html,<script>1</script>", "vbscript:x", "ftp://a.example", "tel:1", "ht\u212Ap://x", "http\u017F://x",
}

func FuzzAPageEscapesAsTemplatesDo(f *testing.F) {
	for _, s := range nasty {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { sameAsOracle(t, s) })
}

func TestMixturesOfNastyTextsAreEscapedAsTemplatesDo(t *testing.T) {
	part := rapid.OneOf(rapid.SampledFrom(nasty), rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))
	rapid.Check(t, func(rt *rapid.T) {
		sameAsOracle(rt, strings.Join(rapid.SliceOfN(part, 1, 4).Draw(rt, "parts"), ""))
	})
}

func sameAsOracle(t rapid.TB, s string) {
	t.Helper()
	var want bytes.Buffer
	if err := oracle.Execute(&want, s); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.String(), string(oracleNodes(s).appendTo(nil))); diff != "" {
		t.Fatalf("%q (-html/template +page):\n%s", s, diff)
	}
}

func TestTheStateCannotLeaveItsElement(t *testing.T) {
	script := template.Must(template.New("state").Parse(`<script type="application/json" id="state">{{.}}</script>`))
	for _, s := range nasty {
		state, err := encodeView(map[string]any{s: HTML(s)})
		if err != nil {
			t.Fatal(err)
		}
		var want bytes.Buffer
		if err := script.Execute(&want, template.JS(state)); err != nil {
			t.Fatal(err)
		}
		got := scripts(sheet{State: state}).appendTo(nil)
		if diff := cmp.Diff(want.String(), string(got)); diff != "" {
			t.Errorf("%q (-html/template +page):\n%s", s, diff)
		}
		if inside := bytes.TrimSuffix(got[1:], []byte("</script>")); bytes.ContainsAny(inside, "<&\u2028\u2029") {
			t.Errorf("%q became %s", s, got)
		}
	}
}

// A library could bring what the linter keeps out of our own imports.
func TestWhatPublishesLinksNoTemplates(t *testing.T) {
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-tags", "lambda.norpc",
		"allclear/functions/publish", "allclear/functions/tick", "allclear/functions/setup")
	linked, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	for name := range strings.Lines(string(linked)) {
		if name := strings.TrimSpace(name); name == "html/template" || name == "text/template" {
			t.Errorf("%s is linked; see html_escape.go", name)
		}
	}
}
