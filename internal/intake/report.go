package intake

import (
	"fmt"
	"slices"
	"strings"
)

// Report says what an import did. String is the same for people.
type Report struct {
	Page     string // id of the page that was written
	Name     string
	Adopted  bool // an empty page took over the captured page's id, name and time zone
	Sources  []string
	Took     Counts // written, and not there before
	Updated  Counts // written over what was older
	Skipped  Counts // left alone: what is here is as new as the capture
	Days     int    // days of uptime written
	Oldest   string // date of the oldest captured update; what lies before it is not known to uptime
	Steps    int    // transactions written
	Complete bool

	NotTaken       []NotTaken
	Contradictions []string // places where captures contradict themselves or each other, and what was taken
	Notes          []string
}

// Counts of things.
type Counts struct {
	Components, Groups, Incidents, Maintenances int
}

// Total is all of them.
func (c Counts) Total() int { return c.Components + c.Groups + c.Incidents + c.Maintenances }

// NotTaken is something that has no place here, and why.
type NotTaken struct {
	What, Reason string
}

func (r *Report) notTaken(what, reason string) {
	if n := (NotTaken{what, reason}); !slices.Contains(r.NotTaken, n) {
		r.NotTaken = append(r.NotTaken, n)
	}
}

func (r *Report) note(format string, args ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}

// maxContradictions are told one by one.
const maxContradictions = 50

func (r *Report) contradiction(format string, args ...any) {
	r.Contradictions = append(r.Contradictions, fmt.Sprintf(format, args...))
}

// String is the report in lines.
func (r Report) String() string {
	if r.Page == "" {
		return "Nothing was imported.\n"
	}
	var b strings.Builder
	state := "partial: run the same import again to complete it"
	switch {
	case r.Complete:
		state = "complete"
	case r.Steps == 0:
		state = "nothing was written"
	}
	fmt.Fprintf(&b, "Import of page %s (%s): %s.\n", r.Page, r.Name, state)
	if r.Adopted {
		b.WriteString("The page was empty and took over this id, name and time zone.\n")
	}
	for _, line := range []struct {
		verb   string
		counts Counts
	}{{"Took", r.Took}, {"Updated", r.Updated}, {"Skipped, as new here", r.Skipped}} {
		if line.counts.Total() > 0 || line.verb == "Took" {
			fmt.Fprintf(&b, "%s: %s.\n", line.verb, line.counts)
		}
	}
	if r.Days > 0 {
		told := "no update was captured"
		if r.Oldest != "" {
			told = "the oldest captured update is of " + r.Oldest
		}
		fmt.Fprintf(&b, "Uptime: %d days. They count as operational where no captured update says otherwise (%s).\n", r.Days, told)
	}
	told := r.Contradictions[:min(len(r.Contradictions), maxContradictions)]
	section(&b, "The captures contradict themselves", told)
	if more := len(r.Contradictions) - len(told); more > 0 {
		fmt.Fprintf(&b, "  … and %d more\n", more)
	}
	not := make([]string, len(r.NotTaken))
	for i, n := range r.NotTaken {
		not[i] = n.What + ": " + n.Reason
	}
	section(&b, "Not taken", not)
	section(&b, "Notes", r.Notes)
	return b.String()
}

func section(b *strings.Builder, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(b, "%s:\n", title)
	for _, line := range lines {
		fmt.Fprintf(b, "  %s\n", line)
	}
}

// String names what there is.
func (c Counts) String() string {
	var parts []string
	for _, p := range []struct {
		n         int
		one, many string
	}{
		{c.Components, "component", "components"},
		{c.Groups, "group", "groups"},
		{c.Incidents, "incident", "incidents"},
		{c.Maintenances, "maintenance", "maintenances"},
	} {
		switch p.n {
		case 0:
		case 1:
			parts = append(parts, "1 "+p.one)
		default:
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.many))
		}
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}
