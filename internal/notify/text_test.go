package notify

import (
	"strings"
	"testing"
	"unicode/utf8"

	"allclear/internal/status"
	"allclear/internal/words"
)

func TestBodiesReadWellAsText(t *testing.T) {
	for _, c := range []struct {
		name         string
		format       status.Format
		source, want string
	}{
		{"lines and paragraphs", status.Markdown, "One\ntwo\n\nthree", "One\ntwo\n\nthree"},
		{"a long line", status.Markdown, strings.Repeat("word ", 20), strings.Repeat("word ", 13) + "word\n" + strings.TrimSpace(strings.Repeat("word ", 6))},
		{"emphasis", status.Markdown, "**Now** and *here*", "Now and here"},
		{"a link with words", status.Markdown, "See [their page](https://a.example/?b=1&c=2).", "See their page <https://a.example/?b=1&c=2>."},
		{"a bare link", status.Markdown, "See https://a.example.", "See https://a.example."},
		{"an address", status.Markdown, "Write to help@a.example.", "Write to help@a.example."},
		{"a list", status.Markdown, "See:\n\n- a\n- b " + strings.Repeat("word ", 15), "See:\n\n- a\n- b " + strings.Repeat("word ", 12) + "word\n  word word"},
		{"numbers", status.Markdown, "1. a\n2. b", "1. a\n2. b"},
		{"a list in a list", status.Markdown, "1. a\n2. b\n   - c\n   - d\n3. e", "1. a\n2. b\n   - c\n   - d\n3. e"},
		{"a quote", status.Markdown, "> a\n>\n> b", "> a\n>\n> b"},
		{"code", status.Markdown, "```\nif a <  b {\n\tc\n}\n```", "    if a <  b {\n    \tc\n    }"},
		{"a heading", status.Markdown, "# What\nfor", "What\n\nfor"},
		{"a table", status.Markdown, "| a | b |\n|---|---|\n| 1 | 2 |", "a | b\n1 | 2"},
		{"an image", status.Markdown, "![A graph](https://a.example/g.png)", "A graph"},
		{"imported lines", status.HTML, "One<br />two\n\nthree", "One\ntwo\n\nthree"},
		{"imported markup", status.HTML, "<p>a <b>b</b></p><div>c</div>d", "a b\n\nc\n\nd"},
		{"a rule", status.Markdown, "a\n\n---\n\nb", "a\n\n--------------------\n\nb"},
		{"nothing", status.Markdown, "", ""},
	} {
		composer := &composer{language: languageOf(""), page: samplePage(t), rendered: words.NewBodies()}
		root, err := fragment(composer.rendered.HTML(c.format, c.source))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(textLines(root, textWidth), "\n"); got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

func TestTextStaysWithin72Columns(t *testing.T) {
	for name, m := range samples(t) {
		for line := range strings.SplitSeq(open(t, write(t, m)).text, "\n") {
			if n := utf8.RuneCountInString(line); n > textWidth && strings.Contains(strings.TrimSpace(line), " ") {
				t.Errorf("%s: got a line of %d characters: %s", name, n, line)
			}
		}
	}
}

func TestScriptsWithoutSpacesStayWithin72Columns(t *testing.T) {
	const sentence = "現在、決済サービス（API v2）において「障害」が発生しており、原因を調査しています。"
	i := failure()
	i.Name, i.Updates[0].Body = "決済サービスの障害", strings.Repeat(sentence, 5)
	o := open(t, write(t, incidentMail(t, IncidentUpdated, i)))
	for line := range strings.SplitSeq(o.text, "\n") {
		columns := 0
		for _, r := range line {
			if columns++; r >= 0x2e80 {
				columns++
			}
		}
		if columns > textWidth && !strings.Contains(line, "://") {
			t.Errorf("got a line of %d columns: %s", columns, line)
		}
		if line != "" && strings.ContainsAny(string([]rune(line)[0]), "、。）」ー") {
			t.Errorf("got a line that begins with what ends one: %s", line)
		}
	}
	if !strings.Contains(strings.NewReplacer("\n", "", " ", "").Replace(o.text), strings.ReplaceAll(strings.Repeat(sentence, 5), " ", "")) {
		t.Error("breaking lines changed the text")
	}
	if !strings.Contains(o.text, "決済サービスの障害\n"+strings.Repeat("=", 18)+"\n") {
		t.Error("the rule below the heading is not as long as the heading")
	}
	if got := wrap("안녕하세요 서비스에 장애가 발생했습니다", 20); len(got) != 2 || got[0] != "안녕하세요 서비스에" {
		t.Errorf("got %q, want words that have spaces between them whole", got)
	}
	if got := wrap("👩🏽‍🚒👩🏽‍🚒👩🏽‍🚒", 4); len(got) != 1 {
		t.Errorf("got %q, want pictures whole", got)
	}
}

func TestWhatSomebodyTypedIsNoMarkup(t *testing.T) {
	for _, s := range []string{"a", punctuation, `\*a\*`, "# [x](y) <b> &amp; ~~z~~ `c` 1. 🔥 " + punctuation} {
		if got := plain(text(s).String()); got != s {
			t.Errorf("got %q back, want %q", got, s)
		}
	}
}
