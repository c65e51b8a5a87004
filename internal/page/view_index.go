package page

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"allclear/internal/status"
	"allclear/internal/words"
)

// RecentDays is how many days of past incidents the index page shows, today included.
const RecentDays = 15

func (v *viewer) makeIndex() IndexView {
	overall := v.Configuration.Overall()
	uptime := v.uptime()
	view := IndexView{
		Head: v.head(KindIndex), Status: overall, Banner: v.banner(overall),
		Components: v.components(uptime), Incidents: []IncidentView{}, Maintenances: []IncidentView{},
		Recent: v.recent(), Days: uptime.span(),
	}
	if !v.First.IsZero() {
		view.FirstMonth = status.Month(v.First, v.zone)
	}
	for _, i := range v.openIncidents() {
		view.Incidents = append(view.Incidents, v.incident(i))
	}
	for _, i := range v.openMaintenances() {
		view.Maintenances = append(view.Maintenances, v.incident(i))
	}
	return view
}

func (v *viewer) openIncidents() []*status.Incident {
	return slices.DeleteFunc(newestFirst(v.Open), func(i *status.Incident) bool { return i.IsMaintenance() || !i.Open() })
}

// openMaintenances lists those under way, then those to come, the next first.
func (v *viewer) openMaintenances() []*status.Incident {
	list := slices.DeleteFunc(newestFirst(v.Open), func(i *status.Incident) bool { return !i.IsMaintenance() || !i.Open() })
	upcoming := func(i *status.Incident) int {
		if i.Status == status.Scheduled {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(list, func(a, b *status.Incident) int {
		return cmp.Or(cmp.Compare(upcoming(a), upcoming(b)), a.Schedule.For.Compare(b.Schedule.For))
	})
	return list
}

// noticeStatus colours the banner when an incident is open although everything works.
const noticeStatus = "notice"

func (v *viewer) banner(overall status.Overall) Banner {
	banner := Banner{Status: string(overall.Indicator), Title: overall.Description}
	open := v.openIncidents()
	if len(open) == 0 {
		return banner
	}
	worst := open[0]
	for _, i := range open[1:] {
		if impact := worst.PublicImpact(); impact.Raise(i.PublicImpact()) != impact {
			worst = i
		}
	}
	if overall.Indicator == status.IndicatorNone {
		banner.Status = noticeStatus
	}
	banner.Title, banner.Incident, banner.More = worst.Name, worst.ID, len(open)-1
	banner.Detail = fmt.Sprintf("%s · %s", words.Incident(worst.Status), overall.Description)
	return banner
}

func (v *viewer) components(uptime *uptime) []ComponentView {
	cfg := v.Configuration
	list := []ComponentView{}
	for _, id := range cfg.TopLevel() {
		if group, ok := cfg.Groups[id]; ok {
			members := v.members(cfg.Members(id), uptime)
			if len(members) == 0 {
				continue // nothing to show in it now
			}
			list = append(list, ComponentView{
				ID: id, Name: group.Name, Description: deref(group.Description), Status: cfg.GroupStatus(id),
				Group: true, Components: members, Uptime: uptime.ofGroup(showcased(cfg, cfg.Members(id))),
			})
			continue
		}
		list = append(list, v.members([]string{id}, uptime)...)
	}
	return list
}

func (v *viewer) members(ids []string, uptime *uptime) []ComponentView {
	list := []ComponentView{}
	for _, id := range ids {
		component, state := v.Configuration.Components[id], v.Configuration.Status(id)
		if component.OnlyShowIfDegraded && state == status.Operational {
			continue
		}
		view := ComponentView{
			ID: id, Name: component.Name, Description: deref(component.Description),
			Status: state, Components: []ComponentView{},
		}
		if component.Showcase {
			view.Uptime = uptime.of(id)
		}
		list = append(list, view)
	}
	return list
}

func showcased(cfg *status.Configuration, ids []string) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !cfg.Components[id].Showcase })
}

// recent lists the last days with what was going on. The newest 50 may not reach back so far:
// a day that they do not cover whole is left out, except today.
func (v *viewer) recent() []DayView {
	today := v.today()
	known := today.AddDate(0, 0, 1-RecentDays)
	for _, newest := range [][]*status.Incident{v.Incidents, v.Maintenances} {
		if len(newest) >= status.NewestIncidents {
			oldest := newest[len(newest)-1].OrderTime().In(v.zone)
			if covered := noon(oldest).AddDate(0, 0, 1); covered.After(known) {
				known = covered
			}
		}
	}
	byDate := map[string]*DayView{}
	days := []*DayView{}
	for n := range RecentDays {
		day := today.AddDate(0, 0, -n)
		if n > 0 && day.Before(known) {
			break
		}
		view := &DayView{Date: day.Format(status.DateLayout), Incidents: []IncidentView{}, Ongoing: []Reference{}}
		byDate[view.Date], days = view, append(days, view)
	}
	for _, i := range newestFirst(v.Incidents, v.Maintenances, v.Open) {
		day := byDate[status.DateOf(i.OrderTime(), v.zone)]
		switch {
		case day == nil || i.Status == status.Scheduled:
		case i.Open():
			day.Ongoing = append(day.Ongoing, Reference{ID: i.ID, Name: i.Name})
		default:
			day.Incidents = append(day.Incidents, v.incident(i))
		}
	}
	list := make([]DayView, len(days))
	for n, day := range days {
		list[n] = *day
	}
	return list
}

func (v *viewer) today() time.Time { return noon(v.Page.At.In(v.zone)) }

// noon stands for a day: some zones skip midnight once a year, none skips noon.
func noon(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 12, 0, 0, 0, t.Location())
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func compareText(a, b string) int { return cmp.Compare(a, b) }
