package notify

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"allclear/internal/status"
	"allclear/internal/words"
)

// testLanguages is a folder like templates, with a language that nobody speaks: it has no Latin letters.
func testLanguages(t *testing.T) map[string]*language {
	t.Helper()
	all, err := readLanguages(os.DirFS("testdata"), "languages")
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// silenced is a mail in which nobody but the language says anything.
func silenced(m Mail) Mail {
	page := func(p *Page) { p.Name, p.Footer = "Status", "" } // a name, the same in every language
	switch m := m.(type) {
	case Incident:
		m.Incident = m.Incident.Clone()
		m.Incident.Name = "1"
		for n := range m.Incident.Updates {
			m.Incident.Updates[n].Body = strings.Repeat("2 ", len(m.Incident.Updates[n].Body))
		}
		m.Components = append([]Component{}, m.Components...)
		for n := range m.Components {
			m.Components[n].Name = "3"
		}
		page(&m.Page)
		return m
	case Changes:
		m.Changes = append([]status.StateChange{}, m.Changes...)
		for n := range m.Changes {
			m.Changes[n].Name = "3"
		}
		page(&m.Page)
		return m
	case Confirmation:
		page(&m.Page)
		return m
	case Manage:
		page(&m.Page)
		return m
	case Endpoint:
		m.Host, m.Reason = "4", "5"
		page(&m.Page)
		return m
	}
	return m
}

func TestAFurtherLanguageIsAFolder(t *testing.T) {
	made := testLanguages(t)["qaa"]
	all := samples(t)
	many := incidentMail(t, IncidentUpdated, long(200, strings.Repeat("a ", 300)))
	for range 99 {
		many.Components = append(many.Components, Component{State: status.UnderMaintenance})
	}
	all["more of everything than is shown"] = many
	others := regexp.MustCompile(`https?://\S+|\x02\w+\x02|Status|Europe/Berlin|\bCET\b`)
	for name, m := range all {
		done, err := composeIn(made, silenced(m))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for part, text := range map[string]string{"subject": done.subject, "text": done.text} {
			if found := regexp.MustCompile(`[A-Za-z]+`).FindAllString(others.ReplaceAllString(text, ""), -1); len(found) > 0 {
				t.Errorf("%s: the %s says %q, want nothing that the language does not say", name, part, found)
			}
		}
		if !strings.Contains(done.html, `<html lang="qaa" dir="rtl">`) {
			t.Errorf("%s: the HTML does not name the language and its direction", name)
		}
	}
}

func TestAPageSpeaksItsLanguageOrEnglish(t *testing.T) {
	for _, tag := range []string{"", "en", "tlh"} {
		m := samples(t)["incident-updated"].(Incident)
		m.Page.Language = tag
		o := open(t, write(t, m))
		if !strings.Contains(o.html, `<html lang="en" dir="ltr">`) || !strings.Contains(o.text, "You get this mail") {
			t.Errorf("%q: the mail is not in English", tag)
		}
	}
}

func TestMailsUseTheWordsOfThePage(t *testing.T) {
	l := languageOf(english)
	same := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("got %q, want %q as on the page", got, want)
		}
	}
	for _, s := range status.ComponentStates() {
		same(l.component(s), words.Component(s))
	}
	for _, s := range []status.IncidentStatus{
		status.Investigating, status.Identified, status.Monitoring, status.Resolved, status.Postmortem,
		status.Scheduled, status.InProgress, status.Verifying, status.Completed,
	} {
		same(l.incident(s), words.Incident(s))
		for _, next := range []status.IncidentStatus{s, status.Identified} {
			i := &status.Incident{Updates: []status.Update{{Status: next}, {Status: s}}}
			same(l.update(i, 0), words.Update(i, 0))
			same(l.update(i, 1), words.Update(i, 1))
		}
	}
	for _, i := range []status.Impact{status.ImpactNone, status.ImpactMaintenance, status.ImpactMinor, status.ImpactMajor, status.ImpactCritical} {
		same(l.impact(i), words.Impact(i))
	}
	for month := range 12 {
		at := time.Date(2026, time.January+time.Month(month), 3+month, 23, 5, 0, 0, berlin(t))
		same(l.moment(at), words.Moment(at))
	}
}

func TestALanguageThatLacksSomethingIsRefusedByName(t *testing.T) {
	whole := map[string]string{}
	entries, err := fs.ReadDir(templateFiles, "templates/en")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		text, err := templateFiles.ReadFile("templates/en/" + entry.Name())
		if err != nil {
			t.Fatal(err)
		}
		whole[entry.Name()] = string(text)
	}
	for name, c := range map[string]struct{ file, old, new, want string }{
		"a word":               {"words.txt", "impact none: No impact", "", `"impact none" is not there`},
		"an empty word":        {"words.txt", "impact none: No impact", "impact none:", `"impact none" has no words`},
		"a word twice":         {"words.txt", "impact none: No impact", "impact minor: a\nimpact none: b", `"impact minor" is there twice`},
		"a word of nothing":    {"words.txt", "impact none:", "impact nil:", `"impact nil" is nothing that mails say`},
		"a month":              {"words.txt", " Dec", "", "11 months"},
		"a direction":          {"words.txt", "ltr\n", "down\n", "the direction must be"},
		"a field of no record": {"manage.md", "{{.Until}}", "{{.Nmae}}", "manage: .Nmae"},
		"a part":               {"parts.md", `{{define "window"}}`, `{{define "widnow"}}`, "no part"},
		"a template":           {"manage.md", "", "", "manage.md"},
	} {
		files := fstest.MapFS{}
		for file, text := range whole {
			if file == c.file && c.old == "" {
				continue
			}
			if file == c.file {
				text = strings.Replace(text, c.old, c.new, 1)
			}
			files["all/xx/"+file] = &fstest.MapFile{Data: []byte(text)}
		}
		if _, err := readLanguages(files, "all"); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "xx") {
			t.Errorf("%s: got %v, want that language xx lacks it: %s", name, err, c.want)
		}
	}
}
