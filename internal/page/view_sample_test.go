package page

import (
	"fmt"
	"testing"
	"time"

	"allclear/internal/status"
)

// The moment of the shop's snapshot.
const shopAt = "2026-11-23T14:20:30.400Z"

// shop is a page as a visitor may find it: groups, ninety days with dips, an open incident, one
// maintenance under way and one planned, some days of past incidents, a component that hides
// while it works, one made last week.
func shop(t testing.TB) Input {
	t.Helper()
	at := moment(t, shopAt)
	p := status.Page{ID: "sh0ppage0001", Seq: 512, At: at, Settings: status.DefaultSettings("Larkspur")}
	p.Settings.TimeZone = "Europe/Berlin"
	p.Settings.Description = "Live status of the Larkspur shop & its interfaces."
	p.Settings.Website, p.Settings.SupportURL = "https://larkspur.example", "mailto:help@larkspur.example"
	in := Input{
		Snapshot:  &status.Snapshot{Page: p, Configuration: shopConfiguration(at)},
		PublicURL: "https://status.larkspur.example",
		Site:      Site{Scripts: []string{"/assets/page-aaaa.js"}, Styles: []string{"/assets/page-bbbb.css"}, Icon: "/assets/icon-cccc.svg"},
	}
	in.Days = shopDays(t, in)
	in.First = at.AddDate(-1, -2, 0)
	in.Incidents, in.Maintenances, in.Open = shopIncidents(at, in.Configuration)
	return in
}

func shopConfiguration(at time.Time) *status.Configuration {
	text := func(s string) *string { return &s }
	made := at.AddDate(-2, 0, 0)
	cfg := status.NewConfiguration()
	add := func(id, name, group string, change func(*status.Component)) {
		c := status.Component{ID: id, Name: name, CreatedAt: made, UpdatedAt: made, Showcase: true}
		if change != nil {
			change(&c)
		}
		cfg.AddComponent(c, group)
	}
	add("cmpwebsite01", "Website", "", func(c *status.Component) { c.Description = text("The shop as customers see it") })
	cfg.AddGroup(status.Group{ID: "grpcheckout1", Name: "Checkout", CreatedAt: made, UpdatedAt: made})
	add("cmpbasket001", "Basket", "grpcheckout1", nil)
	add("cmppayments1", "Card payments", "grpcheckout1", nil)
	add("cmpinvoices1", "Invoices", "grpcheckout1", func(c *status.Component) { c.Showcase = false })
	cfg.AddGroup(status.Group{ID: "grpapis00001", Name: "Interfaces", Description: text("For partners"), CreatedAt: made, UpdatedAt: made})
	add("cmpapi000001", "Orders API", "grpapis00001", nil)
	add("cmpwebhooks1", "Webhooks", "grpapis00001", func(c *status.Component) { c.CreatedAt = at.AddDate(0, 0, -6) })
	add("cmpbackup001", "Backup site", "", func(c *status.Component) { c.OnlyShowIfDegraded = true })
	add("cmpsearch001", "Search", "", nil)
	cfg.SetStatus("cmppayments1", status.PartialOutage, at.Add(-100*time.Minute))
	cfg.SetStatus("cmpsearch001", status.UnderMaintenance, at.Add(-20*time.Minute))
	return cfg
}

// shopDays gives every component whole days, with trouble on some.
func shopDays(t testing.TB, in Input) []*status.Day {
	t.Helper()
	trouble := map[string]status.ComponentState{
		"cmpwebsite01 3": status.MajorOutage, "cmpwebsite01 30": status.DegradedPerformance, "cmppayments1 3": status.PartialOutage,
		"cmpapi000001 12": status.MajorOutage, "cmpapi000001 13": status.PartialOutage, "cmpapi000001 47": status.UnderMaintenance,
		"cmpsearch001 70": status.DegradedPerformance,
	}
	zone := in.Page.Location()
	var days []*status.Day
	for n := status.UptimeDays - 1; n >= 0; n-- {
		date := status.DateOf(in.Page.At.AddDate(0, 0, -n), zone)
		start, end, err := status.Bounds(date, zone)
		if err != nil {
			t.Fatal(err)
		}
		day := status.NewDay(date)
		for id, c := range in.Configuration.Components {
			if !c.CreatedAt.Before(start) || n == 0 {
				continue
			}
			length := int64(end.Sub(start) / time.Second)
			if state := trouble[fmt.Sprintf("%s %d", id, n)]; state != "" {
				day.Seconds[id] = map[status.ComponentState]int64{state: 4500, status.Operational: length - 4500}
			} else {
				day.Seconds[id] = map[status.ComponentState]int64{status.Operational: length}
			}
		}
		day.Closed = n > 0
		if n == 0 { // before the change that is still lasting
			day.Add("cmppayments1", status.Operational, start, in.Configuration.States["cmppayments1"].Since, start)
			day.Add("cmpsearch001", status.Operational, start, in.Configuration.States["cmpsearch001"].Since, start)
		}
		days = append(days, day)
	}
	return days
}

