package intake

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"allclear/internal/status"
)

// merged is what all captures say together.
type merged struct {
	page       pageFacts
	order      []string // ids of components and groups: as the list has them, then those known from incidents only
	components map[string]component
	incidents  []*status.Incident // numbered ones first, by number; then by creation
}

// merge lays captures of one page over each other. Where they differ the newer updated_at wins,
// then the list over an incident's copy, then the newer capture.
func merge(captures []*capture, report *Report) (*merged, error) {
	slices.SortStableFunc(captures, func(a, b *capture) int {
		if a.page == nil || b.page == nil {
			return cmp.Compare(truth(a.page == nil), truth(b.page == nil))
		}
		return b.page.updatedAt.Compare(a.page.updatedAt)
	})
	m := &merged{components: map[string]component{}}
	if err := m.mergePage(captures, report); err != nil {
		return nil, err
	}
	found := m.mergeIncidents(captures, report)
	m.mergeComponents(captures, report)
	for _, i := range found {
		m.incidents = append(m.incidents, &i.Incident)
	}
	if err := m.checkSize(); err != nil {
		return nil, err
	}
	m.number(captures, report)
	m.examine(captures, report)
	reportUnknown(captures, report)
	return m, nil
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (m *merged) mergePage(captures []*capture, report *Report) error {
	var source string
	for _, c := range captures {
		switch {
		case c.page == nil:
		case source == "":
			m.page, source = *c.page, c.source
		case c.page.id != m.page.id:
			return refuse(c.source, "is of page %s, but %s is of page %s: import one page at a time", c.page.id, source, m.page.id)
		case m.page.zone == "":
			m.page.zone = c.page.zone
		case c.page.updatedAt.Equal(m.page.updatedAt):
			compare("page "+m.page.id, source, m.page.shown(), c.source, c.page.shown(), report)
		}
	}
	if source == "" {
		return &Refusal{Problems: []string{captures[0].source + ": a feed alone can't be imported: give the page's JSON beside it"}}
	}
	return nil
}

func (p *pageFacts) shown() []fact {
	return []fact{{"name", p.name}, {"time_zone", p.zone}}
}

// mergeIncidents finds the best copy of each incident, by id.
func (m *merged) mergeIncidents(captures []*capture, report *Report) map[string]*incident {
	best := map[string]*incident{}
	for _, c := range captures {
		for n := range c.incidents {
			i := &c.incidents[n]
			other := best[i.ID]
			if other == nil {
				best[i.ID] = i
				continue
			}
			taken, left := other, i
			if i.UpdatedAt.After(other.UpdatedAt) || (i.UpdatedAt.Equal(other.UpdatedAt) && i.richer(other)) {
				taken, left = i, other
			}
			best[i.ID] = taken
			if taken.UpdatedAt.Equal(left.UpdatedAt) {
				compare("incident "+i.ID, taken.where, taken.shown(), left.where, left.shown(), report)
			}
		}
	}
	return best
}

func (i *incident) richer(than *incident) bool {
	return len(i.Updates) > len(than.Updates) || (len(i.Updates) == len(than.Updates) && i.rich && !than.rich)
}

// occurrence is one place that shows a component.
type occurrence struct {
	component
	source string
}

// mergeComponents finds the best copy of each component and group, and their order: as the
// newest list has them, others after those in the order in which they are met.
func (m *merged) mergeComponents(captures []*capture, report *Report) {
	places := map[string][]occurrence{}
	meet := func(c component, source string) {
		if places[c.id] == nil {
			m.order = append(m.order, c.id)
		}
		places[c.id] = append(places[c.id], occurrence{c, source})
	}
	for _, c := range captures {
		for _, component := range c.components {
			meet(component, c.source)
		}
	}
	for _, c := range captures {
		for n := range c.incidents {
			for _, component := range c.incidents[n].attached {
				meet(component, c.source)
			}
		}
	}
	for id, all := range places {
		m.components[id] = choose(all, report)
	}
	parents := map[string]bool{}
	for _, c := range m.components {
		parents[c.groupID] = true
	}
	for id, c := range m.components { // captures older than the key "group" show it by its members only
		if c.group == nil && parents[id] {
			is := true
			c.group = &is
			m.components[id] = c
		}
	}
}

// choose is the newest place, completed with what others have and it has not. Differences count
// as contradictions inside one file and at one updated_at; else the capture is just older.
func choose(all []occurrence, report *Report) component {
	best := 0
	for i := range all {
		if all[i].updatedAt.After(all[best].updatedAt) {
			best = i
		}
	}
	chosen := all[best]
	for i, other := range all {
		if i == best {
			continue
		}
		if other.source == chosen.source || other.updatedAt.Equal(chosen.updatedAt) {
			compare(fmt.Sprintf("component %s (%s)", chosen.id, chosen.name), chosen.where, chosen.shown(), other.where, other.shown(), report)
		}
	}
	c := chosen.component
	for _, other := range all {
		c.fill(other.component)
	}
	return c
}

// compare reports every field that both places have, but not alike.
func compare(what, taken string, facts []fact, left string, others []fact, report *Report) {
	for _, f := range facts {
		for _, other := range others {
			if f.name == other.name && f.value != other.value {
				report.contradiction("%s: %s is %s in %s, but %s in %s; took the former", what, f.name,
					status.Cut(f.value, 100), taken, status.Cut(other.value, 100), left)
			}
		}
	}
}

// number gives incidents the numbers of their feed entries and puts them in the order in which
// they are written: those with a number first, so that new numbers come after all given ones.
func (m *merged) number(captures []*capture, report *Report) {
	strangers := 0
	for _, c := range captures {
		if c.feed == nil {
			continue
		}
		if c.feed.rss {
			report.notTaken(c.source, "an RSS feed holds nothing that the JSON lacks; the Atom feed has the numbers of entries")
		}
		for id, number := range c.feed.numbers {
			at := slices.IndexFunc(m.incidents, func(i *status.Incident) bool { return i.ID == id })
			if at < 0 {
				strangers++
			} else {
				m.incidents[at].FeedNumber = number
			}
		}
	}
	if strangers > 0 {
		report.notTaken(fmt.Sprintf("%d feed entries", strangers), "the JSON captures lack their incidents")
	}
	slices.SortFunc(m.incidents, func(a, b *status.Incident) int {
		return cmp.Or(cmp.Compare(truth(a.FeedNumber == 0), truth(b.FeedNumber == 0)), cmp.Compare(a.FeedNumber, b.FeedNumber),
			a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
}

// maxListBytes bounds what one item holds of all components together (their places, their
// states); the table takes 400 KB.
const maxListBytes = 380 << 10

// checkSize refuses a page with more components than its items can hold.
func (m *merged) checkSize() error {
	size := 0
	for id, c := range m.components {
		size += len(id) + len(c.groupID) + 110
	}
	if size > maxListBytes {
		return &Refusal{Problems: []string{fmt.Sprintf("the page has %d components, more than can be kept (about 3000)", len(m.components))}}
	}
	return nil
}

// reportUnknown names the keys that were met and not read, once each.
func reportUnknown(captures []*capture, report *Report) {
	counts := map[string]int{}
	for _, c := range captures {
		for key, n := range c.unknown {
			counts[strings.TrimPrefix(key, "document.")] += n
		}
	}
	for _, key := range slices.Sorted(maps.Keys(counts)) {
		report.notTaken(fmt.Sprintf("%s (%d×)", status.Cut(key, 100), counts[key]), "unknown key")
	}
}
