package address

import (
	"errors"
	"net/mail"
	"strings"
	"testing"
	"unicode"

	"allclear/internal/status"
)

func TestAnAddressHasOneForm(t *testing.T) {
	for typed, want := range map[string]string{
		"ada@example.com":                                            "ada@example.com",
		"  Ada.L+status@Example.COM ":                                "Ada.L+status@example.com",
		"o'hara/ops=1@example.co.uk":                                 "o'hara/ops=1@example.co.uk",
		"ada@MÜNCHEN.example":                                        "ada@xn--mnchen-3ya.example",
		"ada@xn--mnchen-3ya.example":                                 "ada@xn--mnchen-3ya.example",
		"ada@例え.テスト":                                                 "ada@xn--r8jz45g.xn--zckzah",
		"ada@例え。テスト":                                                 "ada@xn--r8jz45g.xn--zckzah",
		strings.Repeat("a", 64) + "@b.example":                       strings.Repeat("a", 64) + "@b.example",
		"a@" + strings.Repeat(strings.Repeat("b", 49)+".", 5) + "cc": "a@" + strings.Repeat(strings.Repeat("b", 49)+".", 5) + "cc",
	} {
		got, err := Parse(typed)
		if err != nil || got.String() != want {
			t.Errorf("%q: got %q, %v, want %q", typed, got, err, want)
		}
	}
}

func TestARefusalSaysWhatIsWrong(t *testing.T) {
	long := strings.Repeat(strings.Repeat("b", 63)+".", 3)
	for typed, want := range map[string]string{
		"":                                      "blank",
		"  ":                                    "blank",
		"ada":                                   "must have an @",
		"@example.com":                          "nothing before the @",
		"ada@":                                  "no domain",
		"ada@localhost":                         "full domain",
		"ada@example.com\r\nBcc: b@b.example":   "line breaks",
		"ada@example.com\n":                     "line breaks",
		"a\x00da@example.com":                   "control characters",
		`"ada l"@example.com`:                   "quoted",
		`ada\@b@example.com`:                    "quoted",
		"Ada <ada@example.com>":                 "without a name",
		"mailto:ada@example.com":                "':'",
		"ada@b@example.com":                     "'@'",
		"a b@example.com":                       "' '",
		"ada,eve@example.com":                   "','",
		"ädä@example.com":                       "ASCII",
		"a\xffa@example.com":                    "UTF-8",
		".ada@example.com":                      "dot",
		"ada.@example.com":                      "dot",
		"a..b@example.com":                      "dot",
		strings.Repeat("a", 65) + "@b.example":  "too long before the @ (65 octets, at most 64)",
		strings.Repeat("a", 300) + "@b.example": "too long before the @ (300 octets, at most 64)",
		"abcdefghij@" + long + strings.Repeat("c", 52): "too long (255 octets, at most 254)",
		strings.Repeat("ü", 2000) + "@b.example":       "too long",
		"ada@" + strings.Repeat("b", 64) + ".example":  "no valid name",
		"ada@exa mple.com":                             "no valid name",
		"ada@exam_ple.com":                             "no valid name",
		"ada@-example.com":                             "no valid name",
		"ada@example.com.":                             "no valid name",
		"ada@example..com":                             "no valid name",
		"ada@xn--0.example":                            "no valid name",
		"ada@[127.0.0.1]":                              "not a network address",
		"ada@127.0.0.1":                                "not a network address",
	} {
		got, err := Parse(typed)
		var refused *status.Error
		if !errors.As(err, &refused) {
			t.Errorf("%q: got %q, %v, want a refusal", typed, got, err)
			continue
		}
		if refused.Field != "email" || refused.Code != status.Invalid || !strings.Contains(refused.Message, want) || got != (Address{}) {
			t.Errorf("%q: got %q, %+v, want %q about email", typed, got, refused, want)
		}
	}
}

func TestSpellingsOfOneMailboxHaveOneKey(t *testing.T) {
	a, err := Parse("Ada@Example.com")
	if err != nil {
		t.Fatal(err)
	}
	if got := a.Key(); got != "ada@example.com" || a.Domain() != "example.com" {
		t.Errorf("got key %q and domain %q", got, a.Domain())
	}
}

func FuzzAnAcceptedAddressIsSafeInAHeader(f *testing.F) {
	for _, seed := range []string{
		"ada@example.com", " a+b@MÜNCHEN.example", `"a b"@c.de`, "a@b@c.de", "a@xn--a.de", "a@[::1]", "<a@b.de>", "a@b.de\r\nX: y",
		"a@b。de", "a@ß.de", "a@1.2.3.4", "a@b.de.", "a@\u00ad.de", "a@b.d\u0323\u0307e", "0@\xe5.A", "a'b@c.de", "a@" + strings.Repeat("a.", 200) + "de",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		a, err := Parse(typed)
		if err != nil {
			var refused *status.Error
			if !errors.As(err, &refused) || refused.Field != "email" {
				t.Fatalf("%q: got the error %v, want one about email", typed, err)
			}
			return
		}
		s := a.String()
		if len(s) > MaxAddress || strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII || r <= ' ' || r == 0x7f }) {
			t.Errorf("%q became %q", typed, s)
		}
		if again, err := Parse(s); err != nil || again != a {
			t.Errorf("%q became %q, which becomes %q, %v", typed, s, again, err)
		}
		if read, err := mail.ParseAddress("<" + s + ">"); err != nil || read.Address != s {
			t.Errorf("%q became %q, which a mail program reads as %v, %v", typed, s, read, err)
		}
	})
}
