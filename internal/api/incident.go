package api

import (
	"net/http"
	"strings"

	"allclear/internal/status"
	"allclear/internal/store"
)

// listIncidents lists incidents and maintenances together, as Statuspage does, newest first by
// the time that public lists order them by.
func (c *call) listIncidents() (reply, error) {
	w, err := c.window()
	if err != nil {
		return reply{}, err
	}
	q := c.r.URL.Query().Get("q")
	if err := status.CheckText("q", q, status.MaxName); err != nil {
		return reply{}, err
	}
	v, err := c.view()
	if err != nil {
		return reply{}, err
	}
	list := []*status.Incident{}
	skip, step := w.skip, w.size
	if skip > 0 || q != "" {
		step = maxPerPage // there is a way to go
	}
	for i, err := range c.newest(v.page.ID, step) {
		switch {
		case err != nil:
			return reply{}, err
		case !contains(i, q):
			continue
		case skip > 0:
			skip--
			continue
		}
		if list = append(list, i); len(list) == w.size {
			break
		}
	}
	return found(v.incidents(list))
}

// contains tells whether a text occurs in what Statuspage searches: name, status and messages.
func contains(i *status.Incident, text string) bool {
	if text == "" {
		return true
	}
	text = strings.ToLower(text)
	if strings.Contains(strings.ToLower(i.Name), text) || strings.Contains(string(i.Status), text) {
		return true
	}
	for n := range i.Updates {
		if strings.Contains(strings.ToLower(i.Updates[n].Body), text) {
			return true
		}
	}
	return false
}

func (c *call) listUnresolved() (reply, error) {
	return c.listOpen(func(i *status.Incident) bool { return !i.IsMaintenance() })
}

// listScheduled lists the maintenances that are not completed, upcoming and active.
func (c *call) listScheduled() (reply, error) {
	return c.listOpen((*status.Incident).IsMaintenance)
}

func (c *call) listUpcoming() (reply, error) {
	return c.listOpen(func(i *status.Incident) bool { return i.Status == status.Scheduled })
}

func (c *call) listActive() (reply, error) {
	return c.listOpen(func(i *status.Incident) bool { return i.IsMaintenance() && i.Status != status.Scheduled })
}

// listOpen lists those that are not over and meet a condition. They are few.
func (c *call) listOpen(wanted func(*status.Incident) bool) (reply, error) {
	w, err := c.window()
	if err != nil {
		return reply{}, err
	}
	v, err := c.view()
	if err != nil {
		return reply{}, err
	}
	open, err := c.store.Open(c.ctx(), v.page.ID)
	if err != nil {
		return reply{}, err
	}
	list := []*status.Incident{}
	for _, i := range open {
		if wanted(i) {
			list = append(list, i)
		}
	}
	return found(v.incidents(cut(list, w)))
}

func errNoIncident() error { return status.NotFoundf("incident not found") }

func (c *call) getIncident() (reply, error) {
	v, err := c.view()
	if err != nil {
		return reply{}, err
	}
	id := c.id("incident")
	if id == "" {
		return reply{}, errNoIncident()
	}
	i, err := c.store.Incident(c.ctx(), v.page.ID, id)
	if err != nil {
		return reply{}, err
	}
	return found(v.incident(i))
}

func (c *call) createIncident() (reply, error) {
	return c.commit(func(tx *store.Tx) (outcome, error) {
		cfg, err := tx.Configuration()
		if err != nil {
			return outcome{}, err
		}
		change, err := c.incidentChange(tx.Page.Location(), cfg)
		if err != nil {
			return outcome{}, err
		}
		i, applied, err := status.NewIncident(change, cfg, tx.Stamp)
		if err != nil {
			return outcome{}, err
		}
		tx.PutIncident(i)
		event := incidentEvent(i, applied, status.IncidentCreated, status.MaintenanceCreated)
		return outcome{status: http.StatusCreated, body: c.viewOf(tx.Page, cfg).incident(i), event: event}, nil
	})
}

// changeIncident changes what is sent, and adds an update when that is a status or a message.
func (c *call) changeIncident() (reply, error) {
	return c.commit(func(tx *store.Tx) (outcome, error) {
		i, err := c.incidentIn(tx)
		if err != nil {
			return outcome{}, err
		}
		cfg, err := tx.Configuration()
		if err != nil {
			return outcome{}, err
		}
		change, err := c.incidentChange(tx.Page.Location(), cfg)
		if err != nil {
			return outcome{}, err
		}
		if change.BackfillDate != nil {
			return outcome{}, status.Invalidf("incident.backfill_date", "can't be changed")
		}
		if change.Metadata != nil && *change.Metadata == "{}" && i.Metadata == "" {
			change.Metadata = nil // none is shown as an empty object
		}
		before := i.Clone()
		applied, err := i.Apply(change, cfg, tx.Stamp)
		if err != nil {
			return outcome{}, err
		}
		event := incidentEvent(i, applied, status.IncidentUpdated, status.MaintenanceUpdated)
		event.Changes = incidentDiff(before, i)
		v := c.viewOf(tx.Page, cfg)
		if applied.Update == nil && len(applied.States) == 0 && len(event.Changes) == 0 {
			return outcome{status: http.StatusOK, body: v.incident(before)}, nil
		}
		tx.PutIncident(i)
		return outcome{status: http.StatusOK, body: v.incident(i), event: event}, nil
	})
}

// deleteIncident answers with what was deleted. States of components stay as they are.
func (c *call) deleteIncident() (reply, error) {
	return c.commit(func(tx *store.Tx) (outcome, error) {
		i, err := c.incidentIn(tx)
		if err != nil {
			return outcome{}, err
		}
		cfg, err := tx.Configuration()
		if err != nil {
			return outcome{}, err
		}
		tx.DeleteIncident(i.ID)
		event := incidentEvent(i, status.Applied{}, status.IncidentDeleted, status.MaintenanceDeleted)
		event.Changes = []status.FieldChange{{Object: "incident:" + i.ID, Field: "name", Before: quoted(i.Name)}}
		return outcome{status: http.StatusOK, body: c.viewOf(tx.Page, cfg).incident(i), event: event}, nil
	})
}

func (c *call) incidentIn(tx *store.Tx) (*status.Incident, error) {
	id := c.id("incident")
	if id == "" {
		return nil, errNoIncident()
	}
	return tx.Incident(id)
}

// incidentEvent records a change of an incident. Subscribers hear of a new update that is to be
// delivered; not of what was backfilled, and not of imported incidents, of whose beginning they
// never heard from here.
func incidentEvent(i *status.Incident, applied status.Applied, realtime, maintenance status.EventType) *status.Event {
	event := &status.Event{Type: realtime, Incident: i.ID, States: applied.States}
	if i.IsMaintenance() {
		event.Type = maintenance
	}
	event.SetUpdate(applied.Update)
	event.Notify = applied.Update != nil && applied.Update.DeliverNotifications && !i.Backfilled && i.Origin != status.OriginImport
	return event
}
