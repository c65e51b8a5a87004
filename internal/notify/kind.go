package notify

import (
	"slices"

	"allclear/internal/status"
)

// Kind says which mail it is; its template has that name.
type Kind string

// The kinds of mail.
const (
	IncidentCreated      Kind = "incident-created"
	IncidentUpdated      Kind = "incident-updated"
	IncidentResolved     Kind = "incident-resolved"
	IncidentPostmortem   Kind = "incident-postmortem"
	MaintenanceScheduled Kind = "maintenance-scheduled"
	MaintenanceReminder  Kind = "maintenance-reminder"
	MaintenanceStarted   Kind = "maintenance-started"
	MaintenanceUpdated   Kind = "maintenance-updated"
	MaintenanceCompleted Kind = "maintenance-completed"
	ComponentsChanged    Kind = "components-changed"
	ConfirmationAsked    Kind = "confirmation"
	ManageAsked          Kind = "manage"
	EndpointFailing      Kind = "endpoint-failing"
)

// Kinds lists all of them.
func Kinds() []Kind {
	return []Kind{
		IncidentCreated, IncidentUpdated, IncidentResolved, IncidentPostmortem,
		MaintenanceScheduled, MaintenanceReminder, MaintenanceStarted, MaintenanceUpdated, MaintenanceCompleted,
		ComponentsChanged, ConfirmationAsked, ManageAsked, EndpointFailing,
	}
}

// KindOf says which mail an event is worth, if any. The update is the one of its incident that the mail
// is about; both are nil when the event is about none.
func KindOf(i *status.Incident, u *status.Update, e *status.Event) (Kind, bool) {
	switch {
	case e.Origin == status.OriginImport:
		return "", false
	case e.Incident == "":
		return ComponentsChanged, len(e.States) > 0 && e.Type == status.ComponentUpdated
	case !e.Notify || i == nil || u == nil || i.Backfilled:
		return "", false
	case i.IsMaintenance():
		return maintenanceKind(i, u)
	default:
		return incidentKind(i, u)
	}
}

func incidentKind(i *status.Incident, u *status.Update) (Kind, bool) {
	switch u.Status {
	case status.Resolved:
		return IncidentResolved, true
	case status.Postmortem:
		return IncidentPostmortem, true
	case status.Investigating, status.Identified, status.Monitoring:
		if _, older := before(i, u); older {
			return IncidentUpdated, true
		}
		return IncidentCreated, true
	case status.Scheduled, status.InProgress, status.Verifying, status.Completed:
		return "", false
	default:
		return "", false
	}
}

func maintenanceKind(i *status.Incident, u *status.Update) (Kind, bool) {
	last, older := before(i, u)
	switch u.Status {
	case status.Scheduled:
		switch at := i.Schedule.RemindedAt; {
		case at != nil && at.Equal(u.CreatedAt): // the step that reminds posts at that moment
			return MaintenanceReminder, true
		case older:
			return MaintenanceUpdated, true
		}
		return MaintenanceScheduled, true
	case status.InProgress:
		if older && (last == status.InProgress || last == status.Verifying) {
			return MaintenanceUpdated, true
		}
		return MaintenanceStarted, true
	case status.Verifying:
		return MaintenanceUpdated, true
	case status.Completed:
		return MaintenanceCompleted, true
	case status.Investigating, status.Identified, status.Monitoring, status.Resolved, status.Postmortem:
		return "", false
	default:
		return "", false
	}
}

// before is the status that an incident had when an update was posted, if there was one before.
func before(i *status.Incident, u *status.Update) (status.IncidentStatus, bool) {
	n := slices.IndexFunc(i.Updates, func(other status.Update) bool { return other.ID == u.ID })
	if n < 0 || n+1 >= len(i.Updates) {
		return "", false
	}
	return i.Updates[n+1].Status, true
}
