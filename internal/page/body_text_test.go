package page

import (
	"testing"

	"allclear/internal/status"
)

func TestBodies(t *testing.T) {
	tests := []struct {
		name                     string
		format                   status.Format
		body, json, feed, simple string
	}{
		{"plain text stays", status.Markdown, `It's "fine" > ever`, `It's "fine" > ever`, `It's "fine" > ever`, `It's "fine" > ever`},
		{"newlines break lines", status.Markdown, "a\nb\r\nc\rd", "a<br />b<br />c<br />d", "a<br />b<br />c<br />d", "a\nb\nc\nd"},
		{"so do old ones alone", status.Markdown, "a\rb", "a<br />b", "a<br />b", "a\nb"},
		{"newlines of an import stay in JSON", status.HTML, "a\n\nb", "a\n\nb", "a<br /><br />b", "a\n\nb"},
		{"written breaks stay", status.HTML, "a<br />b", "a<br />b", "a<br />b", "a\nb"},
		{
			"inline HTML stays", status.HTML, `<b>a</b> <a href="https://x.example/?a=1&amp;b=2">b</a>`,
			`<b>a</b> <a href="https://x.example/?a=1&amp;b=2">b</a>`, `<b>a</b> <a href="https://x.example/?a=1&amp;b=2">b</a>`, "a b",
		},
		{
			"a link keeps its target and gets nothing", status.HTML, `<a href="/x" target="_blank" rel="noopener">b</a>`,
			`<a href="/x" target="_blank" rel="noopener">b</a>`, `<a href="/x" target="_blank" rel="noopener">b</a>`, "b",
		},
		{
			"scripts run nowhere but in v2, which is text", status.HTML, `a<script>alert(1)</script><img src="x" onerror="alert(1)">`,
			`a<script>alert(1)</script><img src="x" onerror="alert(1)">`, `a<img src="x">`, "a",
		},
		{"a link to a script is none", status.HTML, `<a href="javascript:alert(1)">b</a>`, `<a href="javascript:alert(1)">b</a>`, `b`, "b"},
		{"ampersands and comparisons", status.Markdown, "R&D: 5 < 6 &lt; 7", "R&D: 5 < 6 &lt; 7", "R&amp;D: 5 &lt; 6 &lt; 7", "R&D: 5 < 6 < 7"},
		{"control characters are left out of feeds", status.Markdown, "a\x00b\x0bc\x1b[0m\ufffe\xffd", "a\x00b\x0bc\x1b[0m\ufffe\xffd", "abc[0md", "abc[0md"},
		{"also those that entities stand for", status.HTML, "a&#17;b", "a&#17;b", "ab", "ab"},
		{
			"what is no markup by hand is text", status.Markdown, "a <b>List</b><String> <!-- b <script>c", "a <b>List</b><String> <!-- b <script>c",
			"a <b>List</b>&lt;String&gt; &lt;!-- b &lt;script&gt;c", "a List",
		},
		{
			"a written link still leads to no script", status.Markdown, `<a href="javascript:x">b</a><IMG src="x" onerror="y">c`,
			`<a href="javascript:x">b</a><IMG src="x" onerror="y">c`, `b<img src="x">c`, "bc",
		},
		{"a script cannot hide behind them", status.HTML, "<scr\x01ipt>alert(1)</scr\x01ipt>", "<scr\x01ipt>alert(1)</scr\x01ipt>", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := BodyText(&status.Update{Body: test.body, Format: test.format}); got != test.json {
				t.Errorf("JSON: got %q, want %q", got, test.json)
			}
			if got := feedHTML(test.format, test.body); got != test.feed {
				t.Errorf("feed: got %q, want %q", got, test.feed)
			}
			if got := plainBody(test.body); got != test.simple {
				t.Errorf("plain: got %q, want %q", got, test.simple)
			}
		})
	}
}
