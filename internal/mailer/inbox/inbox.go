// Package inbox is the mailer port on a laptop: it captures mails in a folder instead of sending
// them, and keeps the newest. Each is a file <id>.eml, byte for byte what was sent, beside a file
// <id>.json with its envelope, which is there only when the mail is whole. They outlive the process,
// and are not synced: what a power cut takes was only to be looked at. One process at a time writes
// the folder. internal/local shows it as a page; nothing leaves the machine.
package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"allclear/internal/mailer"
)

// Options of an Inbox. Its zero value is ready for use.
type Options struct {
	Keep int              // so many of the newest mails; 0 is 1,000
	Now  func() time.Time // time.Now if nil
	// Once captures a mail whose Message-ID it has captured already not again, for who repeats what it
	// had no answer to.
	Once bool
}

// Summary is one captured mail in a list.
type Summary struct {
	ID      string    `json:"id"`
	To      string    `json:"to"`
	Subject string    `json:"subject"`
	Date    time.Time `json:"date"` // when it was captured, UTC
	// Preview is the beginning of what it says, which lists show beside the subject: all mails of an
	// incident have the same.
	Preview string `json:"-"`
}

// envelope is the file beside a mail.
type envelope struct {
	Summary
	Shown string            `json:"preview"` // is Summary.Preview, which is no part of the list as JSON
	From  string            `json:"from"`
	Tags  map[string]string `json:"tags"`
	// MessageID is that of the header, "" for none.
	MessageID string `json:"message_id,omitempty"`
}

// Inbox is an opened folder. It is safe for concurrent use.
type Inbox struct {
	root *os.Root
	keep int
	now  func() time.Time
	once bool

	mu     sync.Mutex
	newest int64             // milliseconds since 1970; every mail's id is such a number of its own
	mails  []envelope        // whole ones, by id
	known  map[string]string // ids of the last mails, also of some that are not kept, by Message-ID
	order  []string          // the keys of known, the oldest first
}

// maxKnown bounds what is known of mails: many more than can be on their way at a time.
const maxKnown = 20_000

var _ mailer.Mailer = (*Inbox)(nil)

// ErrNotFound says that there is no mail with an id, or no more.
var ErrNotFound = errors.New("inbox: no such mail")

const (
	rawSuffix      = ".eml"
	envelopeSuffix = ".json"
	unfinished     = ".tmp"
)

// Open opens a folder, or makes it, and removes what an interrupted process left half-written.
func Open(folder string, o Options) (*Inbox, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("open inbox: %w", err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, fmt.Errorf("open inbox: %w", err)
	}
	b := &Inbox{root: root, keep: o.Keep, now: o.Now, once: o.Once, known: map[string]string{}}
	if b.keep <= 0 {
		b.keep = 1000
	}
	if b.now == nil {
		b.now = time.Now
	}
	if err := b.load(); err != nil {
		return nil, errors.Join(fmt.Errorf("open inbox: %w", err), root.Close())
	}
	return b, nil
}

// Close lets go of the folder.
func (b *Inbox) Close() error { return b.root.Close() }

var ownName = regexp.MustCompile(`^([0-9]{13})(\.eml|\.json|\.json\.tmp)$`)

func (b *Inbox) load() error {
	entries, err := fs.ReadDir(b.root.FS(), ".")
	if err != nil {
		return err
	}
	whole := map[string]bool{}
	for _, e := range entries { // in the order of their names
		m := ownName.FindStringSubmatch(e.Name())
		if m == nil || m[2] != envelopeSuffix {
			continue
		}
		text, err := b.root.ReadFile(e.Name())
		if err != nil {
			return err
		}
		var mail envelope
		if err := json.Unmarshal(text, &mail); err != nil || mail.ID != m[1] {
			continue // somebody else's: left alone, but not listed
		}
		whole[mail.ID], mail.Preview = true, mail.Shown
		b.mails = append(b.mails, mail)
		b.remember(mail)
		if _, err := fmt.Sscanf(mail.ID, "%d", &b.newest); err != nil {
			return err
		}
	}
	for _, e := range entries {
		if m := ownName.FindStringSubmatch(e.Name()); m != nil && m[2] != envelopeSuffix && (m[2] != rawSuffix || !whole[m[1]]) {
			if err := b.root.Remove(e.Name()); err != nil {
				return err
			}
		}
	}
	return b.prune()
}

