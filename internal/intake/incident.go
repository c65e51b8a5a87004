package intake

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"allclear/internal/status"
)

// incident is an incident or maintenance as one capture shows it, with the components that it
// shows attached.
type incident struct {
	status.Incident
	where    string
	attached []component
	rich     bool // it has every key, also those younger than 2023
}

// Limits of texts taken over. They are wider than those of texts written here, since stored
// bodies are HTML.
const (
	maxImportedBody = 4 * status.MaxBody
	maxShortText    = 2 * status.MaxName
)

func (d *decoder) incident(path string, v any, page string) incident {
	i := incident{where: d.source + " " + path}
	s, ok := d.scope("incident", path, v)
	if !ok {
		return i
	}
	defer s.close()
	i.Incident = status.Incident{
		ID: s.id("id"), Name: s.text("name"), Origin: status.OriginImport,
		Components: []string{}, Updates: []status.Update{},
	}
	s.check("name", status.CheckName("", i.Name))
	d.times(s, &i.Incident)
	i.Impact = status.Impact(s.text("impact"))
	if i.Impact != "" && !i.Impact.Valid() {
		s.problem("impact", "is not a known impact: %q", status.Cut(string(i.Impact), 40))
	}
	if link := s.optionalText("shortlink"); link != nil {
		i.Shortlink = *link
		s.check("shortlink", status.CheckText("", i.Shortlink, maxShortText))
	}
	i.ReminderIntervals = s.optionalText("reminder_intervals")
	s.checkOptional("reminder_intervals", i.ReminderIntervals)
	_, i.rich = s.o.values["reminder_intervals"]
	s.belongs("page_id", page)
	d.schedule(s, &i.Incident)
	s.need("incident_updates", wantList)
	for n, v := range s.list("incident_updates") {
		i.Updates = append(i.Updates, d.update(fmt.Sprintf("%s[%d]", s.at("incident_updates"), n), v, i.ID))
	}
	d.twice(s.at("incident_updates"), ids(i.Updates, func(u status.Update) string { return u.ID }))
	// Newest created first is the order of every real capture; the sort only mends other ones.
	slices.SortStableFunc(i.Updates, func(a, b status.Update) int { return b.CreatedAt.Compare(a.CreatedAt) })
	for n, v := range s.list("components") {
		c := d.component(fmt.Sprintf("%s[%d]", s.at("components"), n), v, page)
		i.attached = append(i.attached, c)
		i.Components = append(i.Components, c.id)
	}
	d.twice(s.at("components"), i.Components)
	return i
}

// times reads status and times. Captures older than started_at have the incident begin when it
// was created.
func (d *decoder) times(s *scope, i *status.Incident) {
	i.Status = s.incidentStatus("status")
	i.CreatedAt, i.UpdatedAt = s.time("created_at"), s.time("updated_at")
	i.StartedAt = i.CreatedAt
	if started := s.optionalTime("started_at"); started != nil {
		i.StartedAt = *started
	}
	i.MonitoringAt, i.ResolvedAt = s.optionalTime("monitoring_at"), s.optionalTime("resolved_at")
}

// schedule makes a maintenance of what has a planned time. All its switches are off, so that it
// owes nothing by itself.
func (d *decoder) schedule(s *scope, i *status.Incident) {
	from, until := s.optionalTime("scheduled_for"), s.optionalTime("scheduled_until")
	switch {
	case from == nil && i.Status.Maintenance():
		s.problem("scheduled_for", "is missing, but the status is %s", i.Status)
	case from == nil:
	case i.Status.Realtime():
		s.problem("status", "is %s, but it has a scheduled_for", i.Status)
	case until == nil:
		s.problem("scheduled_until", "is missing, but there is a scheduled_for")
	default:
		i.Schedule = &status.Schedule{For: *from, Until: *until}
	}
}