// told makes an incident of updates, oldest first, each minutes after the one before.
func told(id, name string, impact status.Impact, start time.Time, updates ...status.Update) *status.Incident {
	i := &status.Incident{ID: id, Name: name, Impact: impact, CreatedAt: start, StartedAt: start, Components: []string{}}
	for n, u := range updates {
		u.ID = fmt.Sprintf("%s%d", id[:11], n)
		u.CreatedAt = start.Add(time.Duration(n*35) * time.Minute)
		u.UpdatedAt, u.DisplayAt, i.UpdatedAt = u.CreatedAt, u.CreatedAt, u.CreatedAt
		if u.Format == "" {
			u.Format = status.Markdown
		}
		i.Status, i.Updates = u.Status, append([]status.Update{u}, i.Updates...)
		if u.Status.Final() {
			i.ResolvedAt = &i.Updates[0].DisplayAt
		}
	}
	return i
}

func shopIncidents(at time.Time, cfg *status.Configuration) (incidents, maintenances, open []*status.Incident) {
	type u = status.Update
	payments := told("inpayments01", "Card payments fail for some customers", status.ImpactMajor, at.Add(-100*time.Minute),
		u{Status: status.Investigating, Body: "We are looking into failed payments.", Affected: []status.Affected{
			{Code: "cmppayments1", Name: cfg.QualifiedName("cmppayments1"), Old: status.Operational, New: status.PartialOutage},
			{Code: "cmpbasket001", Name: cfg.QualifiedName("cmpbasket001"), Old: status.Operational, New: status.Operational},
			{Code: "cmpgone00001", Name: "Card payments (old)", Old: status.Operational, New: status.Operational},
		}},
		u{Status: status.Investigating, Body: "About **one payment in five** fails:\n- Visa and Mastercard\n- not PayPal\n\nFollow https://bank.example/status & wait."},
		u{Status: status.Identified, Body: "Our bank has found a faulty switch.\nIt is being replaced; `retry` works meanwhile."},
	)
	payments.Components = []string{"cmpgone00001", "cmppayments1", "cmpbasket001"} // one was deleted since
	search := told("mnsearch0001", "New search index", status.ImpactMaintenance, at.Add(-50*time.Hour),
		u{Status: status.Scheduled, Body: "Search is switched to a new index. Results may be incomplete."},
		u{Status: status.InProgress, Body: status.StockText(status.InProgress, false), Affected: []status.Affected{
			{Code: "cmpsearch001", Name: "Search", Old: status.Operational, New: status.UnderMaintenance},
		}},
	)
	search.Components = []string{"cmpsearch001"}
	search.Schedule = &status.Schedule{For: at.Add(-20 * time.Minute), Until: at.Add(40 * time.Minute)}
	move := told("mnmove000001", "Move to the new data centre", status.ImpactMaintenance, at.Add(-20*time.Hour),
		u{Status: status.Scheduled, Body: "Everything may be slow for a few minutes."})
	move.Schedule = &status.Schedule{For: at.AddDate(0, 0, 9), Until: at.AddDate(0, 0, 9).Add(3 * time.Hour)}
	website := told("inwebsite001", "Website unreachable", status.ImpactCritical, at.AddDate(0, 0, -3),
		u{Status: status.Investigating, Body: status.StockText(status.Investigating, false)},
		u{Status: status.Monitoring, Body: status.StockText(status.Monitoring, false)},
		u{Status: status.Resolved, Body: "All is well again.<br />\nA certificate had run out; see <a href=\"https://larkspur.example/why\">why</a>.", Format: status.HTML},
	)
	orders := told("inorders0001", "Orders API answers slowly", status.ImpactMinor, at.AddDate(0, 0, -12),
		u{Status: status.Identified, Body: status.StockText(status.Identified, false)},
		u{Status: status.Resolved, Body: status.StockText(status.Resolved, false)},
	)
	orders.Components = []string{"cmpapi000001"}
	old := told("inold0000001", "Wrong prices shown", status.ImpactNone, at.AddDate(-1, -2, 0),
		u{Status: status.Resolved, Body: "# What happened\nPrices were those of yesterday."})
	return []*status.Incident{payments, website, orders, old}, []*status.Incident{move, search}, []*status.Incident{move, search, payments}
}
