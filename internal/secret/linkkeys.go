package secret

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"allclear/internal/link"
)

// LinkKeys are the keys of the links in mails, as the secret SigningKey holds them. The first is
// current, the others are retired: see link.NewSigner. It is not changed once it is made.
//
// Its text has a line a key, newest first: a version from 1 to 255, a space, the key.
//
//	3 1VpJ…
//	2 sN0w…
//	1 9f3c…
//
// A key is its characters, not what they may encode. A text that neither has several lines nor begins
// with a number and a space is one key as a whole, of version 1: so setup makes it.
type LinkKeys struct{ keys []linkKey }

type linkKey struct {
	version byte
	text    string
}

// What can be stored.
const (
	MaxLinkKeys     = 20   // a rotation a year, for longer than mails are kept
	maxLinkKeysText = 4096 // a standard parameter of SSM, in bytes
)

// ParseLinkKeys reads the text of LinkKeys. Its errors tell lines and lengths, and nothing that the
// text says.
func ParseLinkKeys(text string) (LinkKeys, error) {
	k, err := parseLinkKeys(text)
	if err != nil {
		return LinkKeys{}, fmt.Errorf("read the keys of links: %w", err)
	}
	return k, nil
}

func parseLinkKeys(text string) (LinkKeys, error) {
	if len(text) > maxLinkKeysText {
		return LinkKeys{}, fmt.Errorf("%d bytes, at most %d can be stored", len(text), maxLinkKeysText)
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) == 1 && !isListed(text) {
		return LinkKeys{[]linkKey{{1, text}}}, checkLength(text)
	}
	if len(lines) > MaxLinkKeys {
		return LinkKeys{}, fmt.Errorf("there are %d keys, at most %d can be kept", len(lines), MaxLinkKeys)
	}
	var k LinkKeys
	for i, line := range lines {
		key, err := parseLinkKey(line)
		if err == nil {
			err = k.lacks(key)
		}
		if err != nil {
			return LinkKeys{}, fmt.Errorf("line %d: %w", i+1, err)
		}
		k.keys = append(k.keys, key)
	}
	return k, nil
}

// isListed tells whether a line begins with a number and a space.
func isListed(line string) bool {
	number, _, found := strings.Cut(line, " ")
	return found && number != "" && strings.Trim(number, "0123456789") == ""
}

var errVersion = errors.New("want a version from 1 to 255, a space and a key")

func parseLinkKey(line string) (linkKey, error) {
	number, text, _ := strings.Cut(line, " ")
	version, err := strconv.ParseUint(number, 10, 8)
	if err != nil || version == 0 || number != strconv.FormatUint(version, 10) || text == "" {
		return linkKey{}, errVersion // the cause would quote the number, which may be a key
	}
	if !isWord(text) {
		return linkKey{}, errors.New("the key has characters other than printable ASCII without spaces")
	}
	return linkKey{byte(version), text}, checkLength(text)
}

// isWord tells whether a line can hold a key.
func isWord(text string) bool {
	for i := range len(text) {
		if text[i] <= ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

func checkLength(text string) error {
	if len(text) < link.MinKey {
		return fmt.Errorf("the key has %d bytes, want at least %d", len(text), link.MinKey)
	}
	return nil
}

var errTwice = errors.New("the key is there already")

// lacks refuses a version and a key that are there already. The same key twice would be retired and
// current at once.
func (k LinkKeys) lacks(key linkKey) error {
	for _, other := range k.keys {
		switch {
		case other.version == key.version:
			return fmt.Errorf("version %d is there already", key.version)
		case other.text == key.text:
			return fmt.Errorf("%w, as version %d", errTwice, other.version)
		}
	}
	return nil
}

// The errors of Rotate, for operators.
var (
	errFull       = errors.New("there is no room for another key: --drop-retired forgets those that were retired before")
	errUnlistable = errors.New("the present key has spaces, line ends or letters beyond ASCII, so no other can be kept beside it: replace it by hand")
)

// Rotate makes a new text the current key and retires the one that was. Those that were retired before
// stay, or are dropped: then all links that they signed end.
func (k LinkKeys) Rotate(text string, dropRetired bool) (LinkKeys, error) {
	kept := k.keys
	if dropRetired {
		kept = kept[:1]
	}
	if !isWord(k.keys[0].text) {
		return LinkKeys{}, errUnlistable
	}
	next := LinkKeys{append([]linkKey{{k.nextVersion(), text}}, kept...)}
	if len(next.keys) > MaxLinkKeys || len(next.Text()) > maxLinkKeysText {
		return LinkKeys{}, errFull
	}
	if err := k.lacks(next.keys[0]); err != nil {
		return LinkKeys{}, err
	}
	return next, nil
}

// nextVersion follows the current one, and leaves out what is taken. One that was dropped may come
// again: links of the old key of that name were signed with another.
func (k LinkKeys) nextVersion() byte {
	taken := map[byte]bool{0: true}
	for _, key := range k.keys {
		taken[key.version] = true
	}
	next := k.keys[0].version + 1
	for taken[next] {
		next++
	}
	return next
}

// Text is what ParseLinkKeys reads, always as a list.
func (k LinkKeys) Text() string {
	var b strings.Builder
	for _, key := range k.keys {
		fmt.Fprintf(&b, "%d %s\n", key.version, key.text)
	}
	return b.String()
}

// Signer makes and reads links with the keys.
func (k LinkKeys) Signer() (*link.Signer, error) {
	keys := make(map[byte][]byte, len(k.keys))
	for _, key := range k.keys {
		keys[key.version] = []byte(key.text)
	}
	return link.NewSigner(k.keys[0].version, keys)
}

// Current is the version of the key that signs.
func (k LinkKeys) Current() int { return int(k.keys[0].version) }

// Retired are the versions of the others, newest first.
func (k LinkKeys) Retired() []int {
	versions := make([]int, 0, len(k.keys))
	for _, key := range k.keys[1:] {
		versions = append(versions, int(key.version))
	}
	return versions
}

const hiddenKeys = "keys of links …"

// String hides the keys.
func (k LinkKeys) String() string { return hiddenKeys }

// GoString hides the keys.
func (k LinkKeys) GoString() string { return hiddenKeys }

// LogValue hides the keys.
func (k LinkKeys) LogValue() slog.Value { return slog.StringValue(hiddenKeys) }
