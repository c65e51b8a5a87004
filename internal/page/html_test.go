package page

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"allclear/internal/status"
)

// siteDocuments are all documents of a page that people and the site's scripts look at.
func siteDocuments(t testing.TB, in Input) []Document {
	t.Helper()
	var documents []Document
	add := func(d []Document, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		documents = append(documents, d...)
	}
	add(newViewer(in).views())
	add(newViewer(in).pages())
	for _, i := range newestFirst(in.Incidents, in.Maintenances, in.Open) {
		add(detailView(in, i))
	}
	for _, month := range Months(in) {
		if month == status.Month(in.Page.At, in.Page.Location()) {
			add(monthViews(in, month, in.Incidents, in.Maintenances))
		} else {
			add(monthViews(in, month, nil, nil))
		}
	}
	return documents
}

func TestDocumentsOfTheSiteAreAsBefore(t *testing.T) {
	kept := map[string]bool{
		"index.html": true, "page.json": true, "uptime.json": true, "404.html": true, "history.html": true, "history.json": true,
		"incidents/inpayments01.html": true, "incidents/inpayments01.json": true, "incidents/mnsearch0001.html": true,
		"history/2026-11.html": true, "history/2026-11.json": true, "history/2026-03.html": true,
	}
	for _, d := range siteDocuments(t, shop(t)) {
		if kept[d.Path] {
			golden(t, filepath.Join("site", d.Path), readable(d))
		}
		delete(kept, d.Path)
	}
	if len(kept) > 0 {
		t.Errorf("not rendered: %v", kept)
	}
}

// readable breaks a document into lines, for the goldens only.
func readable(d Document) []byte {
	if strings.HasSuffix(d.Path, ".html") {
		return bytes.ReplaceAll(d.Body, []byte("><"), []byte(">\n<"))
	}
	return d.Body
}

// TestSiteIsWritten writes the pages of the shop where SITE_OUT says, to look at them.
func TestSiteIsWritten(t *testing.T) {
	dir := os.Getenv("SITE_OUT")
	if dir == "" {
		t.Skip("SITE_OUT is not set")
	}
	in := shop(t)
	if built := os.Getenv("SITE_DIST"); built != "" {
		site, err := SiteFrom(os.DirFS(built))
		if err != nil {
			t.Fatal(err)
		}
		in.Site = site
	}
	for _, d := range siteDocuments(t, in) {
		file := filepath.Join(dir, filepath.FromSlash(d.Path))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, d.Body, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
