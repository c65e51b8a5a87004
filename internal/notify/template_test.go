package notify

import (
	"os/exec"
	"strings"
	"testing"
	gotemplate "text/template"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/words"
)

func source(t *testing.T, name string) string {
	t.Helper()
	text, err := templateFiles.ReadFile("templates/en/" + name + ".md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTemplatesSayWhatTheySayToTextTemplate(t *testing.T) {
	parts, err := parseParts(source(t, "parts"))
	if err != nil {
		t.Fatal(err)
	}
	oracle := gotemplate.Must(gotemplate.New("parts").Parse(source(t, "parts")))
	for name, m := range samples(t) {
		file := source(t, string(m.kind()))
		ours, err := parse(file, parts)
		if err != nil {
			t.Fatal(err)
		}
		theirs := gotemplate.Must(gotemplate.Must(oracle.Clone()).New(name).Parse(file))
		for _, room := range []int{72_000, 4000, 2000, 0} { // more and more is left out
			r := m.words(&composer{language: languageOf(""), page: m.page(), rendered: words.NewBodies()}, room)
			got, err := ours.fill(r)
			if err != nil {
				t.Fatal(err)
			}
			var want strings.Builder
			if err := theirs.Execute(&want, r); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want.String(), got); diff != "" {
				t.Errorf("%s in a room of %d (-text/template +ours):\n%s", name, room, diff)
			}
		}
	}
}

func TestEveryActionSaysWhatItSaysToTextTemplate(t *testing.T) {
	r := incidentWords{pageWords: pageWords{Page: "a*b"}, Older: 2, Latest: updateWords{Label: "c_d", Body: "*e*", Cut: true}, Components: list[stateWords]{{Name: "f", Tone: good}, {Name: "g", Tone: major}}}
	for _, source := range []string{
		"", "no action", "{ } {x}", "{{.Page}}{{.Older}}", "{{ .Page }}", "{{.Latest.Label}} {{.Latest.Body}}",
		"{{if .Older}}a{{end}}", "{{if .MoreComponents}}a{{end}}", "{{if .MoreComponents}}a{{else}}b{{end}}",
		"{{if eq .Older 1}}a{{else if eq .Older 2}}b{{else}}c{{end}}", "{{if eq .Older 1}}a{{else if .MoreComponents}}b{{else}}c{{end}}d", "{{if eq .MoreComponents 0}}a{{end}}",
		"{{if .Latest.Cut}}a{{if .Latest.Latest}}b{{else}}c{{end}}{{else}}d{{end}}e",
		"{{range .Components}}{{.Name}}={{.Tone}};{{end}}", "{{range .Earlier}}{{.Label}}{{end}}", "{{if .Components}}a{{end}}{{if .Earlier}}b{{end}}",
		`{{template "label" .Latest}}`, `{{range .Earlier}}{{template "label" .}}{{end}}`, `{{template "page" .}}`,
	} {
		const defined = `{{define "label"}}<{{.Label}}>{{end}} {{define "page"}}{{.Page}}{{template "label" .Latest}}{{end}}`
		parts, err := parseParts(defined)
		if err != nil {
			t.Fatal(err)
		}
		ours, err := parse(source, parts)
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		if err := ours.check(incidentWords{}); err != nil {
			t.Errorf("%s: %v", source, err)
		}
		got, err := ours.fill(r)
		if err != nil {
			t.Errorf("%s: %v", source, err)
		}
		var want strings.Builder
		if err := gotemplate.Must(gotemplate.Must(gotemplate.New("parts").Parse(defined)).New("mail").Parse(source)).Execute(&want, r); err != nil {
			t.Fatal(err)
		}
		if got != want.String() {
			t.Errorf("%s: got %q, want %q", source, got, want.String())
		}
	}
}

