package page

import (
	"fmt"
	"strings"

	"allclear/internal/status"
)

// Words about uptime; those for states are in internal/words. site/src/page/words.ts has the same.

// uptimeWord is a percentage for people, "99.98%".
func uptimeWord(u *UptimeView) string {
	if u.Percentage == nil {
		return "No data yet"
	}
	return fmt.Sprint(*u.Percentage) + "% uptime"
}

// uptimeLabel says in one sentence what a bar shows.
func uptimeLabel(u *UptimeView) string {
	var label strings.Builder
	label.WriteString(uptimeWord(u))
	if u.Percentage == nil {
		return label.String()
	}
	fmt.Fprintf(&label, " in the last %d days", status.UptimeDays)
	trouble := 0
	for _, day := range u.Days {
		if day.State != StateNoData {
			trouble++
		}
	}
	switch trouble {
	case 0:
		label.WriteString(", operational every day")
	case 1:
		label.WriteString(", not fully operational on 1 day")
	default:
		fmt.Fprintf(&label, ", not fully operational on %d days", trouble)
	}
	return label.String()
}
