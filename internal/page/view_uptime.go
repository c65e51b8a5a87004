package page

import (
	"slices"

	"allclear/internal/status"
)

// uptime computes the last 90 days of components, today counted to the snapshot's moment.
type uptime struct {
	*viewer
	dates []string      // oldest first, today last
	days  []*status.Day // of the same index; nil where nothing is known
	cache map[string][]dayTimes
}

// dayTimes are the seconds of one component in each state on one day; all zero for no data.
type dayTimes struct {
	operational, maintenance, degraded, partial, major int64
}

func (t dayTimes) total() int64 {
	return t.operational + t.maintenance + t.degraded + t.partial + t.major
}

func (t dayTimes) worst() string {
	switch {
	case t.total() == 0:
		return StateNoData
	case t.major > 0:
		return string(status.MajorOutage)
	case t.partial > 0:
		return string(status.PartialOutage)
	case t.degraded > 0:
		return string(status.DegradedPerformance)
	case t.maintenance > 0:
		return string(status.UnderMaintenance)
	default:
		return string(status.Operational)
	}
}

func (v *viewer) newUptime() *uptime {
	u := &uptime{viewer: v, cache: map[string][]dayTimes{}}
	kept := map[string]*status.Day{}
	for _, day := range v.Days {
		kept[day.Date] = day
	}
	today := v.today()
	for n := range status.UptimeDays {
		u.dates = append(u.dates, today.AddDate(0, 0, n+1-status.UptimeDays).Format(status.DateLayout))
		u.days = append(u.days, kept[u.dates[n]])
	}
	last := len(u.dates) - 1
	start, _, err := status.Bounds(u.dates[last], v.zone)
	if err != nil {
		return u // cannot be: the date was just made
	}
	day := u.days[last]
	if day == nil {
		day = status.NewDay(u.dates[last])
	}
	if !day.Closed {
		u.days[last] = day.SoFar(v.Configuration, v.Page.At, start)
	}
	return u
}

func (u *uptime) span() DaySpan { return DaySpan{From: u.dates[0], To: u.dates[len(u.dates)-1]} }

// times gives one component's days. Days before its start date do not count.
func (u *uptime) times(id string) []dayTimes {
	if times, ok := u.cache[id]; ok {
		return times
	}
	times := make([]dayTimes, len(u.dates))
	start := u.Configuration.Components[id].StartDate
	for n, day := range u.days {
		if day == nil || (start != nil && u.dates[n] < *start) {
			continue
		}
		seconds := day.Seconds[id]
		times[n] = dayTimes{
			operational: seconds[status.Operational], maintenance: seconds[status.UnderMaintenance],
			degraded: seconds[status.DegradedPerformance], partial: seconds[status.PartialOutage], major: seconds[status.MajorOutage],
		}
	}
	u.cache[id] = times
	return times
}

func (u *uptime) of(id string) *UptimeView { return u.ofMembers([]string{id}) }

// ofGroup is the uptime of several components together, nil for none.
func (u *uptime) ofGroup(ids []string) *UptimeView {
	if len(ids) == 0 {
		return nil
	}
	return u.ofMembers(ids)
}

func (u *uptime) ofMembers(ids []string) *UptimeView {
	view := &UptimeView{Days: []DayUptime{}, dates: u.dates}
	var whole status.Uptime
	for n, date := range u.dates {
		var most dayTimes
		var sum status.Uptime
		for _, id := range ids {
			t := u.times(id)[n]
			sum = sum.Plus(status.Uptime{Total: t.total(), Partial: t.partial, Major: t.major})
			most = mostOf(most, t)
		}
		whole = whole.Plus(sum)
		state := most.worst()
		if view.Since == "" {
			if state == StateNoData {
				continue
			}
			view.Since = date
		}
		if state != string(status.Operational) {
			view.Days = append(view.Days, DayUptime{
				Date: date, State: state, Partial: most.partial, Major: most.major,
				Degraded: most.degraded, Maintenance: most.maintenance, Percentage: sum.Percentage(),
			})
		}
	}
	if whole.Total > 0 {
		percentage := whole.Percentage()
		view.Percentage = &percentage
	}
	return view
}

func mostOf(a, b dayTimes) dayTimes {
	return dayTimes{
		max(a.operational, b.operational), max(a.maintenance, b.maintenance), max(a.degraded, b.degraded),
		max(a.partial, b.partial), max(a.major, b.major),
	}
}

// uptimeDocument is uptime.json.
func (v *viewer) uptimeDocument(u *uptime) UptimeDocument {
	cfg := v.Configuration
	document := UptimeDocument{
		Page: Reference{ID: v.Page.ID, Name: v.Page.Settings.Name}, Seq: v.Page.Seq, At: v.moment(v.Page.At),
		Days: u.span(), Components: []ComponentUptime{},
	}
	add := func(id, name string, group bool, members []string) {
		document.Components = append(document.Components, ComponentUptime{
			ID: id, Name: name, Group: group, UptimeView: *u.ofMembers(members),
		})
	}
	for _, id := range cfg.TopLevel() {
		group, ok := cfg.Groups[id]
		if !ok {
			add(id, cfg.Components[id].Name, false, []string{id})
			continue
		}
		members := cfg.Members(id)
		add(id, group.Name, true, slices.Clone(members))
		for _, member := range members {
			add(member, cfg.Components[member].Name, false, []string{member})
		}
	}
	return document
}
