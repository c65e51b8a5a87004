package api

import (
	"cmp"
	"slices"
	"strings"

	"allclear/internal/status"
)

// allStates is the word for subscribers in any state but unsubscribed.
const allStates = "all"

// pick chooses subscribers of the page by type and state, as Statuspage's requests do.
type pick struct {
	mode     string // "" for any; also Statuspage's types that there are none of here
	state    string // one of the states, or allStates
	incident string // "" for those of the page and its components
	q        string // in lower case: a part of the address
	// everywhere takes subscribers of any incident, too.
	everywhere bool
}

// foreignTypes are types of Statuspage's that no subscriber has here: asking for them finds nobody.
func foreignTypes() []string { return []string{"sms", "integration_partner"} }

// readPick reads type and state from wherever a request has them.
func readPick(mode, state string) (pick, error) {
	p := pick{mode: mode, state: cmp.Or(state, string(status.Active))}
	if mode != "" && !status.Mode(mode).Valid() && !slices.Contains(foreignTypes(), mode) {
		return pick{}, status.Invalidf("type", "%s", choices(typesOf()))
	}
	states := append(livingStates(), allStates)
	if !slices.Contains(states, status.SubscriberState(p.state)) {
		return pick{}, status.Invalidf("state", "%s", choices(states))
	}
	return p, nil
}

func livingStates() []status.SubscriberState {
	return []status.SubscriberState{status.Active, status.Unconfirmed, status.Quarantined}
}

func typesOf() []string {
	types := []string{}
	for _, m := range status.Modes() {
		types = append(types, string(m))
	}
	return append(types, foreignTypes()...)
}

func (p pick) takes(s *status.Subscriber) bool {
	return s.State != status.Unsubscribed && (s.Incident == p.incident || p.everywhere) &&
		(p.mode == "" || string(s.Mode) == p.mode) && (p.state == allStates || string(s.State) == p.state) &&
		(p.q == "" || strings.Contains(strings.ToLower(s.Email), p.q) || strings.Contains(strings.ToLower(s.Endpoint), p.q))
}

// listSubscribers lists those of the page and of components. Those of single incidents are found when
// an address is searched for in all states: whoever asks what is kept of them asks for that.
func (c *call) listSubscribers() (reply, error) {
	query := c.r.URL.Query()
	p, err := readPick(query.Get("type"), query.Get("state"))
	if err != nil {
		return reply{}, err
	}
	if err := status.CheckText("q", query.Get("q"), status.MaxName); err != nil {
		return reply{}, err
	}
	p.q = strings.ToLower(query.Get("q"))
	p.everywhere = p.q != "" && p.state == allStates
	order, err := readOrder(query.Get("sort_field"), query.Get("sort_direction"), p.q)
	if err != nil {
		return reply{}, err
	}
	number, err := c.number("page", 0)
	if err != nil {
		return reply{}, err
	}
	limit, err := c.number("limit", maxPerPage)
	if err != nil {
		return reply{}, err
	}
	if limit == 0 {
		return reply{}, status.Invalidf("limit", "must be at least 1")
	}
	limit = min(limit, maxPerPage)
	return c.listPicked(p.takes, order, window{skip: number * limit, size: limit})
}

// order is how a list is sorted: by a text that stands for the chosen field, then by id.
type order struct {
	key  func(*status.Subscriber) string
	down bool
}

func readOrder(field, direction, q string) (order, error) {
	var o order
	switch direction {
	case "", "asc":
	case "desc":
		o.down = true
	default:
		return o, status.Invalidf("sort_direction", "%s", choices([]string{"asc", "desc"}))
	}
	primary := func(s *status.Subscriber) string { return strings.ToLower(s.Address()) }
	switch field {
	case "", "primary":
		o.key = primary
	case "created_at":
		o.key = byCreation
	case "quarantined_at":
		o.key = func(s *status.Subscriber) string {
			if s.QuarantinedAt == nil {
				return ""
			}
			return s.QuarantinedAt.UTC().Format(timeLayout)
		}
	case "relevance":
		if q == "" {
			return o, status.Invalidf("sort_field", "can't be relevance without q")
		}
		o.key = func(s *status.Subscriber) string { return relevance(primary(s), q) }
	default:
		return o, status.Invalidf("sort_field", "%s", choices([]string{"primary", "created_at", "quarantined_at", "relevance"}))
	}
	return o, nil
}

func byCreation(s *status.Subscriber) string { return s.CreatedAt.UTC().Format(timeLayout) }

// relevance puts the address itself before one that begins with the text, and that before others.
func relevance(address, q string) string {
	switch {
	case address == q:
		return "0" + address
	case strings.HasPrefix(address, q):
		return "1" + address
	default:
		return "2" + address
	}
}

