package main

import "testing"

func TestAPublicAddressIsKeptWithoutItsSlash(t *testing.T) {
	for address, want := range map[string]string{
		"https://status.example.com":      "https://status.example.com",
		"https://status.example.com/":     "https://status.example.com",
		"http://status.example.com:8080/": "http://status.example.com:8080",
		"http://[::1]:8080":               "http://[::1]:8080",
	} {
		got, err := publicURL(address)
		if got != want || err != nil {
			t.Errorf("%s: got %q, %v, want %q", address, got, err, want)
		}
	}
}

func TestWhatIsNoPublicAddressIsRefused(t *testing.T) {
	for _, address := range []string{
		"status.example.com", "foo", "ftp://status.example.com", "https://", "https://:80", "https://a:b@c.example",
		"https://status.example.com/page", "https://status.example.com/?a=b", "https://status.example.com/#a", "javascript:alert(1)", "http://a b",
	} {
		if got, err := publicURL(address); err == nil {
			t.Errorf("%s: got %q, want an error", address, got)
		}
	}
}
