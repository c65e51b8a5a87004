package notify

import (
	"embed"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/text/unicode/bidi"

	"allclear/internal/status"
	"allclear/internal/words"
)

//go:embed templates
var templateFiles embed.FS

// language is everything that one language says. A further one is a folder of templates and a
// value of this.
type language struct {
	tag, direction string // of HTML
	component      func(status.ComponentState) string
	incident       func(status.IncidentStatus) string
	impact         func(status.Impact) string
	update         func(*status.Incident, int) string
	mails          map[Kind]mailTemplate
}

var english = language{
	tag: "en", direction: leftToRight,
	component: words.Component, incident: words.Incident, impact: words.Impact, update: words.Update,
	mails: mustRead("en"),
}

// mailTemplate is one file: two lines of header, an empty line, Markdown. All mails of an incident
// have one subject, since Gmail makes a thread only of mails that have; what is new stands in the
// preview, which lists show beside it.
type mailTemplate struct{ subject, preview, body template }

// mustRead reads the templates of a language. They are part of the program: no test runs while one
// is wrong.
func mustRead(tag string) map[Kind]mailTemplate {
	read := func(name string) string {
		text, err := templateFiles.ReadFile("templates/" + tag + "/" + name + ".md")
		if err != nil {
			panic(err) // embedded: cannot be
		}
		return string(text)
	}
	parts, err := parseParts(read("parts"))
	if err != nil {
		panic(fmt.Errorf("read template %s/parts: %w", tag, err))
	}
	mails := map[Kind]mailTemplate{}
	for _, kind := range Kinds() {
		if mails[kind], err = parseMail(read(string(kind)), parts, wordsOf(kind)); err != nil {
			panic(fmt.Errorf("read template %s/%s: %w", tag, kind, err))
		}
	}
	return mails
}

// parseMail reads a file that is to be filled with such a record as filled.
func parseMail(source string, parts map[string]template, filled record) (m mailTemplate, err error) {
	head, body, _ := strings.Cut(source, "\n\n")
	first, second, _ := strings.Cut(head, "\n")
	subject, hasSubject := strings.CutPrefix(first, "Subject: ")
	preview, hasPreview := strings.CutPrefix(second, "Preview: ")
	if !hasSubject || !hasPreview || strings.Contains(preview, "\n") {
		return m, errors.New("must begin with a line Subject:, a line Preview: and an empty line")
	}
	run := func(source string) template {
		t, e := parse(source, parts)
		if e == nil {
			e = t.check(filled)
		}
		err = errors.Join(err, e)
		return t
	}
	m = mailTemplate{run(subject), run(preview), run(body)}
	return m, err
}

// text is what somebody typed, or anything else that is no Markdown. In a template it is written
// so that Markdown takes nothing in it for markup.
type text string

// punctuation is what a backslash takes the meaning from (CommonMark, section 2.4).
const punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"

func (t text) String() string {
	var out strings.Builder
	for _, r := range string(t) {
		if strings.ContainsRune(punctuation, r) {
			out.WriteByte('\\')
		}
		out.WriteRune(r)
	}
	return out.String()
}

// plain takes the backslashes of text out again, for lines that are no Markdown.
func plain(s string) string {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && strings.IndexByte(punctuation, s[i+1]) >= 0 {
			i++
		}
		out.WriteByte(s[i])
	}
	return out.String()
}

// The longest that names get in a mail, in bytes; longer ones are cut.
const (
	maxName    = 1 << 10 // 255 characters of any script
	maxPart    = 200     // of one of many components
	maxPreview = 160     // more is shown nowhere
)

// name is a name in one line, no longer than a limit. One that could turn the sentence around it, since
// it runs the other way, is isolated from it (Unicode Standard Annex 9).
func (l *language) name(s string, limit int) text {
	s = status.Cut(withoutEmbedding.Replace(words.Line(s)), limit)
	if l.direction == rightToLeft || strings.ContainsFunc(s, runsLeft) {
		s = firstStrong + s + popIsolate
	}
	return text(s)
}

const (
	leftToRight, rightToLeft = "ltr", "rtl"
	firstStrong, popIsolate  = "\u2068", "\u2069"
)

var (
	// withoutEmbedding takes out what would last beyond the name if its end were missing.
	withoutEmbedding = strings.NewReplacer(
		"\u202a", "", "\u202b", "", "\u202c", "", "\u202d", "", "\u202e", "", "\u2066", "", "\u2067", "", firstStrong, "", popIsolate, "",
	)
	// withoutIsolates is for lines that programs show by themselves: some draw what is invisible.
	withoutIsolates = strings.NewReplacer(firstStrong, "", popIsolate, "")
)

func runsLeft(r rune) bool {
	properties, _ := bidi.LookupRune(r)
	return properties.Class() == bidi.R || properties.Class() == bidi.AL
}

// fill writes a mail's three parts.
func (m mailTemplate) fill(r record) (subject, preview, body string, err error) {
	run := func(t template) string {
		filled, e := t.fill(r)
		err = errors.Join(err, e)
		return filled
	}
	subject, preview, body = run(m.subject), run(m.preview), run(m.body)
	line := func(s string) string { return words.Line(plain(withoutIsolates.Replace(s))) }
	return line(subject), status.Cut(line(preview), maxPreview), body, err
}
