package inbox

import (
	"testing"
	"unicode/utf8"
)

func FuzzAnyMessageIsReadWithoutHarm(f *testing.F) {
	for _, seed := range []string{
		"Subject: =?utf-8?q?x?=\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n" +
			"Content-Transfer-Encoding: base64\r\n\r\nPHA+\r\n--b--\r\n",
		"Content-Type: multipart/mixed; boundary=\"\"\r\n\r\n--\r\n", "Content-Type: text/plain; charset=gbk\r\n\r\n\xff",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := decode(raw)
		if !utf8.ValidString(m.HTML) || !utf8.ValidString(m.Text) {
			t.Errorf("got %q and %q, want UTF-8", m.HTML, m.Text)
		}
		if shown := preview(m); utf8.RuneCountInString(shown) > maxPreview || !utf8.ValidString(shown) {
			t.Errorf("got the preview %q", shown)
		}
	})
}
