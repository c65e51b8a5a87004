package page

import (
	"slices"

	"allclear/internal/status"
)

// Months lists the months "YYYY-MM" of the history, newest first: all from the one of the oldest
// incident or maintenance to the current one, and those to come in which a maintenance is planned.
// history.html links to each of them, so each must be published, also one without incidents.
func Months(in Input) []string {
	zone := in.Page.Location()
	current := status.Month(in.Page.At, zone)
	months := []string{}
	for _, i := range newestFirst(in.Open, in.Maintenances) {
		if month := i.Month(zone); month > current && !slices.Contains(months, month) {
			months = append(months, month)
		}
	}
	first := current
	if !in.First.IsZero() {
		first = min(first, status.Month(in.First, zone))
	}
	for month, n := current, 0; month >= first && n < maxMonths; month, n = nextMonth(month, -1), n+1 {
		months = append(months, month)
	}
	return months
}

// maxMonths bounds the list of months against a year that nobody meant.
const maxMonths = 100 * 12

func (v *viewer) makeHistory() HistoryDocument {
	current := status.Month(v.Page.At, v.zone)
	listed := slices.DeleteFunc(newestFirst(v.Incidents, v.Maintenances, v.Open), func(i *status.Incident) bool {
		return i.Month(v.zone) != current
	})
	return HistoryDocument{Head: v.head(KindHistory), Months: Months(v.Input), Month: current, Entries: v.entries(listed)}
}

// monthViews renders history/<YYYY-MM>.json and history/<YYYY-MM>.html.
func monthViews(in Input, month string, incidents, maintenances []*status.Incident) ([]Document, error) {
	v := newViewer(in)
	view := MonthDocument{Head: v.head(KindMonth), Month: month, Entries: v.entries(incidents, maintenances)}
	months := Months(in)
	if previous := nextMonth(month, -1); slices.Contains(months, previous) {
		view.Previous = previous
	}
	if next := nextMonth(month, 1); slices.Contains(months, next) {
		view.Next = next
	}
	return v.pair(PathMonthView(month), PathMonthHTML(month), view, sheet{
		Title: monthText(month), Description: "Incidents and maintenances of " + monthText(month), Main: monthPage(view),
	})
}
