package store_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"allclear/internal/memory"
	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/table"
)

// remember commits a change with an answer to be kept.
func remember(t *testing.T, s *store.Store, a store.Answer) error {
	t.Helper()
	_, err := s.Commit(t.Context(), "page", func(tx *store.Tx) error {
		tx.Record(status.Event{Type: status.PageUpdated, Actor: status.Actor{Kind: status.ActorKey, Name: "test"}})
		tx.Remember(a)
		return nil
	})
	return err
}

func newPage(t *testing.T, now func() time.Time) *store.Store {
	t.Helper()
	s := store.New(memory.New(memory.Options{Now: now}).Table("status"), store.Options{Now: now})
	return createPage(t, s)
}

func newPageOn(t *testing.T, tbl table.Table) *store.Store {
	t.Helper()
	return createPage(t, store.New(tbl, store.Options{}))
}

func createPage(t *testing.T, s *store.Store) *store.Store {
	t.Helper()
	_, err := s.CreatePage(t.Context(), "page", status.DefaultSettings("Page"), status.Actor{Kind: status.ActorSystem, Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAnAnswerOfAnyLengthIsGivenAgainForADay(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s := newPage(t, func() time.Time { return now })
	for _, length := range []int{0, 100, 100 << 10, 3 << 20} {
		want := store.Answer{Key: fmt.Sprint(length), Request: "hash", Status: 201, Body: strings.Repeat("é", length/2)}
		if err := remember(t, s, want); err != nil {
			t.Fatal(err)
		}
		got, err := s.Answer(t.Context(), "page", want.Key)
		if err != nil || got == nil || got.Seq == 0 {
			t.Errorf("%d bytes: got %v, %v, want the answer with its version", length, got, err)
			continue
		}
		want.Seq = got.Seq
		if *got != want {
			t.Errorf("%d bytes: got another answer than was kept, error %v", length, err)
		}
	}
	now = now.Add(store.AnswerTTL + time.Second)
	if got, err := s.Answer(t.Context(), "page", "100"); got != nil || err != nil {
		t.Errorf("got %v, %v after a day, want nothing", got, err)
	}
}

func TestAnAnswerThatNoItemCanHoldIsRefusedAndNothingIsWritten(t *testing.T) {
	s := newPage(t, nil)
	noise := make([]byte, 1<<20)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range noise {
		noise[i] = byte(' ' + random.IntN(94))
	}
	err := remember(t, s, store.Answer{Key: "k", Body: string(noise)})
	if refusal := (*status.Error)(nil); !errors.As(err, &refusal) || refusal.Code != status.Invalid {
		t.Errorf("got %v, want a status.Error of code invalid", err)
	}
	page, err := s.Page(t.Context(), "page")
	if err != nil || page.Seq != 1 {
		t.Errorf("got seq %d, %v, want 1", page.Seq, err)
	}
}

func TestAnAnswerWhoseChangeWasUndoneIsForgottenOnceAndGivenAnew(t *testing.T) {
	tbl := memory.New(memory.Options{}).Table("status")
	s := newPageOn(t, tbl)
	a := store.Answer{Key: "k", Request: "hash", Status: 201, Body: "{}"}
	if err := remember(t, s, a); err != nil {
		t.Fatal(err)
	}
	// As a restore leaves it: the record is there, the change is not.
	if err := tbl.Write(t.Context(), table.Delete(table.Key{Partition: "PAGE#page", Sort: "EVENT#000000000002"})); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Answer(t.Context(), "page", "k"); got != nil || err != nil {
		t.Fatalf("got %v, %v, want no answer", got, err)
	}
	if err := remember(t, s, a); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Answer(t.Context(), "page", "k"); err != nil || got == nil || got.Seq != 3 {
		t.Errorf("got %v, %v, want the answer of version 3", got, err)
	}
}
