package secret

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/link"
)

// The texts of keys: of openssl's form and of New's.
var (
	hexKey  = strings.Repeat("0123456789abcdef", 4)
	madeKey = strings.Repeat("A-z_", 10) + "xyz"
	newKey  = strings.Repeat("n", 43)
)

var now = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

// stored is a place with one text for every name.
type stored string

func (s stored) Get(context.Context, string) (string, error) { return string(s), nil }

func signer(t *testing.T, text string) *link.Signer {
	t.Helper()
	s, err := Signer(t.Context(), stored(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func keysOf(t *testing.T, text string) LinkKeys {
	t.Helper()
	k, err := ParseLinkKeys(text)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// unsubscribes and manages are one link each.
func unsubscribes(s *link.Signer) string {
	return s.Token(link.Link{Purpose: link.Unsubscribe, Page: "page", Subject: "x"})
}

func manages(s *link.Signer) string {
	return s.Token(link.Link{Purpose: link.Manage, Page: "page", Subject: "x", Expires: now.Add(time.Hour)})
}

// Whatever was a key before there were lists still is: the text, byte by byte, as version 1.
func TestATextThatIsNoListIsTheKeyOfVersionOne(t *testing.T) {
	for _, text := range []string{hexKey, madeKey, hexKey + "\n", "a phrase that somebody made up, long enough", "1" + hexKey, "ключ, который придумал оператор"} {
		want, err := link.NewSigner(1, map[byte][]byte{1: []byte(text)})
		if err != nil {
			t.Fatal(err)
		}
		if got := unsubscribes(signer(t, text)); got != unsubscribes(want) {
			t.Errorf("%q signs otherwise than before", text)
		}
		if k := keysOf(t, text); k.Current() != 1 || len(k.Retired()) != 0 {
			t.Errorf("%q: got current %d, retired %v", text, k.Current(), k.Retired())
		}
	}
}

func TestTheFirstKeyOfAListSignsAndTheRestIsRetired(t *testing.T) {
	for _, end := range []string{"", "\n"} {
		text := "7 " + newKey + "\n255 " + hexKey + "\n1 " + madeKey + end
		k := keysOf(t, text)
		if k.Current() != 7 || !cmp.Equal(k.Retired(), []int{255, 1}) {
			t.Errorf("got current %d, retired %v", k.Current(), k.Retired())
		}
		first := signer(t, madeKey)
		s := signer(t, text)
		if _, err := s.Read(unsubscribes(first), link.Unsubscribe, now); err != nil {
			t.Errorf("a link to unsubscribe of key 1: %v", err)
		}
		if _, err := s.Read(manages(first), link.Manage, now); err == nil {
			t.Error("a link to manage of key 1 is read")
		}
		if _, err := s.Read(manages(s), link.Manage, now); err != nil {
			t.Errorf("a link to manage of key 7: %v", err)
		}
	}
}

func TestWhatIsNoListOfKeysIsRefusedWithoutSayingIt(t *testing.T) {
	line := func(version int) string { return fmt.Sprintf("%d %064d\n", version, version) }
	many := ""
	for i := range MaxLinkKeys + 1 {
		many += line(i + 1)
	}
	for name, c := range map[string]struct{ text, want string }{
		"nothing":                 {"", "the key has 0 bytes, want at least 32"},
		"a short key":             {"0123456789abcdef", "the key has 16 bytes, want at least 32"},
		"a short key in a list":   {"2 " + newKey + "\n1 short\n", "line 2: the key has 5 bytes, want at least 32"},
		"two keys, no versions":   {newKey + "\n" + hexKey, "line 1: want a version from 1 to 255, a space and a key"},
		"an empty line":           {"2 " + newKey + "\n\n1 " + hexKey, "line 2: want a version"},
		"empty lines at the end":  {"2 " + newKey + "\n\n", "line 2: want a version"},
		"version 0":               {"0 " + newKey, "line 1: want a version"},
		"version 256":             {"256 " + newKey, "line 1: want a version"},
		"a huge version":          {strings.Repeat("9", 40) + " " + newKey, "line 1: want a version"},
		"a leading zero":          {"02 " + newKey, "line 1: want a version"},
		"a sign":                  {"2 " + newKey + "\n+1 " + hexKey, "line 2: want a version"},
		"a version alone":         {"2 " + newKey + "\n1", "line 2: want a version"},
		"a tabulator":             {"2 " + newKey + "\n1\t" + hexKey, "line 2: want a version"},
		"two spaces":              {"2  " + newKey, "line 1: the key has characters other than printable ASCII without spaces"},
		"a space after the key":   {"2 " + newKey + " ", "line 1: the key has characters"},
		"a carriage return":       {"2 " + newKey + "\r\n1 " + hexKey + "\r\n", "line 1: the key has characters"},
		"a letter beyond ASCII":   {"2 " + newKey + "é", "line 1: the key has characters"},
		"a version twice":         {line(2) + "2 " + hexKey, "line 2: version 2 is there already"},
		"one key as two versions": {"2 " + hexKey + "\n1 " + hexKey, "line 2: the key is there already, as version 2"},
		"too many":                {many, "there are 21 keys, at most 20 can be kept"},
		"too long":                {"2 " + strings.Repeat("x", 4095), "4097 bytes, at most 4096 can be stored"},
	} {
		_, err := Signer(t.Context(), stored(c.text))
		if err == nil || !strings.HasPrefix(err.Error(), "read the keys of links: "+c.want) || !said.MatchString(err.Error()) {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
	}
}

// said is all that an error about keys may say: constant words, and small numbers.
var said = regexp.MustCompile(`^read the keys of links: (` +
	`(line \d+: )?the key has \d{1,4} bytes, want at least 32|` +
	`line \d+: want a version from 1 to 255, a space and a key|` +
	`line \d+: the key has characters other than printable ASCII without spaces|` +
	`line \d+: version \d{1,3} is there already|` +
	`line \d+: the key is there already, as version \d{1,3}|` +
	`there are \d{1,4} keys, at most 20 can be kept|` +
	`\d+ bytes, at most 4096 can be stored)$`)

func FuzzParseLinkKeys(f *testing.F) {
	f.Add("")
	f.Add(hexKey)
	f.Add(hexKey + "\n")
	f.Add("2 " + newKey + "\n1 " + hexKey + "\n")
	f.Add("255 " + newKey + "\n1 " + madeKey)
	f.Add("2 " + newKey + "\r\n\r\n01 " + hexKey)
	f.Fuzz(func(t *testing.T, text string) {
		k, err := ParseLinkKeys(text)
		if err != nil {
			if !said.MatchString(err.Error()) {
				t.Errorf("the error says something of the text: %v", err)
			}
			return
		}
		if _, err := k.Signer(); err != nil {
			t.Fatalf("no signer of what was read: %v", err)
		}
		next, err := k.Rotate(newKey, false)
		if err != nil {
			return // too many, too long, or a key that no line can hold
		}
		again, err := ParseLinkKeys(next.Text())
		if err != nil || again.Text() != next.Text() || again.Current() != next.Current() || len(again.Retired()) != len(k.Retired())+1 {
			t.Errorf("what was written is read otherwise: %v", err)
		}
		if again.Retired()[0] != k.Current() {
			t.Errorf("key %d was current and is not retired first: %v", k.Current(), again.Retired())
		}
	})
}

func TestARotationMakesANewKeyCurrentAndRetiresTheOld(t *testing.T) {
	for _, first := range []string{hexKey, madeKey} {
		k, err := keysOf(t, first).Rotate(newKey, false)
		if err != nil {
			t.Fatal(err)
		}
		if want := "2 " + newKey + "\n1 " + first + "\n"; k.Text() != want {
			t.Errorf("got %q, want %q", k.Text(), want)
		}
	}
}

func TestVersionsGoOnAfterTheLastAndLeaveOutWhatIsTaken(t *testing.T) {
	k := keysOf(t, "255 "+madeKey+"\n1 "+hexKey)
	k, err := k.Rotate(newKey, false)
	if err != nil || k.Current() != 2 || !cmp.Equal(k.Retired(), []int{255, 1}) {
		t.Errorf("got %d, %v, %v, want 2 before 255 and 1", k.Current(), k.Retired(), err)
	}
}

func TestDroppingForgetsWhatWasRetiredBeforeAndNoMore(t *testing.T) {
	k, err := keysOf(t, "3 "+madeKey+"\n2 "+hexKey+"\n1 "+strings.Repeat("o", 40)).Rotate(newKey, true)
	if err != nil || k.Text() != "4 "+newKey+"\n3 "+madeKey+"\n" {
		t.Errorf("got %d, %v, %v, want 4 before 3", k.Current(), k.Retired(), err)
	}
}

func TestARotationThatCannotBeStoredIsRefused(t *testing.T) {
	full := keysOf(t, "1 "+madeKey)
	for i := range MaxLinkKeys - 1 {
		var err error
		if full, err = full.Rotate(fmt.Sprintf("%040d", i), false); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		keys LinkKeys
		want error
	}{
		"too many":                {full, errFull},
		"too long":                {keysOf(t, strings.Repeat("x", 4090)), errFull},
		"a key of several words":  {keysOf(t, "a phrase that somebody made up, long enough"), errUnlistable},
		"a key that ends a line":  {keysOf(t, hexKey+"\n"), errUnlistable},
		"the key that is current": {keysOf(t, newKey), errTwice},
	} {
		if _, err := c.keys.Rotate(newKey, false); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	if _, err := full.Rotate(newKey, true); err != nil {
		t.Errorf("too many, and dropped: %v", err)
	}
}

func TestKeysDoNotShowThemselves(t *testing.T) {
	k := keysOf(t, "2 "+newKey+"\n1 "+hexKey)
	for _, text := range []string{fmt.Sprint(k), fmt.Sprintf("%v %+v %#v %s %q %x", k, k, k, k, k, k), k.LogValue().String()} {
		if strings.Contains(text, newKey[:8]) || strings.Contains(text, hexKey[:8]) || strings.Contains(text, "6e6e6e6e") {
			t.Errorf("it shows a key: %s", text)
		}
	}
}
