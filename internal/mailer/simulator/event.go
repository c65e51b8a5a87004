package simulator

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"allclear/internal/mailer"
)

// event has the form of SES's, with the members that are always there.
// https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
type event struct {
	Type      string     `json:"eventType"`
	Mail      mail       `json:"mail"`
	Send      *struct{}  `json:"send,omitempty"`
	Delivery  *delivery  `json:"delivery,omitempty"`
	Delay     *delay     `json:"deliveryDelay,omitempty"`
	Bounce    *bounce    `json:"bounce,omitempty"`
	Complaint *complaint `json:"complaint,omitempty"`
	Reject    *reject    `json:"reject,omitempty"`
}

type mail struct {
	Timestamp        string              `json:"timestamp"`
	Source           string              `json:"source"`
	Account          string              `json:"sendingAccountId"`
	ID               string              `json:"messageId"`
	Destination      []string            `json:"destination"`
	HeadersTruncated bool                `json:"headersTruncated"`
	Tags             map[string][]string `json:"tags"`
}

type recipient struct {
	Address    string `json:"emailAddress"`
	Action     string `json:"action,omitempty"`
	Status     string `json:"status,omitempty"`
	Diagnostic string `json:"diagnosticCode,omitempty"`
}

type delivery struct {
	Timestamp  string   `json:"timestamp"`
	Millis     int      `json:"processingTimeMillis"`
	Recipients []string `json:"recipients"`
	Response   string   `json:"smtpResponse"`
	Reporter   string   `json:"reportingMTA"`
}

type delay struct {
	Timestamp  string      `json:"timestamp"`
	Type       string      `json:"delayType"`
	Expires    string      `json:"expirationTime"`
	Recipients []recipient `json:"delayedRecipients"`
}

type bounce struct {
	FeedbackID string      `json:"feedbackId"`
	Type       string      `json:"bounceType"`
	SubType    string      `json:"bounceSubType"`
	Recipients []recipient `json:"bouncedRecipients"`
	Timestamp  string      `json:"timestamp"`
	Reporter   string      `json:"reportingMTA"`
}

type complaint struct {
	FeedbackID   string      `json:"feedbackId"`
	SubType      *string     `json:"complaintSubType"`
	Recipients   []recipient `json:"complainedRecipients"`
	Timestamp    string      `json:"timestamp"`
	UserAgent    string      `json:"userAgent"`
	FeedbackType string      `json:"complaintFeedbackType"`
	Arrival      string      `json:"arrivalDate"`
}

type reject struct {
	Reason string `json:"reason"`
}

const (
	timeLayout = "2006-01-02T15:04:05.000Z"
	reporter   = "dns; simulator.localhost"
	patience   = 14 * time.Hour // how long SES tries
)

// tell is what happens to a mail, in order. What it is depends on the name before the @, whatever
// the domain; "name+anything" is the same name. The first five are those of SES's mailbox simulator:
// https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html
//
//	success          delivered, as every other name
//	ooto             delivered; the automatic answer is nobody's business here
//	bounce           comes back for good
//	suppressionlist  is not tried, since it came back before
//	complaint        delivered, and called spam
//	delay            is still on its way
//	mailboxfull      comes back, since the mailbox is full
//	reject           is not sent, since it has a virus
func tell(id string, m mailer.Message, now time.Time) []string {
	t := teller{to: m.To, id: id, at: now.UTC().Format(timeLayout), expires: now.UTC().Add(patience).Format(timeLayout)}
	t.mail = mail{
		Timestamp: t.at, Source: m.From, Account: "000000000000", ID: id, Destination: []string{m.To},
		Tags: map[string][]string{"ses:configuration-set": {"local"}},
	}
	for name, value := range m.Tags {
		t.mail.Tags[name] = []string{value}
	}
	t.say(event{Type: "Send", Send: &struct{}{}})
	name, _, _ := strings.Cut(m.To[:strings.LastIndexByte(m.To, '@')], "+")
	switch strings.ToLower(name) {
	case "bounce":
		t.bounced("Permanent", "General", "5.1.1", "smtp; 550 5.1.1 user unknown")
	case "suppressionlist":
		t.bounced("Permanent", "Suppressed", "5.1.1", "Amazon SES has suppressed sending to this address")
	case "complaint":
		t.delivered()
		t.say(event{Type: "Complaint", Complaint: &complaint{
			FeedbackID: id + "-complaint", Recipients: []recipient{{Address: t.to}}, Timestamp: t.at, UserAgent: "simulator",
			FeedbackType: "abuse", Arrival: t.at,
		}})
	case "delay":
		t.delayed("TransientCommunicationFailure", "4.4.1", "smtp; 421 4.4.1 unable to connect")
	case "mailboxfull":
		t.delayed("MailboxFull", "4.2.2", "smtp; 452 4.2.2 mailbox full")
		t.bounced("Transient", "MailboxFull", "4.2.2", "smtp; 452 4.2.2 mailbox full")
	case "reject":
		t.say(event{Type: "Reject", Reject: &reject{Reason: "Bad content"}})
	default:
		t.delivered()
	}
	return t.told
}

// teller writes the events of one mail.
type teller struct {
	mail        mail
	to, id      string
	at, expires string
	told        []string
}

func (t *teller) say(e event) {
	e.Mail = t.mail
	body, err := json.Marshal(e)
	if err != nil {
		panic(fmt.Sprintf("texts do not become JSON: %v", err))
	}
	t.told = append(t.told, string(body))
}

func (t *teller) delivered() {
	t.say(event{Type: "Delivery", Delivery: &delivery{
		Timestamp: t.at, Recipients: []string{t.to}, Response: "250 2.0.0 captured", Reporter: "simulator.localhost",
	}})
}

func (t *teller) delayed(kind, code, words string) {
	t.say(event{Type: "DeliveryDelay", Delay: &delay{
		Timestamp: t.at, Type: kind, Expires: t.expires, Recipients: []recipient{{Address: t.to, Status: code, Diagnostic: words}},
	}})
}

func (t *teller) bounced(kind, subKind, code, words string) {
	t.say(event{Type: "Bounce", Bounce: &bounce{
		FeedbackID: t.id + "-bounce", Type: kind, SubType: subKind, Timestamp: t.at, Reporter: reporter,
		Recipients: []recipient{{Address: t.to, Action: "failed", Status: code, Diagnostic: words}},
	}})
}
