package keys_test

import (
	"strings"
	"testing"

	"allclear/internal/keys"
	"allclear/internal/memory"
	"allclear/internal/store"
)

func TestAKeyIsShownOnceAndLetsItsBearerIn(t *testing.T) {
	s := store.New(memory.New(memory.Options{}).Table("status"), store.Options{})
	make := keys.Handler(s)
	first, err := make(t.Context(), keys.Request{Name: "ci"})
	if err != nil {
		t.Fatal(err)
	}
	second, err := make(t.Context(), keys.Request{Name: "ci"})
	if err != nil {
		t.Fatal(err)
	}
	for _, answer := range []keys.Answer{first, second} {
		if key, err := s.Key(t.Context(), answer.Key); err != nil || key.Name != "ci" {
			t.Errorf("got %+v, %v", key, err)
		}
	}
	if first.Key == second.Key {
		t.Error("two requests gave the same key")
	}
}

func TestAKeyWithoutANameIsRefused(t *testing.T) {
	s := store.New(memory.New(memory.Options{}).Table("status"), store.Options{})
	for _, name := range []string{"", strings.Repeat("x", 300), "a\nb"} {
		answer, err := keys.Handler(s)(t.Context(), keys.Request{Name: name})
		if err == nil || !strings.Contains(err.Error(), "name") || answer.Key != "" {
			t.Errorf("%q: got %v, %v, want an error that names the name", name, answer, err)
		}
	}
}
