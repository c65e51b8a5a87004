package link

import (
	"bytes"
	"encoding/base64"
	"errors"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var now = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

func key(b byte) []byte { return bytes.Repeat([]byte{b}, MinKey) }

func signer(t testing.TB, current byte, keys map[byte][]byte) *Signer {
	t.Helper()
	s, err := NewSigner(current, keys)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var purposes = []Purpose{Confirm, Manage, Unsubscribe, Incident}

func anyLink() *rapid.Generator[Link] {
	return rapid.Custom(func(t *rapid.T) Link {
		l := Link{
			Purpose: rapid.SampledFrom(purposes).Draw(t, "purpose"), Page: rapid.StringMatching(`[a-z0-9]{0,64}`).Draw(t, "page"),
			Subject: rapid.StringMatching(`[a-z0-9]{1,64}`).Draw(t, "subject"), Generation: rapid.Int64Range(0, math.MaxInt64).Draw(t, "generation"),
		}
		if l.Purpose != Unsubscribe && rapid.Bool().Draw(t, "expires") {
			l.Expires = now.Add(time.Duration(rapid.IntRange(1, 1e6).Draw(t, "seconds")) * time.Second)
		}
		return l
	})
}

func TestWhatATokenSaysIsReadAgainForItsPurposeOnly(t *testing.T) {
	s := signer(t, 1, map[byte][]byte{1: key(1)})
	rapid.Check(t, func(r *rapid.T) {
		want := anyLink().Draw(r, "link")
		token := s.Token(want)
		if !regexp.MustCompile(`^[A-Za-z0-9_-]+$`).MatchString(token) || len(token) > maxToken {
			r.Fatalf("got token %q", token)
		}
		for _, purpose := range purposes {
			got, err := s.Read(token, purpose, now)
			if purpose != want.Purpose {
				if !errors.Is(err, ErrWrong) {
					r.Fatalf("a link of purpose %d is taken for %d: %v", want.Purpose, purpose, err)
				}
				continue
			}
			if err != nil || !cmp.Equal(want, got) {
				r.Fatalf("got %+v, %v, want %+v", got, err, want)
			}
		}
	})
}

func TestATokenWithAnyBitChangedIsWrong(t *testing.T) {
	s := signer(t, 1, map[byte][]byte{1: key(1), 0: key(2), 3: key(3)})
	token := s.Token(Link{Purpose: Manage, Page: "page", Subject: "subscriber", Generation: 3, Expires: now.Add(time.Hour)})
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	for bit := range len(raw) * 8 {
		changed := bytes.Clone(raw)
		changed[bit/8] ^= 1 << (bit % 8)
		for _, purpose := range purposes {
			if _, err := s.Read(base64.RawURLEncoding.EncodeToString(changed), purpose, now); !errors.Is(err, ErrWrong) {
				t.Errorf("bit %d, purpose %d: got %v, want it to be wrong", bit, purpose, err)
			}
		}
	}
	for n := range len(token) {
		if _, err := s.Read(token[:n], Manage, now); !errors.Is(err, ErrWrong) {
			t.Errorf("cut to %d: got %v, want it to be wrong", n, err)
		}
	}
	for _, text := range []string{"", "=", token + "=", token + "A", " " + token, strings.Repeat("A", 1<<20)} {
		if _, err := s.Read(text, Manage, now); !errors.Is(err, ErrWrong) {
			t.Errorf("%.50q: got %v, want it to be wrong", text, err)
		}
	}
}

// Base64 leaves bits over at the end: spelling them otherwise would be another token of one link.
func TestALinkHasOneSpelling(t *testing.T) {
	s := signer(t, 1, map[byte][]byte{1: key(1)})
	for n := range 3 {
		token := s.Token(Link{Purpose: Confirm, Page: "page", Subject: strings.Repeat("x", n+1)})
		taken := 0
		for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" {
			if _, err := s.Read(token[:len(token)-1]+string(c), Confirm, now); err == nil {
				taken++
			}
		}
		if taken != 1 {
			t.Errorf("%s: got %d last characters that are taken, want one", token, taken)
		}
	}
}

// Every link says one thing: no two spell the same token, so none can be read as another.
func TestDifferentLinksHaveDifferentTokens(t *testing.T) {
	s := signer(t, 1, map[byte][]byte{1: key(1)})
	rapid.Check(t, func(r *rapid.T) {
		a, b := anyLink().Draw(r, "a"), anyLink().Draw(r, "b")
		if same := s.Token(a) == s.Token(b); same != cmp.Equal(a, b) {
			r.Fatalf("%+v and %+v: same token %t", a, b, same)
		}
	})
}

func TestALinkExpiresAtItsSecondAndUnsubscribingNever(t *testing.T) {
	s := signer(t, 1, map[byte][]byte{1: key(1)})
	token := s.Token(Link{Purpose: Confirm, Page: "page", Subject: "x", Expires: now})
	if _, err := s.Read(token, Confirm, now.Add(-time.Second)); err != nil {
		t.Errorf("a second before: got %v", err)
	}
	if _, err := s.Read(token, Confirm, now); !errors.Is(err, ErrExpired) {
		t.Errorf("got %v, want it expired", err)
	}
	token = s.Token(Link{Purpose: Unsubscribe, Page: "page", Subject: "x"})
	if _, err := s.Read(token, Unsubscribe, now.AddDate(500, 0, 0)); err != nil {
		t.Errorf("after 500 years: got %v", err)
	}
}

func TestAKeyIsReplacedWithoutBreakingItsLinksUntilItIsDropped(t *testing.T) {
	l := Link{Purpose: Unsubscribe, Page: "page", Subject: "x"}
	old := signer(t, 1, map[byte][]byte{1: key(1)}).Token(l)
	both := signer(t, 2, map[byte][]byte{1: key(1), 2: key(2)})
	if got, err := both.Read(old, Unsubscribe, now); err != nil || got != l {
		t.Errorf("got %v, %v, want the old link", got, err)
	}
	if both.Token(l) == old {
		t.Error("the old key still signs")
	}
	for name, s := range map[string]*Signer{
		"dropped": signer(t, 2, map[byte][]byte{2: key(2)}),
		"another": signer(t, 1, map[byte][]byte{1: key(9)}),
	} {
		if _, err := s.Read(old, Unsubscribe, now); !errors.Is(err, ErrWrong) {
			t.Errorf("%s: got %v, want it to be wrong", name, err)
		}
	}
}

func TestASignerNeedsALongCurrentKey(t *testing.T) {
	for name, keys := range map[string]map[byte][]byte{
		"none": {}, "another": {2: key(2)}, "short": {1: key(1)[1:]}, "an old short one": {1: key(1), 2: {}},
	} {
		if _, err := NewSigner(1, keys); err == nil {
			t.Errorf("%s: it is taken", name)
		}
	}
}

func FuzzRead(f *testing.F) {
	s := signer(f, 1, map[byte][]byte{1: key(1)})
	l := Link{Purpose: Confirm, Page: "page", Subject: "x", Generation: 5, Expires: now.Add(time.Hour)}
	f.Add(s.Token(l), []byte{})
	f.Add("", []byte{1, 1, 0, 0, 0, 'x'})
	f.Add("AQEA", []byte{1, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0})
	f.Fuzz(func(t *testing.T, token string, signed []byte) {
		if got, err := s.Read(token, Confirm, now); err == nil && s.Token(got) != token {
			t.Errorf("%q is read as %+v, which is another token", token, got)
		}
		if len(signed) < 2 || len(signed) > 250 {
			return
		}
		// Even what the key has signed is read only if it is a link.
		token = base64.RawURLEncoding.EncodeToString(append(bytes.Clone(signed), sum(key(1), signed)...))
		if got, err := s.Read(token, Confirm, now); err == nil && (got.Subject == "" || len(got.Page) > MaxID || got.Generation < 0) {
			t.Errorf("%x is read as %+v", signed, got)
		}
	})
}
