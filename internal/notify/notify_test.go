package notify

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html/atom"

	"allclear/internal/status"
)

func TestComponentsStandInTheOrderOfThePage(t *testing.T) {
	cfg := status.NewConfiguration()
	cfg.AddComponent(status.Component{ID: "website", Name: "Website"}, "")
	cfg.AddGroup(status.Group{ID: "checkout", Name: "Checkout"})
	cfg.AddComponent(status.Component{ID: "basket", Name: "Basket"}, "checkout")
	cfg.AddComponent(status.Component{ID: "cards", Name: "Cards"}, "checkout")
	cfg.AddComponent(status.Component{ID: "search", Name: "Search"}, "")
	cfg.SetStatus("cards", status.MajorOutage, time.Time{})
	i := &status.Incident{Components: []string{"search", "gone", "cards", "website"}}
	want := []Component{{"Website", status.Operational}, {"Checkout - Cards", status.MajorOutage}, {"Search", status.Operational}}
	if diff := cmp.Diff(want, Attached(i, cfg)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAPageShowsTheLogoOfItsSettings(t *testing.T) {
	p := status.Page{ID: "sh0ppage0001", Settings: status.DefaultSettings("Larkspur")}
	p.Settings.EmailLogo = "https://cdn.example.com/" + strings.Repeat("&", 400) + ".png?a=b&c=d#e"
	if err := status.CheckLogo("email_logo", p.Settings.EmailLogo); err != nil {
		t.Fatal(err)
	}
	m := incidentMail(t, IncidentUpdated, failure())
	m.Page = PageOf(p, "https://status.larkspur.example")
	for node := range parsed(t, m).Descendants() {
		if node.DataAtom == atom.Img {
			if attribute(node, "src") != p.Settings.EmailLogo || attribute(node, "alt") != "Larkspur Status" || attribute(node, "height") != "32" {
				t.Errorf("got the image %v", node.Attr)
			}
			return
		}
	}
	t.Error("there is no logo")
}

func TestALogoThatNoMailCanShowKeepsNoMailBack(t *testing.T) {
	p := status.Page{ID: "sh0ppage0001", Settings: status.DefaultSettings("Larkspur")}
	p.Settings.EmailLogo = "logo.png" // written into the table by hand
	m := incidentMail(t, IncidentUpdated, failure())
	m.Page = PageOf(p, "https://status.larkspur.example")
	if o := open(t, write(t, m)); strings.Contains(o.html, "<img") {
		t.Error("got a mail with an image, want one with the page's name")
	}
}

func TestAComponentIsInTheStateThatTheNewestUpdateGives(t *testing.T) {
	cfg := status.NewConfiguration()
	cfg.AddComponent(status.Component{ID: "cards", Name: "Cards"}, "")
	cfg.AddComponent(status.Component{ID: "search", Name: "Search"}, "")
	cfg.SetStatus("search", status.PartialOutage, time.Time{})
	i := &status.Incident{Components: []string{"cards", "search"}, Updates: []status.Update{
		{ID: "newest", Affected: []status.Affected{{Code: "cards", Name: "Old name", New: status.MajorOutage}}},
		{ID: "oldest", Affected: []status.Affected{{Code: "search", New: status.DegradedPerformance}}},
	}}
	want := []Component{{"Cards", status.MajorOutage}, {"Search", status.PartialOutage}}
	if diff := cmp.Diff(want, Attached(i, cfg)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAPageTellsItsNameZoneAndFooter(t *testing.T) {
	p := status.Page{ID: "sh0ppage0001", Settings: status.DefaultSettings("Larkspur")}
	p.Settings.TimeZone, p.Settings.NotificationsEmailFooter = "Europe/Berlin", "Larkspur Ltd"
	want := Page{ID: "sh0ppage0001", Name: "Larkspur", URL: "https://status.example", Footer: "Larkspur Ltd", Zone: berlin(t)}
	if got := PageOf(p, "https://status.example"); got.Zone.String() != want.Zone.String() || got.ID != want.ID || got.Name != want.Name || got.URL != want.URL || got.Footer != want.Footer {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
