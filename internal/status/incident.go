package status

import (
	"slices"
	"time"
)

// IncidentStatus is where an incident or maintenance stands. The words are Statuspage's.
type IncidentStatus string

// The statuses: the first five are those of realtime incidents, the others those of scheduled
// maintenances.
const (
	Investigating IncidentStatus = "investigating"
	Identified    IncidentStatus = "identified"
	Monitoring    IncidentStatus = "monitoring"
	Resolved      IncidentStatus = "resolved"
	Postmortem    IncidentStatus = "postmortem"

	Scheduled  IncidentStatus = "scheduled"
	InProgress IncidentStatus = "in_progress"
	Verifying  IncidentStatus = "verifying"
	Completed  IncidentStatus = "completed"
)

// Valid tells whether s is a known status.
func (s IncidentStatus) Valid() bool { return s.Realtime() || s.Maintenance() }

// Realtime tells whether s belongs to realtime incidents.
func (s IncidentStatus) Realtime() bool {
	switch s {
	case Investigating, Identified, Monitoring, Resolved, Postmortem:
		return true
	case Scheduled, InProgress, Verifying, Completed:
		return false
	default:
		return false
	}
}

// Maintenance tells whether s belongs to scheduled maintenances.
func (s IncidentStatus) Maintenance() bool {
	switch s {
	case Scheduled, InProgress, Verifying, Completed:
		return true
	case Investigating, Identified, Monitoring, Resolved, Postmortem:
		return false
	default:
		return false
	}
}

// Final tells whether an incident of this status is over.
func (s IncidentStatus) Final() bool { return s == Resolved || s == Postmortem || s == Completed }

// Format says how the body of an update is written.
type Format string

// The formats: Markdown is what is written here, HTML is what imports bring.
const (
	Markdown Format = "markdown"
	HTML     Format = "html"
)

// Origin says where an incident or event comes from.
type Origin string

// OriginImport marks what was taken over from another page: quiet, and shown as it was given.
const OriginImport Origin = "import"

// Incident is a realtime incident or a scheduled maintenance, whole: one document.
type Incident struct {
	ID             string         `json:"id"`
	Name           string         `json:"name"`
	Status         IncidentStatus `json:"status"`
	Impact         Impact         `json:"impact"` // computed; see PublicImpact
	ImpactOverride Impact         `json:"impact_override,omitempty"`
	CreatedAt      time.Time      `json:"created_at"`
	UpdatedAt      time.Time      `json:"updated_at"`
	StartedAt      time.Time      `json:"started_at"`
	MonitoringAt   *time.Time     `json:"monitoring_at"`
	ResolvedAt     *time.Time     `json:"resolved_at"`
	Shortlink      string         `json:"shortlink,omitempty"` // "" means the page's own address of it
	// ReminderIntervals is Statuspage's text: nil for the default, "[]" for off, "[1,5]" or "4" hours.
	ReminderIntervals *string   `json:"reminder_intervals"`
	Components        []string  `json:"components"` // attached, in the order of attachment
	Updates           []Update  `json:"updates"`    // newest created first, at least one unless imported
	Schedule          *Schedule `json:"schedule,omitempty"`
	Backfilled        bool      `json:"backfilled,omitempty"`
	Metadata          string    `json:"metadata,omitempty"` // a JSON object of objects, as text
	FeedNumber        int64     `json:"feed_number"`
	Seq               int64     `json:"seq"` // of the page when this was last changed
	Origin            Origin    `json:"origin,omitempty"`
}

// Schedule is what a maintenance has and a realtime incident has not.
type Schedule struct {
	For            time.Time  `json:"scheduled_for"`
	Until          time.Time  `json:"scheduled_until"`
	RemindPrior    bool       `json:"scheduled_remind_prior"` // notice 60 minutes before
	RemindedAt     *time.Time `json:"scheduled_reminded_at"`
	AutoInProgress bool       `json:"scheduled_auto_in_progress"`
	AutoCompleted  bool       `json:"scheduled_auto_completed"`
	ToMaintenance  bool       `json:"auto_transition_to_maintenance_state"` // components, at the start
	ToOperational  bool       `json:"auto_transition_to_operational_state"` // components, at the end
	NotifyAtStart  bool       `json:"auto_transition_deliver_notifications_at_start"`
	NotifyAtEnd    bool       `json:"auto_transition_deliver_notifications_at_end"`
}

