package replay

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/mail"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"

	"allclear/internal/mailer"
)

// mailFiles are mails as people read them: tags, header and plain text. The HTML says the same, and
// has goldens of its own where it is made.
func mailFiles(mails []mailer.Message) ([]txtar.File, error) {
	var files []txtar.File
	for _, m := range mails {
		text, err := mailText(m)
		if err != nil {
			return nil, fmt.Errorf("show mail: %w", err)
		}
		files = append(files, txtar.File{Name: "mail from " + m.From + " to " + m.To, Data: text})
	}
	return files, nil
}

func mailText(m mailer.Message) ([]byte, error) {
	var text []byte
	for _, name := range slices.Sorted(maps.Keys(m.Tags)) {
		text = fmt.Appendf(text, "tag %s: %s\n", name, m.Tags[name])
	}
	header, _, ok := bytes.Cut(m.Raw, []byte("\r\n\r\n"))
	if !ok {
		return nil, errors.New("it has no body")
	}
	plain, err := plainText(m.Raw)
	if err != nil {
		return nil, err
	}
	text = append(append(append(text, '\n'), header...), "\n\n"...)
	text = append(append(text, bytes.TrimRight(plain, "\r\n")...), '\n')
	return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), nil
}

// plainText is the part of a mail that is text and nothing else.
func plainText(raw []byte) ([]byte, error) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	_, parameters, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return nil, err
	}
	for parts := multipart.NewReader(m.Body, parameters["boundary"]); ; {
		part, err := parts.NextPart() // decodes quoted-printable
		if err != nil {
			return nil, fmt.Errorf("find its plain text: %w", err)
		}
		if strings.HasPrefix(part.Header.Get("Content-Type"), "text/plain") {
			return io.ReadAll(part)
		}
	}
}
