// Package page renders a snapshot into the documents that are published: Statuspage's v2 JSON,
// feeds, calendar, HTML that reads well without scripts, and the JSON that the site's scripts
// read. It is pure and deterministic: the same input gives the same bytes. It does no I/O and
// does not know where documents go; internal/publish calls it. All paths are in paths.go.
package page

import (
	"allclear/internal/status"
)

// Document is one file to be published.
type Document struct {
	Path         string // relative, as in the bucket
	ContentType  string
	CacheControl string
	Body         []byte
}

// Input is what all documents of one version are made from.
type Input struct {
	*status.Snapshot
	PublicURL string // of the page, without a trailing slash; v2's page.url
	Site      Site
}

// Site names the built files of the public site's entry, as paths from the root of the page
// ("/assets/index-3f2a.js"). Empty names are left out: the page reads well without them.
type Site struct {
	Scripts []string
	Styles  []string
	Icon    string
}

// Cache-Control of what changes: short, since nothing is ever invalidated, and long past its age
// when the origin is gone. Hashed assets are forever.
const (
	CacheShort   = "public, max-age=5, stale-while-revalidate=10, stale-if-error=604800"
	CacheForever = "public, max-age=31536000, immutable"
)

// Lists renders every document that shows more than one incident, in the order in which they
// must be put: whatever one names was put before it. index.html is last.
func Lists(in Input) ([]Document, error) {
	site := newViewer(in) // makes a view once for its JSON and its page
	var documents []Document
	for _, render := range []func() ([]Document, error){
		func() ([]Document, error) { return lists(in) },
		func() ([]Document, error) { return feeds(in) },
		func() ([]Document, error) { return calendar(in) },
		site.views,
		func() ([]Document, error) { return summary(in) },
		site.pages,
	} {
		d, err := render()
		if err != nil {
			return nil, err
		}
		documents = append(documents, d...)
	}
	return documents, nil
}

// Details renders the documents of one incident or maintenance.
func Details(in Input, incident *status.Incident) ([]Document, error) {
	var documents []Document
	for _, render := range []func(Input, *status.Incident) ([]Document, error){detail, detailView} {
		d, err := render(in, incident)
		if err != nil {
			return nil, err
		}
		documents = append(documents, d...)
	}
	return documents, nil
}

// State renders those documents of an incident that show the current state of its components.
func State(in Input, incident *status.Incident) ([]Document, error) { return detail(in, incident) }

// Month renders the documents of one month "YYYY-MM" of the history from the incidents and
// maintenances listed under it, newest first.
func Month(in Input, month string, incidents, maintenances []*status.Incident) ([]Document, error) {
	return monthViews(in, month, incidents, maintenances)
}