func (d *decoder) update(path string, v any, incident string) status.Update {
	s, ok := d.scope("update", path, v)
	if !ok {
		return status.Update{}
	}
	defer s.close()
	u := status.Update{
		ID: s.id("id"), Status: s.incidentStatus("status"), Format: status.HTML,
		CreatedAt: s.time("created_at"),
	}
	if body := s.optionalText("body"); body != nil {
		u.Body = *body
		s.check("body", status.CheckText("", u.Body, maxImportedBody))
	}
	u.UpdatedAt, u.DisplayAt = s.timeOr("updated_at", u.CreatedAt), s.timeOr("display_at", u.CreatedAt)
	if deliver := s.flag("deliver_notifications"); deliver != nil {
		u.DeliverNotifications = *deliver
	}
	u.CustomTweet, u.TweetID = s.optionalText("custom_tweet"), s.tweet("tweet_id")
	s.checkOptional("custom_tweet", u.CustomTweet)
	s.checkOptional("tweet_id", u.TweetID)
	s.belongs("incident_id", incident)
	if affected := s.list("affected_components"); affected != nil {
		u.Affected = []status.Affected{}
		for n, v := range affected {
			u.Affected = append(u.Affected, d.affected(fmt.Sprintf("%s[%d]", s.at("affected_components"), n), v))
		}
	}
	return u
}

func (d *decoder) affected(path string, v any) status.Affected {
	s, ok := d.scope("affected component", path, v)
	if !ok {
		return status.Affected{}
	}
	defer s.close()
	a := status.Affected{
		Code: s.id("code"), Name: s.text("name"),
		Old: s.state("old_status"), New: s.state("new_status"),
	}
	s.check("name", status.CheckText("", a.Name, 2*maxShortText))
	return a
}

// tweet reads the id of a post: a number in real captures, too large for an int.
func (s *scope) tweet(key string) *string {
	v, _ := s.get(key)
	if n, ok := v.(json.Number); ok {
		text := n.String()
		return &text
	}
	return s.optionalText(key)
}

func (s *scope) checkOptional(key string, text *string) {
	if text != nil {
		s.check(key, status.CheckText("", *text, maxShortText))
	}
}

func (s *scope) timeOr(key string, otherwise time.Time) time.Time {
	if t := s.optionalTime(key); t != nil {
		return *t
	}
	return otherwise
}

func (s *scope) incidentStatus(key string) status.IncidentStatus {
	word := status.IncidentStatus(s.text(key))
	if word != "" && !word.Valid() {
		s.problem(key, "is not a known incident status: %q", status.Cut(string(word), 40))
	}
	return word
}

// shown are the fields that two captures can contradict each other about.
func (i *incident) shown() []fact {
	facts := []fact{
		{"name", i.Name},
		{"status", string(i.Status)},
		{"impact", string(i.Impact)},
		{"created_at", moment(i.CreatedAt)},
		{"updated_at", moment(i.UpdatedAt)},
		{"started_at", moment(i.StartedAt)},
		{"monitoring_at", optional(i.MonitoringAt)},
		{"resolved_at", optional(i.ResolvedAt)},
		{"shortlink", i.Shortlink},
		{"incident_updates", fmt.Sprintf("%d updates", len(i.Updates))},
		{"components", fmt.Sprint(i.Components)},
	}
	if i.rich {
		facts = append(facts, fact{"reminder_intervals", said(i.ReminderIntervals)})
	}
	for _, u := range i.Updates {
		facts = append(facts, fact{"update " + u.ID, fmt.Sprintf("%s %s %s %s %v %v %s %s %q", u.Status, moment(u.CreatedAt),
			moment(u.UpdatedAt), moment(u.DisplayAt), u.Affected, u.DeliverNotifications, said(u.CustomTweet), said(u.TweetID), u.Body)})
	}
	return facts
}

func optional(t *time.Time) string { return cmp.Or(timeText(t), "null") }

func timeText(t *time.Time) string {
	if t == nil {
		return ""
	}
	return moment(*t)
}
