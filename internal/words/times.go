package words

import (
	"fmt"
	"strings"
	"time"
)

// Moment is a time for people, in the zone that it carries: "Nov 23, 2026, 09:00 UTC".
func Moment(t time.Time) string { return t.Format("Jan 2, 2006, 15:04 ") + Zone(t) }

// Zone is the abbreviation that a time's zone has at that moment, or its offset where it has none:
// "CET", "UTC+03:00".
func Zone(t time.Time) string {
	name, offset := t.Zone()
	if name == "" || strings.ContainsAny(name, "+-") { // "+03" is no name
		return Offset(offset / 60)
	}
	return name
}

// Offset is a distance from UTC in minutes east: "UTC-03:30".
func Offset(minutes int) string {
	sign := "+"
	if minutes < 0 {
		sign, minutes = "-", -minutes
	}
	return fmt.Sprintf("UTC%s%02d:%02d", sign, minutes/60, minutes%60)
}
