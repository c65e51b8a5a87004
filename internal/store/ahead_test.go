package store

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"allclear/internal/status"
	"allclear/internal/table"
)

// counter counts the calls to a table, and lets something happen within the first Get of several
// keys: after all but the first of them were read, as nothing forbids where a Get is not of one instant.
type counter struct {
	table.Table
	calls  map[string]int
	within func()
}

func (c *counter) Get(ctx context.Context, keys ...table.Key) ([]*table.Item, error) {
	c.calls["get"]++
	if c.within == nil || len(keys) < 2 {
		return c.Table.Get(ctx, keys...)
	}
	rest, err := c.Table.Get(ctx, keys[1:]...)
	if err != nil {
		return nil, err
	}
	within := c.within
	c.within = nil
	within()
	first, err := c.Table.Get(ctx, keys[0])
	return append(first, rest...), err
}

func (c *counter) Query(ctx context.Context, q table.Query) (table.Result, error) {
	c.calls["query"]++
	return c.Table.Query(ctx, q)
}

func (c *counter) Write(ctx context.Context, actions ...table.Action) error {
	c.calls["write"]++
	return c.Table.Write(ctx, actions...)
}

// admitting is a fixture with a key, and a second process on its table whose calls are counted.
func admitting(t *testing.T) (*fixture, *Store, *counter) {
	t.Helper()
	f := newFixture(t)
	if err := f.AddKey(t.Context(), "test", "secret"); err != nil {
		t.Fatal(err)
	}
	c := &counter{Table: f.table, calls: map[string]int{}}
	return f, New(c, Options{Now: f.Store.now, NewID: f.Store.newID}), c
}

func admit(t *testing.T, s *Store, incident string) *Store {
	t.Helper()
	_, admitted, err := s.Admit(t.Context(), Request{
		Key: "secret", Page: "page", Incident: incident, Once: "once", Changes: true, At: begin,
	})
	if err != nil {
		t.Fatal(err)
	}
	return admitted
}

// breakAPI posts an incident that moves the component.
func breakAPI(to status.ComponentState) func(*Tx) error {
	return func(tx *Tx) error {
		if _, err := tx.store.Answer(tx.ctx, "page", "once"); err != nil {
			return err
		}
		_, err := post(tx, func(c *status.IncidentChange) { c.Components = map[string]status.ComponentState{"api": to} })
		return err
	}
}

