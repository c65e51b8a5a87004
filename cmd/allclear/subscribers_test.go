package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAListGoesIntoAFolderAndOutOfIt(t *testing.T) {
	folder := t.TempDir()
	list, out := filepath.Join(folder, "list.csv"), filepath.Join(folder, "out.csv")
	if err := os.WriteFile(list, []byte("email;confirmed\na@example.com;true\nnobody;true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	place := placeFlags{Data: folder}
	taking := subscribersImportCommand{placeFlags: place, File: list, PerDay: 1}
	for range 2 { // beginning again does no harm
		if err := taking.Run(t.Context(), slog.New(slog.DiscardHandler)); err != nil {
			t.Fatal(err)
		}
	}
	giving := subscribersExportCommand{placeFlags: place, File: out}
	if err := giving.Run(t.Context(), slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(out)
	if err != nil || strings.Count(string(written), "\n") != 2 || !strings.Contains(string(written), "email,a@example.com,") {
		t.Errorf("got %q, %v", written, err)
	}
	if info, err := os.Stat(out); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v, want a file of its owner only", info.Mode(), err)
	}
}

func TestListsAreForDeploymentsThatAreThere(t *testing.T) {
	folder := t.TempDir()
	list := filepath.Join(folder, "list.csv")
	if err := os.WriteFile(list, []byte("email\na@example.com\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	place := placeFlags{Data: filepath.Join(folder, "mistyped")}
	for name, run := range map[string]func() error{
		"import": func() error {
			return (&subscribersImportCommand{placeFlags: place, File: list}).Run(t.Context(), slog.New(slog.DiscardHandler))
		},
		"export": func() error {
			return (&subscribersExportCommand{placeFlags: place}).Run(t.Context(), slog.New(slog.DiscardHandler))
		},
	} {
		if err := run(); err == nil || !strings.Contains(err.Error(), "no deployment in") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := os.Stat(place.Data); err == nil {
		t.Error("a mistyped folder was made")
	}
}
