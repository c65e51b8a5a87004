package page

import (
	"cmp"
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"allclear/internal/status"
	"allclear/internal/words"
)

// feedEntries is how many entries Statuspage's feeds have.
const feedEntries = 25

// feedEntry is one incident or maintenance as both feeds show it.
type feedEntry struct {
	number    string // what its id ends with
	title     string
	link      string
	content   string // HTML
	published time.Time
	updated   time.Time
	ends      *time.Time // of a maintenance
}

// feeds renders history.atom and history.rss, or nothing where the page has none.
func feeds(in Input) ([]Document, error) {
	if !in.Page.Settings.AllowFeeds {
		return nil, nil
	}
	entries := newestEntries(in)
	atom, err := atomDocument(in, entries)
	if err != nil {
		return nil, err
	}
	rss, err := rssDocument(in, entries)
	if err != nil {
		return nil, err
	}
	return []Document{atom, rss}, nil
}

// newestEntries are the newest incidents and maintenances together, in the order of the lists.
func newestEntries(in Input) []feedEntry {
	newest := slices.Concat(in.Incidents, in.Maintenances)
	slices.SortStableFunc(newest, func(a, b *status.Incident) int {
		return cmp.Or(b.OrderTime().Compare(a.OrderTime()), cmp.Compare(b.ID, a.ID))
	})
	newest = newest[:min(len(newest), feedEntries)]
	entries := make([]feedEntry, len(newest))
	zone := in.Page.Location()
	for n, i := range newest {
		entries[n] = newFeedEntry(in, i, zone)
	}
	return entries
}

func newFeedEntry(in Input, i *status.Incident, zone *time.Location) feedEntry {
	entry := feedEntry{
		number: i.ID, title: words.Legible(i.Name), link: IncidentAddress(in.PublicURL, i.ID),
		content: feedContent(i, zone), published: published(i), updated: i.UpdatedAt,
	}
	if i.FeedNumber > 0 {
		entry.number = strconv.FormatInt(i.FeedNumber, 10)
	}
	if i.IsMaintenance() {
		entry.ends = &i.Schedule.Until
	}
	return entry
}

// published is the date of an entry: when it was over, else when it is planned to begin, else
// when it last changed. Seen in real feeds.
func published(i *status.Incident) time.Time {
	switch {
	case i.Status.Final() && i.ResolvedAt != nil:
		return *i.ResolvedAt
	case i.Status == status.Scheduled && i.IsMaintenance():
		return i.Schedule.For
	default:
		return i.UpdatedAt
	}
}

// feedContent is the HTML of an entry: a paragraph for each update, newest first, in the markup
// that Statuspage has used since May 2026.
func feedContent(i *status.Incident, zone *time.Location) string {
	var paragraphs []string
	if i.Status == status.Scheduled && i.IsMaintenance() {
		paragraphs = append(paragraphs, scheduledParagraph(i.Schedule, zone))
	}
	for n := range i.Updates {
		u := &i.Updates[n]
		var b strings.Builder
		b.WriteString("<p> <small>")
		writeMoment(&b, u.DisplayAt.In(zone), "_2")
		b.WriteString(" " + zoneName(u.DisplayAt.In(zone)) + "</small><br> <strong>")
		b.WriteString(html.EscapeString(feedLabel(i, n)))
		b.WriteString("</strong> - ")
		b.WriteString(feedHTML(u.Format, u.Body))
		b.WriteString(" </p>")
		paragraphs = append(paragraphs, b.String())
	}
	return strings.Join(paragraphs, " ")
}

// feedLabel is what an update is called: its status, or "Update" when the status did not change.
func feedLabel(i *status.Incident, n int) string {
	u := i.Updates[n]
	if n+1 < len(i.Updates) && i.Updates[n+1].Status == u.Status {
		return "Update"
	}
	name := strings.ReplaceAll(string(u.Status), "_", " ")
	if name == "" {
		return "Update"
	}
	return strings.ToUpper(name[:1]) + name[1:]
}

// scheduledParagraph announces a maintenance; one that ends on another day names both days.
func scheduledParagraph(s *status.Schedule, zone *time.Location) string {
	start, end := s.For.In(zone), s.Until.In(zone)
	var b strings.Builder
	b.WriteString("<p> <strong>THIS IS A SCHEDULED EVENT ")
	writeMoment(&b, start, "2")
	if status.DateOf(start, zone) == status.DateOf(end, zone) {
		b.WriteString(" - " + variable("time", end.Format("15:04")))
	} else {
		b.WriteString(" " + zoneName(start) + " &nbsp;-&nbsp; ")
		writeMoment(&b, end, "2")
	}
	b.WriteString(" " + zoneName(end) + "</strong> </p>")
	return b.String()
}

func writeMoment(b *strings.Builder, t time.Time, day string) {
	b.WriteString(t.Format("Jan") + " " + variable("date", t.Format(day)) + ", " + variable("time", t.Format("15:04")))
}

func variable(name, value string) string {
	return "<var data-var='" + name + "'>" + value + "</var>"
}

func zoneName(t time.Time) string {
	name, _ := t.Zone()
	return html.EscapeString(name)
}

// feedTitle is the title of both feeds.
func feedTitle(in Input) string {
	return words.Legible(in.Page.Settings.Name) + " Status - Incident History"
}

// tagAuthority is the name in a page's address without its port, as tag addresses want it (RFC 4151).
func tagAuthority(publicURL string) string {
	u, err := url.Parse(publicURL)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
