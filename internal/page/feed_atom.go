package page

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"time"

	"allclear/internal/words"
)

// The elements of Atom (RFC 4287) that Statuspage's feed has, in its order.
type (
	atomFeed struct {
		XMLName xml.Name    `xml:"feed"`
		Lang    string      `xml:"xml:lang,attr"`
		XMLNS   string      `xml:"xmlns,attr"`
		ID      string      `xml:"id"`
		Links   []atomLink  `xml:"link"`
		Title   string      `xml:"title"`
		Updated string      `xml:"updated"`
		Author  string      `xml:"author>name"`
		Entries []atomEntry `xml:"entry"`
	}
	atomLink struct {
		Rel  string `xml:"rel,attr"`
		Type string `xml:"type,attr"`
		Href string `xml:"href,attr"`
	}
	atomEntry struct {
		ID        string      `xml:"id"`
		Published string      `xml:"published"`
		Updated   string      `xml:"updated"`
		Link      atomLink    `xml:"link"`
		Title     string      `xml:"title"`
		Content   atomContent `xml:"content"`
	}
	atomContent struct {
		Type string `xml:"type,attr"`
		HTML string `xml:",chardata"`
	}
)

// atomDocument renders history.atom. Entry ids are tag addresses (RFC 4151) of a number that
// never changes, so that readers know an entry again. The feed's own date is the version's, to
// the millisecond: two versions never have the same bytes.
func atomDocument(in Input, entries []feedEntry) (Document, error) {
	tag := "tag:" + tagAuthority(in.PublicURL) + ",2005:"
	feed := atomFeed{
		Lang: "en-US", XMLNS: "http://www.w3.org/2005/Atom",
		ID: tag + "/history",
		Links: []atomLink{
			{"alternate", "text/html", in.PublicURL},
			{"self", "application/atom+xml", in.PublicURL + "/" + PathAtom},
		},
		Title: feedTitle(in), Updated: in.Page.At.UTC().Format(layoutUTC), Author: words.Legible(in.Page.Settings.Name),
	}
	for _, e := range entries {
		feed.Entries = append(feed.Entries, atomEntry{
			ID:        tag + "Incident/" + e.number,
			Published: e.published.UTC().Format(time.RFC3339),
			Updated:   e.updated.UTC().Format(time.RFC3339),
			Link:      atomLink{"alternate", "text/html", e.link},
			Title:     e.title,
			Content:   atomContent{"html", e.content},
		})
	}
	return xmlDocument(PathAtom, "application/atom+xml; charset=utf-8", feed)
}

func xmlDocument(path, contentType string, root any) (Document, error) {
	body := bytes.NewBufferString(xml.Header)
	encoder := xml.NewEncoder(body)
	encoder.Indent("", "  ")
	if err := encoder.Encode(root); err != nil {
		return Document{}, fmt.Errorf("encode %s: %w", path, err)
	}
	body.WriteByte('\n')
	return Document{Path: path, ContentType: contentType, CacheControl: CacheShort, Body: body.Bytes()}, nil
}
