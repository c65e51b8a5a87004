package api

import (
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"unicode"

	"allclear/internal/status"
)

// setting is one field of a page that an operator can set: a text with its rule, or a switch.
type setting struct {
	name  string
	text  *string
	tidy  func(string) string             // brings a text into the form that is kept
	rule  func(field, value string) error // of a text that is not empty
	onOff *bool
	need  bool // a text that cannot be empty
}

// settings are those of a page by the names of the v1 API.
func settings(s *status.Settings) []setting {
	return []setting{
		{name: "name", text: &s.Name, rule: status.CheckName, need: true},
		{name: "time_zone", text: &s.TimeZone, rule: status.CheckTimeZone, need: true},
		{name: "branding", text: &s.Branding, rule: checkBranding, need: true},
		{name: "page_description", text: &s.Description, rule: checkLongText},
		{name: "headline", text: &s.Headline, rule: status.CheckName},
		{name: "subdomain", text: &s.Subdomain, rule: checkHost},
		{name: "domain", text: &s.Domain, rule: checkHost},
		{name: "url", text: &s.Website, rule: checkWebAddress},
		{name: "support_url", text: &s.SupportURL, rule: checkContactAddress},
		{name: "notifications_from_email", text: &s.NotificationsFromEmail, rule: checkMailAddress},
		{name: "notifications_email_footer", text: &s.NotificationsEmailFooter, rule: checkLongText},
		{name: "email_logo", text: &s.EmailLogo, rule: status.CheckLogo},
		{name: "twitter_username", text: &s.TwitterUsername, rule: status.CheckName},
		{name: "ip_restrictions", text: &s.IPRestrictions, rule: checkNetworks},
		{name: "city", text: &s.City, rule: status.CheckName},
		{name: "state", text: &s.State, rule: status.CheckName},
		{name: "country", text: &s.Country, rule: status.CheckName},

		{name: "hidden_from_search", onOff: &s.HiddenFromSearch},
		{name: "allow_page_subscribers", onOff: &s.AllowPageSubscribers},
		{name: "allow_incident_subscribers", onOff: &s.AllowIncidentSubscribers},
		{name: "allow_email_subscribers", onOff: &s.AllowEmailSubscribers},
		{name: "allow_sms_subscribers", onOff: &s.AllowSMSSubscribers},
		{name: "allow_rss_atom_feeds", onOff: &s.AllowFeeds},
		{name: "allow_webhook_subscribers", onOff: &s.AllowWebhookSubscribers},
		{name: "viewers_must_be_team_members", onOff: &s.ViewersMustBeTeamMembers},

		{name: "css_body_background_color", text: &s.CSSBodyBackgroundColor, tidy: tidyColor, rule: checkColor},
		{name: "css_font_color", text: &s.CSSFontColor, tidy: tidyColor, rule: checkColor},
		{name: "css_light_font_color", text: &s.CSSLightFontColor, tidy: tidyColor, rule: checkColor},
		{name: "css_greens", text: &s.CSSGreens, tidy: tidyColor, rule: checkColor},
		{name: "css_yellows", text: &s.CSSYellows, tidy: tidyColor, rule: checkColor},
		{name: "css_oranges", text: &s.CSSOranges, tidy: tidyColor, rule: checkColor},
		{name: "css_blues", text: &s.CSSBlues, tidy: tidyColor, rule: checkColor},
		{name: "css_reds", text: &s.CSSReds, tidy: tidyColor, rule: checkColor},
		{name: "css_border_color", text: &s.CSSBorderColor, tidy: tidyColor, rule: checkColor},
		{name: "css_graph_color", text: &s.CSSGraphColor, tidy: tidyColor, rule: checkColor},
		{name: "css_link_color", text: &s.CSSLinkColor, tidy: tidyColor, rule: checkColor},
		{name: "css_no_data", text: &s.CSSNoData, tidy: tidyColor, rule: checkColor},
	}
}

// read takes over a setting that was sent. null and "" clear a text, where it can be empty.
func (s setting) read(f *fields) {
	if s.onOff != nil {
		if v := f.flag(s.name); v != nil {
			*s.onOff = *v
		}
		return
	}
	value, sent := f.clearable(s.name)
	switch {
	case !sent:
	case value != nil:
		if s.tidy != nil {
			*value = s.tidy(*value)
		}
		f.check(s.rule(f.path(s.name), *value))
		*s.text = *value
	case s.need && f.m[s.name] == nil:
		// null: a client that knows nothing of it
	case s.need:
		f.fail(s.name, "can't be blank")
	default:
		*s.text = ""
	}
}

func checkLongText(field, s string) error { return status.CheckText(field, s, status.MaxDescription) }

func checkBranding(field, s string) error {
	if s != "basic" && s != "premium" {
		return status.Invalidf(field, "must be one of basic, premium")
	}
	return nil
}

var hostPattern = regexp.MustCompile(`^[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*$`)

func checkHost(field, s string) error {
	if len(s) > 253 || !hostPattern.MatchString(s) {
		return status.Invalidf(field, "must be a host name such as status.example.com")
	}
	return nil
}

func checkWebAddress(field, s string) error { return checkAddress(field, s, "http", "https") }

func checkContactAddress(field, s string) error {
	return checkAddress(field, s, "http", "https", "mailto")
}

// checkAddress refuses what a link must not lead to: javascript: above all.
func checkAddress(field, s string, schemes ...string) error {
	u, err := url.Parse(s)
	known := false
	if err == nil {
		for _, scheme := range schemes {
			known = known || u.Scheme == scheme
		}
	}
	if !known || len(s) > 2000 || strings.ContainsFunc(s, unicode.IsSpace) || strings.ContainsAny(s, `"'<>\`) ||
		(u.Scheme == "mailto" && !strings.Contains(u.Opaque, "@")) || (u.Scheme != "mailto" && u.Host == "") {
		return status.Invalidf(field, "must be an address that begins with %s:", strings.Join(schemes, ": or "))
	}
	return nil
}

func checkMailAddress(field, s string) error {
	address, err := mail.ParseAddress(s)
	if err != nil || address.Address != s || len(s) > 254 {
		return status.Invalidf(field, "must be a mail address")
	}
	return nil
}

func checkNetworks(field, s string) error {
	if len(s) > 10_000 {
		return status.Invalidf(field, "is too long")
	}
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || unicode.IsSpace(r) }) {
		_, notAddress := netip.ParseAddr(word)
		if _, err := netip.ParsePrefix(word); err != nil && notAddress != nil {
			return status.Invalidf(field, "must be addresses or networks such as 192.0.2.0/24: %q is none", status.Cut(word, 100))
		}
	}
	return nil
}

// Colours go into a style sheet, so only these forms are taken, none of which can end a declaration.
var colorPattern = regexp.MustCompile(`^(#([0-9A-Fa-f]{3,4}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})|[A-Za-z]{3,24}|(rgb|hsl)a?\([0-9.%,/ -]{1,40}(deg)?[0-9.%,/ -]{1,40}\))$`)

var bareHexPattern = regexp.MustCompile(`^([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})$`)

// tidyColor gives hexadecimal digits their mark: Statuspage has them without.
func tidyColor(s string) string {
	if bareHexPattern.MatchString(s) {
		return "#" + s
	}
	return s
}

func checkColor(field, s string) error {
	if !colorPattern.MatchString(s) {
		return status.Invalidf(field, "must be a CSS colour: #rrggbb, a name, rgb(…) or hsl(…)")
	}
	return nil
}
