package api

import (
	"time"

	"allclear/internal/status"
)

// view is what answers are made from besides the thing itself: the page and its components at
// that moment.
type view struct {
	page      status.Page
	cfg       *status.Configuration
	zone      *time.Location // of the page: all times are shown in it
	publicURL string
	over      map[string]time.Time // since when incidents are over that subscribers follow; see ending
}

// timeLayout has three digits of a second and "Z" for UTC, as all of Statuspage's times.
const timeLayout = "2006-01-02T15:04:05.000Z07:00"

func (v view) time(t time.Time) string { return t.In(v.zone).Format(timeLayout) }

func (v view) timeOrNull(t *time.Time) *string {
	if t == nil {
		return nil
	}
	return textOrNull(v.time(*t))
}

// textOrNull is null for an empty text.
func textOrNull[T ~string](s T) *string {
	if s == "" {
		return nil
	}
	text := string(s)
	return &text
}
