package api

import (
	"allclear/internal/status"
)

// subscriberJSON is a subscriber as operators see it: Statuspage's members in the order of its
// description, then our own. https://developer.statuspage.io/#tag/subscribers
type subscriberJSON struct {
	ID                           string      `json:"id"`
	SkipConfirmationNotification bool        `json:"skip_confirmation_notification"`
	Mode                         status.Mode `json:"mode"`
	Email                        *string     `json:"email"`
	Endpoint                     *string     `json:"endpoint"`
	PhoneNumber                  *string     `json:"phone_number"`
	PhoneCountry                 *string     `json:"phone_country"`
	DisplayPhoneNumber           *string     `json:"display_phone_number"`
	ObfuscatedChannelName        *string     `json:"obfuscated_channel_name"`
	WorkspaceName                *string     `json:"workspace_name"`
	QuarantinedAt                *string     `json:"quarantined_at"`
	PurgeAt                      *string     `json:"purge_at"`
	Components                   []string    `json:"components"` // null for the whole page
	PageAccessUserID             *string     `json:"page_access_user_id"`
	CreatedAt                    string      `json:"created_at"`

	State status.SubscriberState `json:"state"`
	// QuarantineReason says why it is quarantined, null where it is not.
	QuarantineReason *string `json:"quarantine_reason"`
	// IncidentID is of the only incident to hear of, null for the page and its components.
	IncidentID *string `json:"incident_id"`
	// SigningSecret is shown once, when it is made.
	SigningSecret string `json:"signing_secret,omitempty"`
}

func (v view) subscriber(s *status.Subscriber) subscriberJSON {
	purgeAt := s.PurgeAt
	if over := v.over[s.Incident]; !over.IsZero() && s.State != status.Unsubscribed {
		if end := over.Add(status.FollowedFor); purgeAt == nil || end.Before(*purgeAt) {
			purgeAt = &end
		}
	}
	shown := subscriberJSON{
		ID: s.ID, SkipConfirmationNotification: s.Quiet, Mode: s.Mode,
		Email: textOrNull(s.Email), Endpoint: textOrNull(s.Endpoint),
		QuarantinedAt: v.timeOrNull(s.QuarantinedAt), PurgeAt: v.timeOrNull(purgeAt),
		CreatedAt: v.time(s.CreatedAt), State: s.State, QuarantineReason: textOrNull(s.Reason), IncidentID: textOrNull(s.Incident),
	}
	if len(s.Components) > 0 {
		shown.Components = s.Components
	}
	return shown
}

func newestSecret(s *status.Subscriber) string {
	if len(s.Secrets) == 0 {
		return ""
	}
	return s.Secrets[0].Text
}

// doneJSON says how many subscribers a request was carried out for, and how many are left to call
// again for.
type doneJSON struct {
	Count     int `json:"count"`
	Remaining int `json:"remaining"`
}
