package status

import (
	"slices"
	"time"
)

// UpdateChange is what an operator asks of an update that is already there.
type UpdateChange struct {
	Body                 *string
	DisplayAt            *time.Time
	DeliverNotifications *bool
}

// EditUpdate changes the text or the shown time of an update. As on Statuspage, created_at and
// order stay; the shown time of the first update is also when the incident began, that of the
// first monitoring and of the resolving update move monitoring_at and resolved_at.
func (i *Incident) EditUpdate(id string, change UpdateChange, stamp Stamp) (*Update, error) {
	u, ok := i.Update(id)
	if !ok {
		return nil, NotFoundf("incident update %s not found", id)
	}
	if change.Body != nil {
		if err := CheckText("incident_update.body", *change.Body, MaxBody); err != nil {
			return nil, err
		}
		u.Body, u.Format = *change.Body, Markdown
	}
	if change.DeliverNotifications != nil {
		u.DeliverNotifications = *change.DeliverNotifications
	}
	if change.DisplayAt != nil {
		old, to := u.DisplayAt, Millis(*change.DisplayAt)
		if to.After(stamp.Now) {
			return nil, Invalidf("incident_update.display_at", "can't be in the future")
		}
		u.DisplayAt = to
		if i.Updates[len(i.Updates)-1].ID == id && !i.Backfilled {
			i.CreatedAt, i.StartedAt = to, to
		}
		if i.MonitoringAt != nil && i.MonitoringAt.Equal(old) && slices.Contains([]IncidentStatus{Monitoring, Verifying}, u.Status) {
			i.MonitoringAt = new(to)
		}
		if i.ResolvedAt != nil && i.ResolvedAt.Equal(old) && u.Status.Final() {
			i.ResolvedAt = new(to)
		}
	}
	u.UpdatedAt, i.UpdatedAt = stamp.Now, stamp.Now
	return u, nil
}
