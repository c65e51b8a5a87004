package page

import (
	"slices"

	"allclear/internal/status"
	"allclear/internal/words"
)

// detailView renders incidents/<id>.json and incidents/<id>.html.
func detailView(in Input, incident *status.Incident) ([]Document, error) {
	v := newViewer(in)
	view := IncidentDocument{Head: v.head(KindIncident), Incident: v.incident(incident)}
	return v.pair(PathIncidentView(incident.ID), PathIncidentHTML(incident.ID), view, sheet{
		Title:       incident.Name,
		Description: words.Incident(incident.Status) + " – " + incident.Name,
		Main:        incidentPage(view.Incident, view.Page.SubscribeIncidents),
	})
}

func (v *viewer) incidentHead(i *status.Incident) IncidentHead {
	head := IncidentHead{
		ID: i.ID, Name: i.Name, Maintenance: i.IsMaintenance(), Status: i.Status, Impact: i.PublicImpact(),
		StartedAt: v.moment(i.CreatedAt), ResolvedAt: v.momentOf(i.ResolvedAt),
	}
	if i.Schedule != nil {
		head.ScheduledFor, head.ScheduledUntil = v.momentOf(&i.Schedule.For), v.momentOf(&i.Schedule.Until)
	}
	return head
}

func (v *viewer) incident(i *status.Incident) IncidentView {
	view := IncidentView{IncidentHead: v.incidentHead(i), Components: v.attached(i), Updates: make([]UpdateView, 0, len(i.Updates))}
	for n := range i.Updates {
		view.Updates = append(view.Updates, v.update(i, n))
	}
	return view
}

func (v *viewer) update(i *status.Incident, n int) UpdateView {
	u := &i.Updates[n]
	view := UpdateView{
		ID: u.ID, Status: u.Status, Label: words.Update(i, n),
		Body: v.body(u), At: v.moment(u.DisplayAt), Changes: []ChangeView{},
	}
	for _, a := range u.Affected {
		if a.Old != a.New {
			view.Changes = append(view.Changes, ChangeView{ID: a.Code, Name: a.Name, Old: a.Old, New: a.New})
		}
	}
	return view
}

func (v *viewer) body(u *status.Update) HTML {
	return HTML(v.bodies.HTML(u.Format, u.Body)) // sanitised there
}

// attached names the components of an incident: those that there still are, by their present
// name and in the order of the page, then those gone, by the name they had.
func (v *viewer) attached(i *status.Incident) []Reference {
	ids := slices.Clone(i.Components)
	slices.SortStableFunc(ids, v.Configuration.Order)
	list, gone := make([]Reference, 0, len(ids)), []Reference{}
	for _, id := range ids {
		if _, ok := v.Configuration.Components[id]; ok {
			list = append(list, Reference{ID: id, Name: v.Configuration.QualifiedName(id)})
		} else if name := lastName(i, id); name != "" {
			gone = append(gone, Reference{ID: id, Name: name})
		}
	}
	return append(list, gone...)
}

func lastName(i *status.Incident, component string) string {
	for _, u := range i.Updates {
		for _, a := range u.Affected {
			if a.Code == component {
				return a.Name
			}
		}
	}
	return ""
}

func (v *viewer) entry(i *status.Incident) EntryView {
	entry := EntryView{IncidentHead: v.incidentHead(i), Label: words.Incident(i.Status), Updates: len(i.Updates)}
	if len(i.Updates) > 0 {
		entry.Message, entry.Label = v.body(&i.Updates[0]), words.Update(i, 0)
	}
	return entry
}

// entries merges incidents and maintenances, newest first.
func (v *viewer) entries(lists ...[]*status.Incident) []EntryView {
	entries := []EntryView{}
	for _, i := range newestFirst(lists...) {
		entries = append(entries, v.entry(i))
	}
	return entries
}

// newestFirst merges lists by order time; what stands in two of them is taken once.
func newestFirst(lists ...[]*status.Incident) []*status.Incident {
	var all []*status.Incident
	seen := map[string]bool{}
	for _, i := range slices.Concat(lists...) {
		if !seen[i.ID] {
			seen[i.ID] = true
			all = append(all, i)
		}
	}
	slices.SortStableFunc(all, func(a, b *status.Incident) int {
		if c := b.OrderTime().Compare(a.OrderTime()); c != 0 {
			return c
		}
		return compareText(a.ID, b.ID)
	})
	return all
}
