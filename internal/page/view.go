package page

import (
	"bytes"
	"encoding/json"
	"fmt"

	"allclear/internal/status"
)

// ViewKind says which page of the site a view is for.
type ViewKind string

// The kinds of view, with the document that each is in.
const (
	KindIndex    ViewKind = "index"    // page.json
	KindIncident ViewKind = "incident" // incidents/<id>.json
	KindHistory  ViewKind = "history"  // history.json
	KindMonth    ViewKind = "month"    // history/<YYYY-MM>.json
	KindMissing  ViewKind = "missing"  // 404.html, which has no JSON
)

// Head opens every view. The HTML page of the same name has the same view in it, so that a
// script can take the page over and then keep it fresh from the JSON. site/src/page/view.ts
// mirrors all shapes in this file.
type Head struct {
	Kind ViewKind `json:"kind"`
	Page Masthead `json:"page"`
	Seq  int64    `json:"seq"` // version of everything shown; a lower one is older
	At   Moment   `json:"at"`  // when that version was made
}

// Masthead is what every view says about the page.
type Masthead struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Title       string `json:"title"` // "<name> Status"
	URL         string `json:"url"`
	TimeZone    string `json:"time_zone"`   // IANA name; times in views are written in it
	Headline    string `json:"headline"`    // plain text, "" for none
	Description string `json:"description"` // plain text, "" for none
	Website     string `json:"website"`     // http or https, "" for none
	Support     string `json:"support"`     // http, https or mailto, "" for none
	Feeds       bool   `json:"feeds"`       // history.atom and history.rss exist
	// Subscribe and SubscribeIncidents say what /subscribe takes: the page, and single incidents.
	Subscribe          bool `json:"subscribe"`
	SubscribeIncidents bool `json:"subscribe_incidents"`
	// Zones names the offsets from UTC that the zone has in the year of the view, in minutes east:
	// {"60": "CET", "120": "CEST"}.
	Zones map[string]string `json:"zones"`
}

// IndexView is page.json: everything that the index page shows. Uptime of today counts to At.
type IndexView struct {
	Head
	Banner       Banner          `json:"banner"`
	Status       status.Overall  `json:"status"` // as in api/v2/status.json
	Components   []ComponentView `json:"components"`
	Incidents    []IncidentView  `json:"incidents"`    // open, newest first
	Maintenances []IncidentView  `json:"maintenances"` // under way, then upcoming, next first
	Recent       []DayView       `json:"recent"`       // newest day first; days that are not known whole are left out
	Days         DaySpan         `json:"days"`         // what the uptime in Components is about
	FirstMonth   string          `json:"first_month"`  // "YYYY-MM" where the history begins, "" without one
}

// Banner is the headline. As on Statuspage, the name of an open incident takes the place of the
// status; the colour stays that of the status.
type Banner struct {
	Status   string `json:"status"`   // an indicator, or "notice" for an open incident while everything works
	Title    string `json:"title"`    // plain text
	Incident string `json:"incident"` // id of the incident that Title names, "" for none
	Detail   string `json:"detail"`   // plain text, "" for none
	More     int    `json:"more"`     // other open incidents
}

// DaySpan is the first and last of some days "YYYY-MM-DD" in the page's zone, both included.
type DaySpan struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// ComponentView is a component or a group of them. One that is only shown while it has trouble
// is absent while it has none.
type ComponentView struct {
	ID          string                `json:"id"`
	Name        string                `json:"name"`
	Description string                `json:"description"` // plain text, "" for none
	Status      status.ComponentState `json:"status"`      // of a group: the worst of its components
	Group       bool                  `json:"group"`
	Components  []ComponentView       `json:"components"` // of a group
	Uptime      *UptimeView           `json:"uptime"`     // null when it is not to be shown
}

// UptimeView is the uptime of a component, or of a group, whose percentage is that of its
// components together. Days holds only the days to tell about: another day from Since on was
// operational throughout, one before Since is not known.
type UptimeView struct {
	Since      string      `json:"since"`      // "" when nothing is known
	Percentage *float64    `json:"percentage"` // two decimals; null when nothing is known
	Days       []DayUptime `json:"days"`       // oldest first
	dates      []string    // all days of the bar
}

// StateNoData is the "worst state" of a day of which nothing is known.
const StateNoData = "no_data"

