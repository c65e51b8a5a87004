package payload

import (
	"allclear/internal/page"
	"allclear/internal/status"
)

// The objects of the wire, as real webhooks of Statuspage have them. Unset fields are null and
// never left out; times are page.Timestamp texts.

type incidentMessage struct {
	Meta     meta       `json:"meta"`
	Page     pageStatus `json:"page"`
	Incident incident   `json:"incident"` // maintenances too
}

type componentMessage struct {
	Meta      meta            `json:"meta"`
	Page      pageStatus      `json:"page"`
	Component component       `json:"component"`
	Update    componentUpdate `json:"component_update"`
}

type meta struct {
	Unsubscribe   string `json:"unsubscribe"`
	Documentation string `json:"documentation"`
	GeneratedAt   string `json:"generated_at"`
}

type pageStatus struct {
	ID          string           `json:"id"`
	Indicator   status.Indicator `json:"status_indicator"`
	Description string           `json:"status_description"`
}

type component struct {
	Status      status.ComponentState `json:"status"` // the current one
	Name        string                `json:"name"`
	CreatedAt   string                `json:"created_at"`
	UpdatedAt   string                `json:"updated_at"`
	Position    int                   `json:"position"`
	Description *string               `json:"description"`
	Showcase    bool                  `json:"showcase"`
	ID          string                `json:"id"`
	PageID      string                `json:"page_id"`
	GroupID     *string               `json:"group_id"`
}

type componentUpdate struct {
	OldStatus     status.ComponentState `json:"old_status"`
	NewStatus     status.ComponentState `json:"new_status"`
	CreatedAt     string                `json:"created_at"`
	ComponentType string                `json:"component_type"`
	ID            string                `json:"id"`
	ComponentID   string                `json:"component_id"`
}

// incident has no postmortem: its fields are those of an incident without one.
type incident struct {
	Name                          string                `json:"name"`
	Status                        status.IncidentStatus `json:"status"`
	CreatedAt                     string                `json:"created_at"`
	UpdatedAt                     string                `json:"updated_at"`
	MonitoringAt                  *string               `json:"monitoring_at"`
	ResolvedAt                    *string               `json:"resolved_at"`
	Impact                        status.Impact         `json:"impact"`
	Shortlink                     string                `json:"shortlink"`
	PostmortemIgnored             bool                  `json:"postmortem_ignored"`
	PostmortemBody                *string               `json:"postmortem_body"`
	PostmortemBodyLastUpdatedAt   *string               `json:"postmortem_body_last_updated_at"`
	PostmortemPublishedAt         *string               `json:"postmortem_published_at"`
	PostmortemNotifiedSubscribers bool                  `json:"postmortem_notified_subscribers"`
	PostmortemNotifiedTwitter     bool                  `json:"postmortem_notified_twitter"`
	Backfilled                    bool                  `json:"backfilled"`
	ScheduledFor                  *string               `json:"scheduled_for"`
	ScheduledUntil                *string               `json:"scheduled_until"`
	ScheduledRemindPrior          bool                  `json:"scheduled_remind_prior"`
	ScheduledRemindedAt           *string               `json:"scheduled_reminded_at"`
	ImpactOverride                *status.Impact        `json:"impact_override"`
	ScheduledAutoInProgress       bool                  `json:"scheduled_auto_in_progress"`
	ScheduledAutoCompleted        bool                  `json:"scheduled_auto_completed"`
	ID                            string                `json:"id"`
	PageID                        string                `json:"page_id"`
	Updates                       []update              `json:"incident_updates"` // newest first, never empty
	Components                    []component           `json:"components"`       // attached ones in their current state
}

type update struct {
	Status               status.IncidentStatus `json:"status"`
	Body                 string                `json:"body"` // as in the v2 JSON: text with <br /> and whatever HTML was typed
	CreatedAt            string                `json:"created_at"`
	WantsTwitterUpdate   bool                  `json:"wants_twitter_update"`
	TwitterUpdatedAt     *string               `json:"twitter_updated_at"`
	UpdatedAt            string                `json:"updated_at"`
	DisplayAt            string                `json:"display_at"`
	Affected             []page.V2Affected     `json:"affected_components"` // null for none
	CustomTweet          *string               `json:"custom_tweet"`
	DeliverNotifications bool                  `json:"deliver_notifications"`
	ID                   string                `json:"id"`
	IncidentID           string                `json:"incident_id"`
}
