package notify

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"allclear/internal/status"
	"allclear/internal/words"
)

// dictionary is the file words.txt of a language: what mails say that stands in no template. Each line
// is a key, a colon and the words; # begins a comment.
type dictionary map[string]string

// keys are what every dictionary has, and nothing else.
func keys() []string {
	all := []string{"direction", "moment", "months", "incident update"}
	for _, s := range status.ComponentStates() {
		all = append(all, componentKey(s))
	}
	for _, s := range []status.IncidentStatus{
		status.Investigating, status.Identified, status.Monitoring, status.Resolved, status.Postmortem,
		status.Scheduled, status.InProgress, status.Verifying, status.Completed,
	} {
		all = append(all, incidentKey(s))
	}
	for _, i := range []status.Impact{status.ImpactNone, status.ImpactMaintenance, status.ImpactMinor, status.ImpactMajor, status.ImpactCritical} {
		all = append(all, impactKey(i))
	}
	return all
}

func componentKey(s status.ComponentState) string { return "component " + string(s) }
func incidentKey(s status.IncidentStatus) string  { return "incident " + string(s) }
func impactKey(i status.Impact) string            { return "impact " + string(i) }

func readDictionary(source string) (dictionary, error) {
	d, known := dictionary{}, keys()
	for line := range strings.Lines(source) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		key, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch _, twice := d[key]; {
		case !slices.Contains(known, key):
			return nil, fmt.Errorf("%q is nothing that mails say", key)
		case twice:
			return nil, fmt.Errorf("%q is there twice", key)
		case value == "":
			return nil, fmt.Errorf("%q has no words", key)
		}
		d[key] = value
	}
	for _, key := range known {
		if d[key] == "" {
			return nil, fmt.Errorf("%q is not there", key)
		}
	}
	if d["direction"] != leftToRight && d["direction"] != rightToLeft {
		return nil, errors.New("the direction must be ltr or rtl")
	}
	if n := len(strings.Fields(d["months"])); n != 12 {
		return nil, fmt.Errorf("there are %d months, want 12", n)
	}
	return d, nil
}

func (d dictionary) component(s status.ComponentState) string { return d[componentKey(s)] }
func (d dictionary) incident(s status.IncidentStatus) string  { return d[incidentKey(s)] }
func (d dictionary) impact(i status.Impact) string            { return d[impactKey(i)] }

// update is the heading of an incident's update n, as words.Update has it.
func (d dictionary) update(i *status.Incident, n int) string {
	if n+1 < len(i.Updates) && i.Updates[n+1].Status == i.Updates[n].Status {
		return d["incident update"]
	}
	return d.incident(i.Updates[n].Status)
}

// moment is a time for people, in the zone that it carries.
func (d dictionary) moment(t time.Time) string {
	return strings.NewReplacer(
		"{month}", strings.Fields(d["months"])[t.Month()-1], "{day}", strconv.Itoa(t.Day()), "{year}", strconv.Itoa(t.Year()),
		"{time}", t.Format("15:04 ")+words.Zone(t),
	).Replace(d["moment"])
}
