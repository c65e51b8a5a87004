package intake

import (
	"fmt"
	"slices"
	"strings"

	"allclear/internal/status"
)

// examine compares what captures say with what will be shown from their objects: the page's
// rollup, the states and members of groups. Those are never stored.
func (m *merged) examine(captures []*capture, report *Report) {
	cfg := status.NewConfiguration()
	for rank, id := range m.order {
		m.place(cfg, id, rank)
	}
	for _, id := range m.order {
		if c := m.components[id]; c.isGroup() {
			examineGroup(&c, cfg, report)
		}
	}
	for _, c := range captures {
		if c.overall != nil && c.hasList && *c.overall != cfg.Overall() {
			got := cfg.Overall()
			report.contradiction("%s: status is %s (%s), but its components give %s (%s); the latter is shown",
				c.source, status.Cut(string(c.overall.Indicator), 40), status.Cut(c.overall.Description, 100), got.Indicator, got.Description)
		}
	}
	if m.page.url != "" {
		report.notTaken("page.url "+status.Cut(m.page.url, 200), "this page has an address of its own")
	}
	if m.page.zone == "" {
		m.page.zone = "Etc/UTC"
		report.note("The captures name no time zone: Etc/UTC was taken.")
	}
	slices.Sort(report.Contradictions)
	report.Contradictions = slices.Compact(report.Contradictions)
}

func examineGroup(c *component, cfg *status.Configuration, report *Report) {
	if got := cfg.GroupStatus(c.id); got != c.status {
		report.contradiction("group %s (%s): status is %s in %s, but its captured components give %s; the latter is shown",
			c.id, c.name, c.status, c.where, got)
	}
	if is(c.showcase) || is(c.onlyBad) || c.startDate != nil {
		report.notTaken(fmt.Sprintf("showcase, only_show_if_degraded and start_date of group %s (%s)", c.id, c.name), "groups have none here")
	}
	if c.members == nil {
		return
	}
	if got := cfg.Members(c.id); !slices.Equal(got, c.members) {
		report.contradiction("group %s (%s): components are %s in %s, but the captured components that name it are %s; the latter are shown",
			c.id, c.name, brief(c.members), c.where, brief(got))
	}
}

func brief(ids []string) string { return status.Cut("["+strings.Join(ids, " ")+"]", 200) }

func is(flag *bool) bool { return flag != nil && *flag }

// place puts a captured component or group into a configuration as it is, with its rank.
func (m *merged) place(cfg *status.Configuration, id string, rank int) {
	c := m.components[id]
	position := rank + 1
	if c.position != nil {
		position = *c.position
	}
	delete(cfg.Groups, id)
	delete(cfg.Components, id)
	cfg.Layout[id] = status.Place{Group: c.groupID, Position: position, Rank: rank}
	if c.isGroup() {
		delete(cfg.States, id)
		cfg.Groups[id] = status.Group{ID: id, Name: c.name, Description: c.description, CreatedAt: c.createdAt, UpdatedAt: c.updatedAt}
		return
	}
	cfg.Components[id] = status.Component{
		ID: id, Name: c.name, Description: c.description, Showcase: is(c.showcase), OnlyShowIfDegraded: is(c.onlyBad),
		StartDate: c.startDate, CreatedAt: c.createdAt, UpdatedAt: c.updatedAt,
	}
	cfg.States[id] = status.State{Status: c.status, Since: c.createdAt, UpdatedAt: c.updatedAt}
}
