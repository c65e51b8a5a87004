package replay

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/wiring"
)

func TestTheCatalogueIsUpToDate(t *testing.T) {
	wired, err := wiring.Read(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	want, err := Catalogue(eventsFolder, wired)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../docs/events.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/events.md is stale: run go run ./cmd/docs (-want +got):\n%s", diff)
	}
}

func TestEveryFunctionHasASample(t *testing.T) {
	wired, err := wiring.Read(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	sampled := map[string]bool{}
	for _, file := range samples(t) {
		s, err := Read(file)
		if err != nil {
			t.Fatal(err)
		}
		names, err := Functions(s)
		if err != nil {
			t.Error(err)
		}
		for _, name := range names {
			sampled[name] = true
		}
	}
	for _, f := range wired.Functions {
		if !sampled[f.Name] {
			t.Errorf("function %s has no sample in events/", f.Name)
		}
	}
}