func TestAWrongTemplateIsRefusedWithItsFlaw(t *testing.T) {
	parts, err := parseParts(`{{define "update"}}{{if .Cut}}{{.Label}}{{end}}{{end}}`)
	if err != nil {
		t.Fatal(err)
	}
	for source, want := range map[string]string{
		"{{.Nmae}}":                                  ".Nmae is no text or number",
		"{{.}}":                                      ". is no text or number",
		"{{..Name}}":                                 "..Name is no text or number",
		"{{.Latest}}":                                ".Latest is no text or number",
		"{{.Latest.Cut}}":                            ".Latest.Cut is no text or number",
		"{{.Name.Label}}":                            ".Name.Label is no text or number",
		"{{.Components}}":                            ".Components is no text or number",
		"{{if .Nmae}}{{end}}":                        ".Nmae is nothing to ask for",
		"{{if eq .Latest.Cut 1}}{{end}}":             ".Latest.Cut is nothing to ask for",
		"{{if eq .Components 1}}{{end}}":             ".Components is nothing to ask for",
		"{{if .Older}}{{.Nmae}}{{end}}":              ".Nmae is no text or number",
		"{{if .Older}}{{else}}{{.Nmae}}{{end}}":      ".Nmae is no text or number",
		"{{if eq .Older 0}}{{else}}{{.Nmae}}{{end}}": ".Nmae is no text or number",
		"{{range .Name}}{{end}}":                     ".Name is no list",
		"{{range .Components}}{{.Page}}{{end}}":      ".Page is no text or number",
		`{{template "update" .}}`:                    ".Cut is nothing to ask for",
		`{{template "update" .Name}}`:                ".Name has no fields",
		`{{template "window" .}}`:                    `no part "window"`,
		`{{template "update"}}`:                      `{{template "update"}} cannot be read`,
		"{{if .Older}}":                              "{{if .Older}} has no {{end}}",
		"{{if .Older}}{{else}}":                      "{{if .Older}} has no {{end}}",
		"{{if .Older}}{{else}}{{else}}{{end}}":       "{{if .Older}} has no {{end}}",
		"{{if .Older}}{{else for .More}}{{end}}":     "{{if .Older}} has no {{end}}",
		"{{if .Older}}{{else if .Older}}":            "{{if .Older}} has no {{end}}",
		"{{if}}{{end}}":                              "{{if}} asks for no field",
		"{{if eq .Older x}}{{end}}":                  "{{if eq .Older x}} asks for no field, and for no number of one",
		"{{if Older}}{{end}}":                        "{{if Older}} asks for no field",
		"{{range .Components}}":                      "{{range .Components}} has no {{end}}",
		"{{range .Components}}{{else}}{{end}}":       "{{range .Components}} has no {{end}}",
		"{{end}}":                                    "{{end}} belongs to nothing",
		"{{else}}":                                   "{{else}} belongs to nothing",
		"{{}}":                                       "{{}} says nothing",
		"{{.Name":                                    `{{ without }} before ".Name"`,
		"{.Name}}":                                   `}} without {{ in "{.Name}}"`,
		"{{.Name} {{.Page}}":                         "{{.Name} {{.Page}} cannot be read",
		"{{with .Latest}}{{end}}":                    "{{with .Latest}} cannot be read",
		`{{define "a"}}{{end}}`:                      `{{define "a"}} cannot be read`,
		"{{.Name | printf}}":                         "{{.Name | printf}} cannot be read",
	} {
		if _, err := parseMail("Subject: a\nPreview: b\n\n"+source, parts, incidentWords{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", source, err, want)
		}
	}
	for _, source := range []string{"", "Subject: a\n\nb", "Preview: a\nSubject: b\n\nc", "Subject: a\nPreview: b\nc\n\nd", "Subject: a"} {
		if _, err := parseMail(source, parts, incidentWords{}); err == nil || !strings.Contains(err.Error(), "must begin with a line Subject:") {
			t.Errorf("%q: got %v, want what it must begin with", source, err)
		}
	}
	for _, source := range []string{"Subject: {{.Nmae}}\nPreview: b\n\nc", "Subject: a\nPreview: {{.Nmae}}\n\nc"} {
		if _, err := parseMail(source, parts, incidentWords{}); err == nil || !strings.Contains(err.Error(), ".Nmae") {
			t.Errorf("%q: got %v, want the field", source, err)
		}
	}
}

func TestAWrongFileOfPartsIsRefusedWithItsFlaw(t *testing.T) {
	for source, want := range map[string]string{
		`a {{define "a"}}{{end}}`:                                      `"a" stands in no part`,
		`{{define "a"}}{{end}} {{.Page}}`:                              "{{.Page}} stands in no part",
		`{{define}}{{end}}`:                                            "{{define}} stands in no part",
		`{{define "a"}}`:                                               `{{define "a"}} has no {{end}}`,
		`{{define "a"}}{{end}}{{define "a"}}{{end}}`:                   `the part "a" is there twice`,
		`{{define "a"}}{{template "a" .}}{{end}}`:                      `no part "a"`,
		`{{define "a"}}{{template "b" .}}{{end}}{{define "b"}}{{end}}`: `no part "b"`,
		`{{define "a"`:                                                 "{{ without }}",
	} {
		if _, err := parseParts(source); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", source, err, want)
		}
	}
}

func TestARecordThatATemplateWasNotCheckedWithIsAnError(t *testing.T) {
	m := languageOf("").mails[IncidentCreated]
	if _, _, _, err := m.fill(linkWords{}); err == nil {
		t.Error("got no error for the words of another mail")
	}
}

// The linker leaves the templates that the mail library imports out, as long as nobody calls them.
func TestNothingButTheMailLibraryImportsTemplates(t *testing.T) {
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-tags", "lambda.norpc", "-f", "{{.ImportPath}} {{join .Imports \" \"}}",
		"allclear/functions/mail", "allclear/functions/welcome")
	linked, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(linked)) {
		names := strings.Fields(line)
		for _, name := range names[1:] {
			if (name == "html/template" || name == "text/template") && names[0] != "html/template" && names[0] != "github.com/wneessen/go-mail" {
				t.Errorf("%s imports %s; see internal/html/escape.go", names[0], name)
			}
		}
	}
}
