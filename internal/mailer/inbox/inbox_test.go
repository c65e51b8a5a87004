package inbox_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/mailer"
	"allclear/internal/mailer/inbox"
	"allclear/internal/mailer/mailertest"
)

var start = time.Date(2026, 3, 4, 5, 6, 7, 891e6, time.UTC)

func open(t *testing.T, folder string, keep int) *inbox.Inbox {
	t.Helper()
	return opened(t, folder, inbox.Options{Keep: keep, Now: func() time.Time { return start }})
}

func opened(t *testing.T, folder string, o inbox.Options) *inbox.Inbox {
	t.Helper()
	b, err := inbox.Open(folder, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

func TestTheInboxIsAMailer(t *testing.T) {
	mailertest.Run(t, func(t *testing.T) mailertest.Harness {
		b := open(t, t.TempDir(), 0)
		return mailertest.Harness{Mailer: b, Sender: "status@example.com", Sent: func(t *testing.T) []mailertest.Sent {
			var sent []mailertest.Sent
			for _, s := range b.List() {
				raw, err := b.Raw(s.ID)
				if err != nil {
					t.Fatal(err)
				}
				m, err := b.Read(s.ID)
				if err != nil {
					t.Fatal(err)
				}
				sent = append(sent, mailertest.Sent{From: m.From, To: s.To, Raw: string(raw)})
			}
			return sent
		}}
	})
}

func send(t *testing.T, b *inbox.Inbox, to, raw string) string {
	t.Helper()
	id, err := b.Send(t.Context(), mailer.Message{
		From: "bounce@example.com", To: to, Raw: []byte(strings.ReplaceAll(raw, "\n", "\r\n")), Tags: map[string]string{"event": "42"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

const mixed = `From: Status <status@example.com>
To: ada@example.com
Subject: =?utf-8?q?St=C3=B6rung:_?= =?utf-8?b?6Zqc5a6z?=
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=outer

--outer
Content-Type: multipart/alternative; boundary="inner"

--inner
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

Gr=C3=BC=C3=9Fe =
aus Wien
--inner
Content-Type: text/html; charset=UTF-8
Content-Transfer-Encoding: base64

PHA+R3LDvMOfZTwv
cD4=
--inner--
--outer
Content-Type: text/plain; name=a.txt
Content-Disposition: attachment; filename=a.txt

attached
--outer--
`

func TestAMailIsListedAndReadDecoded(t *testing.T) {
	b := open(t, t.TempDir(), 0)
	id := send(t, b, "ada@example.com", mixed)
	want := inbox.Summary{ID: id, To: "ada@example.com", Subject: "Störung: 障害", Date: start, Preview: "Grüße"}
	if diff := cmp.Diff([]inbox.Summary{want}, b.List()); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
	m, err := b.Read(id)
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Headers["Subject"]; len(got) != 1 || got[0] != want.Subject {
		t.Errorf("got subject %q in the headers, want it decoded", got)
	}
	m.Headers = nil
	if diff := cmp.Diff(inbox.Mail{
		Summary: want, From: "bounce@example.com", Tags: map[string]string{"event": "42"}, HTML: "<p>Grüße</p>", Text: "Grüße aus Wien",
	}, m); diff != "" {
		t.Errorf("mail (-want +got):\n%s", diff)
	}
	text, err := json.Marshal(b.List())
	if want := `[{"id":"` + id + `","to":"ada@example.com","subject":"Störung: 障害","date":"2026-03-04T05:06:07.891Z"}]`; err != nil || string(text) != want {
		t.Errorf("got JSON %s, %v, want %s", text, err, want)
	}
}

func TestAPreviewIsWhatListsOfMailsShow(t *testing.T) {
	folder := t.TempDir()
	b := open(t, folder, 0)
	want := map[string]string{}
	for raw, preview := range map[string]string{
		"Subject: x\n\nHello,\n\n  world\n": "Hello, world",
		"Content-Type: text/html\n\n<html><head><title>T</title><style>p{}</style></head><body><div style=\"display:none\">Resolved: it&nbsp;works&#847; &#847; &#847; </div><script>x</script><h1>Name</h1></body></html>": "Resolved: it works",
		"Content-Type: text/html\n\n<p>One</p><p>two</p>":         "One two",
		"Content-Type: text/html\n\n" + strings.Repeat("ü ", 500): strings.Repeat("ü ", 79) + "ü…",
		"Content-Type: image/png\n\nx":                            "",
		"Subject: x\n\n":                                          "",
	} {
		want[send(t, b, "ada@example.com", raw)] = preview
	}
	for _, b := range []*inbox.Inbox{b, open(t, folder, 0)} { // also after a restart
		for _, m := range b.List() {
			if m.Preview != want[m.ID] {
				t.Errorf("got the preview %q, want %q", m.Preview, want[m.ID])
			}
		}
	}
}

func TestWhatIsNotMIMEIsKeptAndSaidToBeUnreadable(t *testing.T) {
	b := open(t, t.TempDir(), 0)
	for name, c := range map[string]struct{ raw, text, unreadable string }{
		"no header":            {"just text", "", "header"},
		"a plain message":      {"Subject: x\n\nHello\n", "Hello\n", ""},
		"another charset":      {"Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nGr=FC=DFe", "Grüße", ""},
		"an unknown charset":   {"Content-Type: text/plain; charset=klingon\n\nx", "", "klingon"},
		"an unknown encoding":  {"Content-Transfer-Encoding: uuencode\n\nx", "", "uuencode"},
		"broken base64":        {"Content-Transfer-Encoding: base64\n\nSGVsbG8h*x==", "Hello!", "illegal base64"},
		"a broken type":        {"Content-Type: text/\n\nx", "", "content type"},
		"no boundary":          {"Content-Type: multipart/mixed\n\nx", "", "multipart"},
		"a multipart cut off":  {"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nHello\n", "Hello", "unexpected EOF"},
		"bytes that are wrong": {"Subject: x\n\n\xff", "\ufffd", ""},
		"very deep": {func() string {
			var s strings.Builder
			for i := range 20 {
				fmt.Fprintf(&s, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
			}
			return s.String()
		}(), "", "too deep"},
	} {
		m, err := b.Read(send(t, b, "ada@example.com", c.raw))
		if err != nil {
			t.Fatal(err)
		}
		if m.Text != c.text || m.HTML != "" || !strings.Contains(m.Unreadable, c.unreadable) || c.unreadable == "" && m.Unreadable != "" {
			t.Errorf("%s: got text %q, unreadable %q, want %q and one with %q", name, m.Text, m.Unreadable, c.text, c.unreadable)
		}
	}
}

func TestTheNewestAreKeptAlsoOverARestart(t *testing.T) {
	folder := t.TempDir()
	b := open(t, folder, 3)
	var ids []string
	for i := range 5 {
		ids = append(ids, send(t, b, fmt.Sprintf("r%d@example.com", i), "Subject: x\n\n"))
	}
	want := []string{"r4@example.com", "r3@example.com", "r2@example.com"}
	recipients := func(b *inbox.Inbox) (to []string) {
		for _, s := range b.List() {
			to = append(to, s.To)
		}
		return to
	}
	if diff := cmp.Diff(want, recipients(b)); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
	for _, id := range append(ids[:2], "", "../x", "0000000000000") {
		if _, err := b.Raw(id); !errors.Is(err, inbox.ErrNotFound) {
			t.Errorf("Raw(%q): got %v, want ErrNotFound", id, err)
		}
		if _, err := b.Read(id); !errors.Is(err, inbox.ErrNotFound) {
			t.Errorf("Read(%q): got %v, want ErrNotFound", id, err)
		}
	}
	if files, err := os.ReadDir(folder); err != nil || len(files) != 6 {
		t.Errorf("got %d files, %v, want two for each mail", len(files), err)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, folder, 2)
	if diff := cmp.Diff(want[:2], recipients(again)); diff != "" {
		t.Errorf("list after a restart (-want +got):\n%s", diff)
	}
	if id := send(t, again, "r5@example.com", "Subject: x\n\n"); id <= ids[4] {
		t.Errorf("got id %s after a restart, want one above %s", id, ids[4])
	}
}

func TestWhatAnInterruptedProcessLeftIsRemovedAndOtherFilesAreNot(t *testing.T) {
	folder := t.TempDir()
	id := send(t, open(t, folder, 0), "ada@example.com", "Subject: x\n\n")
	for name, content := range map[string]string{
		"1000000000000.eml": "half", "1000000000001.json.tmp": "{", "1000000000002.json": "not JSON", "notes.txt": "mine",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := open(t, folder, 0).List(); len(got) != 1 || got[0].ID != id {
		t.Errorf("got %+v, want the whole mail alone", got)
	}
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range files {
		got = append(got, filepath.Base(f))
	}
	if diff := cmp.Diff([]string{"1000000000002.json", id + ".eml", id + ".json", "notes.txt"}, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestAFolderThatIsGoneDefersAndLeaksNoAddress(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "mail")
	b := open(t, folder, 0)
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	_, err := b.Send(t.Context(), mailer.Message{From: "a@example.com", To: "ada@example.com", Raw: []byte("x")})
	if mailer.OutcomeOf(err) != mailer.Deferred || strings.Contains(err.Error(), "ada") {
		t.Errorf("got %v, want deferred and no address", err)
	}
}

// A mail that could not be captured was not: it is when it is sent again.
func TestAMailThatCouldNotBeCapturedIsNotTakenForOneThatWas(t *testing.T) {
	folder := t.TempDir()
	b := opened(t, folder, inbox.Options{Once: true, Now: func() time.Time { return start }})
	obstacle := filepath.Join(folder, fmt.Sprintf("%013d.eml", start.UnixMilli()))
	if err := os.Mkdir(obstacle, 0o700); err != nil {
		t.Fatal(err)
	}
	const raw = "Message-ID: <1@example.com>\r\n\r\nx"
	m := mailer.Message{From: "bounce@example.com", To: "ada@example.com", Raw: []byte(raw)}
	if _, err := b.Send(t.Context(), m); mailer.OutcomeOf(err) != mailer.Deferred {
		t.Fatalf("got %v, want it deferred", err)
	}
	if _, err := b.Send(t.Context(), m); err != nil || len(b.List()) != 1 {
		t.Errorf("got %v and %d mails, want one", err, len(b.List()))
	}
}

func TestAMailThatIsSentAgainIsCapturedOnce(t *testing.T) {
	folder := t.TempDir()
	o := inbox.Options{Keep: 2, Once: true}
	b := opened(t, folder, o)
	first := send(t, b, "ada@example.com", "Message-ID: <1@example.com>\n\nx")
	if again := send(t, b, "ada@example.com", "Message-ID: <1@example.com>\n\nx"); again != first || len(b.List()) != 1 {
		t.Errorf("got %s and %d mails, want %s and one", again, len(b.List()), first)
	}
	b.Close()
	b = opened(t, folder, o) // the process was killed
	if again := send(t, b, "ada@example.com", "Message-ID: <1@example.com>\n\nx"); again != first || len(b.List()) != 1 {
		t.Errorf("after a restart: got %s and %d mails, want %s and one", again, len(b.List()), first)
	}
	for n := range 3 {
		send(t, b, "ada@example.com", fmt.Sprintf("Message-ID: <more%d@example.com>\n\nx", n))
	}
	if again := send(t, b, "ada@example.com", "Message-ID: <1@example.com>\n\nx"); again != first {
		t.Errorf("when it is no longer kept: got %s, want %s", again, first)
	}
	if one, other := send(t, b, "ada@example.com", "\nx"), send(t, b, "ada@example.com", "\nx"); one == other {
		t.Error("two mails without a Message-ID are taken for one")
	}
}
