package welcome_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"allclear/internal/link"
	"allclear/internal/status"
	"allclear/internal/store"
)

var update = flag.Bool("update", false, "write the golden files under testdata anew")

func TestMailsAboutASubscriptionAreAsTheyAreExpectedToTheLastByte(t *testing.T) {
	for _, c := range []struct {
		kind      store.MailKind
		confirmed bool
	}{{store.MailConfirm, false}, {store.MailManage, true}} {
		w := newWorld(t)
		w.ask("ada@customer.example", c.confirmed, c.kind)
		if err := w.play(w.records()); err != nil {
			t.Fatal(err)
		}
		sent := w.mailer.Sent()
		if len(sent) != 1 {
			t.Fatalf("%s: got %d mails, want one", c.kind, len(sent))
		}
		envelope, err := json.MarshalIndent(map[string]any{"from": sent[0].From, "to": sent[0].To, "tags": sent[0].Tags}, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		got := txtar.Format(&txtar.Archive{Files: []txtar.File{
			{Name: "envelope.json", Data: append(envelope, '\n')},
			{Name: "mail.eml", Data: bytes.ReplaceAll(sent[0].Raw, []byte("\r\n"), []byte("\n"))},
		}})
		file := "testdata/" + string(c.kind) + ".txtar"
		if *update {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
	}
}

func TestALinkIsTheSubscribersOwnForOnePurposeAndAWhile(t *testing.T) {
	for _, c := range []struct {
		kind      store.MailKind
		confirmed bool
		url       string
		purpose   link.Purpose
		lasts     time.Duration
	}{
		{store.MailConfirm, false, link.ConfirmURL(publicURL, ""), link.Confirm, 7 * 24 * time.Hour},
		{store.MailManage, true, link.ManageURL(publicURL, ""), link.Manage, 24 * time.Hour},
	} {
		w := newWorld(t)
		s := w.ask("ada@customer.example", c.confirmed, c.kind)
		w.change(s, "", func(s *status.Subscriber) error { s.Revoke(w.Now()); return nil })
		if err := w.play(w.records()); err != nil {
			t.Fatal(err)
		}
		flat := strings.ReplaceAll(strings.ReplaceAll(string(w.mailer.Sent()[0].Raw), "=\r\n", ""), "=3D", "=")
		found := regexp.MustCompile(regexp.QuoteMeta(c.url) + `([A-Za-z0-9_-]+)`).FindStringSubmatch(flat)
		if found == nil {
			t.Fatalf("%s: no link:\n%s", c.kind, flat)
		}
		got, err := w.Links.Read(found[1], c.purpose, w.Now())
		want := link.Link{Purpose: c.purpose, Page: pageID, Subject: s.ID, Generation: 2, Expires: w.Now().Add(c.lasts)}
		if err != nil || got != want {
			t.Errorf("%s: got %+v, %v, want %+v", c.kind, got, err, want)
		}
	}
}
