package intake

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"unicode/utf8"

	"allclear/internal/status"
)

// feed is what a history feed tells beyond the JSON: the number that readers know each entry by.
type feed struct {
	numbers map[string]int64 // by incident id; empty for RSS, which has none
	rss     bool
}

type atomFeed struct {
	XMLName xml.Name
	Entries []struct {
		ID    string `xml:"id"`
		Links []struct {
			Href string `xml:"href,attr"`
		} `xml:"link"`
	} `xml:"entry"`
}

var (
	entryNumber  = regexp.MustCompile(`^tag:[^,]*,2005:Incident/(\d{1,18})$`)
	incidentLink = regexp.MustCompile(`/incidents/([a-z0-9]{1,64})$`)
)

const atomSpace = "http://www.w3.org/2005/Atom"

// decodeFeed reads history.atom or history.rss, and tells an HTML page from both.
func decodeFeed(source string, data []byte) (*capture, error) {
	head := bytes.ToLower(data[:min(len(data), 1024)])
	if bytes.Contains(head, []byte("<html")) || bytes.Contains(head, []byte("<!doctype html")) {
		return nil, refuse(source, "is an HTML page, not JSON: give the address of the page itself or of its /api/v2 documents")
	}
	if !utf8.Valid(data) {
		return nil, refuse(source, "is not UTF-8 text")
	}
	var root atomFeed
	if err := xml.Unmarshal(data, &root); err != nil {
		return nil, refuse(source, "is not well-formed XML: %s", err)
	}
	c := &capture{source: source, feed: &feed{numbers: map[string]int64{}}}
	switch {
	case root.XMLName.Local == "rss":
		c.feed.rss = true
		return c, nil
	case root.XMLName.Local != "feed" || root.XMLName.Space != atomSpace:
		return nil, &notCapture{source, fmt.Sprintf("is XML <%s>, not a history feed", status.Cut(root.XMLName.Local, 40))}
	}
	entryOf := map[int64]string{}
	for i, e := range root.Entries {
		id, number, err := entry(e.ID, e.Links)
		if err != nil {
			return nil, refuse(source, "entry[%d] %s", i, err)
		}
		if other, ok := entryOf[number]; ok && other != id {
			return nil, refuse(source, "entry[%d] has the number %d, as has incident %s", i, number, other)
		}
		if other, ok := c.feed.numbers[id]; ok && other != number {
			return nil, refuse(source, "entry[%d] is incident %s again, with another number", i, id)
		}
		entryOf[number], c.feed.numbers[id] = id, number
	}
	return c, nil
}

func entry(tag string, links []struct {
	Href string `xml:"href,attr"`
},
) (id string, number int64, err error) {
	match := entryNumber.FindStringSubmatch(tag)
	if match == nil {
		return "", 0, fmt.Errorf("has no numeric id: %q", status.Cut(tag, 80))
	}
	if number, err = strconv.ParseInt(match[1], 10, 64); err != nil || number == 0 {
		return "", 0, fmt.Errorf("has no usable number: %q", tag)
	}
	for _, link := range links {
		if match := incidentLink.FindStringSubmatch(link.Href); match != nil {
			return match[1], number, nil
		}
	}
	return "", 0, errors.New("has no link to an incident")
}
