package demo

import (
	"context"
	"time"

	"allclear/internal/status"
	"allclear/internal/store"
)

// planStory is the life of one incident: the first post opens it.
func (l *life) planStory(s story) {
	began := moment(l.now, -s.daysAgo, s.clock)
	if s.ago > 0 {
		began = l.now.Add(-time.Duration(s.ago) * time.Minute)
	}
	var id string
	for n, p := range s.posts {
		change := l.change(p)
		if n == 0 {
			change.Name = &s.name
			if s.impact != "" {
				change.ImpactOverride = &s.impact
			}
		}
		l.plan(l.person(began.Add(time.Duration(p.minute)*time.Minute)), l.post(&id, change, "on-call"))
	}
}

// change is what a post asks for.
func (l *life) change(p post) status.IncidentChange {
	change := status.IncidentChange{Status: &p.status, Body: &p.body}
	if len(p.states) > 0 {
		change.Components = map[string]status.ComponentState{}
		for part, state := range p.states {
			change.Components[l.ids[part]] = state
		}
	}
	return change
}

// planBackfill enters an incident after the fact.
func (l *life) planBackfill(b backfill) {
	var id string
	happened := moment(l.now, -b.daysAgo, b.clock)
	l.plan(l.person(moment(l.now, -b.entered, clock{10, 5})), l.post(&id, status.IncidentChange{
		Name: &b.name, Body: &b.body, Backfilled: true, BackfillDate: &happened,
	}, "on-call"))
}

// planWork is the life of a maintenance: announced, then carried out by the clock and by people.
func (l *life) planWork(w work) {
	from := moment(l.now, w.days, w.clock)
	until := from.Add(time.Duration(w.minutes) * time.Minute)
	parts := make([]string, len(w.parts))
	for n, part := range w.parts {
		parts[n] = l.ids[part]
	}
	yes, byClock := true, !w.byHand
	var id string
	l.plan(l.person(moment(l.now, -w.announced, clock{14, 20})), l.post(&id, status.IncidentChange{
		Name: &w.name, Body: &w.body, ComponentIDs: &parts, ScheduledFor: &from, ScheduledUntil: &until,
		RemindPrior: &yes, AutoInProgress: &yes, AutoCompleted: &byClock,
		ToMaintenance: &yes, ToOperational: &yes, NotifyAtStart: &yes, NotifyAtEnd: &yes,
	}, "change-calendar"))
	for _, at := range []time.Time{from.Add(-status.RemindBefore), from, until} {
		l.plan(schedule(at), func(ctx context.Context) error { return l.ticker.Maintenances(ctx, l.page) })
	}
	for _, p := range w.posts {
		l.plan(l.person(from.Add(time.Duration(p.minute)*time.Minute)), l.post(&id, l.change(p), "on-call"))
	}
}

// post opens an incident, whose id it keeps, or adds to the one that has the id.
func (l *life) post(id *string, change status.IncidentChange, author string) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := l.store.Commit(ctx, l.page, func(tx *store.Tx) error {
			cfg, err := tx.Configuration()
			if err != nil {
				return err
			}
			i, applied, created, err := apply(tx, *id, change, cfg)
			if err != nil {
				return err
			}
			event := status.Event{
				Type: eventType(i, created), Actor: status.Actor{Kind: status.ActorKey, Name: author},
				Incident: i.ID, States: applied.States,
				Notify: applied.Update.DeliverNotifications && !i.Backfilled,
			}
			event.SetUpdate(applied.Update)
			tx.PutIncident(i)
			tx.Record(event)
			*id = i.ID
			return nil
		})
		return err
	}
}

func apply(tx *store.Tx, id string, change status.IncidentChange, cfg *status.Configuration) (*status.Incident, status.Applied, bool, error) {
	if id == "" {
		i, applied, err := status.NewIncident(change, cfg, tx.Stamp)
		return i, applied, true, err
	}
	i, err := tx.Incident(id)
	if err != nil {
		return nil, status.Applied{}, false, err
	}
	applied, err := i.Apply(change, cfg, tx.Stamp)
	return i, applied, false, err
}

func eventType(i *status.Incident, created bool) status.EventType {
	switch {
	case i.IsMaintenance() && created:
		return status.MaintenanceCreated
	case i.IsMaintenance():
		return status.MaintenanceUpdated
	case created:
		return status.IncidentCreated
	default:
		return status.IncidentUpdated
	}
}
