package status

import (
	"errors"
	"strings"
	"testing"
)

func TestALogoIsOneThatMailsCanShow(t *testing.T) {
	for _, logo := range []string{
		"https://cdn.example.com/logo.png", "https://cdn.example.com:8443/a/logo.PNG?v=2&w=3#x", "https://cdn.example.com/image", "https://[2001:db8::1]/%C3%BC.gif", "https://cdn.example.com/svg/logo.jpg",
		"https://cdn.example.com/" + strings.Repeat("a", maxLogo-24),
	} {
		if err := CheckLogo("email_logo", logo); err != nil {
			t.Errorf("%s: %v", logo, err)
		}
	}
	for _, logo := range []string{
		"", "logo.png", "//cdn.example.com/logo.png", "http://cdn.example.com/logo.png", "HTTPS//x", "https:///logo.png", "https:logo.png", "data:image/png;base64,AAAA", "javascript:alert(1)", "cid:logo",
		"https://cdn.example.com/lo go.png", "https://cdn.example.com/logo.png\r\nBcc: a@b.example", "https://cdn.example.com/\u00fc.png", "https://bücher.example/logo.png", "https://cdn.example.com/{a}.png",
		"https://cdn.example.com/'.png", `https://cdn.example.com/".png`, "https://user:secret@cdn.example.com/logo.png", "https://cdn.example.com/%zz.png",
		"https://cdn.example.com/logo.svg", "https://cdn.example.com/LOGO.SVGZ?a=b", "https://cdn.example.com/" + strings.Repeat("a", maxLogo-23),
	} {
		var refused *Error
		if err := CheckLogo("email_logo", logo); !errors.As(err, &refused) || refused.Field != "email_logo" {
			t.Errorf("%q: got %v, want a refusal", logo, err)
		}
	}
}
