package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAFolderThatIsNotThereIsNamedAndNotMade(t *testing.T) {
	list := filepath.Join(t.TempDir(), "list.csv")
	if err := os.WriteFile(list, []byte("email\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, run := range map[string]func(folder string) error{
		"subscribers import": func(folder string) error {
			return (&subscribersImportCommand{placeFlags: placeFlags{Data: folder}, File: list}).Run(t.Context(), slog.New(slog.DiscardHandler))
		},
		"subscribers export": func(folder string) error {
			return (&subscribersExportCommand{placeFlags: placeFlags{Data: folder}}).Run(t.Context(), slog.New(slog.DiscardHandler))
		},
		"events": func(folder string) error {
			return (&eventsCommand{dataFlag: dataFlag{folder}}).Run(t.Context(), slog.New(slog.DiscardHandler))
		},
		"key rotate-links": func(folder string) error {
			return (&keyRotateCommand{placeFlags: placeFlags{Data: folder}}).Run(t.Context())
		},
		"key create": func(folder string) error {
			return (&keyCreateCommand{placeFlags: placeFlags{Data: folder}, Name: "ci"}).Run(t.Context(), slog.New(slog.DiscardHandler))
		},
	} {
		folder := filepath.Join(t.TempDir(), "typo")
		if err := run(folder); err == nil || !strings.Contains(err.Error(), "no deployment in "+folder) {
			t.Errorf("%s: got %v, want that there is no deployment", name, err)
		}
		if _, err := os.Stat(folder); err == nil {
			t.Errorf("%s: the folder was made", name)
		}
	}
}

func TestSettingsOfAMailServerWithoutOneAreRefused(t *testing.T) {
	for _, f := range []tellingFlags{{SMTPUser: "u"}, {SMTPPasswordFile: "f"}, {SMTPRate: 14}} {
		f.MailFrom = "status@example.com"
		if _, err := f.telling(); err == nil || !strings.Contains(err.Error(), "need --smtp") {
			t.Errorf("%+v: got %v, want a refusal", f, err)
		}
	}
	if got, err := (tellingFlags{MailFrom: "status@example.com", BehindProxy: true}).telling(); err != nil || !got.BehindProxy {
		t.Errorf("got %+v, %v, want it behind a proxy", got, err)
	}
}
