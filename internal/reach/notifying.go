package reach

import (
	"context"
	"slices"

	"allclear/internal/deliver"
	"allclear/internal/status"
)

// eventsAtOnce is how many events are read in one go.
const eventsAtOnce = 100

// news is what one event says of a subject.
type news struct {
	version deliver.Version
	notice  status.Notice
}

// Notifying reads what is to be told of a subject from an event on, the oldest first, and none if
// the subject is gone. The kind of a version is the type of its event. An incident knows the event
// that changed it last, so mostly one event is read; of a component all later events of the page are.
func (r *Reader) Notifying(ctx context.Context, page, subject string, from int64) ([]deliver.Version, error) {
	list, err := r.news(ctx, page, subject, from, 0)
	if err != nil {
		return nil, err
	}
	r.keep(page, subject, list)
	versions := make([]deliver.Version, len(list))
	for i := range list {
		versions[i] = list[i].version
	}
	return versions, nil
}

// news reads what events from one number to another, both included, say of a subject; to 0 means
// up to the newest.
func (r *Reader) news(ctx context.Context, page, subject string, from, to int64) ([]news, error) {
	found, err := r.Pages.ByID(ctx, page, []string{subject})
	if err != nil {
		return nil, err
	}
	incident := found[subject]
	if to == 0 {
		if to, err = r.last(ctx, page, subject, from, incident); err != nil {
			return nil, err
		}
	}
	var list []news
	for from <= to {
		events, err := r.Pages.Events(ctx, page, from-1, int(min(eventsAtOnce, to-from+1)))
		if err != nil || len(events) == 0 {
			return list, err
		}
		from = events[len(events)-1].Seq + 1
		events = slices.DeleteFunc(events, func(e status.Event) bool { return !about(&e, subject) })
		incidents := found
		if incident == nil {
			if incidents, err = r.Pages.ByID(ctx, page, named(events)); err != nil {
				return nil, err
			}
		}
		list = append(list, newsOf(events, incidents, subject)...)
	}
	return list, nil
}

// last is the number of the newest event that can be about a subject, 0 if the subject is gone.
func (r *Reader) last(ctx context.Context, page, subject string, from int64, incident *status.Incident) (int64, error) {
	if incident != nil {
		return incident.Seq, nil
	}
	cfg, err := r.configuration(ctx, page, from)
	if status.IsNotFound(err) {
		return 0, nil // the page is gone, too
	}
	if err != nil {
		return 0, err
	}
	if _, ok := cfg.Components[subject]; !ok {
		return 0, nil
	}
	now, err := r.Pages.Page(ctx, page)
	return now.Seq, err
}

// newsOf picks what events say of one subject.
func newsOf(events []status.Event, incidents map[string]*status.Incident, subject string) []news {
	var list []news
	for i := range events {
		e := &events[i]
		for _, n := range status.NoticesOf(e, incidents[e.Incident]) {
			if n.Subject() == subject {
				v := deliver.Version{Seq: e.Seq, Kind: string(e.Type)}
				if e.Update != nil && n.Kind != status.ComponentNotices {
					v.Update = e.Update.ID
				}
				list = append(list, news{v, n})
			}
		}
	}
	return list
}

// about tells whether an event names a subject.
func about(e *status.Event, subject string) bool {
	return e.Incident == subject || slices.ContainsFunc(e.States, func(c status.StateChange) bool { return c.Component == subject })
}

// named are the incidents that events are about.
func named(events []status.Event) []string {
	var ids []string
	for i := range events {
		if id := events[i].Incident; id != "" {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// keep keeps what Notifying found for Wants, which is asked next, once for each subscriber.
func (r *Reader) keep(page, subject string, list []news) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.notices == nil || len(r.notices)+len(list) > keptNotices {
		r.notices = map[noticeKey]status.Notice{}
	}
	for _, n := range list {
		r.notices[noticeKey{page, subject, n.version.Seq}] = n.notice
	}
}

// notice is what an event says of a subject: as Notifying found it, else it is read anew.
func (r *Reader) notice(ctx context.Context, key noticeKey) (n status.Notice, ok bool, err error) {
	r.mu.Lock()
	n, ok = r.notices[key]
	r.mu.Unlock()
	if ok {
		return n, true, nil
	}
	list, err := r.news(ctx, key.page, key.subject, key.seq, key.seq)
	if err != nil || len(list) == 0 {
		return status.Notice{}, false, err
	}
	return list[0].notice, true, nil
}
