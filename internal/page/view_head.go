package page

import (
	"net/url"
	"slices"
	"strings"
	"sync"

	"allclear/internal/words"
)

// viewer makes the views of one Input. It makes the large ones once, with their JSON.
type viewer struct {
	Input
	clock
	bodies  *words.Bodies
	uptime  func() *uptime
	index   func() (encoded[IndexView], error)
	history func() (encoded[HistoryDocument], error)
}

// encoded is a view and its JSON.
type encoded[T any] struct {
	view T
	body []byte
}

func newViewer(in Input) *viewer {
	v := &viewer{Input: in, clock: newClock(in.Page.Location(), in.Page.At), bodies: words.NewBodies()}
	v.uptime = sync.OnceValue(v.newUptime)
	v.index, v.history = once(v.makeIndex), once(v.makeHistory)
	return v
}

func once[T any](view func() T) func() (encoded[T], error) {
	return sync.OnceValues(func() (encoded[T], error) {
		e := encoded[T]{view: view()}
		var err error
		e.body, err = encodeView(e.view)
		return e, err
	})
}

func (v *viewer) head(kind ViewKind) Head {
	s := v.Page.Settings
	page, incidents := s.Subscribable()
	return Head{
		Kind: kind, Seq: v.Page.Seq, At: v.moment(v.Page.At),
		Page: Masthead{
			ID: v.Page.ID, Name: s.Name, Title: words.PageTitle(s.Name), URL: v.PublicURL, TimeZone: v.zone.String(),
			Headline: s.Headline, Description: s.Description,
			Website: safeAddress(s.Website, "http", "https"),
			Support: safeAddress(s.SupportURL, "http", "https", "mailto"),
			Feeds:   s.AllowFeeds, Subscribe: page, SubscribeIncidents: incidents, Zones: v.names,
		},
	}
}

// safeAddress is an address of one of some schemes, or nothing.
func safeAddress(address string, schemes ...string) string {
	u, err := url.Parse(address)
	if err != nil || !slices.Contains(schemes, strings.ToLower(u.Scheme)) {
		return ""
	}
	return address
}
