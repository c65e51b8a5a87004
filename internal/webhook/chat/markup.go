package chat

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"
)

// markup is a way of writing a body as text.
type markup struct {
	escape               func(string) string // of text
	escapeCode           func(string) string // of text in code; nil when there is no code
	bold, italic, strike [2]string
	link                 func(text, address string) string
	bare                 func(address string) string // a link whose text is an address; nil to write it like any other
	code, pre            [2]string
	quote                string // before every line
}

// body writes blocks: items of a list and rows of a table below each other, all else apart.
func (m markup) body(blocks []block) string {
	var out strings.Builder
	for n, b := range blocks {
		switch {
		case n == 0:
		case b.tight && blocks[n-1].tight:
			out.WriteString("\n")
		default:
			out.WriteString("\n\n")
		}
		text := m.runs(b)
		if b.quote {
			text = m.quote + strings.ReplaceAll(text, "\n", "\n"+m.quote)
		}
		out.WriteString(b.indentation() + b.marker + text)
	}
	return out.String()
}

// indentation is that of a list inside another. It is no white space to Markdown, to which it would
// mean code.
func (b block) indentation() string { return strings.Repeat("\u2003", b.depth) }

func (m markup) runs(b block) string {
	if b.pre && m.escapeCode != nil {
		return m.pre[0] + m.escapeCode(plain(b.runs)) + m.pre[1]
	}
	var out strings.Builder
	for _, r := range b.runs {
		out.WriteString(m.run(r))
	}
	return out.String()
}

// run writes one piece. White space stays outside of the marks, which would not count beside it.
func (m markup) run(r run) string {
	core := strings.TrimSpace(r.text)
	if core == "" {
		return r.text
	}
	before, after, _ := strings.Cut(r.text, core)
	text := m.escape(core)
	if r.style.code && m.escapeCode != nil {
		text = m.code[0] + m.escapeCode(core) + m.code[1]
	}
	switch {
	case r.link == "":
	case m.bare != nil && addressLike(core):
		text = m.bare(r.link)
	default:
		text = m.link(text, r.link)
	}
	for _, s := range []struct {
		on    bool
		marks [2]string
	}{{r.style.strike, m.strike}, {r.style.italic, m.italic}, {r.style.bold, m.bold}} {
		if s.on {
			text = s.marks[0] + text + s.marks[1]
		}
	}
	return before + text + after
}

// addressLike tells a text that Discord refuses as that of a link, lest it lead elsewhere.
func addressLike(text string) bool {
	return strings.Contains(text, "://") || strings.HasPrefix(text, "www.")
}

// state writes where things stand, in one line.
func (m markup) state(n news) string {
	line := m.bold[0] + m.escape(n.state) + m.bold[1]
	if n.detail != "" {
		line += " · " + m.escape(n.detail)
	}
	return line
}

// quiet makes sure that nobody is called: what follows an "@" that begins a word is no longer a name
// to any service, and looks as before.
func quiet(s string) string {
	if !strings.Contains(s, "@") {
		return s
	}
	var b strings.Builder
	previous := ' '
	for _, c := range s {
		b.WriteRune(c)
		if c == '@' && !unicode.IsLetter(previous) && !unicode.IsDigit(previous) {
			b.WriteRune('\u200b') // a space without width
		}
		previous = c
	}
	return b.String()
}

// withoutTicks is a text that cannot end the code that it stands in.
func withoutTicks(s string) string { return strings.ReplaceAll(s, "`", "'") }

// The Markdown of Discord and Mattermost. A backslash takes the meaning from any punctuation.
var markdown = markup{
	escape:     escapeMarkdown,
	escapeCode: func(s string) string { return quiet(withoutTicks(s)) },
	bold:       [2]string{"**", "**"}, italic: [2]string{"*", "*"}, strike: [2]string{"~~", "~~"},
	code: [2]string{"`", "`"}, pre: [2]string{"```\n", "\n```"},
	link:  func(text, address string) string { return "[" + text + "](" + address + ")" },
	bare:  func(address string) string { return "<" + address + ">" },
	quote: "> ",
}

var (
	markdownMarks = regexp.MustCompile("[\\\\`*_~|<>\\[\\]()#&]")
	// markdownLists are what would begin a list or a rule at the beginning of a line.
	markdownLists = regexp.MustCompile(`(?m)^(\s*)(?:([-+=])|(\d+)([.)]))`)
)

func escapeMarkdown(s string) string {
	s = markdownMarks.ReplaceAllString(quiet(s), `\$0`)
	return markdownLists.ReplaceAllStringFunc(s, func(begin string) string {
		return begin[:len(begin)-1] + `\` + begin[len(begin)-1:]
	})
}

// angles are the escapes of Slack's markup and of HTML.
var angles = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// units is the length of a text as services count it: in units of UTF-16, never fewer than
// characters.
func units(s string) int { return len(utf16.Encode([]rune(s))) }
