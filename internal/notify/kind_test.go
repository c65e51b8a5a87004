package notify

import (
	"testing"
	"time"

	"allclear/internal/status"
)

func TestTheKindFollowsFromWhatHappened(t *testing.T) {
	realtime := func(statuses ...status.IncidentStatus) *status.Incident { // oldest first
		i := failure()
		i.Updates = nil
		for n, s := range statuses {
			u := status.Update{ID: string(rune('a' + n)), Status: s, CreatedAt: sampleAt.Add(time.Duration(n) * time.Minute)}
			i.Updates = append([]status.Update{u}, i.Updates...)
			i.Status = s
		}
		return i
	}
	maintenance := func(statuses ...status.IncidentStatus) *status.Incident {
		i := realtime(statuses...)
		i.Schedule = &status.Schedule{}
		return i
	}
	reminded := maintenance(status.Scheduled, status.Scheduled)
	reminded.Schedule.RemindedAt = new(reminded.Updates[0].CreatedAt)
	movedAfterReminder := maintenance(status.Scheduled, status.Scheduled, status.Scheduled)
	movedAfterReminder.Schedule.RemindedAt = new(movedAfterReminder.Updates[1].CreatedAt)
	for _, c := range []struct {
		name string
		i    *status.Incident
		want Kind
	}{
		{"the first update", realtime(status.Investigating), IncidentCreated},
		{"the first one may know more already", realtime(status.Monitoring), IncidentCreated},
		{"a later one", realtime(status.Investigating, status.Identified), IncidentUpdated},
		{"one that keeps the status", realtime(status.Investigating, status.Investigating), IncidentUpdated},
		{"the resolving one", realtime(status.Investigating, status.Resolved), IncidentResolved},
		{"resolved at once", realtime(status.Resolved), IncidentResolved},
		{"opened again", realtime(status.Investigating, status.Resolved, status.Investigating), IncidentUpdated},
		{"a postmortem", realtime(status.Investigating, status.Resolved, status.Postmortem), IncidentPostmortem},
		{"maintenance is announced", maintenance(status.Scheduled), MaintenanceScheduled},
		{"and moved", maintenance(status.Scheduled, status.Scheduled), MaintenanceUpdated},
		{"and reminded of", reminded, MaintenanceReminder},
		{"and moved after the reminder", movedAfterReminder, MaintenanceUpdated},
		{"and begun", maintenance(status.Scheduled, status.InProgress), MaintenanceStarted},
		{"begun without notice", maintenance(status.InProgress), MaintenanceStarted},
		{"and told about", maintenance(status.Scheduled, status.InProgress, status.InProgress), MaintenanceUpdated},
		{"and verified", maintenance(status.Scheduled, status.InProgress, status.Verifying), MaintenanceUpdated},
		{"back to work after verifying", maintenance(status.InProgress, status.Verifying, status.InProgress), MaintenanceUpdated},
		{"and completed", maintenance(status.Scheduled, status.InProgress, status.Completed), MaintenanceCompleted},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := &status.Event{Incident: c.i.ID, Notify: true, Update: &c.i.Updates[0]}
			if got, ok := KindOf(c.i, &c.i.Updates[0], e); got != c.want || !ok {
				t.Errorf("got %q, %t, want %q", got, ok, c.want)
			}
			if err := (Incident{Kind: c.want, Incident: c.i}).check(); err != nil {
				t.Errorf("the mail is refused: %v", err)
			}
		})
	}
}

func TestAnOvertakenEventIsTheMailOfTheNewestUpdate(t *testing.T) {
	i := posted(failure(), status.Resolved, "Over.")
	e := &status.Event{Type: status.IncidentCreated, Incident: i.ID, Notify: true, Update: &i.Updates[3]}
	if got, ok := KindOf(i, &i.Updates[0], e); got != IncidentResolved || !ok {
		t.Errorf("got %q, %t, want %q", got, ok, IncidentResolved)
	}
}

func TestComponentsAreWorthAMailWithoutAnIncident(t *testing.T) {
	moved := []status.StateChange{{Component: "cmppayments1", Old: status.Operational, New: status.MajorOutage}}
	if got, ok := KindOf(nil, nil, &status.Event{Type: status.ComponentUpdated, States: moved}); got != ComponentsChanged || !ok {
		t.Errorf("got %q, %t, want %q", got, ok, ComponentsChanged)
	}
}

func TestMostEventsAreWorthNoMail(t *testing.T) {
	i := failure()
	quiet := i.Clone()
	quiet.Backfilled = true
	moved := []status.StateChange{{Component: "cmppayments1", Old: status.Operational, New: status.MajorOutage}}
	for name, c := range map[string]struct {
		i *status.Incident
		u *status.Update
		e status.Event
	}{
		"an update that is not to be delivered": {i, &i.Updates[0], status.Event{Incident: i.ID}},
		"a backfilled incident":                 {quiet, &quiet.Updates[0], status.Event{Incident: i.ID, Notify: true}},
		"an imported incident":                  {i, &i.Updates[0], status.Event{Incident: i.ID, Notify: true, Origin: status.OriginImport}},
		"imported states":                       {nil, nil, status.Event{Type: status.ComponentUpdated, States: moved, Origin: status.OriginImport}},
		"an incident that is deleted":           {nil, nil, status.Event{Incident: i.ID, Notify: true}},
		"an incident without an update to tell": {i, nil, status.Event{Incident: i.ID, Notify: true}},
		"a component that is renamed":           {nil, nil, status.Event{Type: status.ComponentUpdated}},
		"a component that is made":              {nil, nil, status.Event{Type: status.ComponentCreated, States: moved}},
		"a day that ends":                       {nil, nil, status.Event{Type: status.DayClosed}},
	} {
		if got, ok := KindOf(c.i, c.u, &c.e); ok {
			t.Errorf("%s: got a mail %q", name, got)
		}
	}
}
