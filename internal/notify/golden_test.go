package notify

import (
	"bytes"
	"flag"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/status"
)

var update = flag.Bool("update", false, "write the golden files under testdata anew")

// golden compares with a file under testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// opened is a raw message as a mail program reads it.
type opened struct {
	header     netmail.Header
	subject    string
	text, html string
}

func open(t testing.TB, raw []byte) opened {
	t.Helper()
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	o := opened{header: m.Header}
	if o.subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		t.Fatal(err)
	}
	media, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || media != "multipart/alternative" {
		t.Fatalf("got the type %q, %v, want multipart/alternative", media, err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for _, part := range []struct {
		media string
		text  *string
	}{{"text/plain; charset=UTF-8", &o.text}, {"text/html; charset=UTF-8", &o.html}} {
		p, err := parts.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Header.Get("Content-Type"); got != part.media || p.Header.Get("Content-Transfer-Encoding") != "quoted-printable" {
			t.Errorf("got a part of type %q, encoded %q, want %q", got, p.Header.Get("Content-Transfer-Encoding"), part.media)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil {
			t.Fatal(err)
		}
		*part.text = string(bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n")))
	}
	if _, err := parts.NextRawPart(); err != io.EOF {
		t.Errorf("got %v after two parts, want the end", err)
	}
	return o
}

func write(t testing.TB, m Mail) []byte {
	t.Helper()
	message, err := Compile(m, sampleEnvelope(t))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := message.For(sampleRecipient(t))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestEveryMailReadsAsItsGolden(t *testing.T) {
	for name, m := range samples(t) {
		t.Run(name, func(t *testing.T) {
			o := open(t, write(t, m))
			golden(t, name+".html", []byte(o.html))
			golden(t, name+".txt", []byte("Subject: "+o.subject+"\n\n"+o.text))
		})
	}
}

func TestAWholeMessageIsAsItsGolden(t *testing.T) {
	golden(t, "incident-updated.eml", write(t, samples(t)["incident-updated"]))
}

func TestTimesOfAPageThatChoseNoZoneAreInUTC(t *testing.T) {
	p := status.Page{ID: "sh0ppage0001", Settings: status.DefaultSettings("Larkspur")}
	m := incidentMail(t, IncidentUpdated, failure())
	m.Page = PageOf(p, "https://status.larkspur.example")
	if o := open(t, write(t, m)); !strings.Contains(o.text, "in the time zone UTC.") || !strings.Contains(o.text, "Nov 23, 2026, 14:20 UTC") {
		t.Errorf("got\n%s", o.text)
	}
}

func TestEveryKindHasAGolden(t *testing.T) {
	seen := map[Kind]bool{}
	for _, m := range samples(t) {
		seen[m.kind()] = true
	}
	for _, kind := range Kinds() {
		if !seen[kind] {
			t.Errorf("no sample of kind %s", kind)
		}
	}
}
