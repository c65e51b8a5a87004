package chat

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"allclear/internal/page"
	"allclear/internal/status"
	"allclear/internal/words"
)

// The lengths of names, in characters, so that no list of them can outgrow what a service takes.
const (
	maxTitle      = 200
	maxPageName   = 80
	maxListedName = 50
	maxListed     = 7
	maxMissed     = 5
	maxMissedText = 100
)

// news is what a message tells, in words. All texts but body are plain and of one line.
type news struct {
	id         string // of the subject
	page       string
	pageURL    string
	title      string
	state      string // "Identified", "Operational → Partial outage"
	detail     string // impact, or the time of a maintenance; may be empty
	body       []block
	missed     []missed // the newest first
	more       int      // missed, too
	components []string // "Cranes - North: Partial outage"
	at         time.Time
	when       string // at, for people
	url        string
	button     string
	tone       tone
}

// missed is an update, in short, that should have come before and did not.
type missed struct{ state, when, text string }

func incidentNews(in Input, i *status.Incident, at, told int) news {
	zone := in.Page.Location()
	u := &i.Updates[at]
	n := base(in, u.DisplayAt)
	n.id, n.title, n.tone = i.ID, name(i.Name, maxTitle), incidentTone(i, u.Status)
	n.state = words.Incident(u.Status)
	n.url, n.button = page.IncidentAddress(in.PublicURL, i.ID), "View incident"
	bodies := words.NewBodies()
	n.body = read(bodies.HTML(u.Format, u.Body))
	n.miss(i.Updates[at+1:max(at+1, min(told, len(i.Updates)))], bodies, zone)
	switch impact := i.PublicImpact(); {
	case i.Schedule != nil:
		n.detail = words.Moment(i.Schedule.For.In(zone)) + " – " + words.Moment(i.Schedule.Until.In(zone))
		n.button = "View maintenance"
	case impact != status.ImpactNone && i.Open():
		n.detail = words.Impact(impact)
	}
	existing := in.Configuration.Existing(i.Components)
	for _, id := range existing[:min(len(existing), maxListed)] {
		n.components = append(n.components, componentLine(in.Configuration, id))
	}
	if more := len(existing) - maxListed; more > 0 {
		n.components = append(n.components, fmt.Sprintf("and %d more", more))
	}
	return n
}

// miss takes in what of a timeline was to be told.
func (n *news) miss(updates []status.Update, bodies *words.Bodies, zone *time.Location) {
	for k := range updates {
		u := &updates[k]
		switch {
		case !u.DeliverNotifications:
		case len(n.missed) == maxMissed:
			n.more++
		default:
			n.missed = append(n.missed, missed{
				words.Incident(u.Status), words.Moment(u.DisplayAt.In(zone)),
				name(line(read(bodies.HTML(u.Format, u.Body))), maxMissedText),
			})
		}
	}
}

func componentNews(in Input, event *status.Event, change status.StateChange) news {
	n := base(in, event.At)
	n.id, n.title, n.tone = change.Component, name(in.Configuration.QualifiedName(change.Component), maxTitle), stateTone(change.New)
	n.state = words.Component(change.Old) + " → " + words.Component(change.New)
	n.url, n.button = page.Address(in.PublicURL, page.PathIndex), "View status page"
	return n
}

func base(in Input, at time.Time) news {
	return news{
		page: name(words.PageTitle(in.Page.Settings.Name), maxPageName), pageURL: page.Address(in.PublicURL, page.PathIndex),
		at: at.UTC(), when: words.Moment(at.In(in.Page.Location())),
	}
}

func componentLine(cfg *status.Configuration, id string) string {
	if g, ok := cfg.Groups[id]; ok {
		return name(g.Name, maxListedName) + ": " + words.Component(cfg.GroupStatus(id))
	}
	return name(cfg.QualifiedName(id), maxListedName) + ": " + words.Component(cfg.Status(id))
}

// headline is the message in one line, for notifications.
func (n news) headline() string { return n.page + ": " + n.title + " – " + n.state }

// shortened is a body of at most some characters, with a link to the rest.
func (n news) shortened(body []block, runes int) []block {
	if runes >= length(body) {
		return body
	}
	return append(cut(body, runes), block{runs: []run{{text: "Read the whole update", link: n.url}}})
}

// blocks are the body, and below it what was missed.
func (n news) blocks() []block {
	if len(n.missed)+n.more == 0 {
		return n.body
	}
	bold := style{bold: true}
	runs := []run{{text: "Earlier, not told here yet", style: bold}}
	for _, m := range n.missed {
		runs = append(runs, run{text: "\n"}, run{text: m.state, style: bold}, run{text: " · " + m.when})
		if m.text != "" {
			runs = append(runs, run{text: " · " + m.text})
		}
	}
	if n.more > 0 {
		runs = append(runs, run{text: "\n"}, run{text: fmt.Sprintf("and %d more", n.more), link: n.url})
	}
	return append(slices.Clone(n.body), block{runs: runs})
}

// name is a text in one line of at most some characters.
func name(s string, limit int) string {
	s = words.Line(s)
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return strings.TrimSpace(string([]rune(s)[:limit-1])) + "…"
}

// tone is how bad news is. The colours are those of the page.
type tone struct {
	colour string // #rrggbb
	rgb    int
	style  string // of a container in an Adaptive Card
}

var (
	toneGood     = tone{"#23995d", 0x23995d, "good"}
	tonePlanned  = tone{"#3b7de0", 0x3b7de0, "accent"}
	toneMinor    = tone{"#d99a00", 0xd99a00, "warning"}
	toneMajor    = tone{"#e56f17", 0xe56f17, "warning"}
	toneCritical = tone{"#d62e28", 0xd62e28, "attention"}
	toneNeutral  = tone{"#808b9a", 0x808b9a, "emphasis"}
)

func incidentTone(i *status.Incident, told status.IncidentStatus) tone {
	if told.Final() {
		return toneGood
	}
	switch i.PublicImpact() {
	case status.ImpactMaintenance:
		return tonePlanned
	case status.ImpactMinor:
		return toneMinor
	case status.ImpactMajor:
		return toneMajor
	case status.ImpactCritical:
		return toneCritical
	case status.ImpactNone:
		return toneNeutral
	default:
		return toneNeutral
	}
}

func stateTone(s status.ComponentState) tone {
	switch s {
	case status.Operational:
		return toneGood
	case status.UnderMaintenance:
		return tonePlanned
	case status.DegradedPerformance:
		return toneMinor
	case status.PartialOutage:
		return toneMajor
	case status.MajorOutage:
		return toneCritical
	default:
		return toneNeutral
	}
}
