package api

import (
	"encoding/json"
	"slices"

	"allclear/internal/page"
	"allclear/internal/status"
)

// incidentJSON is an incident or maintenance: the public one with what only operators see behind
// it. https://developer.statuspage.io/#tag/incidents
type incidentJSON struct {
	ID                string          `json:"id"`
	Name              string          `json:"name"`
	Status            string          `json:"status"`
	CreatedAt         string          `json:"created_at"`
	UpdatedAt         string          `json:"updated_at"`
	MonitoringAt      *string         `json:"monitoring_at"`
	ResolvedAt        *string         `json:"resolved_at"`
	Impact            string          `json:"impact"`
	Shortlink         string          `json:"shortlink"`
	StartedAt         string          `json:"started_at"`
	PageID            string          `json:"page_id"`
	Updates           []updateJSON    `json:"incident_updates"` // newest first
	Components        []componentJSON `json:"components"`       // in their current state, by position
	ReminderIntervals *string         `json:"reminder_intervals"`
	ImpactOverride    *string         `json:"impact_override"`
	Impacts           []struct{}      `json:"incident_impacts"`
	Metadata          json.RawMessage `json:"metadata"`
	Backfilled        bool            `json:"backfilled"`

	// A published_at that is no null breaks clients made from Statuspage's description, which
	// takes it for a boolean.
	PostmortemBody                *string `json:"postmortem_body"`
	PostmortemBodyLastUpdatedAt   *string `json:"postmortem_body_last_updated_at"`
	PostmortemIgnored             bool    `json:"postmortem_ignored"`
	PostmortemPublishedAt         *string `json:"postmortem_published_at"`
	PostmortemNotifiedSubscribers bool    `json:"postmortem_notified_subscribers"`
	PostmortemNotifiedTwitter     bool    `json:"postmortem_notified_twitter"`

	ScheduledFor            *string `json:"scheduled_for"`
	ScheduledUntil          *string `json:"scheduled_until"`
	ScheduledRemindPrior    bool    `json:"scheduled_remind_prior"`
	ScheduledRemindedAt     *string `json:"scheduled_reminded_at"`
	ScheduledAutoInProgress bool    `json:"scheduled_auto_in_progress"`
	ScheduledAutoCompleted  bool    `json:"scheduled_auto_completed"`
	AutoToMaintenance       bool    `json:"auto_transition_to_maintenance_state"`
	AutoToOperational       bool    `json:"auto_transition_to_operational_state"`
	AutoNotifyAtStart       bool    `json:"auto_transition_deliver_notifications_at_start"`
	AutoNotifyAtEnd         bool    `json:"auto_transition_deliver_notifications_at_end"`
}

// updateJSON is one message of a timeline. Its body is the text as it was sent.
type updateJSON struct {
	ID                   string         `json:"id"`
	Status               string         `json:"status"`
	Body                 string         `json:"body"`
	IncidentID           string         `json:"incident_id"`
	CreatedAt            string         `json:"created_at"`
	UpdatedAt            string         `json:"updated_at"`
	DisplayAt            string         `json:"display_at"`
	Affected             []affectedJSON `json:"affected_components"` // null for none
	DeliverNotifications bool           `json:"deliver_notifications"`
	CustomTweet          *string        `json:"custom_tweet"`
	TweetID              *string        `json:"tweet_id"`
	WantsTwitterUpdate   bool           `json:"wants_twitter_update"`
	TwitterUpdatedAt     *string        `json:"twitter_updated_at"`
}

type affectedJSON struct {
	Code string `json:"code"`
	Name string `json:"name"`
	Old  string `json:"old_status"`
	New  string `json:"new_status"`
}

func (v view) incident(i *status.Incident) incidentJSON {
	j := incidentJSON{
		ID: i.ID, Name: i.Name, Status: string(i.Status), PageID: v.page.ID,
		CreatedAt: v.time(i.CreatedAt), UpdatedAt: v.time(i.UpdatedAt), StartedAt: v.time(i.StartedAt),
		MonitoringAt: v.timeOrNull(i.MonitoringAt), ResolvedAt: v.timeOrNull(i.ResolvedAt),
		Impact: string(i.PublicImpact()), ImpactOverride: textOrNull(i.ImpactOverride), Impacts: []struct{}{},
		Shortlink: i.Shortlink, ReminderIntervals: i.ReminderIntervals, Backfilled: i.Backfilled,
		Metadata: json.RawMessage("{}"), Updates: make([]updateJSON, len(i.Updates)), Components: []componentJSON{},
	}
	if j.Shortlink == "" {
		j.Shortlink = page.IncidentAddress(v.publicURL, i.ID)
	}
	if i.Metadata != "" {
		j.Metadata = json.RawMessage(i.Metadata)
	}
	for n := range i.Updates {
		j.Updates[n] = v.update(i.ID, &i.Updates[n])
	}
	for _, id := range slices.SortedFunc(slices.Values(i.Components), v.cfg.Order) {
		if c, ok := v.cfg.Components[id]; ok { // else it was deleted meanwhile
			j.Components = append(j.Components, v.component(c))
		}
	}
	if s := i.Schedule; s != nil {
		j.ScheduledFor, j.ScheduledUntil = v.timeOrNull(&s.For), v.timeOrNull(&s.Until)
		j.ScheduledRemindPrior, j.ScheduledRemindedAt = s.RemindPrior, v.timeOrNull(s.RemindedAt)
		j.ScheduledAutoInProgress, j.ScheduledAutoCompleted = s.AutoInProgress, s.AutoCompleted
		j.AutoToMaintenance, j.AutoToOperational = s.ToMaintenance, s.ToOperational
		j.AutoNotifyAtStart, j.AutoNotifyAtEnd = s.NotifyAtStart, s.NotifyAtEnd
	}
	return j
}

func (v view) update(incident string, u *status.Update) updateJSON {
	j := updateJSON{
		ID: u.ID, Status: string(u.Status), Body: u.Body, IncidentID: incident,
		CreatedAt: v.time(u.CreatedAt), UpdatedAt: v.time(u.UpdatedAt), DisplayAt: v.time(u.DisplayAt),
		DeliverNotifications: u.DeliverNotifications, CustomTweet: u.CustomTweet, TweetID: u.TweetID,
	}
	for _, a := range u.Affected {
		j.Affected = append(j.Affected, affectedJSON{a.Code, a.Name, string(a.Old), string(a.New)})
	}
	return j
}

func (v view) incidents(list []*status.Incident) []incidentJSON {
	all := make([]incidentJSON, len(list))
	for n, i := range list {
		all[n] = v.incident(i)
	}
	return all
}
