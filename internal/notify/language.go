package notify

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"golang.org/x/text/unicode/bidi"

	"allclear/internal/status"
	"allclear/internal/words"
)

//go:embed templates
var templateFiles embed.FS

// language is everything that one language says: a folder of templates and of its words. A further
// one is a further folder.
type language struct {
	dictionary
	tag   string // of HTML (BCP 47); the name of the folder
	mails map[Kind]mailTemplate
}

// english is what a page speaks that names no language, or one that is not there.
const english = "en"

// languages are those that the program has, by their tags. They are read when the first mail is made:
// it takes a moment that other functions need not wait for.
var languages = sync.OnceValue(func() map[string]*language {
	all, err := readLanguages(templateFiles, "templates")
	if err != nil {
		panic(err) // part of the program: no test runs while one is wrong
	}
	return all
})

func languageOf(tag string) *language {
	if l, ok := languages()[tag]; ok {
		return l
	}
	return languages()[english]
}

// readLanguages reads every folder in one.
func readLanguages(files fs.FS, folder string) (map[string]*language, error) {
	entries, err := fs.ReadDir(files, folder)
	if err != nil {
		return nil, err
	}
	all := map[string]*language{}
	for _, entry := range entries {
		tag := entry.Name()
		if all[tag], err = readLanguage(files, folder+"/"+tag, tag); err != nil {
			return nil, fmt.Errorf("read language %s: %w", tag, err)
		}
	}
	return all, nil
}

func readLanguage(files fs.FS, folder, tag string) (*language, error) {
	var err error
	read := func(name string) string {
		content, e := fs.ReadFile(files, folder+"/"+name)
		err = errors.Join(err, e)
		return string(content)
	}
	l := &language{tag: tag, mails: map[Kind]mailTemplate{}}
	sources := map[Kind]string{}
	dictionarySource, partsSource := read("words.txt"), read("parts.md")
	for _, kind := range Kinds() {
		sources[kind] = read(string(kind) + ".md")
	}
	if err != nil {
		return nil, err
	}
	if l.dictionary, err = readDictionary(dictionarySource); err != nil {
		return nil, fmt.Errorf("words: %w", err)
	}
	parts, err := parseParts(partsSource)
	if err != nil {
		return nil, fmt.Errorf("parts: %w", err)
	}
	for _, kind := range Kinds() {
		if l.mails[kind], err = parseMail(sources[kind], parts, wordsOf(kind)); err != nil {
			return nil, fmt.Errorf("%s: %w", kind, err)
		}
	}
	return l, nil
}

// mailTemplate is one file: two lines of header, an empty line, Markdown. All mails of an incident
// have one subject, since Gmail makes a thread only of mails that have; what is new stands in the
// preview, which lists show beside it.
type mailTemplate struct{ subject, preview, body template }

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
	if l.dictionary["direction"] == rightToLeft || strings.ContainsFunc(s, runsLeft) {
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
