package reach_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/deliver"
	"allclear/internal/memory"
	"allclear/internal/reach"
	"allclear/internal/status"
	"allclear/internal/store"
	"allclear/internal/table"
)

const page = "thepage"

var (
	begin    = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	operator = status.Actor{Kind: status.ActorKey, Name: "test"}
)

// world is a page with two components, one of them in a group, and its audience.
type world struct {
	*reach.Reader
	t     *testing.T
	now   time.Time
	ids   int
	table *countedTable
}

// countedTable counts the queries of a prefix.
type countedTable struct {
	table.Table
	queries map[string]int // by the first letters of the sort key
}

func (c *countedTable) Query(ctx context.Context, q table.Query) (table.Result, error) {
	c.queries[q.From[:min(5, len(q.From))]]++
	return c.Table.Query(ctx, q)
}

func newWorld(t *testing.T, modes ...status.Mode) *world {
	t.Helper()
	w := &world{t: t, now: begin}
	db := memory.New(memory.Options{Now: func() time.Time { return w.now }})
	options := store.Options{
		Now: func() time.Time { return w.now }, NewID: func() string { w.ids++; return fmt.Sprintf("id%010d", w.ids) },
	}
	w.table = &countedTable{Table: db.Table("status"), queries: map[string]int{}}
	w.Reader = &reach.Reader{Pages: store.New(w.table, options), Audience: store.NewAudience(db.Table("audience"), options), Modes: modes}
	_, err := w.Pages.CreatePage(t.Context(), page, status.DefaultSettings("Test"), operator)
	w.must(err)
	w.commit(func(tx *store.Tx, cfg *status.Configuration) error {
		cfg.AddGroup(status.Group{ID: "cloud", Name: "Cloud"})
		cfg.AddComponent(status.Component{ID: "api", Name: "API"}, "")
		cfg.AddComponent(status.Component{ID: "web", Name: "Web"}, "")
		cfg.SetMembers("cloud", []string{"api"})
		tx.Record(status.Event{Type: status.ComponentCreated, Actor: operator})
		return nil
	})
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// commit changes the page, a minute later.
func (w *world) commit(change func(*store.Tx, *status.Configuration) error) int64 {
	w.t.Helper()
	w.now = w.now.Add(time.Minute)
	p, err := w.Pages.Commit(w.t.Context(), page, func(tx *store.Tx) error {
		cfg, err := tx.Configuration()
		if err != nil {
			return err
		}
		return change(tx, cfg)
	})
	w.must(err)
	return p.Seq
}

// post opens an incident of a component, or adds an update to one that is there.
func (w *world) post(id string, notify bool, component string, state status.ComponentState) (string, int64) {
	w.t.Helper()
	seq := w.commit(func(tx *store.Tx, cfg *status.Configuration) error {
		change := status.IncidentChange{Name: new("Slow"), Body: new("text"), Components: map[string]status.ComponentState{component: state}}
		var i *status.Incident
		var applied status.Applied
		var err error
		e := status.Event{Type: status.IncidentCreated, Actor: operator, Notify: notify}
		if id == "" {
			i, applied, err = status.NewIncident(change, cfg, tx.Stamp)
		} else if i, err = tx.Incident(id); err == nil {
			e.Type = status.IncidentUpdated
			applied, err = i.Apply(change, cfg, tx.Stamp)
		}
		if err != nil {
			return err
		}
		id = i.ID
		tx.PutIncident(i)
		e.Incident, e.States = id, applied.States
		e.SetUpdate(applied.Update)
		tx.Record(e)
		return nil
	})
	return id, seq
}

// set changes a component's state without an incident.
func (w *world) set(component string, state status.ComponentState) int64 {
	w.t.Helper()
	return w.commit(func(tx *store.Tx, cfg *status.Configuration) error {
		tx.Record(status.Event{
			Type: status.ComponentUpdated, Actor: operator, States: []status.StateChange{*cfg.SetStatus(component, state, tx.Stamp.Now)},
		})
		return nil
	})
}

func (w *world) remove(id string) {
	w.t.Helper()
	w.commit(func(tx *store.Tx, _ *status.Configuration) error {
		if _, err := tx.Incident(id); err != nil {
			return err
		}
		tx.DeleteIncident(id)
		tx.Record(status.Event{Type: status.IncidentDeleted, Actor: operator, Incident: id})
		return nil
	})
}

func (w *world) join(mode status.Mode, edit ...func(*status.Subscriber)) *status.Subscriber {
	w.t.Helper()
	want := status.Subscriber{Page: page, Mode: mode, Origin: status.FromOperator, Email: fmt.Sprintf("s%d@example.com", w.ids)}
	if mode != status.ModeEmail {
		want.Endpoint = fmt.Sprintf("https://example.com/%d", w.ids)
	}
	for _, e := range edit {
		e(&want)
	}
	s, err := status.NewSubscriber(want, true, w.Audience.Stamp())
	w.must(err)
	_, err = w.Audience.AddSubscriber(w.t.Context(), s, store.Beside{})
	w.must(err)
	return s
}

func (w *world) change(id string, f func(*status.Subscriber) error) {
	w.t.Helper()
	_, _, err := w.Audience.UpdateSubscriber(w.t.Context(), page, id, store.Beside{}, f)
	w.must(err)
}

func (w *world) notifying(subject string, from int64) []deliver.Version {
	w.t.Helper()
	versions, err := w.Notifying(w.t.Context(), page, subject, from)
	w.must(err)
	return versions
}

// wants is the seq that a subscriber is to hear of, 0 for none.
func (w *world) wants(subject, subscriber string, versions []deliver.Version) int64 {
	w.t.Helper()
	s, v, wanted, err := w.Wants(w.t.Context(), page, subject, subscriber, versions)
	w.must(err)
	if wanted != (s != nil) || wanted != (v.Seq != 0) || (wanted && s.ID != subscriber) {
		w.t.Fatalf("got %v, %v, %t", s, v, wanted)
	}
	return v.Seq
}

func TestAnIncidentsEventsThatNotifyAreFoundFromOneOn(t *testing.T) {
	w := newWorld(t, status.ModeEmail)
	id, first := w.post("", true, "api", status.MajorOutage)
	w.post("", true, "web", status.MajorOutage)
	w.set("web", status.Operational)
	w.post(id, false, "api", status.PartialOutage)
	_, second := w.post(id, true, "api", status.Operational)
	w.post("", true, "web", status.MajorOutage)
	incident, err := w.Pages.Incident(t.Context(), page, id)
	w.must(err)
	all := []deliver.Version{
		{Seq: first, Kind: "incident.created", Update: incident.Updates[2].ID},
		{Seq: second, Kind: "incident.updated", Update: incident.Updates[0].ID},
	}
	for _, c := range []struct {
		from int64
		want []deliver.Version
	}{{1, all}, {first, all}, {first + 1, all[1:]}, {second, all[1:]}, {second + 1, []deliver.Version{}}} {
		if diff := cmp.Diff(c.want, w.notifying(id, c.from)); diff != "" {
			t.Errorf("from %d (-want +got):\n%s", c.from, diff)
		}
	}
	w.remove(id)
	for _, gone := range []string{id, "neverthere"} {
		if got := w.notifying(gone, 1); len(got) != 0 {
			t.Errorf("%s: got %v, want nothing of what is gone", gone, got)
		}
	}
}

func TestAComponentsStatesAreFoundFromOneOnWithAndWithoutIncidents(t *testing.T) {
	w := newWorld(t, status.ModeWebhook)
	first := w.set("api", status.MajorOutage)
	id, second := w.post("", true, "api", status.PartialOutage)
	w.post("", false, "api", status.DegradedPerformance) // nobody is to hear of it
	for range 250 {                                      // more than is read in one go
		w.set("web", status.MajorOutage)
		w.set("web", status.Operational)
	}
	third := w.set("api", status.Operational)
	want := []deliver.Version{
		{Seq: first, Kind: "component.updated"}, {Seq: second, Kind: "incident.created"}, {Seq: third, Kind: "component.updated"},
	}
	if diff := cmp.Diff(want, w.notifying("api", first)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	s := w.join(status.ModeWebhook)
	if got := w.wants("api", s.ID, want); got != 0 {
		t.Errorf("got event %d for one who came later, want none", got)
	}
	w.remove(id)
	if diff := cmp.Diff([]deliver.Version{want[0], want[2]}, w.notifying("api", first)); diff != "" {
		t.Errorf("without the incident (-want +got):\n%s", diff)
	}
	w.commit(func(tx *store.Tx, cfg *status.Configuration) error {
		cfg.RemoveComponent("api")
		tx.Record(status.Event{Type: status.ComponentDeleted, Actor: operator})
		return nil
	})
	if got := w.notifying("api", first); len(got) != 0 {
		t.Errorf("got %v of a component that is gone, want nothing", got)
	}
}

func TestOnlyWhoIsToHearOfItIsWanted(t *testing.T) {
	w := newWorld(t, status.ModeEmail, status.ModeSlack)
	chosen := func(ids ...string) func(*status.Subscriber) { return func(s *status.Subscriber) { s.Components = ids } }
	subscribers := map[string]*status.Subscriber{
		"everything":        w.join(status.ModeEmail),
		"its component":     w.join(status.ModeEmail, chosen("api")),
		"its group":         w.join(status.ModeEmail, chosen("cloud")),
		"slack":             w.join(status.ModeSlack),
		"another component": w.join(status.ModeEmail, chosen("web")),
		"another kind":      w.join(status.ModeEmail, func(s *status.Subscriber) { s.Kinds = []status.NoticeKind{status.MaintenanceNotices} }),
		"another worker's":  w.join(status.ModeWebhook),
		"left":              w.join(status.ModeEmail),
		"quarantined":       w.join(status.ModeEmail),
		"suppressed":        w.join(status.ModeEmail),
	}
	id, seq := w.post("", true, "api", status.MajorOutage)
	subscribers["later"] = w.join(status.ModeEmail)
	versions := w.notifying(id, seq)
	// All of this happens after dispatch, and between reading what there is to tell and telling it.
	w.change(subscribers["left"].ID, func(s *status.Subscriber) error { s.Unsubscribe(w.now); return nil })
	w.change(subscribers["quarantined"].ID, func(s *status.Subscriber) error { return s.Quarantine(status.Bounced, w.now) })
	w.must(w.Audience.Suppress(t.Context(), "anotherpage", "another", subscribers["suppressed"].Email, status.Complained))
	for name, s := range subscribers {
		want := int64(0)
		if slices.Contains([]string{"everything", "its component", "its group", "slack"}, name) {
			want = seq
		}
		if got := w.wants(id, s.ID, versions); got != want {
			t.Errorf("%s: got event %d, want %d", name, got, want)
		}
	}
	if got := w.wants(id, "neverthere", versions); got != 0 {
		t.Errorf("nobody: got event %d, want none", got)
	}
}

func TestTheNewestEventThatIsWantedIsAnswered(t *testing.T) {
	w := newWorld(t, status.ModeEmail)
	early := w.join(status.ModeEmail)
	only := w.join(status.ModeEmail, func(s *status.Subscriber) { s.Components = []string{"web"} })
	id, first := w.post("", true, "api", status.MajorOutage)
	late := w.join(status.ModeEmail)
	_, second := w.post(id, true, "web", status.MajorOutage)
	versions := w.notifying(id, first)
	for _, c := range []struct {
		s    *status.Subscriber
		want int64
	}{{early, second}, {late, second}, {only, second}} {
		if got := w.wants(id, c.s.ID, versions); got != c.want {
			t.Errorf("got event %d, want %d", got, c.want)
		}
	}
	if got := w.wants(id, late.ID, versions[:1]); got != 0 {
		t.Errorf("got event %d for one who came after it, want none", got)
	}
}

// A worker is asked about each recipient; what it knows of the page must not be read each time, and
// must not be older than the event.
func TestThePageIsNotReadForEachRecipientAndNeverAsItWasBeforeTheEvent(t *testing.T) {
	w := newWorld(t, status.ModeEmail)
	s := w.join(status.ModeEmail, func(s *status.Subscriber) { s.Components = []string{"cloud"} })
	id, seq := w.post("", true, "web", status.MajorOutage)
	versions := w.notifying(id, seq)
	clear(w.table.queries)
	for range 20 {
		if got := w.wants(id, s.ID, versions); got != 0 {
			t.Errorf("got event %d, want none: the component is in no group", got)
		}
	}
	if diff := cmp.Diff(map[string]int{"CONFI": 1}, w.table.queries); diff != "" {
		t.Errorf("queries for twenty recipients (-want +got):\n%s", diff)
	}
	w.commit(func(tx *store.Tx, cfg *status.Configuration) error {
		cfg.SetMembers("cloud", []string{"api", "web"})
		tx.Record(status.Event{Type: status.GroupUpdated, Actor: operator})
		return nil
	})
	w.now = w.now.Add(-time.Minute) // the commit and the next one are within a moment
	_, seq = w.post(id, true, "web", status.PartialOutage)
	w.now = begin
	if got := w.wants(id, s.ID, w.notifying(id, seq)); got != seq {
		t.Errorf("got event %d, want %d: the component is in the group now", got, seq)
	}
}

func TestAReaderThatForgotReadsAgain(t *testing.T) {
	w := newWorld(t, status.ModeWebhook)
	s := w.join(status.ModeWebhook)
	first := w.set("api", status.MajorOutage)
	for range 300 { // more than is kept
		w.set("api", status.Operational)
		w.set("api", status.MajorOutage)
	}
	versions := w.notifying("api", first)
	if len(versions) != 601 {
		t.Fatalf("got %d versions, want 601", len(versions))
	}
	other := &reach.Reader{Pages: w.Pages, Audience: w.Audience, Modes: w.Modes}
	for _, r := range []*reach.Reader{w.Reader, other} {
		w.Reader = r
		for _, one := range []deliver.Version{versions[0], versions[300], versions[600]} {
			if got := w.wants("api", s.ID, []deliver.Version{one}); got != one.Seq {
				t.Errorf("got event %d, want %d", got, one.Seq)
			}
		}
	}
	if got := w.wants("web", s.ID, versions[:1]); got != 0 {
		t.Errorf("got event %d of another component, want none", got)
	}
}

func TestATableThatDoesNotAnswerIsAnError(t *testing.T) {
	w := newWorld(t, status.ModeEmail)
	s := w.join(status.ModeEmail)
	id, seq := w.post("", true, "api", status.MajorOutage)
	versions := w.notifying(id, seq)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.Notifying(ctx, page, id, seq); !errors.Is(err, context.Canceled) {
		t.Errorf("notifying: got %v", err)
	}
	if _, _, wanted, err := w.Wants(ctx, page, id, s.ID, versions); wanted || !errors.Is(err, context.Canceled) {
		t.Errorf("wants: got %t, %v", wanted, err)
	}
}
