package page

import (
	"time"

	"allclear/internal/status"
)

// v2 projects the domain onto the V2 types. It derives nothing that is stored. It keeps what it
// projected, since one incident stands in several lists; it belongs to one Input.
type v2 struct {
	Input
	zone *time.Location
	done map[*status.Incident]V2Common
}

func newV2(in Input) v2 {
	return v2{Input: in, zone: in.Page.Location(), done: map[*status.Incident]V2Common{}}
}

func (v v2) page() V2Page {
	return V2Page{
		ID: v.Page.ID, Name: v.Page.Settings.Name, URL: v.PublicURL,
		TimeZone: v.Page.Settings.TimeZone, UpdatedAt: v.at(v.Page.At),
	}
}

func (v v2) at(t time.Time) string { return Timestamp(t, v.zone) }

// components are all components and groups in the order of the list.
func (v v2) components() []V2Component {
	members := make(map[string][]string, len(v.Configuration.Groups))
	ids := v.Configuration.List()
	list := make([]V2Component, 0, len(ids))
	for _, id := range ids { // in order, so the members are in order too
		if _, ok := v.Configuration.Components[id]; ok {
			group := v.Configuration.Layout[id].Group
			members[group] = append(members[group], id)
		}
	}
	for _, id := range ids {
		c := v.component(id)
		if c.Group {
			c.Components = members[id]
			if c.Components == nil {
				c.Components = []string{}
			}
		}
		list = append(list, c)
	}
	return list
}

// component is one component or group without its members.
func (v v2) component(id string) V2Component {
	place := v.Configuration.Layout[id]
	wire := V2Component{ID: id, Position: place.Position, PageID: v.Page.ID}
	if place.Group != "" {
		wire.GroupID = &place.Group
	}
	if g, ok := v.Configuration.Groups[id]; ok {
		wire.Group, wire.Name, wire.Description = true, g.Name, g.Description
		wire.Status = v.Configuration.GroupStatus(id)
		wire.CreatedAt, wire.UpdatedAt = v.at(g.CreatedAt), v.at(g.UpdatedAt)
		return wire
	}
	c := v.Configuration.Components[id]
	wire.Name, wire.Description, wire.StartDate = c.Name, c.Description, c.StartDate
	wire.Showcase, wire.OnlyShowIfDegraded = c.Showcase, c.OnlyShowIfDegraded
	wire.Status = v.Configuration.Status(id)
	wire.CreatedAt, wire.UpdatedAt = v.at(c.CreatedAt), v.at(v.Configuration.UpdatedAt(id))
	return wire
}

// attached are the components of an incident that still exist, in the order of the list.
func (v v2) attached(i *status.Incident) []V2Component {
	ids := v.Configuration.Existing(i.Components)
	list := make([]V2Component, 0, len(ids))
	for _, id := range ids {
		list = append(list, v.component(id))
	}
	return list
}

func (v v2) common(i *status.Incident) V2Common {
	if wire, ok := v.done[i]; ok {
		return wire
	}
	wire := V2Common{
		ID: i.ID, Name: i.Name, Status: i.Status,
		CreatedAt: v.at(i.CreatedAt), UpdatedAt: v.at(i.UpdatedAt),
		MonitoringAt: timestampOrNull(i.MonitoringAt, v.zone), ResolvedAt: timestampOrNull(i.ResolvedAt, v.zone),
		Impact: i.PublicImpact(), Shortlink: i.Shortlink, StartedAt: v.at(i.StartedAt), PageID: v.Page.ID,
		Updates: make([]V2Update, len(i.Updates)), Components: v.attached(i),
	}
	if wire.Shortlink == "" {
		wire.Shortlink = IncidentAddress(v.PublicURL, i.ID)
	}
	for n := range i.Updates {
		wire.Updates[n] = v.update(i.ID, &i.Updates[n])
	}
	v.done[i] = wire
	return wire
}

func (v v2) update(incident string, u *status.Update) V2Update {
	wire := V2Update{
		ID: u.ID, Status: u.Status, Body: BodyText(u), IncidentID: incident,
		CreatedAt: v.at(u.CreatedAt), UpdatedAt: v.at(u.UpdatedAt), DisplayAt: v.at(u.DisplayAt),
		DeliverNotifications: u.DeliverNotifications, CustomTweet: u.CustomTweet, TweetID: (*V2TweetID)(u.TweetID),
	}
	if len(u.Affected) > 0 {
		wire.AffectedComponents = make([]V2Affected, 0, len(u.Affected))
	}
	for _, a := range u.Affected {
		wire.AffectedComponents = append(wire.AffectedComponents, V2Affected(a))
	}
	return wire
}

func (v v2) incident(i *status.Incident) V2Incident {
	return V2Incident{V2Common: v.common(i), ReminderIntervals: i.ReminderIntervals}
}

func (v v2) maintenance(i *status.Incident) V2Maintenance {
	return V2Maintenance{
		V2Common:     v.common(i),
		ScheduledFor: v.at(i.Schedule.For), ScheduledUntil: v.at(i.Schedule.Until),
	}
}
