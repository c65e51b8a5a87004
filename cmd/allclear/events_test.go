package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/local/watch"
)

func TestEventsAreThoseOfTheLastDayAndAWatchBeginsNow(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	since := &instant{now.Add(-time.Minute)}
	for name, c := range map[string]struct {
		command eventsCommand
		want    watch.Options
	}{
		"nothing said":     {eventsCommand{}, watch.Options{Since: now.Add(-24 * time.Hour)}},
		"a time":           {eventsCommand{Since: since}, watch.Options{Since: since.Time}},
		"follow":           {eventsCommand{Follow: true}, watch.Options{Follow: true}},
		"follow from then": {eventsCommand{Follow: true, Since: since}, watch.Options{Follow: true, Since: since.Time}},
	} {
		if diff := cmp.Diff(c.want, c.command.options(now)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
