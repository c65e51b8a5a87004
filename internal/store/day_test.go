package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/status"
	"allclear/internal/store"
)

func TestDaysAreReadFromTheFirstToTheLastIncluded(t *testing.T) {
	s := newPage(t, func() time.Time { return time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC) })
	for _, date := range []string{"2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"} {
		_, err := s.Commit(t.Context(), "page", func(tx *store.Tx) error {
			tx.PutDay(status.NewDay(date))
			tx.Record(status.Event{Type: status.DayClosed, Actor: status.Actor{Kind: status.ActorSchedule, Name: "test"}})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	days, err := s.Days(t.Context(), "page", "2026-01-02", "2026-01-03")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range days {
		got = append(got, d.Date)
	}
	if want := []string{"2026-01-02", "2026-01-03"}; !cmp.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
