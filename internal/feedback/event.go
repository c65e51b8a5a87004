package feedback

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/mail"
	"strconv"
	"strings"
	"time"

	"allclear/internal/address"
	"allclear/internal/ledger"
	"allclear/internal/status"
)

// event is what is read of an event that SES publishes; there is more in it, and SES may add to it.
// https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
type event struct {
	Type string `json:"eventType"`
	Mail struct {
		Timestamp string              `json:"timestamp"`
		Tags      map[string][]string `json:"tags"`
	} `json:"mail"`
	Bounce *struct {
		Type       string      `json:"bounceType"`
		SubType    string      `json:"bounceSubType"`
		Recipients []recipient `json:"bouncedRecipients"`
		Timestamp  string      `json:"timestamp"`
	} `json:"bounce"`
	Complaint *struct {
		SubType      string      `json:"complaintSubType"` // null for most
		FeedbackType string      `json:"complaintFeedbackType"`
		Recipients   []recipient `json:"complainedRecipients"`
	} `json:"complaint"`
	Delivery *struct {
		Timestamp string `json:"timestamp"`
	} `json:"delivery"`
}

type recipient struct {
	Address string `json:"emailAddress"`
}

// email is the address in the form in which subscribers have theirs. SES takes it from what the
// other side wrote, where it may stand with a name.
func (r recipient) email() (string, bool) {
	text := r.Address
	if named, err := mail.ParseAddress(text); err == nil {
		text = named.Address
	}
	a, err := address.Parse(text)
	return a.String(), err == nil
}

// validates tells whether a message is the one by which SES tries out a topic when a configuration
// set is made to publish to it. It is no JSON.
func validates(body string) bool {
	return strings.TrimSpace(body) == "Successfully validated SNS topic for Amazon SES event publishing."
}

// decode reads a message. Its errors quote nothing of it: it is full of addresses.
func decode(body string) (event, error) {
	var e event
	if err := json.Unmarshal([]byte(body), &e); err != nil {
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return event{}, fmt.Errorf("decode event of SES: %s is of the wrong kind", wrong.Field)
		}
		return event{}, errors.New("decode event of SES: it is no JSON")
	}
	if e.Type == "" {
		return event{}, errors.New("decode event of SES: eventType is missing")
	}
	return e, nil
}

// notification is what a mail was about, by its tags.
type notification struct {
	page       string
	subject    string
	subscriber string
	seq        int64 // of the event; 0 for a mail about the subscription itself
}

// about reads the tags of a mail; false for one that was not sent by this program.
func (e event) about() (notification, bool) {
	n := notification{page: e.tag("page"), subject: e.tag("subject"), subscriber: e.tag("subscriber")}
	if !status.ValidID(n.page) || !status.ValidID(n.subscriber) {
		return notification{}, false
	}
	if _, given := e.Mail.Tags["event"]; !given {
		return n, true
	}
	digits, ok := strings.CutPrefix(e.tag("event"), n.page+"-")
	seq, err := strconv.ParseInt(digits, 10, 64)
	n.seq = seq
	return n, ok && err == nil && seq > 0 && status.ValidID(n.subject)
}

func (e event) tag(name string) string {
	if values := e.Mail.Tags[name]; len(values) == 1 {
		return values[0]
	}
	return ""
}

// news is what an event means here.
type news struct {
	state  ledger.State // of the notification; "" for an event that is of no concern
	sentAt time.Time    // when the mail left

	final       status.QuarantineReason // why never to mail the address again, "" for no reason
	returnedAt  time.Time               // when the mail came back for a reason that may pass, else zero
	deliveredAt time.Time               // when it was delivered, else zero
	recipients  []recipient             // who returned it or complained
}

// news reads what an event says. Without what belongs to its type it is an error.
func (e event) news() (news, error) {
	var n news
	var err error
	switch e.Type {
	case "Send":
		n.state = ledger.Sent
	case "DeliveryDelay":
		n.state = ledger.Delayed
	case "Reject", "Rendering Failure": // taken, and then not sent
		n.state = ledger.Failed
	case "Delivery":
		err = e.delivery(&n)
	case "Bounce":
		err = e.bounce(&n)
	case "Complaint":
		err = e.complaint(&n)
	default: // opened, clicked, and what SES thinks of next
		return news{}, nil
	}
	if err != nil {
		return news{}, err
	}
	n.sentAt, err = moment("mail.timestamp", e.Mail.Timestamp)
	return n, err
}

func (e event) delivery(n *news) (err error) {
	if e.Delivery == nil {
		return missing("delivery")
	}
	n.state = ledger.Delivered
	n.deliveredAt, err = moment("delivery.timestamp", e.Delivery.Timestamp)
	return err
}

// bounce reads a mail that came back. After a permanent one the address is never mailed again,
// also when SES did not try because it had bounced before. SES has tried all others for hours; those
// that are about what the mail was like say nothing of the mailbox.
func (e event) bounce(n *news) (err error) {
	if e.Bounce == nil {
		return missing("bounce")
	}
	n.state, n.recipients = ledger.Bounced, e.Bounce.Recipients
	if e.Bounce.Type == "Permanent" {
		n.final = status.Bounced
		return nil
	}
	switch e.Bounce.SubType { // of those that are Transient or Undetermined
	case "MessageTooLarge", "ContentRejected", "AttachmentRejected":
		return nil
	}
	n.returnedAt, err = moment("bounce.timestamp", e.Bounce.Timestamp)
	return err
}

// complaint reads that somebody called a mail spam; or that it is none, which services report too.
// Where SES sent nothing, since the address complained before, nothing was delivered.
func (e event) complaint(n *news) error {
	if e.Complaint == nil {
		return missing("complaint")
	}
	if e.Complaint.FeedbackType == "not-spam" {
		n.state = ledger.Delivered
		return nil
	}
	n.state, n.final, n.recipients = ledger.Complained, status.Complained, e.Complaint.Recipients
	if e.Complaint.SubType == "OnAccountSuppressionList" {
		n.state = ledger.Bounced
	}
	return nil
}

func missing(field string) error { return fmt.Errorf("decode event of SES: %s is missing", field) }

func moment(field, text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("decode event of SES: %s is no time", field)
	}
	return status.Millis(t), nil
}
