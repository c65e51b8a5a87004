package inbox

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/net/html/charset"
)

// Mail is one captured mail, decoded.
type Mail struct {
	Summary
	From    string              // envelope sender
	Tags    map[string]string   // never nil
	Headers map[string][]string // by canonical name, decoded
	HTML    string              // "" when there is no such part
	Text    string              // likewise
	// Unreadable says what of the mail is not as MIME wants it; "" when all is. Parts that could be
	// read are there all the same.
	Unreadable string
}

// List is a summary of every mail, the newest first.
func (b *Inbox) List() []Summary {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := make([]Summary, 0, len(b.mails))
	for _, mail := range slices.Backward(b.mails) {
		list = append(list, mail.Summary)
	}
	return list
}

// Raw is a mail byte for byte, or ErrNotFound.
func (b *Inbox) Raw(id string) ([]byte, error) {
	if _, err := b.find(id); err != nil {
		return nil, err
	}
	raw, err := b.root.ReadFile(id + rawSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotFound // pruned in between
	}
	if err != nil {
		return nil, fmt.Errorf("read captured mail %s: %w", id, err)
	}
	return raw, nil
}

// Read is a mail decoded, or ErrNotFound.
func (b *Inbox) Read(id string) (Mail, error) {
	e, err := b.find(id)
	if err != nil {
		return Mail{}, err
	}
	raw, err := b.Raw(id)
	if err != nil {
		return Mail{}, err
	}
	m := decode(raw)
	m.Summary, m.From, m.Tags = e.Summary, e.From, e.Tags
	if m.Tags == nil {
		m.Tags = map[string]string{}
	}
	return m, nil
}

func (b *Inbox) find(id string) (envelope, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	at, ok := slices.BinarySearchFunc(b.mails, id, func(e envelope, id string) int { return strings.Compare(e.ID, id) })
	if !ok {
		return envelope{}, ErrNotFound
	}
	return b.mails[at], nil
}

// subject is the decoded subject of a message, "" when it has none that can be read.
func subject(m Mail) string {
	if values := m.Headers["Subject"]; len(values) > 0 {
		return values[0]
	}
	return ""
}

const (
	maxPreview = 160 // characters
	// filler is what senders put behind the beginning of a mail that they want shown alone.
	filler = "\u034f"
)

// preview is the beginning of a mail as its HTML says it, seen or not, else its text.
func preview(m Mail) string {
	said := m.Text
	if document, err := html.Parse(strings.NewReader(m.HTML)); err == nil && m.HTML != "" {
		said = ""
		for node := range document.Descendants() {
			switch node.Parent.DataAtom {
			case atom.Title, atom.Style, atom.Script:
			default:
				if node.Type == html.TextNode {
					said += node.Data + " "
				}
			}
			if len(said) > 8*maxPreview {
				break
			}
		}
	}
	said, _, _ = strings.Cut(said, filler)
	line := []rune(strings.Join(strings.Fields(said), " "))
	if len(line) > maxPreview {
		return strings.TrimSpace(string(line[:maxPreview-1])) + "…"
	}
	return string(line)
}

func decodeHeader(s string) string {
	decoder := mime.WordDecoder{CharsetReader: charset.NewReaderLabel}
	decoded, err := decoder.DecodeHeader(s)
	if err != nil {
		return s
	}
	return decoded
}

// decode reads what it can of a message and says what it cannot.
func decode(raw []byte) Mail {
	m := Mail{Headers: map[string][]string{}}
	message, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		m.Unreadable = "header: " + err.Error()
		return m
	}
	for name, values := range message.Header {
		for _, v := range values {
			m.Headers[name] = append(m.Headers[name], decodeHeader(v))
		}
	}
	if err := m.part(textproto.MIMEHeader(message.Header), message.Body, 0); err != nil {
		m.Unreadable = err.Error()
	}
	return m
}

// maxParts is how deep parts may lie in each other.
const maxParts = 8

// part takes the first HTML and the first plain text of a part and those inside it. Attachments are
// left to who opens the raw message.
func (m *Mail) part(header textproto.MIMEHeader, body io.Reader, depth int) error {
	if depth > maxParts {
		return errors.New("parts too deep inside each other")
	}
	mediaType, parameters := "text/plain", map[string]string{} // what RFC 2045 says of a part without a type
	if text := header.Get("Content-Type"); text != "" {
		var err error
		if mediaType, parameters, err = mime.ParseMediaType(text); err != nil {
			return fmt.Errorf("content type: %w", err)
		}
	}
	if strings.HasPrefix(mediaType, "multipart/") {
		return m.parts(multipart.NewReader(body, parameters["boundary"]), depth)
	}
	var target *string
	switch mediaType {
	case "text/html":
		target = &m.HTML
	case "text/plain":
		target = &m.Text
	}
	disposition, _, _ := mime.ParseMediaType(header.Get("Content-Disposition"))
	if target == nil || *target != "" || disposition == "attachment" {
		return nil
	}
	text, err := content(header.Get("Content-Transfer-Encoding"), parameters["charset"], body)
	*target = text
	if err != nil {
		return fmt.Errorf("%s: %w", mediaType, err)
	}
	return nil
}

func (m *Mail) parts(r *multipart.Reader, depth int) error {
	for {
		p, err := r.NextRawPart()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("multipart: %w", err)
		}
		if err := m.part(p.Header, p, depth+1); err != nil {
			return err
		}
	}
}

// content decodes a text. With an error it is what could be decoded.
func content(encoding, label string, body io.Reader) (string, error) {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "", "7bit", "8bit", "binary":
	default:
		return "", fmt.Errorf("transfer encoding %.40q is not known", encoding)
	}
	if label != "" && !strings.EqualFold(label, "utf-8") && !strings.EqualFold(label, "us-ascii") {
		converted, err := charset.NewReaderLabel(label, body)
		if err != nil {
			return "", fmt.Errorf("character set %.40q is not known", label)
		}
		body = converted
	}
	text, err := io.ReadAll(body)
	return strings.ToValidUTF8(strings.ReplaceAll(string(text), "\r\n", "\n"), "\ufffd"), err
}
