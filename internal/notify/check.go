package notify

import (
	"html"
	"net/url"
	"strings"

	"allclear/internal/address"
	"allclear/internal/status"
)

// maxLink is the longest address of a link, in bytes of HTML. It stands in a line of the header, too,
// which has 998 at most (RFC 5322, section 2.1.1).
const maxLink = 970

func (p Page) check() error {
	switch {
	case !status.ValidID(p.ID):
		return status.Invalidf("page id", "must be 1 to 64 characters [a-z0-9]")
	case p.Zone == nil:
		return status.Invalidf("time zone", "can't be blank")
	case p.Logo != "":
		return status.CheckLogo("logo", p.Logo)
	}
	return nil
}

func (e Envelope) check() error {
	switch {
	case e.From == (address.Address{}):
		return status.Invalidf("from", "can't be blank")
	case e.Event == "":
		return status.Invalidf("event", "can't be blank")
	}
	return checkLine("from name", e.FromName)
}

func (r Recipient) check() error {
	switch {
	case r.To == (address.Address{}):
		return status.Invalidf("email", "can't be blank")
	case r.Subscriber == "":
		return status.Invalidf("subscriber", "can't be blank")
	case r.Date.IsZero():
		return status.Invalidf("date", "can't be blank")
	}
	return nil
}

func (m Incident) check() error {
	if m.Incident == nil || len(m.Incident.Updates) == 0 {
		return status.Invalidf("incident", "has no update to tell")
	}
	switch m.Kind {
	case IncidentCreated, IncidentUpdated, IncidentResolved, IncidentPostmortem:
		return nil
	case MaintenanceScheduled, MaintenanceReminder, MaintenanceStarted, MaintenanceUpdated, MaintenanceCompleted:
		if m.Incident.Schedule == nil {
			return status.Invalidf("incident", "has no schedule, which a mail of kind %s tells", m.Kind)
		}
		return nil
	case ComponentsChanged, ConfirmationAsked, ManageAsked, EndpointFailing:
		return status.Invalidf("kind", "can't be %s for an incident", m.Kind)
	default:
		return status.Invalidf("kind", "is not known: %q", string(m.Kind))
	}
}

func (m Changes) check() error {
	if len(m.Changes) == 0 {
		return status.Invalidf("changes", "can't be empty")
	}
	return nil
}

func (m Confirmation) check() error { return nil }
func (m Manage) check() error       { return nil }
func (m Endpoint) check() error     { return nil }

func checkLinks(links map[string]string) error {
	for _, name := range []string{"page", "incident"} {
		if link, ok := links[name]; ok {
			if err := checkAddress(name+" link", link); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkLine refuses what would end a line of the header.
func checkLine(field, s string) error {
	if strings.ContainsAny(s, "\r\n\x00") {
		return status.Invalidf(field, "can't contain line breaks or NUL")
	}
	return nil
}

// checkAddress refuses what is no absolute web address in plain ASCII.
func checkAddress(field, address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return status.Invalidf(field, "must be an absolute http or https address")
	}
	for _, r := range address {
		switch {
		case r <= ' ', r > '~', r == '<', r == '>', r == '"', r == '\\', r == '^', r == '{', r == '}', r == '|', r == '`':
			return status.Invalidf(field, "can't contain %q", r)
		}
	}
	if n := len(html.EscapeString(address)); n > maxLink {
		return status.Invalidf(field, "is too long (%d bytes, at most %d)", n, maxLink)
	}
	return nil
}
