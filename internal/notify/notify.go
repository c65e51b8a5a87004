// Package notify makes the mails that subscribers get: their words, their HTML and plain text, and
// the raw message with its headers. Words are Markdown, one file per kind of mail, its Subject
// inside, in templates/<language>; a further language is a further folder. It is pure: links, ids and times come in; it sends nothing and
// does not know who gets what. The senders of mail call Compile once per event, then For per mail.
package notify

import (
	"slices"
	"time"

	"allclear/internal/address"
	"allclear/internal/status"
)

// Page is what every mail says about the page. Texts are plain, but for Footer.
type Page struct {
	ID     string
	Name   string
	URL    string         // public, without a trailing slash
	Logo   string         // address of an image, "" for none
	Footer string         // Markdown that the operator wants below every mail, "" for none
	Zone   *time.Location // of all times in mails
	// Language is what its mails speak, by the name of a folder in templates; "" is English.
	Language string
}

// PageOf takes from a page what mails say about it. A logo that could not be shown is none, so that it
// keeps no mail back.
func PageOf(p status.Page, publicURL string) Page {
	logo := p.Settings.EmailLogo
	if logo != "" && status.CheckLogo("email_logo", logo) != nil {
		logo = ""
	}
	return Page{ID: p.ID, Name: p.Settings.Name, URL: publicURL, Logo: logo, Footer: p.Settings.NotificationsEmailFooter, Zone: p.Location()}
}

// Mail is what one mail is about: an Incident, Changes, a Confirmation, a Manage or an Endpoint.
type Mail interface {
	kind() Kind
	page() Page
	// check refuses what makes no such mail.
	check() error
	// links names the addresses that stand in the mail and are the same for everybody.
	links() map[string]string
	// thread is shared by the mails that belong together, "" for none.
	thread() string
	// words fills the template, one like wordsOf its kind; room says how many bytes of HTML there are for what can be cut.
	words(c *composer, room int) record
}

// Incident is a mail about an incident or maintenance, with its whole timeline.
type Incident struct {
	Page       Page
	Kind       Kind             // as KindOf says
	Incident   *status.Incident // up to the update that the mail is about; see status.Incident.UpTo
	Components []Component      // attached, as Attached gives them
	URL        string           // where people read about it
}

// Component is a component in a state.
type Component struct {
	Name  string
	State status.ComponentState
}

// Changes is a mail about components that changed their state without an incident.
type Changes struct {
	Page    Page
	At      time.Time
	Changes []status.StateChange // at least one
}

// Confirmation asks somebody whether they want to be subscribed. Recipient.Action confirms.
type Confirmation struct {
	Page  Page
	Until time.Time // when the link ends
}

// Manage brings somebody the link to their subscription. Recipient.Action leads there.
type Manage struct {
	Page  Page
	Until time.Time // when the link ends
}

// Endpoint tells the owner of a webhook that it was switched off after failing for days.
type Endpoint struct {
	Page   Page
	Host   string    // of the endpoint; its path may be a secret
	Since  time.Time // when it last took a message, or its first failure
	Reason string    // what it answered last
}

// Recipient is one copy of a message.
type Recipient struct {
	To         address.Address
	Subscriber string    // id
	Date       time.Time // of sending
	// Absolute addresses. A message says by its kind which it needs; see Compile.
	Action, Manage, Unsubscribe string
}

// Envelope is what a message needs besides its words.
type Envelope struct {
	FromName string
	From     address.Address
	// Event names what caused the message. Together with the subscriber it makes the Message-ID.
	Event string
}

// Attached lists the components of an incident that there are, in the order of the page: in the state
// that its newest update gives, or where that names none, in the one that they have now.
func Attached(i *status.Incident, cfg *status.Configuration) []Component {
	var list []Component
	states := map[string]status.ComponentState{}
	if len(i.Updates) > 0 {
		for _, a := range i.Updates[0].Affected {
			states[a.Code] = a.New
		}
	}
	add := func(id string) {
		if !slices.Contains(i.Components, id) {
			return
		}
		state, told := states[id]
		if !told {
			state = cfg.Status(id)
		}
		list = append(list, Component{Name: cfg.QualifiedName(id), State: state})
	}
	for _, id := range cfg.TopLevel() {
		add(id)
		for _, member := range cfg.Members(id) {
			add(member)
		}
	}
	return list
}
