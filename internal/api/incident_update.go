package api

import (
	"net/http"
	"slices"
	"strings"

	"allclear/internal/status"
	"allclear/internal/store"
)

// changeUpdate edits an update that is already there. Nobody is notified of it.
func (c *call) changeUpdate() (reply, error) {
	return c.commit(func(tx *store.Tx) (outcome, error) {
		i, err := c.incidentIn(tx)
		if err != nil {
			return outcome{}, err
		}
		id := c.id("update")
		old, ok := i.Update(id)
		if !ok {
			return outcome{}, status.NotFoundf("incident update not found")
		}
		f := c.object("incident_update")
		change := status.UpdateChange{
			Body: f.text("body"), DisplayAt: f.moment("display_at"), DeliverNotifications: f.flag("deliver_notifications"),
		}
		if change.Body != nil && strings.TrimSpace(*change.Body) == "" {
			f.fail("body", "can't be blank")
		}
		if f.err != nil {
			return outcome{}, f.err
		}
		before, was := i.Clone(), *old
		u, err := i.EditUpdate(id, change, tx.Stamp)
		if err != nil {
			return outcome{}, err
		}
		v := c.viewOf(tx.Page, nil)
		changes := slices.Concat(diff("update:"+id, was, *u, "updated_at"), incidentDiff(before, i))
		if len(changes) == 0 {
			return outcome{status: http.StatusOK, body: v.update(i.ID, &was)}, nil
		}
		event := incidentEvent(i, status.Applied{}, status.IncidentUpdated, status.MaintenanceUpdated)
		event.Changes = changes
		event.SetUpdate(u)
		tx.PutIncident(i)
		return outcome{status: http.StatusOK, body: v.update(i.ID, u), event: event}, nil
	})
}
