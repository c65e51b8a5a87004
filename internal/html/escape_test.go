package html

import (
	"bytes"
	"html/template"
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
		`<form action="{{.}}"><input value="{{.}}"></form>` +
		`<script type="module" src="{{.}}"></script>`))

func oracleNodes(s string) Node {
	return Fragment(
		El("title", Text(s)), Meta("description", s), El("link", Attr("rel", "icon"), Href(s)),
		El("p", ID("incident-"+s), Class(s), Attr("data-status", s), Attr("aria-label", s), Text(s), El("time", Attr("datetime", s), Text(s))),
		El("svg", El("path", Attr("d", s))),
		Link(s, s), Link("/incidents/"+s, s), Link(Anchor("update-"+s), s),
		El("form", Attr("action", s), El("input", Attr("value", s))),
		El("script", Attr("type", "module"), Attr("src", s)),
	)
}

// attack is what a text would do if it were not escaped.
const attack = `</script><script>alert("x")</script><img src=x onerror=alert(1)>'"&`

// nasty are texts that try to leave their place, and addresses that try to run.
var nasty = []string{
	"", "plain", attack, `"'<>&+`, "&amp;&#34;&lt", "</title><script>", "<!--", "-->", "]]>", "{{.}}", "\x00\x01\x7f", "\xff\xc3(", "\uFFFD\uFFFE\uFDD0", "\u2028\u2029", "\r\n\t\v\f",
	"a b", "100%", "%41%zz%4", "%", "é–→ü", "`=`", "()*!,;:@$[]{}|\\^~-._",
	"https://a.example/?b=1&c=(2)#d'e\"f", "HTTPS://a.example/%7Eü%", "mailto:a+b@a.example?subject=x y", "MailTo:a@a.example", "//a.example", "/a:b", "a/b:c", "?a:b", "#a:b", ":", "a:", "http:", "https",
	"javascript:alert(1)", "JavaScript:alert(1)", " javascript:alert(1)", "java\nscript:alert(1)", "\x00javascript:x", "data:text/html,<script>1</script>", "vbscript:x", "ftp://a.example", "tel:1", "ht\u212Ap://x", "http\u017F://x",
}

func FuzzTextsAreEscapedAsTemplatesDo(f *testing.F) {
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
	if diff := cmp.Diff(want.String(), string(oracleNodes(s).AppendTo(nil))); diff != "" {
		t.Fatalf("%q (-html/template +ours):\n%s", s, diff)
	}
}
