package page

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"allclear/internal/status"
)

// busy is a page with as much as a snapshot holds: 60 components, 50 incidents and 50
// maintenances of 8 updates. Most texts are plain, some have markup.
func busy(b *testing.B) Input {
	in := sample(b, "America/Los_Angeles")
	start := moment(b, "2026-01-01T00:00:00Z")
	cfg := status.NewConfiguration()
	for n := range 6 {
		group := fmt.Sprintf("grp%09d", n)
		cfg.AddGroup(status.Group{ID: group, Name: group, CreatedAt: start, UpdatedAt: start})
		for m := range 9 {
			id := fmt.Sprintf("cmp%03d%06d", n, m)
			cfg.AddComponent(status.Component{ID: id, Name: id, CreatedAt: start, UpdatedAt: start}, group)
		}
	}
	in.Configuration, in.Incidents, in.Maintenances, in.Open = cfg, nil, nil, nil
	ids := cfg.List()
	for n := range 100 {
		at := start.Add(time.Duration(n) * time.Hour)
		i := &status.Incident{
			ID: fmt.Sprintf("inc%09d", n), Name: "Elevated errors in some regions", Status: status.Resolved, Impact: status.ImpactMinor,
			CreatedAt: at, StartedAt: at, UpdatedAt: at, ResolvedAt: &at, FeedNumber: int64(n), Components: ids[n%40 : n%40+3],
		}
		for m := range 8 {
			u := status.Update{
				ID: fmt.Sprintf("upd%03d%06d", n, m), Status: status.Monitoring, Format: status.Markdown,
				CreatedAt: at, UpdatedAt: at, DisplayAt: at,
				Body: strings.Repeat("We are continuing to watch the errors that customers in some regions see. ", 4),
			}
			if m == 0 {
				u.Body += "\n\nRoot cause: <a href=\"https://example.org/\">capacity</a> & load."
			}
			for _, id := range i.Components {
				u.Affected = append(u.Affected, status.Affected{Code: id, Name: id, Old: status.Operational, New: status.Operational})
			}
			i.Updates = append(i.Updates, u)
		}
		if n%2 == 0 {
			in.Incidents = append(in.Incidents, i)
			continue
		}
		i.Schedule = &status.Schedule{For: at, Until: at.Add(time.Hour)}
		in.Maintenances = append(in.Maintenances, i)
	}
	return in
}

func BenchmarkLists(b *testing.B) {
	in := busy(b)
	for name, render := range map[string]func(Input) ([]Document, error){"json": lists, "feeds": feeds, "calendar": calendar, "summary": summary} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := render(in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
