package words

import "allclear/internal/status"

// The words that people read. site/src/page/words.ts has the same.

// Component is the word for the state of a component.
func Component(s status.ComponentState) string {
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

// Incident is the word for the status of an incident or maintenance.
func Incident(s status.IncidentStatus) string {
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

// Impact is the word for an impact.
func Impact(i status.Impact) string {
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

// Update is the heading of an incident's update n: its status, or "Update" when the one before
// it had the same, as on Statuspage.
func Update(i *status.Incident, n int) string {
	if n+1 < len(i.Updates) && i.Updates[n+1].Status == i.Updates[n].Status {
		return "Update"
	}
	return Incident(i.Updates[n].Status)
}
