// Package chat writes what chat services get: an update of an incident or maintenance with those in
// short that the receiver missed, or the change of a component, as each service shows it best, within
// its limits and with a link to the rest. Nothing that people wrote can mention anybody or change a message's form. It is pure;
// the webhook function sends the bytes. Each service has a file of its own.
package chat

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"allclear/internal/status"
	"allclear/internal/webhook"
)

// Input is what a message needs beside its subject. Page and Configuration are of one snapshot.
type Input struct {
	Page          status.Page
	Configuration *status.Configuration
	PublicURL     string // of the page, without a trailing slash
}

// Incident writes the message about an update of an incident or maintenance. at is its place in the
// timeline, told that of the newest one that the receiver was told before, or the number of updates
// for none: what was to be told between the two is there in short. All subscribers of a kind with the
// same places get the same bytes.
func Incident(kind webhook.Kind, in Input, i *status.Incident, at, told int) ([]byte, error) {
	if at < 0 || at >= len(i.Updates) {
		return nil, fmt.Errorf("write %s message of incident %s: it has no update %d", kind, i.ID, at)
	}
	return write(kind, incidentNews(in, i, at, told))
}

// Component writes the message about one component that went from one state to another, as an event
// says. A component that was deleted meanwhile is an error of code status.NotFound.
func Component(kind webhook.Kind, in Input, event *status.Event, change status.StateChange) ([]byte, error) {
	if _, ok := in.Configuration.Components[change.Component]; !ok {
		return nil, fmt.Errorf("write %s message of event %d: %w", kind, event.Seq, status.NotFoundf("component %s was deleted", change.Component))
	}
	return write(kind, componentNews(in, event, change))
}

// object is a JSON object. Its keys are written in alphabetical order.
type object = map[string]any

// service turns news into a message, and tells whether the service takes one of that size.
type service func(n news) (message object, fits bool)

func serviceOf(kind webhook.Kind) (service, bool) {
	switch kind {
	case webhook.Slack:
		return slack, true
	case webhook.Teams:
		return teams, true
	case webhook.Discord:
		return discord, true
	case webhook.GoogleChat:
		return googleChat, true
	case webhook.Mattermost:
		return mattermost, true
	case webhook.Plain:
		return nil, false
	default:
		return nil, false
	}
}

// write cuts the body to as much of it as the service takes beside what was missed, which gives way
// only where nothing would be left of the body.
func write(kind webhook.Kind, n news) ([]byte, error) {
	service, ok := serviceOf(kind)
	if !ok {
		return nil, fmt.Errorf("write message: %q is no chat service", kind)
	}
	whole := n.body
	fits := func(runes int) bool {
		n.body = n.shortened(whole, runes)
		_, fits := service(n)
		return fits
	}
	for len(n.missed) > 0 && !fits(0) {
		n.missed, n.more = n.missed[:len(n.missed)-1], n.more+1
	}
	n.body = n.shortened(whole, largest(length(whole), fits))
	message, _ := service(n)
	b, err := encode(message)
	if err != nil {
		return nil, fmt.Errorf("write %s message: %w", kind, err)
	}
	return b, nil
}

func encode(message any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(message); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// size is the number of bytes of a message on the wire.
func size(message object) int {
	b, err := encode(message)
	if err != nil {
		return 0 // write reports it
	}
	return len(b)
}

// sizeEscaped is the number of characters of a message that is written with <, > and & as \u003c,
// \u003e and \u0026.
func sizeEscaped(message object) int {
	b, err := json.Marshal(message)
	if err != nil {
		return 0 // write reports it
	}
	return utf8.RuneCount(b)
}

// largest is the largest number up to most that is ok, 0 when none is. What is ok is ok for all
// smaller numbers.
func largest(most int, ok func(n int) bool) int {
	if ok(most) {
		return most
	}
	low, high := 0, most // low is ok or 0, high is not
	for high-low > 1 {
		if middle := (low + high) / 2; ok(middle) {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}
