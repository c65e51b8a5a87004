package page

import (
	"testing"
	"time"
)

func TestTimestampsAreInThePagesZoneWithThreeDigits(t *testing.T) {
	tests := []struct{ name, zone, at, want string }{
		{"UTC is Z", "Etc/UTC", "2026-03-08T09:30:00.120Z", "2026-03-08T09:30:00.120Z"},
		{"other names of UTC are Z too", "UTC", "2026-03-08T09:30:00Z", "2026-03-08T09:30:00.000Z"},
		{"before daylight saving time", "America/Los_Angeles", "2026-03-08T09:59:59.999Z", "2026-03-08T01:59:59.999-08:00"},
		{"in daylight saving time", "America/Los_Angeles", "2026-03-08T10:00:00.000Z", "2026-03-08T03:00:00.000-07:00"},
		{"a zone that is at UTC in winter", "Europe/London", "2026-01-08T10:00:00.5Z", "2026-01-08T10:00:00.500+00:00"},
		{"a zone of half an hour", "Asia/Kolkata", "2026-01-08T20:00:00Z", "2026-01-09T01:30:00.000+05:30"},
		{"what is finer is cut", "Etc/UTC", "2026-01-08T20:00:00.0019999Z", "2026-01-08T20:00:00.001Z"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			zone, err := time.LoadLocation(test.zone)
			if err != nil {
				t.Fatal(err)
			}
			if got := Timestamp(moment(t, test.at), zone); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
