package page

import "time"

const (
	layoutUTC    = "2006-01-02T15:04:05.000Z"
	layoutOffset = "2006-01-02T15:04:05.000-07:00"
)

// Timestamp writes a time as Statuspage's JSON does: ISO 8601 with exactly three fractional
// digits, in the page's zone. UTC is "Z"; another zone is the numeric offset that it has at that
// moment, also when that is "+00:00".
func Timestamp(t time.Time, zone *time.Location) string {
	t = t.In(zone)
	if name, _ := t.Zone(); name == "UTC" {
		return t.Format(layoutUTC)
	}
	return t.Format(layoutOffset)
}

// timestampOrNull is Timestamp for what may not have happened.
func timestampOrNull(t *time.Time, zone *time.Location) *string {
	if t == nil {
		return nil
	}
	s := Timestamp(*t, zone)
	return &s
}
