package page

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"allclear/internal/status"
	"allclear/internal/words"
)

// Names of calendar properties that the library has no name for.
const (
	propertyVersionAt = ics.Property("X-ALLCLEAR-AT") // moment of the version: two never have the same bytes
	refreshCalendar   = "PT1H"                        // how often a calendar program need look
)

// calendar renders history.ics: the newest maintenances and all that are not completed, as
// events of iCalendar (RFC 5545) that do not make anybody busy.
func calendar(in Input) ([]Document, error) {
	name := words.Line(in.Page.Settings.Name) + " Status - Maintenance"
	c := &ics.Calendar{}
	c.SetVersion("2.0")
	c.SetProductId("-//allclear//status page//EN")
	c.SetCalscale("GREGORIAN")
	c.SetName(name) // X-WR-CALNAME too
	c.SetUrl(in.PublicURL)
	c.SetRefreshInterval(refreshCalendar)
	c.SetXPublishedTTL(refreshCalendar)
	c.CalendarProperties = append(c.CalendarProperties, ics.CalendarProperty{BaseProperty: ics.BaseProperty{
		IANAToken: string(propertyVersionAt), Value: in.Page.At.UTC().Format(layoutUTC),
	}})
	zone := in.Page.Location()
	for _, m := range calendarMaintenances(in) {
		c.AddVEvent(calendarEvent(in, m, zone))
	}
	var body bytes.Buffer
	if err := c.SerializeTo(&body, ics.WithNewLine("\r\n")); err != nil {
		return nil, fmt.Errorf("encode %s: %w", PathCalendar, err)
	}
	return []Document{{
		Path: PathCalendar, ContentType: "text/calendar; charset=utf-8", CacheControl: CacheShort, Body: body.Bytes(),
	}}, nil
}

// calendarMaintenances are each one once, the latest to begin first.
func calendarMaintenances(in Input) []*status.Incident {
	list := slices.Concat(in.Maintenances, selected(in.Open, (*status.Incident).IsMaintenance))
	slices.SortStableFunc(list, func(a, b *status.Incident) int {
		return cmp.Or(b.Schedule.For.Compare(a.Schedule.For), cmp.Compare(a.ID, b.ID))
	})
	return slices.CompactFunc(list, func(a, b *status.Incident) bool { return a.ID == b.ID })
}

// calendarEvent is one maintenance. Its UID stays when the page moves to another address, and
// its SEQUENCE rises with every change: it is the page's version when this was last changed.
func calendarEvent(in Input, m *status.Incident, zone *time.Location) *ics.VEvent {
	e := ics.NewEvent(m.ID + "@" + in.Page.ID)
	e.SetDtStampTime(m.UpdatedAt)
	e.SetCreatedTime(m.CreatedAt)
	e.SetModifiedAt(m.UpdatedAt)
	e.SetSequence(int(m.Seq))
	e.SetStartAt(m.Schedule.For)
	if m.Schedule.Until.After(m.Schedule.For) { // an imported one may lack a sensible end
		e.SetEndAt(m.Schedule.Until)
	}
	e.SetSummary(words.Line(m.Name))
	if text := calendarText(m, zone); text != "" {
		e.SetDescription(text)
	}
	e.SetStatus(ics.ObjectStatusConfirmed)
	e.SetTimeTransparency(ics.TransparencyTransparent)
	e.SetURL(IncidentAddress(in.PublicURL, m.ID))
	return e
}

// calendarText are all updates as plain text, newest first.
func calendarText(m *status.Incident, zone *time.Location) string {
	paragraphs := make([]string, 0, len(m.Updates))
	for n := range m.Updates {
		u := &m.Updates[n]
		at := u.DisplayAt.In(zone).Format("Jan 2, 15:04 MST")
		paragraphs = append(paragraphs, at+"\n"+feedLabel(m, n)+" - "+plainBody(u.Body))
	}
	return strings.Join(paragraphs, "\n\n")
}
