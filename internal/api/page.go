package api

import (
	"net/http"

	"allclear/internal/status"
	"allclear/internal/store"
)

func (c *call) listPages() (reply, error) {
	w, err := c.window()
	if err != nil {
		return reply{}, err
	}
	ids, err := c.store.Pages(c.ctx())
	if err != nil {
		return reply{}, err
	}
	list := []pageJSON{}
	for _, id := range cut(ids, w) {
		p, err := c.store.Page(c.ctx(), id)
		if err != nil {
			return reply{}, err
		}
		list = append(list, c.viewOf(p, nil).pageJSON())
	}
	return found(list)
}

func (c *call) getPage() (reply, error) {
	p, err := c.page()
	if err != nil {
		return reply{}, err
	}
	return found(c.viewOf(p, nil).pageJSON())
}

func (c *call) changePage() (reply, error) {
	return c.commit(func(tx *store.Tx) (outcome, error) {
		before := tx.Page
		f := c.object("page")
		for _, s := range settings(&tx.Page.Settings) {
			s.read(f)
		}
		if f.err != nil {
			return outcome{}, f.err
		}
		event := &status.Event{
			Type: status.PageUpdated, Changes: diff("page", before.Settings, tx.Page.Settings),
			Touched: status.Touched{All: true}, // name, zone and colours are in every document
		}
		if len(event.Changes) == 0 {
			was, err := c.page()
			if err != nil {
				return outcome{}, err
			}
			return outcome{status: http.StatusOK, body: c.viewOf(was, nil).pageJSON()}, nil
		}
		return outcome{status: http.StatusOK, body: c.viewOf(tx.Page, nil).pageJSON(), event: event}, nil
	})
}

// pageJSON is a page as operators see it. https://developer.statuspage.io/#tag/pages
type pageJSON struct {
	ID                       string  `json:"id"`
	CreatedAt                string  `json:"created_at"`
	UpdatedAt                string  `json:"updated_at"`
	Name                     string  `json:"name"`
	Description              *string `json:"page_description"`
	Headline                 *string `json:"headline"`
	Branding                 string  `json:"branding"`
	Subdomain                *string `json:"subdomain"`
	Domain                   *string `json:"domain"`
	URL                      *string `json:"url"` // of the company's site
	SupportURL               *string `json:"support_url"`
	HiddenFromSearch         bool    `json:"hidden_from_search"`
	AllowPageSubscribers     bool    `json:"allow_page_subscribers"`
	AllowIncidentSubscribers bool    `json:"allow_incident_subscribers"`
	AllowEmailSubscribers    bool    `json:"allow_email_subscribers"`
	AllowSMSSubscribers      bool    `json:"allow_sms_subscribers"`
	AllowFeeds               bool    `json:"allow_rss_atom_feeds"`
	AllowWebhookSubscribers  bool    `json:"allow_webhook_subscribers"`
	NotificationsFromEmail   *string `json:"notifications_from_email"`
	NotificationsEmailFooter *string `json:"notifications_email_footer"`
	ActivityScore            float64 `json:"activity_score"`
	TwitterUsername          *string `json:"twitter_username"`
	ViewersMustBeTeamMembers bool    `json:"viewers_must_be_team_members"`
	IPRestrictions           *string `json:"ip_restrictions"`
	City                     *string `json:"city"`
	State                    *string `json:"state"`
	Country                  *string `json:"country"`
	TimeZone                 string  `json:"time_zone"`
	CSSBodyBackgroundColor   *string `json:"css_body_background_color"`
	CSSFontColor             *string `json:"css_font_color"`
	CSSLightFontColor        *string `json:"css_light_font_color"`
	CSSGreens                *string `json:"css_greens"`
	CSSYellows               *string `json:"css_yellows"`
	CSSOranges               *string `json:"css_oranges"`
	CSSBlues                 *string `json:"css_blues"`
	CSSReds                  *string `json:"css_reds"`
	CSSBorderColor           *string `json:"css_border_color"`
	CSSGraphColor            *string `json:"css_graph_color"`
	CSSLinkColor             *string `json:"css_link_color"`
	CSSNoData                *string `json:"css_no_data"`
	FaviconLogo              *string `json:"favicon_logo"`
	TransactionalLogo        *string `json:"transactional_logo"`
	HeroCover                *string `json:"hero_cover"`
	EmailLogo                *string `json:"email_logo"`
	TwitterLogo              *string `json:"twitter_logo"`
}

func (v view) pageJSON() pageJSON {
	s := v.page.Settings
	return pageJSON{
		ID: v.page.ID, CreatedAt: v.time(v.page.CreatedAt), UpdatedAt: v.time(v.page.At),
		Name: s.Name, Description: textOrNull(s.Description), Headline: textOrNull(s.Headline), Branding: s.Branding,
		Subdomain: textOrNull(s.Subdomain), Domain: textOrNull(s.Domain), URL: textOrNull(s.Website),
		SupportURL: textOrNull(s.SupportURL), HiddenFromSearch: s.HiddenFromSearch,
		AllowPageSubscribers: s.AllowPageSubscribers, AllowIncidentSubscribers: s.AllowIncidentSubscribers,
		AllowEmailSubscribers: s.AllowEmailSubscribers, AllowSMSSubscribers: s.AllowSMSSubscribers,
		AllowFeeds: s.AllowFeeds, AllowWebhookSubscribers: s.AllowWebhookSubscribers,
		NotificationsFromEmail:   textOrNull(s.NotificationsFromEmail),
		NotificationsEmailFooter: textOrNull(s.NotificationsEmailFooter), EmailLogo: textOrNull(s.EmailLogo),
		TwitterUsername: textOrNull(s.TwitterUsername), ViewersMustBeTeamMembers: s.ViewersMustBeTeamMembers,
		IPRestrictions: textOrNull(s.IPRestrictions), City: textOrNull(s.City), State: textOrNull(s.State),
		Country: textOrNull(s.Country), TimeZone: s.TimeZone,
		CSSBodyBackgroundColor: textOrNull(s.CSSBodyBackgroundColor), CSSFontColor: textOrNull(s.CSSFontColor),
		CSSLightFontColor: textOrNull(s.CSSLightFontColor), CSSGreens: textOrNull(s.CSSGreens),
		CSSYellows: textOrNull(s.CSSYellows), CSSOranges: textOrNull(s.CSSOranges), CSSBlues: textOrNull(s.CSSBlues),
		CSSReds: textOrNull(s.CSSReds), CSSBorderColor: textOrNull(s.CSSBorderColor),
		CSSGraphColor: textOrNull(s.CSSGraphColor), CSSLinkColor: textOrNull(s.CSSLinkColor),
		CSSNoData: textOrNull(s.CSSNoData),
	}
}
