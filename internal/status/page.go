package status

import (
	"time"
	_ "time/tzdata" // zones must be known wherever this runs
)

// Page is a status page and the version of everything on it.
type Page struct {
	ID string `json:"id"`
	// Seq is the number of the last public change, from 1; At its moment, strictly increasing.
	Seq int64     `json:"seq"`
	At  time.Time `json:"at"`
	// FeedNumber is the last number given to a feed entry.
	FeedNumber int64     `json:"feed_number"`
	CreatedAt  time.Time `json:"created_at"`
	Settings   Settings  `json:"settings"`
}

// Settings are what an operator can set on a page. The names are those of Statuspage's v1 page
// object; an empty text there is null. Website is its "url": the site of the company, not of the page.
type Settings struct {
	Name                     string `json:"name"`
	TimeZone                 string `json:"time_zone"` // IANA name
	Description              string `json:"page_description"`
	Headline                 string `json:"headline"`
	Branding                 string `json:"branding"`
	Subdomain                string `json:"subdomain"`
	Domain                   string `json:"domain"`
	Website                  string `json:"url"`
	SupportURL               string `json:"support_url"`
	HiddenFromSearch         bool   `json:"hidden_from_search"`
	AllowPageSubscribers     bool   `json:"allow_page_subscribers"`
	AllowIncidentSubscribers bool   `json:"allow_incident_subscribers"`
	AllowEmailSubscribers    bool   `json:"allow_email_subscribers"`
	AllowSMSSubscribers      bool   `json:"allow_sms_subscribers"`
	AllowFeeds               bool   `json:"allow_rss_atom_feeds"`
	AllowWebhookSubscribers  bool   `json:"allow_webhook_subscribers"`
	NotificationsFromEmail   string `json:"notifications_from_email"`
	NotificationsEmailFooter string `json:"notifications_email_footer"`
	EmailLogo                string `json:"email_logo,omitempty"` // address of an image, as CheckLogo takes it
	TwitterUsername          string `json:"twitter_username"`
	ViewersMustBeTeamMembers bool   `json:"viewers_must_be_team_members"`
	IPRestrictions           string `json:"ip_restrictions"`
	City                     string `json:"city"`
	State                    string `json:"state"`
	Country                  string `json:"country"`
	CSSBodyBackgroundColor   string `json:"css_body_background_color"`
	CSSFontColor             string `json:"css_font_color"`
	CSSLightFontColor        string `json:"css_light_font_color"`
	CSSGreens                string `json:"css_greens"`
	CSSYellows               string `json:"css_yellows"`
	CSSOranges               string `json:"css_oranges"`
	CSSBlues                 string `json:"css_blues"`
	CSSReds                  string `json:"css_reds"`
	CSSBorderColor           string `json:"css_border_color"`
	CSSGraphColor            string `json:"css_graph_color"`
	CSSLinkColor             string `json:"css_link_color"`
	CSSNoData                string `json:"css_no_data"`
}

// DefaultSettings are those of a new page.
func DefaultSettings(name string) Settings {
	return Settings{
		Name: name, TimeZone: "Etc/UTC", Branding: "basic",
		AllowPageSubscribers: true, AllowIncidentSubscribers: true, AllowEmailSubscribers: true,
		AllowFeeds: true, AllowWebhookSubscribers: true,
	}
}

// Subscribable tells what visitors can subscribe to: the page or parts of it, and single incidents.
func (s Settings) Subscribable() (page, incidents bool) {
	somehow := s.AllowEmailSubscribers || s.AllowWebhookSubscribers
	return somehow && s.AllowPageSubscribers, somehow && s.AllowIncidentSubscribers
}

// Location is the page's time zone, UTC when it is not known here.
func (p Page) Location() *time.Location {
	zone, err := time.LoadLocation(p.Settings.TimeZone)
	if err != nil || p.Settings.TimeZone == "" || p.Settings.TimeZone == "Local" {
		return time.UTC
	}
	return zone
}

// CheckTimeZone refuses a name that is no IANA time zone.
func CheckTimeZone(field, name string) error {
	if name == "" || name == "Local" {
		return Invalidf(field, "must be an IANA time zone such as Etc/UTC or Europe/Berlin")
	}
	if _, err := time.LoadLocation(name); err != nil {
		return Invalidf(field, "is not a known IANA time zone: %q", name)
	}
	return nil
}

// Advance moves the page to its next version: seq one higher, at strictly later than before.
func (p *Page) Advance(now time.Time) {
	now = Millis(now)
	if !now.After(p.At) {
		now = p.At.Add(time.Millisecond)
	}
	p.Seq++
	p.At = now
}

// Version is what may never be used twice on a page: the number and the moment of a change, and
// the last number given to a feed entry.
type Version struct {
	Seq        int64     `json:"seq"`
	At         time.Time `json:"at"`
	FeedNumber int64     `json:"feed_number"`
}

// Version is the page's own.
func (p Page) Version() Version { return Version{p.Seq, p.At, p.FeedNumber} }

// Or is the higher of two versions, part by part.
func (v Version) Or(o Version) Version {
	if o.At.After(v.At) {
		v.At = o.At
	}
	return Version{max(v.Seq, o.Seq), v.At, max(v.FeedNumber, o.FeedNumber)}
}

// overtakeBy leaves room above the highest version known: what was committed but not published
// before the data were lost is known to nobody, and its numbers may stand in a reader's memory.
const overtakeBy = 1000

// Overtake moves the page to its next version, well above one that is known from elsewhere: the
// page's data are older than what was made public.
func (p *Page) Overtake(v Version, now time.Time) {
	v = v.Or(p.Version())
	p.Seq, p.At, p.FeedNumber = v.Seq+overtakeBy, v.At, v.FeedNumber+overtakeBy
	p.Advance(now)
}
