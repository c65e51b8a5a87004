package status

import (
	"slices"
	"time"
)

// Mode is how a subscriber is reached. Where Statuspage has a word for it, it is that one.
type Mode string

// The modes.
const (
	ModeEmail      Mode = "email"
	ModeWebhook    Mode = "webhook" // Statuspage's webhook payloads
	ModeSlack      Mode = "slack"
	ModeTeams      Mode = "teams"
	ModeDiscord    Mode = "discord"
	ModeGoogleChat Mode = "google_chat"
	ModeMattermost Mode = "mattermost"
)

// Modes are all there are, in the order in which they are listed.
func Modes() []Mode {
	return []Mode{ModeEmail, ModeWebhook, ModeSlack, ModeTeams, ModeDiscord, ModeGoogleChat, ModeMattermost}
}

// Valid tells whether m is a known mode.
func (m Mode) Valid() bool { return slices.Contains(Modes(), m) }

// SubscriberState is where a subscriber stands.
type SubscriberState string

// The states. Only active ones are told anything; an unconfirmed one may get a confirmation mail.
const (
	Unconfirmed  SubscriberState = "unconfirmed"
	Active       SubscriberState = "active"
	Quarantined  SubscriberState = "quarantined" // could not be reached; may be reactivated until it is purged
	Unsubscribed SubscriberState = "unsubscribed"
)

// SubscriberStates are all there are.
func SubscriberStates() []SubscriberState {
	return []SubscriberState{Unconfirmed, Active, Quarantined, Unsubscribed}
}

// Valid tells whether s is a known state.
func (s SubscriberState) Valid() bool { return slices.Contains(SubscriberStates(), s) }

// SubscriberOrigin says who made a subscriber.
type SubscriberOrigin string

// The origins.
const (
	FromVisitor  SubscriberOrigin = "visitor"  // on the page
	FromOperator SubscriberOrigin = "operator" // through the API
	FromRoster   SubscriberOrigin = "roster"   // by import of a list
)

// How long subscribers are kept that nobody hears of again.
const (
	UnconfirmedFor  = 30 * 24 * time.Hour // since the last confirmation mail was asked for
	QuarantinedFor  = 30 * 24 * time.Hour
	UnsubscribedFor = 90 * 24 * time.Hour // without address
	// FollowedFor is how long a subscription to one incident outlives it: a postmortem, and a
	// re-opening, still reach who followed it.
	FollowedFor = 30 * 24 * time.Hour
)

// Limits of a subscriber.
const (
	MaxSecrets  = 2    // two while one takes over from the other
	MaxEndpoint = 2048 // bytes
	maxChosen   = 1500 // as many components and groups as a page can have
)

// Subscriber is somebody, or some program, to be told of what happens on a page.
type Subscriber struct {
	ID       string          `json:"id"`
	Page     string          `json:"page"`
	Version  int64           `json:"version"` // of this record, counted by the store
	Mode     Mode            `json:"mode"`
	Email    string          `json:"email,omitempty"`    // where mails go; of an endpoint, its owner's
	Endpoint string          `json:"endpoint,omitempty"` // where everything but mail goes
	State    SubscriberState `json:"state"`
	// Components are the ids of the components and groups chosen; none means the whole page.
	Components []string `json:"components"`
	Incident   string   `json:"incident,omitempty"` // the only one to hear of
	// Kinds are what to hear of; none means everything that the mode knows.
	Kinds []NoticeKind `json:"kinds"`
	// Quiet ones get no mail about their subscription itself.
	Quiet          bool             `json:"quiet"`
	Origin         SubscriberOrigin `json:"origin"`
	CreatedAt      time.Time        `json:"created_at"`
	UpdatedAt      time.Time        `json:"updated_at"`
	ConfirmedAt    *time.Time       `json:"confirmed_at"`
	QuarantinedAt  *time.Time       `json:"quarantined_at"`
	UnsubscribedAt *time.Time       `json:"unsubscribed_at"`
	// PurgeAt is when it ceases to exist, nil for never. An unconfirmed one without it has not been
	// asked yet: its confirmation mail waits for its turn.
	PurgeAt *time.Time       `json:"purge_at"`
	Reason  QuarantineReason `json:"reason,omitempty"` // of the quarantine
	// Returned are the days (UTC) on which mails came back that might have been delivered another
	// time, oldest first, since a mail was last delivered. See MailReturned.
	Returned []time.Time `json:"returned,omitempty"`
	// Generation is a part of every link that is mailed to it: raising it revokes them.
	Generation int64 `json:"generation"`
	// Secrets sign webhooks, the newest first, at most MaxSecrets. All of them are in use.
	Secrets []Secret `json:"secrets"`
}

// Secret is a key that signs webhooks, as text in the form of Standard Webhooks ("whsec_…").
type Secret struct {
	Text      string    `json:"text"`
	CreatedAt time.Time `json:"created_at"`
}

// NewSubscriber makes a subscriber from what it is to be: page, mode, address, choices, origin and
// secrets. It is active if its owner's will is known, else it waits for the confirmation that is
// mailed to it. Addresses must have been checked: here only their presence is.
func NewSubscriber(want Subscriber, confirmed bool, stamp Stamp) (*Subscriber, error) {
	s := want.Clone()
	switch {
	case !s.Mode.Valid():
		return nil, Invalidf("mode", "is not a known mode: %q", Cut(string(s.Mode), 100))
	case s.Mode == ModeEmail && s.Email == "":
		return nil, Invalidf("email", "can't be blank")
	case s.Mode == ModeEmail && s.Endpoint != "":
		return nil, Invalidf("endpoint", "can't be given for a subscriber by mail")
	case s.Mode != ModeEmail && s.Endpoint == "":
		return nil, Invalidf("endpoint", "can't be blank")
	case len(s.Endpoint) > MaxEndpoint:
		return nil, Invalidf("endpoint", "is too long (%d bytes, at most %d)", len(s.Endpoint), MaxEndpoint)
	case !confirmed && s.Email == "":
		return nil, Invalidf("email", "can't be blank: the subscription is confirmed by mail")
	case s.Incident != "" && len(s.Components) > 0:
		return nil, Invalidf("component_ids", "can't be given for a subscriber of one incident")
	case len(s.Secrets) > MaxSecrets:
		return nil, Invalidf("secrets", "can't be more than %d", MaxSecrets)
	}
	s.ID, s.Version, s.Generation = stamp.NewID(), 0, 1
	s.CreatedAt, s.UpdatedAt = stamp.Now, stamp.Now
	s.ConfirmedAt, s.QuarantinedAt, s.UnsubscribedAt, s.Reason, s.Returned = nil, nil, nil, "", nil
	if err := s.Choose(s.Components, s.Kinds, stamp.Now); err != nil {
		return nil, err
	}
	if confirmed {
		s.State, s.ConfirmedAt, s.PurgeAt = Active, new(stamp.Now), nil
	} else {
		s.State, s.PurgeAt = Unconfirmed, new(stamp.Now.Add(UnconfirmedFor))
	}
	return s, nil
}

// Clone copies a subscriber deeply enough to change one copy without the other. The copy has a list
// of secrets, if an empty one.
func (s *Subscriber) Clone() *Subscriber {
	c := *s
	c.Components = slices.Clone(s.Components)
	c.Kinds = slices.Clone(s.Kinds)
	c.Secrets = append([]Secret{}, s.Secrets...)
	c.Returned = slices.Clone(s.Returned)
	return &c
}

// Address is where the subscriber is reached.
func (s *Subscriber) Address() string {
	if s.Mode == ModeEmail {
		return s.Email
	}
	return s.Endpoint
}
