package notify

import (
	"time"

	"allclear/internal/status"
	"allclear/internal/words"
)

func (c *composer) pageWords() pageWords {
	zone := c.page.Zone.String()
	if zone == "Etc/UTC" { // of a page that chose none
		zone = "UTC"
	}
	return pageWords{Page: c.language.name(words.PageTitle(c.page.Name), maxName), Zone: text(zone)}
}

func (c *composer) moment(t time.Time) text { return text(c.language.moment(t.In(c.page.Zone))) }

func (m Incident) kind() Kind     { return m.Kind }
func (m Incident) page() Page     { return m.Page }
func (m Incident) thread() string { return m.Incident.ID }
func (m Incident) links() map[string]string {
	return map[string]string{"page": m.Page.URL, "incident": m.URL}
}

func (m Incident) words(c *composer, room int) record {
	i := m.Incident
	w := incidentWords{
		pageWords: c.pageWords(), Name: c.language.name(i.Name, maxName),
		Status: text(c.language.incident(i.Status)), StatusTone: statusTone(i.Status),
		Impact: text(c.language.impact(i.PublicImpact())), ImpactTone: impactTone(i.PublicImpact()),
	}
	if i.Schedule != nil {
		w.From, w.Until = c.moment(i.Schedule.For), c.moment(i.Schedule.Until)
	}
	shown := min(len(m.Components), listed(room))
	for _, component := range m.Components[:shown] {
		w.Components = append(w.Components, stateWords{c.language.name(component.Name, maxPart), text(c.language.component(component.State)), componentTone(component.State)})
	}
	w.MoreComponents = len(m.Components) - shown
	for n := range i.Updates {
		update, size := c.update(i, n, room)
		if n > 0 && (update.Cut || size > room) { // whole or not at all, and none after a gap
			w.Older = len(i.Updates) - n
			break
		}
		room -= size
		if n == 0 {
			w.Latest, w.Latest.Latest = update, true
		} else {
			w.Earlier = append(w.Earlier, update)
		}
	}
	return w
}

// update is one update and its size in HTML. The newest may take half the room and is cut there;
// an older one may take what is left.
func (c *composer) update(i *status.Incident, n, room int) (updateWords, int) {
	const around = 700 // bytes of HTML
	limit := room
	if n == 0 {
		limit = room / 2
	}
	u := &i.Updates[n]
	body := c.body(u.Format, u.Body, limit)
	return updateWords{
		Label: text(c.language.update(i, n)), At: c.moment(u.DisplayAt), Summary: c.language.name(body.summary, maxPreview),
		Body: body.mark, Cut: body.cut,
	}, body.size + around
}

// listed is how many components fit beside the timeline.
func listed(room int) int { return room / (8 * maxPart) }

func (m Changes) kind() Kind               { return ComponentsChanged }
func (m Changes) page() Page               { return m.Page }
func (m Changes) thread() string           { return "" }
func (m Changes) links() map[string]string { return map[string]string{"page": m.Page.URL} }

func (m Changes) words(c *composer, room int) record {
	shown := min(len(m.Changes), listed(room))
	w := changesWords{pageWords: c.pageWords(), At: c.moment(m.At), Count: len(m.Changes), More: len(m.Changes) - shown}
	for _, change := range m.Changes[:shown] {
		w.Changes = append(w.Changes, changeWords{
			Name: c.language.name(change.Name, maxPart), Tone: componentTone(change.New),
			Old: text(c.language.component(change.Old)), New: text(c.language.component(change.New)),
		})
	}
	return w
}

func (m Confirmation) kind() Kind               { return ConfirmationAsked }
func (m Confirmation) page() Page               { return m.Page }
func (m Confirmation) thread() string           { return "" }
func (m Confirmation) links() map[string]string { return map[string]string{"page": m.Page.URL} }

func (m Confirmation) words(c *composer, _ int) record {
	return linkWords{c.pageWords(), c.moment(m.Until)}
}

func (m Manage) kind() Kind               { return ManageAsked }
func (m Manage) page() Page               { return m.Page }
func (m Manage) thread() string           { return "" }
func (m Manage) links() map[string]string { return map[string]string{"page": m.Page.URL} }

func (m Manage) words(c *composer, _ int) record { return linkWords{c.pageWords(), c.moment(m.Until)} }

func (m Endpoint) kind() Kind               { return EndpointFailing }
func (m Endpoint) page() Page               { return m.Page }
func (m Endpoint) thread() string           { return "" }
func (m Endpoint) links() map[string]string { return map[string]string{"page": m.Page.URL} }

func (m Endpoint) words(c *composer, _ int) record {
	return endpointWords{c.pageWords(), c.language.name(m.Host, maxName), c.moment(m.Since), c.language.name(m.Reason, maxName)}
}