// listPicked answers a part of the subscribers that take chooses. It reads all of them and keeps
// of each chosen one only what it is sorted by, so its memory stays small however many there are.
func (c *call) listPicked(take func(*status.Subscriber) bool, o order, w window) (reply, error) {
	page, err := c.page()
	if err != nil {
		return reply{}, err
	}
	type place struct{ key, id string }
	var places []place
	err = c.audience.Visit(c.ctx(), page.ID, func(s *status.Subscriber) error {
		if take(s) {
			places = append(places, place{o.key(s), s.ID})
		}
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	slices.SortFunc(places, func(a, b place) int {
		n := cmp.Or(strings.Compare(a.key, b.key), strings.Compare(a.id, b.id))
		if o.down {
			return -n
		}
		return n
	})
	shown := cut(places, w)
	ids := make([]string, len(shown))
	for i := range shown {
		ids[i] = shown[i].id
	}
	list, err := c.audience.ByID(c.ctx(), page.ID, ids)
	if err != nil {
		return reply{}, err
	}
	v, err := c.ending(c.viewOf(page, nil), list...)
	if err != nil {
		return reply{}, err
	}
	answer := []subscriberJSON{}
	for _, s := range list {
		if take(s) { // it may have changed since it was chosen
			answer = append(answer, v.subscriber(s))
		}
	}
	return found(answer)
}

// listUnsubscribed lists who has left, in the order in which they came, for as long as that is kept:
// without addresses.
func (c *call) listUnsubscribed() (reply, error) {
	w, err := c.window()
	if err != nil {
		return reply{}, err
	}
	left := func(s *status.Subscriber) bool { return s.State == status.Unsubscribed }
	return c.listPicked(left, order{key: byCreation}, w)
}

func (c *call) listIncidentSubscribers() (reply, error) {
	w, err := c.window()
	if err != nil {
		return reply{}, err
	}
	page, err := c.pageID()
	if err != nil {
		return reply{}, err
	}
	incident, err := c.incidentOf(page)
	if err != nil {
		return reply{}, err
	}
	p := pick{state: allStates, incident: incident.ID}
	return c.listPicked(p.takes, order{key: byCreation}, w)
}

// byType has something for each type, in the order of Statuspage's description, then for our own.
type byType[T any] struct {
	Email              T `json:"email"`
	SMS                T `json:"sms"` // none here, as of IntegrationPartner
	Webhook            T `json:"webhook"`
	IntegrationPartner T `json:"integration_partner"`
	Slack              T `json:"slack"`
	Teams              T `json:"teams"`
	Discord            T `json:"discord"`
	GoogleChat         T `json:"google_chat"`
	Mattermost         T `json:"mattermost"`
}

func (b *byType[T]) of(m status.Mode) *T {
	switch m {
	case status.ModeEmail:
		return &b.Email
	case status.ModeWebhook:
		return &b.Webhook
	case status.ModeSlack:
		return &b.Slack
	case status.ModeTeams:
		return &b.Teams
	case status.ModeDiscord:
		return &b.Discord
	case status.ModeGoogleChat:
		return &b.GoogleChat
	case status.ModeMattermost:
		return &b.Mattermost
	default:
		return new(T) // in no known mode: counted nowhere
	}
}

// byState are counts of those that there are for operators.
type byState struct {
	Active      int `json:"active"`
	Unconfirmed int `json:"unconfirmed"`
	Quarantined int `json:"quarantined"`
	Total       int `json:"total"`
}

func (b *byState) count(s status.SubscriberState) {
	switch s {
	case status.Active:
		b.Active++
	case status.Unconfirmed:
		b.Unconfirmed++
	case status.Quarantined:
		b.Quarantined++
	case status.Unsubscribed:
		return
	}
	b.Total++
}

// countSubscribers counts by type, in one state unless asked for all.
func (c *call) countSubscribers() (reply, error) {
	query := c.r.URL.Query()
	p, err := readPick(query.Get("type"), query.Get("state"))
	if err != nil {
		return reply{}, err
	}
	var counts byType[int]
	err = c.visit(p, func(s *status.Subscriber) { *counts.of(s.Mode)++ })
	if err != nil {
		return reply{}, err
	}
	return found(counts)
}

// countSubscribersByState counts by type, then by state.
func (c *call) countSubscribersByState() (reply, error) {
	var counts byType[byState]
	err := c.visit(pick{state: allStates}, func(s *status.Subscriber) { counts.of(s.Mode).count(s.State) })
	if err != nil {
		return reply{}, err
	}
	return found(counts)
}

// visit shows all picked subscribers of the page in the path.
func (c *call) visit(p pick, show func(*status.Subscriber)) error {
	page, err := c.page()
	if err != nil {
		return err
	}
	return c.audience.Visit(c.ctx(), page.ID, func(s *status.Subscriber) error {
		if p.takes(s) {
			show(s)
		}
		return nil
	})
}
