package intake

import (
	"context"
	"encoding/json"
	"errors"

	"allclear/internal/status"
	"allclear/internal/store"
)

// incidentSteps write the incidents and maintenances that are newer than what is there.
func (w *writer) incidentSteps() []step {
	var steps []step
	all := w.merged.incidents
	for len(all) > 0 {
		n, size := 0, 0
		for n < len(all) && n < incidentsPerStep {
			size += weight(all[n])
			if n > 0 && size > bytesPerStep {
				break
			}
			n++
		}
		batch := all[:n]
		steps = append(steps, step{"incidents", func(ctx context.Context) error { return w.writeIncidents(ctx, batch) }})
		all = all[n:]
	}
	return steps
}

// weight is about how many bytes an incident takes before it is compressed.
func weight(i *status.Incident) int {
	text, err := json.Marshal(i)
	if err != nil {
		return bytesPerStep
	}
	return len(text)
}

// writeIncidents makes one transaction. If the store refuses one of the incidents as too long to
// keep, it is left out by name and the others are written.
func (w *writer) writeIncidents(ctx context.Context, batch []*status.Incident) error {
	var took, updated, skipped Counts
	err := w.commit(ctx, func(tx *store.Tx) (bool, error) {
		took, updated, skipped = Counts{}, Counts{}, Counts{}
		there, err := tx.Existing(ids(batch, func(i *status.Incident) string { return i.ID }))
		if err != nil {
			return false, err
		}
		for _, captured := range batch {
			i, counts := captured.Clone(), &took
			if old := there[i.ID]; old != nil {
				if !i.UpdatedAt.After(old.UpdatedAt) {
					skipped.countIncident(i)
					continue
				}
				counts = &updated
				i.FeedNumber, i.Metadata = old.FeedNumber, old.Metadata // readers know it by this number
			} else if i.FeedNumber <= tx.Page.FeedNumber {
				i.FeedNumber = 0 // given to another meanwhile: it takes the next
			}
			counts.countIncident(i)
			tx.PutIncident(i)
		}
		return took.Total()+updated.Total() > 0, nil
	})
	if refused := (*status.Error)(nil); errors.As(err, &refused) && refused.Code == status.Invalid {
		if len(batch) == 1 {
			w.report.notTaken("incident "+batch[0].ID+" ("+batch[0].Name+")", "it is too long to keep")
			return nil
		}
		if err := w.writeIncidents(ctx, batch[:len(batch)/2]); err != nil {
			return err
		}
		return w.writeIncidents(ctx, batch[len(batch)/2:])
	}
	if err == nil {
		w.report.Took.add(took)
		w.report.Updated.add(updated)
		w.report.Skipped.add(skipped)
	}
	return err
}

func (c *Counts) countIncident(i *status.Incident) {
	if i.IsMaintenance() {
		c.Maintenances++
	} else {
		c.Incidents++
	}
}
