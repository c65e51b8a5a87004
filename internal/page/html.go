package page

import (
	"bytes"

	"allclear/internal/html"
)

// sheet is one HTML page.
type sheet struct {
	Title       string // before the page's, "" for the index
	Description string
	Path        string
	Head        Head
	Main        html.Node // what is shown
	State       []byte    // its view as JSON, which is data and never run; nil for a page without scripts
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
	s.Path, s.State = pathHTML, body
	return []Document{viewDocument(pathJSON, body), v.html(s)}, nil
}

// html renders a page. The components of site/src/page make the same elements from the same
// view; site/src/page/parity.test.tsx compares them.
func (v *viewer) html(s sheet) Document {
	s.Head, s.Site = v.head(""), v.Site
	s.NoIndex = s.NoIndex || v.Page.Settings.HiddenFromSearch
	s.State = bytes.TrimSpace(s.State)
	body := layout(s).AppendTo(make([]byte, 0, 2*len(s.State)+4096))
	return Document{
		Path: s.Path, ContentType: "text/html; charset=utf-8", CacheControl: CacheShort, Body: append(body, '\n'),
	}
}
