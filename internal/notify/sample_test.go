package notify

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"allclear/internal/address"
	"allclear/internal/status"
)

var sampleAt = time.Date(2026, time.November, 23, 14, 20, 30, 0, time.UTC)

func berlin(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func samplePage(t testing.TB) Page {
	t.Helper()
	return Page{
		ID: "sh0ppage0001", Name: "Larkspur", URL: "https://status.larkspur.example",
		Footer: "Larkspur Ltd, 1 Mill Lane, Exampleton. [Contact us](https://larkspur.example/contact)", Zone: berlin(t),
	}
}

func sampleAddress(t testing.TB, s string) address.Address {
	t.Helper()
	a, err := address.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func sampleEnvelope(t testing.TB) Envelope {
	t.Helper()
	return Envelope{FromName: "Larkspur Status", From: sampleAddress(t, "status@mail.larkspur.example"), Event: "sh0ppage0001/512"}
}

func sampleRecipient(t testing.TB) Recipient {
	t.Helper()
	const token = "c1.sub0000000001.3.1798761600.Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4"
	return Recipient{
		To: sampleAddress(t, "ada@customer.example"), Subscriber: "sub000000001", Date: sampleAt.Add(3 * time.Second),
		Action:      "https://status.larkspur.example/subscribe/confirm?token=" + token,
		Manage:      "https://status.larkspur.example/subscribe/manage?token=" + token + "&lang=en",
		Unsubscribe: "https://status.larkspur.example/subscribe/unsubscribe?token=" + token,
	}
}

// failure is a realtime incident with three updates and two components.
func failure() *status.Incident {
	at := func(minutes int) time.Time { return sampleAt.Add(time.Duration(minutes) * time.Minute) }
	update := func(id string, s status.IncidentStatus, minutes int, body string) status.Update {
		return status.Update{ID: id, Status: s, Body: body, Format: status.Markdown, CreatedAt: at(minutes), UpdatedAt: at(minutes), DisplayAt: at(minutes), DeliverNotifications: true}
	}
	return &status.Incident{
		ID: "inc000000001", Name: "Card payments fail for some customers", Status: status.Identified, Impact: status.ImpactMajor,
		CreatedAt: at(-100), UpdatedAt: at(0), StartedAt: at(-100), Components: []string{"cmppayments1", "cmpapi000001"},
		Updates: []status.Update{
			update("upd000000003", status.Identified, 0, "A certificate of our payment provider has **expired**. They are renewing it; until then:\n\n- cards issued in the EU work\n- others are *declined at once*, nothing is charged\n\nTheir own page: https://status.provider.example/incidents/4711."),
			update("upd000000002", status.Investigating, -70, "We see the failures only for cards issued outside the EU."),
			update("upd000000001", status.Investigating, -100, "We are currently investigating this issue."),
		},
	}
}

func sampleComponents() []Component {
	return []Component{{"Checkout - Card payments", status.PartialOutage}, {"Interfaces - Orders API", status.DegradedPerformance}}
}

func incidentMail(t testing.TB, kind Kind, i *status.Incident) Incident {
	t.Helper()
	return Incident{Page: samplePage(t), Kind: kind, Incident: i, Components: sampleComponents(), URL: "https://status.larkspur.example/incidents/" + i.ID}
}

// posted is a copy of an incident with one update more.
func posted(i *status.Incident, s status.IncidentStatus, body string) *status.Incident {
	i = i.Clone()
	at := i.Updates[0].CreatedAt.Add(30 * time.Minute)
	u := status.Update{ID: fmt.Sprintf("upd%09d", len(i.Updates)+1), Status: s, Body: body, Format: status.Markdown, CreatedAt: at, UpdatedAt: at, DisplayAt: at, DeliverNotifications: true}
	i.Updates = append([]status.Update{u}, i.Updates...)
	i.Status = s
	return i
}

func works() *status.Incident {
	at := sampleAt.Add(-48 * time.Hour)
	return &status.Incident{
		ID: "mnt000000001", Name: "Search index rebuild", Status: status.Scheduled, Impact: status.ImpactMaintenance, CreatedAt: at, UpdatedAt: at, StartedAt: at,
		Schedule: &status.Schedule{For: sampleAt.Add(time.Hour).Truncate(time.Hour), Until: sampleAt.Add(3 * time.Hour).Truncate(time.Hour), RemindPrior: true},
		Updates:  []status.Update{{ID: "upd000000001", Status: status.Scheduled, Body: "Search shows results that are up to two hours old while we rebuild its index. Orders are not affected.", Format: status.Markdown, CreatedAt: at, UpdatedAt: at, DisplayAt: at, DeliverNotifications: true}},
	}
}

// nasty has everything that breaks mails in one incident.
func nasty() *status.Incident {
	i := failure()
	i.Name = `<script>alert("1")</script> **Überlast** & "Ausfall" [x](https://evil.example) 🔥 https://evil.example` + "\r\nBcc: eve@evil.example " + strings.Repeat("sehr lang ", 20)
	i.Updates = []status.Update{
		{ID: "upd000000004", Status: status.Monitoring, Format: status.HTML, DisplayAt: sampleAt, Body: "<p>Open <b>bold <script>alert(1)</script><a href='/faq' onclick='x()' style='position:fixed'>FAQ</a> and <a href=\"javascript:alert(1)\">this</a>\n<img src=x onerror=alert(1) alt='a graph'><img src='/pixel.gif'><table><tr><td>Region<td>State<tr><td>EU<td>slow</div></td></table></td></tr></table><!-- \x02unsubscribe\x02 &#2;unsubscribe&#2; =02unsubscribe=02 <style>*{display:none}</style>"},
		{ID: "upd000000003", Status: status.Monitoring, Format: status.Markdown, DisplayAt: sampleAt.Add(-time.Minute), Body: "أعدنا تشغيل الخدمة ونراقبها الآن. שלום."},
		{ID: "upd000000002", Status: status.Identified, Format: status.Markdown, DisplayAt: sampleAt.Add(-time.Hour), Body: "# Big\n\n> quoted <b>text</b>\n\n1. one\n2. two\n   - deeper\n\n```\nfor {\n\tbreak\n}\n```\n\n[relative](/help) ![pixel](/p.png)\n\n[x](link:unsubscribe) [y](tone:good) **[button](https://a.example)**\n\n👩🏽‍🚒 " + strings.Repeat("x", 200)},
		{ID: "upd000000001", Status: status.Investigating, Format: status.Markdown, DisplayAt: sampleAt.Add(-2 * time.Hour), Body: ""},
	}
	return i
}

// long is an incident with many updates, newest first.
func long(updates int, body string) *status.Incident {
	i := failure()
	i.Updates = nil
	for n := range updates {
		at := sampleAt.Add(-time.Duration(n) * 10 * time.Minute)
		i.Updates = append(i.Updates, status.Update{
			ID: fmt.Sprintf("upd%09d", updates-n), Status: status.Identified, Format: status.Markdown, CreatedAt: at, DisplayAt: at,
			Body: fmt.Sprintf("Update %d. %s", updates-n, body),
		})
	}
	return i
}

// samples are all mails that have goldens, by file name.
func samples(t testing.TB) map[string]Mail {
	t.Helper()
	created := failure()
	created.Updates, created.Status = created.Updates[2:], status.Investigating
	resolved := posted(failure(), status.Resolved, "The certificate is renewed. All cards work again.")
	reminded := posted(works(), status.Scheduled, status.TextReminder)
	started := posted(reminded, status.InProgress, status.StockText(status.InProgress, false))
	started.Schedule = works().Schedule
	withLogo := incidentMail(t, IncidentResolved, resolved)
	withLogo.Page.Logo = "https://larkspur.example/logo.png"
	withLogo.Components = []Component{{"Checkout - Card payments", status.Operational}}
	page := samplePage(t)
	return map[string]Mail{
		"incident-created":      incidentMail(t, IncidentCreated, created),
		"incident-updated":      incidentMail(t, IncidentUpdated, failure()),
		"incident-resolved":     withLogo,
		"incident-postmortem":   incidentMail(t, IncidentPostmortem, posted(resolved, status.Postmortem, "## What happened\n\nA certificate expired.\n\n## What we do\n\nWe watch `notAfter` from now on.")),
		"maintenance-scheduled": incidentMail(t, MaintenanceScheduled, works()),
		"maintenance-reminder":  incidentMail(t, MaintenanceReminder, reminded),
		"maintenance-started":   incidentMail(t, MaintenanceStarted, started),
		"maintenance-updated":   incidentMail(t, MaintenanceUpdated, posted(started, status.Verifying, status.StockText(status.Verifying, false))),
		"maintenance-completed": incidentMail(t, MaintenanceCompleted, posted(started, status.Completed, status.StockText(status.Completed, false))),
		"components-changed-one": Changes{Page: page, At: sampleAt, Changes: []status.StateChange{
			{Component: "cmppayments1", Name: "Card payments", Old: status.Operational, New: status.MajorOutage},
		}},
		"components-changed": Changes{Page: page, At: sampleAt, Changes: []status.StateChange{
			{Component: "cmppayments1", Name: "Card payments", Old: status.MajorOutage, New: status.Operational},
			{Component: "cmpapi000001", Name: "Orders API", Old: status.Operational, New: status.DegradedPerformance},
			{Component: "cmpsearch001", Name: "Search", Old: status.Operational, New: status.UnderMaintenance},
		}},
		"confirmation":     Confirmation{Page: page, Until: sampleAt.AddDate(0, 0, 3)},
		"manage":           Manage{Page: page, Until: sampleAt.AddDate(0, 0, 1)},
		"endpoint-failing": Endpoint{Page: page, Host: "hooks.customer.example", Since: sampleAt.AddDate(0, 0, -5), Reason: "503 Service Unavailable"},
		"nasty":            incidentMail(t, IncidentUpdated, nasty()),
		"long":             incidentMail(t, IncidentUpdated, long(100, strings.Repeat("We are still working on it, and this is what we know. ", 50))),
	}
}
