package api_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/status"
)

func TestPagesAreListedAndShown(t *testing.T) {
	d := newDesk(t)
	if _, err := d.store.CreatePage(t.Context(), "another", status.DefaultSettings("Another"), status.Actor{Kind: status.ActorSystem, Name: "test"}); err != nil {
		t.Fatal(err)
	}
	if got, want := ids(d.must(200, "GET", "/v1/pages", "").list()), []string{"another", pageID}; !cmp.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := ids(d.must(200, "GET", "/v1/pages?per_page=1&page=2", "").list()); !cmp.Equal(got, []string{pageID}) {
		t.Errorf("got %v, want the second page alone", got)
	}
}

func TestSettingsOfAPageAreChanged(t *testing.T) {
	d := newDesk(t)
	for name, c := range map[string]struct{ sent, want any }{
		"name":                         {"Renamed", "Renamed"},
		"page_description":             {"Two\nlines", "Two\nlines"},
		"headline":                     {"Welcome", "Welcome"},
		"branding":                     {"premium", "premium"},
		"subdomain":                    {"your-sub.statuspage.io", "your-sub.statuspage.io"},
		"domain":                       {"status.example.com", "status.example.com"},
		"url":                          {"https://example.com/?a=b", "https://example.com/?a=b"},
		"support_url":                  {"mailto:help@example.com", "mailto:help@example.com"},
		"hidden_from_search":           {true, true},
		"allow_page_subscribers":       {"false", false},
		"allow_incident_subscribers":   {"f", false},
		"allow_email_subscribers":      {0, false},
		"allow_sms_subscribers":        {"on", true},
		"allow_rss_atom_feeds":         {false, false},
		"allow_webhook_subscribers":    {"0", false},
		"notifications_from_email":     {"no-reply@example.com", "no-reply@example.com"},
		"notifications_email_footer":   {"Yours", "Yours"},
		"email_logo":                   {"https://cdn.example.com/logo.png?v=2", "https://cdn.example.com/logo.png?v=2"},
		"twitter_username":             {"example", "example"},
		"viewers_must_be_team_members": {1, true},
		"ip_restrictions":              {"192.0.2.0/24, 2001:db8::1", "192.0.2.0/24, 2001:db8::1"},
		"city":                         {"Zürich", "Zürich"},
		"state":                        {"ZH", "ZH"},
		"country":                      {"CH", "CH"},
		"css_body_background_color":    {"#ffffff", "#ffffff"},
		"css_font_color":               {"2FCC66", "#2FCC66"},
		"css_light_font_color":         {"abc", "#abc"},
		"css_greens":                   {"rebeccapurple", "rebeccapurple"},
		"css_yellows":                  {"rgb(1, 2, 3)", "rgb(1, 2, 3)"},
		"css_oranges":                  {"rgba(1,2,3,.5)", "rgba(1,2,3,.5)"},
		"css_blues":                    {"hsl(120deg 75% 25% / 60%)", "hsl(120deg 75% 25% / 60%)"},
		"css_reds":                     {"#f00c", "#f00c"},
		"css_border_color":             {"#11223344", "#11223344"},
		"css_graph_color":              {"Red", "Red"},
		"css_link_color":               {"hsla(1,2%,3%,0.1)", "hsla(1,2%,3%,0.1)"},
		"css_no_data":                  {"#B3BAC5", "#B3BAC5"},
		"time_zone":                    {"Europe/Berlin", "Europe/Berlin"},
	} {
		value, err := json.Marshal(c.sent)
		if err != nil {
			t.Fatal(err)
		}
		d.must(200, "PATCH", base, fmt.Sprintf(`{"page":{%q:%s}}`, name, value))
		if got := d.must(200, "GET", base, "").object()[name]; got != c.want {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
		if e := d.event(); e.Type != status.PageUpdated || !e.Touched.All || len(e.Changes) != 1 || e.Changes[0].Field != name {
			t.Errorf("%s: got event %+v", name, e)
		}
	}
	for _, name := range []string{"headline", "url", "css_reds", "domain", "city", "email_logo"} {
		d.must(200, "PUT", base, fmt.Sprintf(`{"page":{%q:""}}`, name))
		if got := d.must(200, "GET", base, "").object()[name]; got != nil {
			t.Errorf("%s: got %v, want null", name, got)
		}
	}
}

func TestTimesAreShownInThePagesZone(t *testing.T) {
	d := newDesk(t)
	i := d.incident(`"name":"x"`)
	path := base + "/incidents/" + i["id"].(string)
	for zone, want := range map[string]string{
		"America/New_York": "2026-03-10T08:01:00.000-04:00", "Etc/UTC": "2026-03-10T12:01:00.000Z", "Asia/Kolkata": "2026-03-10T17:31:00.000+05:30",
	} {
		d.must(200, "PATCH", base, `{"page":{"time_zone":"`+zone+`"}}`)
		if got := d.must(200, "GET", path, "").object()["created_at"]; got != want {
			t.Errorf("%s: got %v, want %s", zone, got, want)
		}
	}
}