// Send implements mailer.Mailer: it captures the message.
func (b *Inbox) Send(ctx context.Context, m mailer.Message) (string, error) {
	if err := mailer.Validate(m); err != nil {
		return "", err
	}
	if err := ctx.Err(); err != nil {
		return "", &mailer.Error{Outcome: mailer.Deferred, Err: err}
	}
	now := b.now().UTC()
	decoded := decode(m.Raw)
	mail := envelope{
		Summary: Summary{To: m.To, Subject: subject(decoded), Date: now.Truncate(time.Millisecond), Preview: preview(decoded)},
		From:    m.From, Tags: maps.Clone(m.Tags), MessageID: strings.Join(decoded.Headers["Message-Id"], " "),
	}
	mail.Shown = mail.Preview
	b.mu.Lock()
	id, known := b.known[mail.MessageID]
	if !known {
		b.newest = max(b.newest+1, now.UnixMilli())
		id = fmt.Sprintf("%013d", b.newest)
	}
	b.mu.Unlock()
	if known {
		return id, nil
	}
	mail.ID = id
	if err := b.write(mail, m.Raw); err != nil {
		return "", &mailer.Error{Outcome: mailer.Deferred, Err: fmt.Errorf("capture mail: %w", err)}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	at, _ := slices.BinarySearchFunc(b.mails, id, func(e envelope, id string) int { return strings.Compare(e.ID, id) })
	b.mails = slices.Insert(b.mails, at, mail)
	b.remember(mail)
	if err := b.prune(); err != nil { // the mail is there and can be seen
		return "", &mailer.Error{Outcome: mailer.Unknown, Err: fmt.Errorf("capture mail: %w", err)}
	}
	return id, nil
}

// remember keeps a mail's Message-ID. The caller holds the lock.
func (b *Inbox) remember(mail envelope) {
	if !b.once || mail.MessageID == "" {
		return
	}
	b.known[mail.MessageID] = mail.ID
	if b.order = append(b.order, mail.MessageID); len(b.order) > maxKnown {
		delete(b.known, b.order[0])
		b.order = b.order[1:]
	}
}

// write makes both files, or none.
func (b *Inbox) write(mail envelope, raw []byte) error {
	text, err := json.Marshal(mail)
	if err != nil {
		return err
	}
	name := mail.ID + envelopeSuffix
	err = errors.Join(b.writeFile(mail.ID+rawSuffix, raw), b.writeFile(name+unfinished, append(text, '\n')))
	if err == nil {
		err = b.root.Rename(name+unfinished, name)
	}
	if err != nil {
		_ = b.root.Remove(name + unfinished) // what stays, the next Open removes
		_ = b.root.Remove(mail.ID + rawSuffix)
	}
	return err
}

func (b *Inbox) writeFile(name string, content []byte) error {
	file, err := b.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Close())
}

// prune removes the oldest mails beyond those to keep. The caller holds the lock.
func (b *Inbox) prune() error {
	for len(b.mails) > b.keep {
		id := b.mails[0].ID
		for _, name := range []string{id + envelopeSuffix, id + rawSuffix} {
			if err := b.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		b.mails = slices.Delete(b.mails, 0, 1)
	}
	return nil
}

// Quota implements mailer.Mailer. There is none.
func (b *Inbox) Quota(context.Context) (mailer.Quota, error) {
	return mailer.Quota{Rate: mailer.Unlimited, Max24h: mailer.Unlimited}, nil
}