// Update is one message of an incident's timeline.
type Update struct {
	ID                   string         `json:"id"`
	Status               IncidentStatus `json:"status"`
	Body                 string         `json:"body"`
	Format               Format         `json:"format"`
	CreatedAt            time.Time      `json:"created_at"`
	UpdatedAt            time.Time      `json:"updated_at"`
	DisplayAt            time.Time      `json:"display_at"`
	Affected             []Affected     `json:"affected_components"` // nil when no component was attached
	DeliverNotifications bool           `json:"deliver_notifications"`
	CustomTweet          *string        `json:"custom_tweet"`
	TweetID              *string        `json:"tweet_id"`
}

// Affected is a component attached at the moment of an update, with its state before and after.
// The name is a snapshot: it stays when the component is renamed.
type Affected struct {
	Code string         `json:"code"`
	Name string         `json:"name"`
	Old  ComponentState `json:"old_status"`
	New  ComponentState `json:"new_status"`
}

// IsMaintenance tells a scheduled maintenance from a realtime incident.
func (i *Incident) IsMaintenance() bool { return i.Schedule != nil }

// Open tells whether it is not over yet.
func (i *Incident) Open() bool { return !i.Status.Final() }

// PublicImpact is the impact to show: the operator's choice, or the computed one.
func (i *Incident) PublicImpact() Impact {
	if i.ImpactOverride != "" {
		return i.ImpactOverride
	}
	return i.Impact
}

// Summary is what an event says of it.
func (i *Incident) Summary() *Summary {
	return &Summary{Name: i.Name, Status: i.Status, Impact: i.PublicImpact()}
}

// OrderTime is what public lists sort by, newest first: for an incident resolved_at if resolved,
// else created_at; for a maintenance scheduled_for until completed, then resolved_at. Seen in real
// captures of Statuspage.
func (i *Incident) OrderTime() time.Time {
	if i.Status.Final() && i.ResolvedAt != nil {
		return *i.ResolvedAt
	}
	if i.Schedule != nil {
		return i.Schedule.For
	}
	return i.CreatedAt
}

// Month is the month "YYYY-MM" of a zone that the incident is listed under.
func (i *Incident) Month(zone *time.Location) string { return Month(i.OrderTime(), zone) }

// Month is the month "YYYY-MM" that a time falls in.
func Month(t time.Time, zone *time.Location) string { return t.In(zone).Format("2006-01") }

// Update finds an update by id.
func (i *Incident) Update(id string) (*Update, bool) {
	for n := range i.Updates {
		if i.Updates[n].ID == id {
			return &i.Updates[n], true
		}
	}
	return nil, false
}

// UpTo is an incident as one of its updates left it, for whoever tells of that update: it is the newest
// of the timeline, and the incident has its status and the components that it names, if it names any.
// What was posted later is left out: that has a message of its own, or is to have none, and a text must
// not be news twice. So the message of an update is the same for everybody however late it is made.
// Texts, name, impact and schedule are as they stand now, so that a correction reaches who still
// waits. It is false if there is no such update.
func (i *Incident) UpTo(update string) (*Incident, bool) {
	n := slices.IndexFunc(i.Updates, func(u Update) bool { return u.ID == update })
	if n < 0 {
		return nil, false
	}
	c := i.Clone()
	c.Updates = c.Updates[n:]
	c.Status = c.Updates[0].Status
	if affected := c.Updates[0].Affected; len(affected) > 0 {
		c.Components = make([]string, len(affected))
		for k := range affected {
			c.Components[k] = affected[k].Code
		}
	}
	return c, true
}

// Clone copies an incident deeply enough to change one copy without the other.
func (i *Incident) Clone() *Incident {
	c := *i
	c.Components = slices.Clone(i.Components)
	c.Updates = slices.Clone(i.Updates)
	if i.Schedule != nil {
		c.Schedule = new(*i.Schedule)
	}
	return &c
}
