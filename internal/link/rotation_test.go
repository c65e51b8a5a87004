package link

import (
	"encoding/base64"
	"errors"
	"testing"
	"time"
)

// What a key that may have leaked can still do once it is retired: end subscriptions, nothing else.
func TestARetiredKeyReadsLinksToUnsubscribeOnly(t *testing.T) {
	before := signer(t, 1, map[byte][]byte{1: key(1)})
	after := signer(t, 2, map[byte][]byte{1: key(1), 2: key(2)})
	for _, purpose := range purposes {
		l := Link{Purpose: purpose, Page: "page", Subject: "x", Generation: 3}
		if purpose != Unsubscribe {
			l.Expires = now.Add(time.Hour)
		}
		old, fresh := before.Token(l), after.Token(l)
		if got, err := after.Read(fresh, purpose, now); err != nil || got != l {
			t.Errorf("purpose %d, the current key: got %+v, %v", purpose, got, err)
		}
		got, err := after.Read(old, purpose, now)
		switch {
		case purpose == Unsubscribe:
			if err != nil || got != l {
				t.Errorf("a link to unsubscribe of a retired key: got %+v, %v", got, err)
			}
		case !errors.Is(err, ErrExpired) || got != (Link{}):
			t.Errorf("purpose %d, a retired key: got %+v, %v, want that it is over and nothing of what it says", purpose, got, err)
		}
		for _, other := range purposes {
			if other == purpose {
				continue
			}
			if _, err := after.Read(old, other, now); !errors.Is(err, ErrWrong) {
				t.Errorf("purpose %d of a retired key, read for %d: got %v, want it to be wrong", purpose, other, err)
			}
		}
	}
}

// A retired key cannot make itself current: the version in a token chooses the key that must have
// signed it.
func TestWhatARetiredKeySignsInTheNameOfAnotherIsWrong(t *testing.T) {
	after := signer(t, 2, map[byte][]byte{1: key(1), 2: key(2)})
	for _, version := range []byte{0, 2, 3, 255} {
		for _, purpose := range purposes {
			text := []byte{version, byte(purpose), 0, 0, 1, 'p', 'x'}
			token := base64.RawURLEncoding.EncodeToString(append(text, sum(key(1), text)...))
			if _, err := after.Read(token, purpose, now); !errors.Is(err, ErrWrong) {
				t.Errorf("version %d, purpose %d: got %v, want it to be wrong", version, purpose, err)
			}
		}
	}
}
