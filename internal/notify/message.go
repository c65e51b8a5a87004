package notify

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	netmail "net/mail"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"allclear/internal/status"
	"allclear/internal/words"
)

// Message is a mail that lacks only what differs by recipient. It does not change and may be used
// by several goroutines.
type Message struct {
	pieces   []piece
	size     int // of all fixed parts
	needs    map[slot]bool
	boundary string
	domain   string // of the sender
	event    string
	thread   string
}

// piece is some fixed bytes and what follows them.
type piece struct {
	fixed []byte
	next  string // a slot, one of the lines below, or "" at the end
	html  bool   // it is in the HTML
}

// What stands in the header of a message until its recipient is known. No text can look like a
// line of header, so a whole line is unmistakable.
const (
	lineTo          = "To: <slot@recipient.invalid>"
	lineDate        = "Date: slot"
	lineMessageID   = "Message-ID: slot"
	lineReferences  = "References: slot"
	lineInReplyTo   = "In-Reply-To: slot"
	lineUnsubscribe = "List-Unsubscribe: <https://slot.invalid>"
)

// Compile makes the words of a mail and everything of its message that is the same for everybody.
// Notices of incidents and components need a recipient with Manage and Unsubscribe, confirmations
// and links to a subscription one with Action, notices of a failing endpoint one with Manage.
func Compile(m Mail, e Envelope) (*Message, error) {
	for _, check := range []func() error{m.check, m.page().check, e.check, func() error { return checkLinks(m.links()) }} {
		if err := check(); err != nil {
			return nil, err
		}
	}
	done, err := compose(m)
	if err != nil {
		return nil, err
	}
	if err := checkLine("subject", done.subject); err != nil {
		return nil, err
	}
	message := &Message{
		needs: map[slot]bool{}, domain: e.From.Domain(), event: e.Event, thread: m.thread(),
		boundary: boundary(e.Event, done),
	}
	for _, s := range slots() {
		message.needs[s] = strings.Contains(done.html, s.token())
	}
	raw, err := message.raw(m.page(), e, done)
	if err != nil {
		return nil, err
	}
	if err := message.cut(raw, done); err != nil {
		return nil, err
	}
	return message, nil
}

// raw writes the message with something in every place that is the recipient's own.
func (m *Message) raw(p Page, e Envelope, done content) ([]byte, error) {
	msg := mail.NewMsg(
		mail.WithCharset(mail.CharsetUTF8), mail.WithEncoding(mail.EncodingQP),
		mail.WithBoundary(m.boundary), mail.WithNoDefaultUserAgent(),
	)
	msg.FromMailAddress(&netmail.Address{Name: e.FromName, Address: e.From.String()})
	msg.Subject(done.subject)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no automatic answers, please
	// The same to Exchange, which has a header of its own (MS-OXCMAIL): nobody reads that so many are on
	// holiday. Not "All", which would suppress the reports of what cannot be delivered, too.
	msg.SetGenHeader("X-Auto-Response-Suppress", "OOF, AutoReply")
	for _, line := range m.lines() {
		field, value, _ := strings.Cut(line, ": ")
		msg.SetGenHeader(mail.Header(field), value)
	}
	if m.needs[slotUnsubscribe] {
		msg.SetGenHeader("List-Id", listID(words.Line(words.PageTitle(p.Name)), p.ID+"."+m.domain))
		msg.SetGenHeader("List-Unsubscribe-Post", "List-Unsubscribe=One-Click") // RFC 8058
	}
	msg.SetBodyString(mail.TypeTextPlain, done.text)
	msg.AddAlternativeString(mail.TypeTextHTML, done.html)
	var out bytes.Buffer
	if _, err := msg.WriteTo(&out); err != nil {
		return nil, fmt.Errorf("write message: %w", err)
	}
	return out.Bytes(), nil
}

// lines are the lines of the header that are the recipient's own.
func (m *Message) lines() []string {
	lines := []string{lineTo, lineDate, lineMessageID}
	if m.thread != "" {
		lines = append(lines, lineReferences, lineInReplyTo)
	}
	if m.needs[slotUnsubscribe] {
		lines = append(lines, lineUnsubscribe)
	}
	return lines
}

// cut takes the message apart where something of the recipient's goes.
func (m *Message) cut(raw []byte, done content) error {
	lines, tokens := map[string]string{}, map[string]string{} // what is searched for, and its name
	for _, line := range m.lines() {
		lines["\r\n"+line] = line
	}
	inText, inHTML := 0, 0
	for _, s := range slots() {
		tokens[fmt.Sprintf("=02%s=02", s)] = string(s) // quoted-printable
		inText += strings.Count(done.text, s.token())
		inHTML += strings.Count(done.html, s.token())
	}
	header, body, _ := bytes.Cut(append([]byte("\r\n"), raw...), []byte("\r\n\r\n")) // the first line is one, too
	rest := m.cutAt(nil, header, lines)
	m.pieces[0].fixed = m.pieces[0].fixed[2:]
	rest = m.cutAt(append(rest, "\r\n\r\n"...), body, tokens)
	m.pieces = append(m.pieces, piece{fixed: rest})
	if got, want := len(m.pieces), len(lines)+inText+inHTML+1; got != want {
		return fmt.Errorf("cut message: got %d pieces, want %d", got, want)
	}
	for n := range m.pieces {
		m.pieces[n].html = n >= len(lines)+inText
		m.size += len(m.pieces[n].fixed)
	}
	return nil
}

