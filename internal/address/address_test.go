package address

import (
	"strings"
	"testing"
)

func TestMailAddressesAreBroughtIntoOneForm(t *testing.T) {
	for text, want := range map[string]string{
		"a@example.com":                          "a@example.com",
		"  Name.Last+tag@EXAMPLE.Com ":           "Name.Last+tag@example.com",
		"a@bücher.example":                       "a@xn--bcher-kva.example",
		"a@BÜCHER.example":                       "a@xn--bcher-kva.example",
		"a@xn--bcher-kva.example":                "a@xn--bcher-kva.example",
		"o'neil/x=y@sub.example.co":              "o'neil/x=y@sub.example.co",
		strings.Repeat("l", 64) + "@example.com": strings.Repeat("l", 64) + "@example.com",
	} {
		got, err := Mail(text)
		if err != nil || got != want {
			t.Errorf("%q: got %q, %v, want %q", text, got, err, want)
		}
	}
}

func TestWhatIsNoMailAddressIsRefused(t *testing.T) {
	for _, text := range []string{
		"", "@", "a", "a@", "@example.com", "a@b", "a@example.com\r\nBcc: b@example.com", "a\r\n@example.com", "a\x00@example.com", "a@exam\x00ple.com",
		"a b@example.com", "a@exa mple.com", `"a b"@example.com`, `"a"@example.com`, "ä@example.com", ".a@example.com", "a.@example.com", "a..b@example.com",
		"A <a@example.com>", "a@example.com,b@example.com", "a@b@example.com", "a@[127.0.0.1]", "a@127.0.0.1", "a@example..com", "a@-x.example", "a@example.com.",
		strings.Repeat("l", 65) + "@example.com", strings.Repeat("l", 300) + "@example.com", "a@" + strings.Repeat("d.", 130) + "example", "a@" + strings.Repeat("d", 64) + ".example",
		"a@xn--\xff.example", "a@xn--a\u0308.example", "a(comment)@example.com", "a@ex\u202eample.com",
	} {
		if got, err := Mail(text); err == nil {
			t.Errorf("%q is taken as %q", text, got)
		}
	}
}

func TestEndpointsAreHTTPSToPublicHosts(t *testing.T) {
	for _, text := range []string{"https://example.com", "https://example.com:443/a?b=c", "https://93.184.216.34/x", "https://[2606:2800:220:1::1]/"} {
		if err := Endpoint(text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{
		"", "example.com", "http://example.com", "ftp://example.com", "https://", "https:example.com", "https://localhost/", "https://u:p@example.com", "https://example.com#x",
		"https://example.com:8443/", "https://127.0.0.1", "https://10.0.0.1", "https://169.254.169.254/", "https://[::1]", "https://[::ffff:127.0.0.1]/", "https://[fe80::1]",
		"https://0x7f000001/", "https://2130706433/", "https://127.1/", "https://0177.0.0.1/", "https://0x7f.0.0.0x1/", "https://example.com/a b", "https://exa\nmple.com", "https://exämple.com", "javascript:alert(1)",
		"https://example.com/" + strings.Repeat("x", 2048),
	} {
		if err := Endpoint(text); err == nil {
			t.Errorf("%.60s is taken", text)
		}
	}
}

func FuzzMail(f *testing.F) {
	for _, text := range []string{"a@example.com", "a@bücher.example", "a\r\n@b.c", `"x"@y.z`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := Mail(text)
		if err != nil {
			return
		}
		for _, c := range []byte(got) {
			if c <= ' ' || c > '~' || strings.ContainsRune(`<>",;:\()[]`, rune(c)) {
				t.Fatalf("%q is taken as %q", text, got)
			}
		}
		if again, err := Mail(got); err != nil || again != got {
			t.Errorf("%q is taken as %q, and that as %q, %v", text, got, again, err)
		}
	})
}
