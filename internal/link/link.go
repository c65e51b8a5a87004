// Package link makes and reads the tokens in links that are mailed to subscribers. A token is
// derived, not stored: what it is for, whom it is about, and an HMAC-SHA256 of that under the
// deployment's signing key. It is good for one purpose, until it expires, until the generation of
// its subject is raised or, unless it unsubscribes, until the key is replaced. It holds ids only,
// never an address. Mails are written with it, and the public endpoints read it.
package link

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// Purpose is the one thing that a link does.
type Purpose byte

// The purposes. Their numbers are in links that people keep, so they never change.
const (
	Confirm     Purpose = 1
	Manage      Purpose = 2
	Unsubscribe Purpose = 3 // never expires
	Incident    Purpose = 4 // subscribes to one incident; the subject is the incident
)

// Valid tells whether p is a known purpose.
func (p Purpose) Valid() bool { return p >= Confirm && p <= Incident }

// How long links are good for.
const (
	ConfirmFor = 7 * 24 * time.Hour
	ManageFor  = 24 * time.Hour
)

// Link is what a token says.
type Link struct {
	Purpose    Purpose
	Page       string    // id
	Subject    string    // id of the subscriber, or of the incident
	Generation int64     // of the subject when the link was made; the reader compares
	Expires    time.Time // to the second; zero for never
}

// The errors of Read.
var (
	ErrWrong   = errors.New("link: not a link of this kind that was made here")
	ErrExpired = errors.New("link: expired")
)

// Signer makes and reads tokens. It is safe for concurrent use.
type Signer struct {
	current byte
	keys    map[byte][]byte
}

// MinKey is the least length of a signing key in bytes.
const MinKey = 32

// NewSigner makes a Signer that signs with the current one of several keys and reads what it signed.
// The others are retired: of theirs it reads links to unsubscribe only. Those must work for as long
// as mails are kept (RFC 8058), also when a key is replaced since it leaked; and whoever has it then
// can end subscriptions, but neither see, begin nor change one. A key that is left out revokes its
// links.
func NewSigner(current byte, keys map[byte][]byte) (*Signer, error) {
	if _, ok := keys[current]; !ok {
		return nil, fmt.Errorf("make signer: there is no key %d", current)
	}
	s := &Signer{current: current, keys: make(map[byte][]byte, len(keys))}
	for version, key := range keys {
		if len(key) < MinKey {
			return nil, fmt.Errorf("make signer: key %d has %d bytes, want at least %d", version, len(key), MinKey)
		}
		s.keys[version] = append([]byte(nil), key...)
	}
	return s, nil
}

// domain keeps other uses of the same key apart.
const domain = "allclear link\x00"

// MaxID is the longest page or subject.
const MaxID = 64

// Token is the text of a link, of URL-safe characters only. A link that cannot be read again is a
// mistake of the program and panics.
func (s *Signer) Token(l Link) string {
	if !l.Purpose.Valid() || l.Generation < 0 || len(l.Page) > MaxID || len(l.Subject) > MaxID || l.Subject == "" ||
		(!l.Expires.IsZero() && (l.Expires.Unix() < 1 || l.Purpose == Unsubscribe)) {
		panic(fmt.Sprintf("link: %+v cannot be a link", l))
	}
	expires := uint64(0)
	if !l.Expires.IsZero() {
		expires = uint64(l.Expires.Unix())
	}
	text := []byte{s.current, byte(l.Purpose)}
	text = binary.AppendUvarint(text, uint64(l.Generation))
	text = binary.AppendUvarint(text, expires)
	text = append(append(text, byte(len(l.Page))), l.Page...)
	text = append(text, l.Subject...)
	return base64.RawURLEncoding.EncodeToString(append(text, sum(s.keys[s.current], text)...))
}

func sum(key, text []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(domain))
	mac.Write(text)
	return mac.Sum(nil)
}

// maxToken is longer than any token.
const maxToken = 400

// Read checks a token for a purpose: ErrWrong for whatever was not made here for it, ErrExpired
// for what was and is too old, be it by its time or since its key is retired. The caller still
// compares the generation with that of the subject.
func (s *Signer) Read(token string, purpose Purpose, now time.Time) (Link, error) {
	if len(token) > maxToken {
		return Link{}, ErrWrong
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) < 2+sha256.Size {
		return Link{}, ErrWrong
	}
	text, signature := raw[:len(raw)-sha256.Size], raw[len(raw)-sha256.Size:]
	key, ok := s.keys[text[0]]
	if !ok || !hmac.Equal(signature, sum(key, text)) || Purpose(text[1]) != purpose {
		return Link{}, ErrWrong
	}
	l, ok := parse(text)
	if !ok {
		return Link{}, ErrWrong
	}
	if text[0] != s.current && purpose != Unsubscribe {
		return Link{}, ErrExpired
	}
	if !l.Expires.IsZero() && !now.Before(l.Expires) {
		return Link{}, ErrExpired
	}
	return l, nil
}

// parse reads what Token wrote, and nothing else.
func parse(text []byte) (Link, bool) {
	l := Link{Purpose: Purpose(text[1])}
	rest := text[2:]
	generation, n := binary.Uvarint(rest)
	if n <= 0 || int64(generation) < 0 {
		return Link{}, false
	}
	rest = rest[n:]
	expires, n := binary.Uvarint(rest)
	if n <= 0 || int64(expires) < 0 {
		return Link{}, false
	}
	rest = rest[n:]
	if len(rest) == 0 || int(rest[0]) > MaxID || len(rest) < 2+int(rest[0]) || len(rest) > 1+int(rest[0])+MaxID {
		return Link{}, false
	}
	page := int(rest[0])
	l.Generation, l.Page, l.Subject = int64(generation), string(rest[1:1+page]), string(rest[1+page:])
	if expires > 0 {
		l.Expires = time.Unix(int64(expires), 0).UTC()
	}
	return l, l.Purpose.Valid()
}