// cutAt adds the pieces of raw, the first of them behind some bytes of before, and answers what is
// left behind the last.
func (m *Message) cutAt(before, raw []byte, places map[string]string) []byte {
	for {
		at, found := -1, ""
		for place := range places {
			if n := bytes.Index(raw, []byte(place)); n >= 0 && (at < 0 || n < at) {
				at, found = n, place
			}
		}
		if at < 0 {
			return append(before, raw...)
		}
		fixed := append(before, raw[:at]...)
		if strings.HasPrefix(found, "\r\n") { // ends the line before
			fixed = append(fixed, "\r\n"...)
		}
		m.pieces = append(m.pieces, piece{fixed: fixed, next: places[found]})
		before, raw = nil, raw[at+len(found):]
	}
}

// For is the whole raw message for one recipient: the same bytes for the same recipient.
func (m *Message) For(r Recipient) ([]byte, error) {
	return m.Append(make([]byte, 0, m.size+4096), r) // mostly links: each at most thrice
}

// Append is For into a buffer that may be used again for the next recipient.
func (m *Message) Append(out []byte, r Recipient) ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	links := map[slot]string{slotAction: r.Action, slotManage: r.Manage, slotUnsubscribe: r.Unsubscribe}
	for s, needed := range m.needs {
		if !needed {
			continue
		}
		if err := checkAddress(string(s)+" link", links[s]); err != nil {
			return nil, err
		}
		if strings.Contains(links[s], m.boundary) {
			return nil, status.Invalidf(string(s)+" link", "can't contain the boundary of the message")
		}
	}
	for _, p := range m.pieces {
		out = append(out, p.fixed...)
		switch p.next {
		case "":
		case string(slotAction), string(slotManage), string(slotUnsubscribe):
			out = appendLink(out, links[slot(p.next)], p.html)
		default:
			out = m.appendLine(out, p.next, r)
		}
	}
	return out, nil
}

// appendLine writes a line of the header. Message-ID is stable, so that a message that was sent
// twice by accident is one to programs that look; some services replace it, SES does. The thread
// is held together by an id that no message has, which every message of it refers to.
func (m *Message) appendLine(out []byte, line string, r Recipient) []byte {
	field, _, _ := strings.Cut(line, ":")
	out = append(append(out, field...), ": "...)
	switch line {
	case lineTo:
		return append(append(append(out, '<'), r.To.String()...), '>')
	case lineDate:
		return r.Date.UTC().AppendFormat(out, time.RFC1123Z)
	case lineMessageID:
		return m.appendID(out, "message", m.event, r.Subscriber)
	case lineUnsubscribe:
		return append(append(append(out, '<'), r.Unsubscribe...), '>')
	default: // lineReferences, lineInReplyTo
		return m.appendID(out, "thread", m.thread, r.Subscriber)
	}
}

func (m *Message) appendID(out []byte, purpose, subject, subscriber string) []byte {
	sum := sha256.Sum256([]byte(purpose + "\x00" + subject + "\x00" + subscriber))
	out = hex.AppendEncode(append(out, '<'), sum[:16])
	return append(append(append(out, '@'), m.domain...), '>')
}

// appendLink writes an address quoted-printable on lines of its own, which end soft: what is
// before and behind it was encoded without knowing its length.
func appendLink(out []byte, link string, html bool) []byte {
	const width = 72 // of 76, since what is escaped stays whole
	if html {
		link = strings.ReplaceAll(link, "&", "&amp;")
	}
	if out[len(out)-1] != '\n' {
		out = append(out, "=\r\n"...)
	}
	column := 0
	for i := range len(link) {
		if column >= width {
			out, column = append(out, "=\r\n"...), 0
		}
		if link[i] == '=' {
			out, column = append(out, "=3D"...), column+3
		} else {
			out, column = append(out, link[i]), column+1
		}
	}
	return append(out, "=\r\n"...)
}

// boundary is one that stands in neither part. It follows from what the message is about.
func boundary(event string, done content) string {
	for n := 0; ; n++ {
		sum := sha256.Sum256([]byte("boundary\x00" + event + "\x00" + strconv.Itoa(n)))
		if b := hex.EncodeToString(sum[:16]); !strings.Contains(done.text, b) && !strings.Contains(done.html, b) {
			return b
		}
	}
}

// listID names the list (RFC 2919): the page, under the sender's domain. Its name is a phrase, as that
// of a sender: what is encoded there has no quotes or commas left in it (RFC 2047, section 5.3).
func listID(name, id string) string {
	phrase := strings.TrimSuffix((&netmail.Address{Name: name, Address: "a@b"}).String(), "<a@b>")
	return phrase + "<" + id + ">"
}
