package page

import (
	"fmt"
	"strings"

	"allclear/internal/status"
)

// bar is one path of an uptime bar: a stroke for each day of one state. Worse states stand
// higher, so that the bar can be read without its colours. The drawing is 4 units wide per day
// and 32 high.
type bar struct {
	State string
	Path  string
}

// height is how high a state's stroke is.
func height(state string) int {
	switch state {
	case string(status.MajorOutage):
		return 32
	case string(status.PartialOutage):
		return 28
	case string(status.DegradedPerformance):
		return 25
	case string(status.UnderMaintenance), string(status.Operational):
		return 22
	default:
		return 8
	}
}

// bars draws the days of an uptime. site/src/page/bars.ts draws the same.
func bars(u *UptimeView) []bar {
	special := make(map[string]string, len(u.Days))
	for _, day := range u.Days {
		special[day.Date] = day.State
	}
	states := []string{
		StateNoData, string(status.Operational), string(status.UnderMaintenance),
		string(status.DegradedPerformance), string(status.PartialOutage), string(status.MajorOutage),
	}
	paths, ends := make(map[string]*strings.Builder, len(states)), make(map[string]int, len(states))
	for n, date := range u.dates {
		state, ok := special[date]
		switch {
		case u.Since == "" || date < u.Since:
			state = StateNoData
		case !ok:
			state = string(status.Operational)
		}
		h := height(state)
		if path := paths[state]; path == nil {
			paths[state] = &strings.Builder{}
			fmt.Fprintf(paths[state], "M%d 32v-%d", 4*n+2, h)
		} else {
			fmt.Fprintf(path, "m%d %dv-%d", 4*(n-ends[state]), h, h)
		}
		ends[state] = n
	}
	var list []bar
	for _, state := range states {
		if path := paths[state]; path != nil {
			list = append(list, bar{state, path.String()})
		}
	}
	return list
}

// year is the months of one year of the history.
type year struct {
	Year   string
	Months []string
}

func byYear(months []string) []year {
	var years []year
	for _, month := range months {
		name, _, _ := strings.Cut(month, "-")
		if len(years) == 0 || years[len(years)-1].Year != name {
			years = append(years, year{Year: name})
		}
		last := &years[len(years)-1]
		last.Months = append(last.Months, month)
	}
	return years
}

// plural is "1 update", "2 updates".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
