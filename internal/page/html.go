package page

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"regexp"

	"allclear/internal/words"
)

//go:embed templates/*.html
var templateFiles embed.FS

// templates holds one set per page of the site, by its name. The components of site/src/page
// make the same elements from the same view; site/src/page/parity.test.tsx compares them.
var templates = parseTemplates("index", "incident", "history", "month", "missing")

// sourceBreak is whitespace around a newline in a template: layout of the source, not of the page,
// as in JSX. So a tag must not be broken over lines.
var sourceBreak = regexp.MustCompile(`\s*\n\s*`)

func parseTemplates(names ...string) map[string]*template.Template {
	sets := map[string]*template.Template{}
	for _, name := range names {
		set := template.New(name).Funcs(template.FuncMap{
			"component": words.Component, "impact": words.Impact, "incidentStatus": words.Incident,
			"day": dayText, "month": monthText, "years": byYear, "bars": bars,
			"uptime": uptimeWord, "uptimeLabel": uptimeLabel, "plural": plural,
		})
		for _, file := range []string{"layout", "parts", name} {
			text, err := templateFiles.ReadFile("templates/" + file + ".html")
			if err != nil {
				panic(err) // embedded: cannot be
			}
			template.Must(set.New(file + ".html").Parse(sourceBreak.ReplaceAllString(string(text), "")))
		}
		sets[name] = set
	}
	return sets
}

// sheet is one HTML page.
type sheet struct {
	Template    string // its set
	Title       string // before the page's, "" for the index
	Description string
	Path        string
	Head        Head
	View        any         // what is shown; nil for a page without scripts
	State       template.JS // View as JSON; it is data, never run
	Site        Site
	NoIndex     bool
}

// FullTitle is what a browser shows in its tab.
func (s sheet) FullTitle() string {
	if s.Title == "" {
		return s.Head.Page.Title
	}
	return s.Title + " · " + s.Head.Page.Title
}

// Canonical is the address of the page.
func (s sheet) Canonical() string { return Address(s.Head.Page.URL, s.Path) }

// pair renders a view as JSON and as the HTML page that has it inside.
func (v *viewer) pair(pathJSON, pathHTML string, view any, s sheet) ([]Document, error) {
	body, err := encodeView(view)
	if err != nil {
		return nil, err
	}
	page, err := v.html(pathHTML, view, body, s)
	if err != nil {
		return nil, err
	}
	return []Document{viewDocument(pathJSON, body), page}, nil
}

func (v *viewer) html(path string, view any, state []byte, s sheet) (Document, error) {
	s.Path, s.View, s.State = path, view, template.JS(bytes.TrimSpace(state))
	s.Head, s.Site = v.head(""), v.Site
	s.NoIndex = s.NoIndex || v.Page.Settings.HiddenFromSearch
	var out bytes.Buffer
	if err := templates[s.Template].ExecuteTemplate(&out, "layout.html", s); err != nil {
		return Document{}, fmt.Errorf("render %s: %w", path, err)
	}
	out.WriteByte('\n')
	return Document{Path: path, ContentType: "text/html; charset=utf-8", CacheControl: CacheShort, Body: out.Bytes()}, nil
}
