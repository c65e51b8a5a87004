package page

import (
	"encoding/json"

	"allclear/internal/status"
)

// The V2 types are the objects of Statuspage's public JSON (api/v2), with its keys in its order.
// Unset fields are null and never left out; times are Timestamp texts. Clients decode these
// strictly, so nothing may be added, renamed or moved.

// V2Page opens every document.
type V2Page struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	URL       string `json:"url"` // of the page, without a trailing slash
	TimeZone  string `json:"time_zone"`
	UpdatedAt string `json:"updated_at"`
}

// V2Component is a component or a group. Components, the members' ids in order, is there exactly
// for groups and there only in component lists, not inside an incident.
type V2Component struct {
	ID                 string                `json:"id"`
	Name               string                `json:"name"`
	Status             status.ComponentState `json:"status"`
	CreatedAt          string                `json:"created_at"`
	UpdatedAt          string                `json:"updated_at"`
	Position           int                   `json:"position"` // from 1 in each group
	Description        *string               `json:"description"`
	Showcase           bool                  `json:"showcase"`
	StartDate          *string               `json:"start_date"` // YYYY-MM-DD
	GroupID            *string               `json:"group_id"`
	PageID             string                `json:"page_id"`
	Group              bool                  `json:"group"`
	OnlyShowIfDegraded bool                  `json:"only_show_if_degraded"`
	Components         []string              `json:"components,omitzero"`
}

// V2Common is what incidents and maintenances have in common: their first thirteen keys.
type V2Common struct {
	ID           string                `json:"id"`
	Name         string                `json:"name"`
	Status       status.IncidentStatus `json:"status"`
	CreatedAt    string                `json:"created_at"`
	UpdatedAt    string                `json:"updated_at"`
	MonitoringAt *string               `json:"monitoring_at"`
	ResolvedAt   *string               `json:"resolved_at"`
	Impact       status.Impact         `json:"impact"`
	Shortlink    string                `json:"shortlink"`
	StartedAt    string                `json:"started_at"`
	PageID       string                `json:"page_id"`
	Updates      []V2Update            `json:"incident_updates"` // newest first
	Components   []V2Component         `json:"components"`       // attached ones in their current state
}

// V2Incident is a realtime incident.
type V2Incident struct {
	V2Common
	ReminderIntervals *string `json:"reminder_intervals"`
}

// V2Maintenance is a scheduled maintenance.
type V2Maintenance struct {
	V2Common
	ScheduledFor   string `json:"scheduled_for"`
	ScheduledUntil string `json:"scheduled_until"`
}

// V2Update is one message of an incident's timeline. Body is text with "<br />" for line breaks
// and whatever HTML was typed: readers must treat it as untrusted.
type V2Update struct {
	ID                   string                `json:"id"`
	Status               status.IncidentStatus `json:"status"`
	Body                 string                `json:"body"`
	IncidentID           string                `json:"incident_id"`
	CreatedAt            string                `json:"created_at"`
	UpdatedAt            string                `json:"updated_at"`
	DisplayAt            string                `json:"display_at"`
	AffectedComponents   []V2Affected          `json:"affected_components"` // null for none
	DeliverNotifications bool                  `json:"deliver_notifications"`
	CustomTweet          *string               `json:"custom_tweet"`
	TweetID              *V2TweetID            `json:"tweet_id"`
}

// V2TweetID is the id of a post on Twitter: a number in real documents, too large for a float.
type V2TweetID string

// MarshalJSON writes digits as a number and anything else as text.
func (id V2TweetID) MarshalJSON() ([]byte, error) {
	for n, r := range id {
		if r < '0' || r > '9' || (r == '0' && n == 0) {
			return json.Marshal(string(id))
		}
	}
	if id == "" {
		return []byte(`""`), nil
	}
	return []byte(id), nil
}

// UnmarshalJSON reads a number or a text.
func (id *V2TweetID) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] != '"' {
		var number json.Number
		err := json.Unmarshal(b, &number)
		*id = V2TweetID(number)
		return err
	}
	return json.Unmarshal(b, (*string)(id))
}

// V2Affected is a component at the moment of an update; Code is its id.
type V2Affected struct {
	Code string                `json:"code"`
	Name string                `json:"name"`
	Old  status.ComponentState `json:"old_status"`
	New  status.ComponentState `json:"new_status"`
}

// V2Summary is api/v2/summary.json: all components, unresolved incidents, and maintenances that
// are not completed.
type V2Summary struct {
	Page         V2Page          `json:"page"`
	Components   []V2Component   `json:"components"`
	Incidents    []V2Incident    `json:"incidents"`
	Maintenances []V2Maintenance `json:"scheduled_maintenances"`
	Status       status.Overall  `json:"status"`
}

// V2Status is api/v2/status.json.
type V2Status struct {
	Page   V2Page         `json:"page"`
	Status status.Overall `json:"status"`
}

// V2Components is api/v2/components.json.
type V2Components struct {
	Page       V2Page        `json:"page"`
	Components []V2Component `json:"components"`
}

// V2Incidents is api/v2/incidents.json and its selections.
type V2Incidents struct {
	Page      V2Page       `json:"page"`
	Incidents []V2Incident `json:"incidents"`
}

// V2Maintenances is api/v2/scheduled-maintenances.json and its selections.
type V2Maintenances struct {
	Page         V2Page          `json:"page"`
	Maintenances []V2Maintenance `json:"scheduled_maintenances"`
}

// V2IncidentDetail is api/v2/incidents/<id>.json of a realtime incident.
type V2IncidentDetail struct {
	Page     V2Page     `json:"page"`
	Incident V2Incident `json:"incident"`
}

// V2MaintenanceDetail is the same of a maintenance; its key is "incident" too.
type V2MaintenanceDetail struct {
	Page     V2Page        `json:"page"`
	Incident V2Maintenance `json:"incident"`
}
