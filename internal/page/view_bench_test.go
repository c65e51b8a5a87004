package page

import (
	"fmt"
	"testing"
	"time"

	"allclear/internal/status"
)

func BenchmarkSite(b *testing.B) {
	in := busy(b)
	// The worst case: everything within the last days, and trouble on most of ninety.
	in.Maintenances = nil
	in.Page.At = in.Incidents[len(in.Incidents)-1].CreatedAt.Add(time.Hour)
	for n, i := range newestFirst(in.Incidents, in.Maintenances) {
		for m := range i.Updates { // no two texts are the same, and half have markup
			i.Updates[m].Body = fmt.Sprintf("%d.%d %s", n, m, i.Updates[m].Body)
			if m%2 == 0 {
				i.Updates[m].Body += "\n\n- see **https://a.example/**"
			}
		}
	}
	for n := range status.UptimeDays {
		day := status.NewDay(status.DateOf(in.Page.At.AddDate(0, 0, n-status.UptimeDays), in.Page.Location()))
		for id := range in.Configuration.Components {
			day.Seconds[id] = map[status.ComponentState]int64{status.Operational: 86400 - int64(n%7)*60}
			if n%7 != 0 {
				day.Seconds[id][status.PartialOutage] = int64(n%7) * 60
			}
		}
		in.Days = append(in.Days, day)
	}
	for name, render := range map[string]func(Input) ([]Document, error){
		"site": func(in Input) ([]Document, error) {
			v := newViewer(in)
			views, err := v.views()
			if err != nil {
				return nil, err
			}
			pages, err := v.pages()
			return append(views, pages...), err
		},
		"all": Lists,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := render(in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