func TestARequestThatChangesStatesIsOneGetOneQueryAndOneWrite(t *testing.T) {
	_, s, c := admitting(t)
	if _, err := admit(t, s, "").Commit(t.Context(), "page", breakAPI(status.MajorOutage)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{"get": 1, "query": 1, "write": 1}, c.calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestWhatThisProcessCommittedMeanwhileIsReadAnewAndCostsNoAttempt(t *testing.T) {
	_, s, c := admitting(t)
	admitted := admit(t, s, "")
	if _, err := s.Commit(t.Context(), "page", breakAPI(status.PartialOutage)); err != nil {
		t.Fatal(err)
	}
	c.calls = map[string]int{}
	if _, err := admitted.Commit(t.Context(), "page", breakAPI(status.MajorOutage)); err != nil {
		t.Fatal(err)
	}
	if got := c.calls["write"]; got != 1 {
		t.Errorf("got %d attempts, want 1", got)
	}
}

func TestWhatAnotherProcessCommittedMeanwhileCostsOneAttempt(t *testing.T) {
	f, s, c := admitting(t)
	admitted := admit(t, s, "")
	f.commit(t, breakAPI(status.PartialOutage))
	p, err := admitted.Commit(t.Context(), "page", breakAPI(status.MajorOutage))
	if err != nil {
		t.Fatal(err)
	}
	if got := c.calls["write"]; got != 2 || p.Seq != 4 {
		t.Errorf("got %d attempts and version %d, want 2 and 4", got, p.Seq)
	}
}

// A Get of several keys may find the page newer than the day that comes with it: what the day then
// holds of another's change must not be written over.
func TestADayOlderThanThePageItWasReadWithIsReadAnew(t *testing.T) {
	f, s, c := admitting(t)
	f.commit(t, breakAPI(status.DegradedPerformance)) // there is a day to be older
	c.within = func() { f.commit(t, breakAPI(status.PartialOutage)) }
	if _, err := admit(t, s, "").Commit(t.Context(), "page", breakAPI(status.MajorOutage)); err != nil {
		t.Fatal(err)
	}
	days, err := f.Days(t.Context(), "page", "2026-03-01", "2026-03-01")
	if err != nil || len(days) != 1 {
		t.Fatalf("got %v, %v, want one day", days, err)
	}
	for _, state := range []status.ComponentState{status.Operational, status.DegradedPerformance, status.PartialOutage} {
		if days[0].Seconds["api"][state] == 0 {
			t.Errorf("got %v, want time in %s too", days[0].Seconds["api"], state)
		}
	}
}

func TestTheFirstDayOlderThanThePageItWasReadWithIsReadAnew(t *testing.T) {
	f, s, c := admitting(t)
	c.within = func() { f.commit(t, breakAPI(status.PartialOutage)) }
	if _, err := admit(t, s, "").Commit(t.Context(), "page", breakAPI(status.MajorOutage)); err != nil {
		t.Fatal(err)
	}
	days, err := f.Days(t.Context(), "page", "2026-03-01", "2026-03-01")
	if err != nil || len(days) != 1 || days[0].Seconds["api"][status.Operational] == 0 {
		t.Errorf("got %v, %v, want time in operational too", days, err)
	}
}

func TestADayFromBeforeVersionsWereKeptIsChangedLikeAnyOther(t *testing.T) {
	f, s, _ := admitting(t)
	old := status.NewDay("2026-03-01")
	old.Seconds["other"] = map[status.ComponentState]int64{status.Operational: 7}
	if err := f.table.Write(t.Context(), table.Put(table.Item{Key: dayKey("page", old.Date), Attributes: encode(*old)})); err != nil {
		t.Fatal(err)
	}
	if _, err := admit(t, s, "").Commit(t.Context(), "page", breakAPI(status.MajorOutage)); err != nil {
		t.Fatal(err)
	}
	days, err := f.Days(t.Context(), "page", old.Date, old.Date)
	if err != nil || len(days) != 1 || len(days[0].Seconds) != 2 {
		t.Errorf("got %v, %v, want both components", days, err)
	}
}

func TestAReferenceReadAheadThatMovedMeanwhileIsFollowedAgain(t *testing.T) {
	f, s, _ := admitting(t)
	var id string
	f.commit(t, func(tx *Tx) error {
		i, err := post(tx, nil)
		if err == nil {
			id = i.ID
		}
		return err
	})
	admitted := admit(t, s, id)
	resolved := status.Resolved
	f.commit(t, func(tx *Tx) error { return apply(tx, id, status.IncidentChange{Status: &resolved}) })
	i, err := admitted.Incident(t.Context(), "page", id)
	if err != nil || i.Status != status.Resolved {
		t.Errorf("got %v, %v, want the incident as it is", i, err)
	}
}

func TestAnUnknownKeyIsRefusedWhateverElseWasFound(t *testing.T) {
	_, s, _ := admitting(t)
	for _, page := range []string{"page", "nosuchpage", ""} {
		key, admitted, err := s.Admit(t.Context(), Request{Key: "wrong", Page: page, Changes: true, At: begin})
		if codeOf(err) != status.Unauthorized || admitted != nil || key != (APIKey{}) {
			t.Errorf("page %q: got %v, %v, %v, want unauthorized", page, key, admitted, err)
		}
	}
}

func TestTheDatesOfAMomentAreThoseOfEveryZone(t *testing.T) {
	var zones []*time.Location
	for _, name := range []string{"UTC", "Pacific/Kiritimati", "Etc/GMT+12", "Pacific/Chatham", "Pacific/Pago_Pago", "America/New_York", "Asia/Kolkata"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		zones = append(zones, zone)
	}
	rapid.Check(t, func(r *rapid.T) {
		at := time.Unix(rapid.Int64Range(1_600_000_000, 2_600_000_000).Draw(r, "at"), 0)
		dates := datesAt(at)
		if len(dates) < 2 || len(dates) > 3 {
			r.Errorf("got %v, want two or three", dates)
		}
		known := map[string]bool{}
		for _, d := range dates {
			known[d] = true
		}
		for _, zone := range zones {
			if want := status.DateOf(at, zone); !known[want] {
				r.Errorf("got %v, want %s of %s too", dates, want, zone)
			}
		}
	})
}
