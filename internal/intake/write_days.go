package intake

import (
	"context"
	"reflect"
	"time"

	"allclear/internal/status"
	"allclear/internal/store"
)

// Uptime. Captures hold no bars, so the last 90 days are counted from the states that updates
// tell. A component counts from its start_date, else its creation; where no update says
// otherwise it was operational, and the state it was captured in holds until today: the same
// reading by which the page shows that state as the current one. Days before the component began
// stay without data. A day that is on the page already is changed only for components that an
// incident written now touched on it; and where nothing is new, no day is written.

// span is a range of dates, both inclusive.
type span struct{ from, to string }

// findDue finds what is to be written, and the days that it bears on.
func (w *writer) findDue(ctx context.Context, zone *time.Location) error {
	w.due, w.dirty = map[string]bool{}, map[string]span{}
	cfg, err := w.store.Configuration(ctx, w.page)
	if err != nil {
		return err
	}
	for id, c := range w.merged.components {
		there, at := known(cfg, id)
		w.due[id] = !there || c.updatedAt.After(at)
	}
	for all := w.merged.incidents; len(all) > 0; {
		n := min(len(all), incidentsPerStep)
		there, err := w.store.ByID(ctx, w.page, ids(all[:n], func(i *status.Incident) string { return i.ID }))
		if err != nil {
			return err
		}
		for _, i := range all[:n] {
			if old := there[i.ID]; old == nil || i.UpdatedAt.After(old.UpdatedAt) {
				w.mark(i, zone)
			}
		}
		all = all[n:]
	}
	return nil
}

// calm tells whether nothing is to be written that uptime depends on.
func (w *writer) calm() bool {
	for id := range w.merged.components {
		if w.due[id] {
			return false
		}
	}
	return len(w.dirty) == 0
}

// mark widens the spans of an incident's components over its updates, up to now while it lasts.
func (w *writer) mark(i *status.Incident, zone *time.Location) {
	for _, u := range i.Updates {
		from, to := status.DateOf(u.DisplayAt, zone), status.DateOf(u.DisplayAt, zone)
		if i.Open() {
			to = status.DateOf(w.now, zone)
		}
		for _, a := range u.Affected {
			s, ok := w.dirty[a.Code]
			if !ok {
				s = span{from, to}
			}
			w.dirty[a.Code] = span{min(s.from, from), max(s.to, to)}
		}
	}
}

// zone is that of the page after the import.
func (w *writer) zone(page status.Page) *time.Location {
	if w.fresh {
		page.Settings.TimeZone = w.merged.page.zone
	}
	return page.Location()
}

// daySteps write the past days of the last 90, newest first: the schedule, which may run between
// two steps, goes on from the newest closed day and so leaves the others alone.
func (w *writer) daySteps(ctx context.Context) ([]step, error) {
	page, err := w.store.Page(ctx, w.page)
	if err != nil {
		return nil, err
	}
	if err := w.findDue(ctx, w.zone(page)); err != nil || w.calm() {
		return nil, err
	}
	if first := oldest(w.merged.incidents); !first.IsZero() {
		w.report.Oldest = status.DateOf(first, w.zone(page))
	}
	today := w.now.In(w.zone(page))
	var dates []string
	for back := 1; back < status.UptimeDays; back++ {
		dates = append(dates, time.Date(today.Year(), today.Month(), today.Day()-back, 12, 0, 0, 0, time.UTC).Format(status.DateLayout))
	}
	perStep := max(1, min(daysPerStep, bytesPerStep/(1+100*len(w.merged.components))))
	var steps []step
	for len(dates) > 0 {
		batch := dates[:min(perStep, len(dates))]
		steps = append(steps, step{"uptime", func(ctx context.Context) error { return w.writeDays(ctx, batch) }})
		dates = dates[len(batch):]
	}
	return steps, nil
}

// oldest is when the first captured update was shown, zero for none.
func oldest(incidents []*status.Incident) time.Time {
	var first time.Time
	for _, i := range incidents {
		for _, u := range i.Updates {
			if first.IsZero() || u.DisplayAt.Before(first) {
				first = u.DisplayAt
			}
		}
	}
	return first
}

func (w *writer) writeDays(ctx context.Context, dates []string) error {
	written := 0
	err := w.commit(ctx, func(tx *store.Tx) (bool, error) {
		written = 0
		cfg, err := tx.Configuration()
		if err != nil {
			return false, err
		}
		for _, date := range dates {
			old, err := tx.Day(date)
			if err != nil {
				return false, err
			}
			day := old.Clone()
			if err := w.count(day, cfg, w.zone(tx.Page)); err != nil {
				return false, err
			}
			if !reflect.DeepEqual(old.Clone(), day) {
				tx.PutDay(day)
				written++
			}
		}
		return written > 0, nil
	})
	if err == nil {
		w.report.Days += written
	}
	return err
}

// count fills one past day. A day without an item gets all components that are to be written,
// and is closed if that leaves none of the page's out; otherwise the schedule closes it.
func (w *writer) count(day *status.Day, cfg *status.Configuration, zone *time.Location) error {
	start, end, err := status.Bounds(day.Date, zone)
	if err != nil {
		return err
	}
	missing := len(day.Seconds) == 0 && len(day.Start) == 0
	for id, c := range w.merged.components {
		s, touched := w.dirty[id]
		touched = touched && s.from <= day.Date && day.Date <= s.to
		begin := c.begin(zone)
		if c.isGroup() || !begin.Before(end) || !(touched || missing && w.due[id]) {
			continue
		}
		if begin.Before(start) {
			begin = start
		}
		delete(day.Seconds, id)
		delete(day.Start, id)
		w.lines[id].fill(day, id, begin, end, start)
	}
	if missing {
		day.Closed = day.Closed || w.covers(day, cfg, end)
	}
	return nil
}

// covers tells whether a day has every component of the page that existed on it.
func (w *writer) covers(day *status.Day, cfg *status.Configuration, end time.Time) bool {
	for id, c := range cfg.Components {
		if !w.due[id] && day.Seconds[id] == nil && c.CreatedAt.Before(end) {
			return false
		}
	}
	return len(day.Seconds) > 0
}
