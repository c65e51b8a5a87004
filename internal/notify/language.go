package notify

import (
	"bytes"
	"embed"
	"fmt"
	"strings"
	"text/template"

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
	tag: "en", direction: "ltr",
	component: words.Component, incident: words.Incident, impact: words.Impact, update: words.Update,
	mails: parseMails("en"),
}

// mailTemplate is one file: two lines of header, an empty line, Markdown. All mails of an incident
// have one subject, since Gmail makes a thread only of mails that have; what is new stands in the
// preview, which lists show beside it.
type mailTemplate struct{ subject, preview, body *template.Template }

func parseMails(tag string) map[Kind]mailTemplate {
	read := func(name string) string {
		text, err := templateFiles.ReadFile("templates/" + tag + "/" + name + ".md")
		if err != nil {
			panic(err) // embedded: cannot be
		}
		return string(text)
	}
	parts := template.Must(template.New("parts").Option("missingkey=error").Parse(read("parts")))
	mails := map[Kind]mailTemplate{}
	for _, kind := range Kinds() {
		head, body, _ := strings.Cut(read(string(kind)), "\n\n")
		subject, preview, _ := strings.Cut(head, "\n")
		parse := func(name, text string) *template.Template {
			return template.Must(template.Must(parts.Clone()).New(name).Parse(text))
		}
		mails[kind] = mailTemplate{
			subject: parse("subject", strings.TrimPrefix(subject, "Subject: ")),
			preview: parse("preview", strings.TrimPrefix(preview, "Preview: ")),
			body:    parse("body", body),
		}
	}
	return mails
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

// name is a name in one line, no longer than a limit.
func name(s string, limit int) text { return text(status.Cut(words.Line(s), limit)) }

// fill writes a mail's three parts.
func (m mailTemplate) fill(data any) (subject, preview, body string, err error) {
	run := func(t *template.Template) string {
		var out bytes.Buffer
		if e := t.Execute(&out, data); e != nil && err == nil {
			err = fmt.Errorf("fill %s: %w", t.Name(), e)
		}
		return out.String()
	}
	subject, preview, body = run(m.subject), run(m.preview), run(m.body)
	return words.Line(plain(subject)), status.Cut(words.Line(plain(preview)), maxPreview), body, err
}
