package page

import (
	"encoding/xml"
	"time"
)

// The elements of RSS 2.0 that Statuspage's feed has, in its order. maintenanceEndDate is its
// own; scripts know a maintenance by it. The channel's date of Dublin Core is ours.
type (
	rssFeed struct {
		XMLName xml.Name   `xml:"rss"`
		Version string     `xml:"version,attr"`
		DC      string     `xml:"xmlns:dc,attr"`
		Channel rssChannel `xml:"channel"`
	}
	rssChannel struct {
		Title       string    `xml:"title"`
		Link        string    `xml:"link"`
		Description string    `xml:"description"`
		PubDate     string    `xml:"pubDate"`
		Date        string    `xml:"dc:date"` // to the millisecond: two versions never have the same bytes
		Items       []rssItem `xml:"item"`
	}
	rssItem struct {
		Title              string `xml:"title"`
		Description        string `xml:"description"`
		PubDate            string `xml:"pubDate"`
		MaintenanceEndDate string `xml:"maintenanceEndDate,omitempty"`
		Link               string `xml:"link"`
		GUID               string `xml:"guid"`
	}
)

// rssDocument renders history.rss: the entries of history.atom, with dates of RFC 822 in the
// page's zone.
func rssDocument(in Input, entries []feedEntry) (Document, error) {
	zone := in.Page.Location()
	date := func(t time.Time) string { return t.In(zone).Format(time.RFC1123Z) }
	feed := rssFeed{
		Version: "2.0", DC: "http://purl.org/dc/elements/1.1/",
		Channel: rssChannel{
			Title: feedTitle(in), Link: in.PublicURL, Description: "Statuspage",
			PubDate: date(in.Page.At), Date: Timestamp(in.Page.At, zone),
		},
	}
	for _, e := range entries {
		item := rssItem{Title: e.title, Description: e.content, PubDate: date(e.published), Link: e.link, GUID: e.link}
		if e.ends != nil {
			item.MaintenanceEndDate = date(*e.ends)
		}
		feed.Channel.Items = append(feed.Channel.Items, item)
	}
	return xmlDocument(PathRSS, "application/rss+xml; charset=utf-8", feed)
}