// DayUptime is one day: the worst state it saw and the seconds in each. For a group each number
// of seconds is that of the component which had most.
type DayUptime struct {
	Date        string  `json:"date"`
	State       string  `json:"state"`
	Partial     int64   `json:"partial_outage"`
	Major       int64   `json:"major_outage"`
	Degraded    int64   `json:"degraded_performance"`
	Maintenance int64   `json:"under_maintenance"`
	Percentage  float64 `json:"percentage"`
}

// DayView is one day of past incidents.
type DayView struct {
	Date      string         `json:"date"`
	Incidents []IncidentView `json:"incidents"` // over, newest first
	Ongoing   []Reference    `json:"ongoing"`   // began on this day and are shown above
}

// Reference names something by id.
type Reference struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// IncidentHead is what all views of an incident or maintenance have.
type IncidentHead struct {
	ID             string                `json:"id"`
	Name           string                `json:"name"`
	Maintenance    bool                  `json:"maintenance"`
	Status         status.IncidentStatus `json:"status"`
	Impact         status.Impact         `json:"impact"`
	StartedAt      Moment                `json:"started_at"`
	ResolvedAt     *Moment               `json:"resolved_at"`
	ScheduledFor   *Moment               `json:"scheduled_for"`   // maintenances only
	ScheduledUntil *Moment               `json:"scheduled_until"` // maintenances only
}

// IncidentView is an incident or maintenance with its whole timeline.
type IncidentView struct {
	IncidentHead
	Components []Reference  `json:"components"` // attached, in the order of the page
	Updates    []UpdateView `json:"updates"`    // newest first
}

// HTML is a fragment of balanced, harmless elements. Only words.Bodies makes it of what people wrote.
type HTML string

// UpdateView is one message of a timeline.
type UpdateView struct {
	ID      string                `json:"id"`
	Status  status.IncidentStatus `json:"status"`
	Label   string                `json:"label"` // "Investigating", or "Update" when the status stayed
	Body    HTML                  `json:"body"`
	At      Moment                `json:"at"`
	Changes []ChangeView          `json:"changes"` // components that it moved
}

// ChangeView is a component going from one state to another.
type ChangeView struct {
	ID   string                `json:"id"`
	Name string                `json:"name"`
	Old  status.ComponentState `json:"old"`
	New  status.ComponentState `json:"new"`
}

// EntryView is an incident or maintenance in a list of the history.
type EntryView struct {
	IncidentHead
	Message HTML   `json:"message"` // body of the newest update
	Label   string `json:"label"`   // of the newest update
	Updates int    `json:"updates"` // how many there are
}

// IncidentDocument is incidents/<id>.json.
type IncidentDocument struct {
	Head
	Incident IncidentView `json:"incident"`
}

// HistoryDocument is history.json: which months there are, and the current one as far as the
// newest 50 incidents and maintenances tell.
type HistoryDocument struct {
	Head
	Months  []string    `json:"months"` // "YYYY-MM", newest first
	Month   string      `json:"month"`
	Entries []EntryView `json:"entries"`
}

// MonthDocument is history/<YYYY-MM>.json.
type MonthDocument struct {
	Head
	Month    string      `json:"month"`
	Previous string      `json:"previous"` // the month before, "" when the history does not go back to it
	Next     string      `json:"next"`     // the month after, "" when it was still to come at At
	Entries  []EntryView `json:"entries"`  // newest first
}

// UptimeDocument is uptime.json: every component and group, also those whose bar is not shown.
type UptimeDocument struct {
	Page       Reference         `json:"page"`
	Seq        int64             `json:"seq"`
	At         Moment            `json:"at"`
	Days       DaySpan           `json:"days"`
	Components []ComponentUptime `json:"components"`
}

// ComponentUptime is the uptime of one component or group.
type ComponentUptime struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Group bool   `json:"group"`
	UptimeView
}

// encodeView writes a view as JSON that may also stand inside an HTML script element: `<`, `>`
// and `&` are escaped.
func encodeView(view any) ([]byte, error) {
	var out bytes.Buffer
	if err := json.NewEncoder(&out).Encode(view); err != nil {
		return nil, fmt.Errorf("encode view: %w", err)
	}
	return out.Bytes(), nil
}

func viewDocument(path string, body []byte) Document {
	return Document{Path: path, ContentType: "application/json; charset=utf-8", CacheControl: CacheShort, Body: body}
}
