package page

import (
	"fmt"
	"strings"

	"allclear/internal/status"
)

// The words that people read. site/src/page/words.ts has the same.

func componentWord(s status.ComponentState) string {
	switch s {
	case status.Operational:
		return "Operational"
	case status.UnderMaintenance:
		return "Under maintenance"
	case status.DegradedPerformance:
		return "Degraded performance"
	case status.PartialOutage:
		return "Partial outage"
	case status.MajorOutage:
		return "Major outage"
	default:
		return string(s)
	}
}

func incidentWord(s status.IncidentStatus) string {
	switch s {
	case status.Investigating:
		return "Investigating"
	case status.Identified:
		return "Identified"
	case status.Monitoring:
		return "Monitoring"
	case status.Resolved:
		return "Resolved"
	case status.Postmortem:
		return "Postmortem"
	case status.Scheduled:
		return "Scheduled"
	case status.InProgress:
		return "In progress"
	case status.Verifying:
		return "Verifying"
	case status.Completed:
		return "Completed"
	default:
		return string(s)
	}
}

func impactWord(i status.Impact) string {
	switch i {
	case status.ImpactNone:
		return "No impact"
	case status.ImpactMaintenance:
		return "Maintenance"
	case status.ImpactMinor:
		return "Minor impact"
	case status.ImpactMajor:
		return "Major impact"
	case status.ImpactCritical:
		return "Critical impact"
	default:
		return string(i)
	}
}

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
