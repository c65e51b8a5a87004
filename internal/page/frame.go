package page

import (
	"allclear/internal/html"
	"allclear/internal/status"
)

// Frame is what stands around everything on a page. internal/subscribe fills it with forms, which
// so look like the rest.
type Frame struct {
	Page      status.Page
	PublicURL string // of the page, without a trailing slash
	Site      Site
}

// HTML is a whole page, without scripts and not for search engines.
func (f Frame) HTML(title string, main html.Node) []byte {
	v := newViewer(Input{Snapshot: &status.Snapshot{Page: f.Page}, PublicURL: f.PublicURL, Site: f.Site})
	return v.html(sheet{Title: title, Description: title + " – " + f.Page.Settings.Name, Main: main, NoIndex: true}).Body
}

// V2 is the page as Statuspage's documents begin with.
func (f Frame) V2() V2Page {
	return newV2(Input{Snapshot: &status.Snapshot{Page: f.Page}, PublicURL: f.PublicURL}).page()
}
