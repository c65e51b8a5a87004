package status

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// clock gives stamps a minute apart with ids in order.
type clock struct {
	now time.Time
	ids int
}

func (c *clock) stamp() Stamp {
	c.now = c.now.Add(time.Minute)
	return Stamp{Now: c.now, NewID: func() string { c.ids++; return fmt.Sprintf("id%d", c.ids) }}
}

// fixture is a page with two components in a group and one outside.
func fixture() (*Configuration, *clock) {
	cfg := NewConfiguration()
	cfg.AddGroup(Group{ID: "g", Name: "Cloud", CreatedAt: start})
	cfg.AddComponent(Component{ID: "api", Name: "API", CreatedAt: start.Add(2 * time.Second)}, "g")
	cfg.AddComponent(Component{ID: "web", Name: "Web", CreatedAt: start.Add(time.Second)}, "g")
	cfg.AddComponent(Component{ID: "docs", Name: "Docs", CreatedAt: start}, "")
	return cfg, &clock{now: start}
}

func change(edit func(*IncidentChange)) IncidentChange {
	c := IncidentChange{}
	edit(&c)
	return c
}

func mustCreate(t *testing.T, c IncidentChange, cfg *Configuration, clock *clock) *Incident {
	t.Helper()
	if c.Name == nil {
		c.Name = new("Trouble")
	}
	i, _, err := NewIncident(c, cfg, clock.stamp())
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func mustApply(t *testing.T, i *Incident, c IncidentChange, cfg *Configuration, clock *clock) Applied {
	t.Helper()
	applied, err := i.Apply(c, cfg, clock.stamp())
	if err != nil {
		t.Fatal(err)
	}
	return applied
}

func TestNewIncidentListsAttachedComponentsByCreationWithGroupNames(t *testing.T) {
	cfg, clock := fixture()
	i := mustCreate(t, change(func(c *IncidentChange) {
		c.Components = map[string]ComponentState{"api": PartialOutage}
		c.ComponentIDs = &[]string{"docs", "web"}
	}), cfg, clock)
	want := []Affected{
		{Code: "docs", Name: "Docs", Old: Operational, New: Operational},
		{Code: "web", Name: "Cloud - Web", Old: Operational, New: Operational},
		{Code: "api", Name: "Cloud - API", Old: Operational, New: PartialOutage},
	}
	if diff := cmp.Diff(want, i.Updates[0].Affected); diff != "" {
		t.Errorf("affected components (-want +got):\n%s", diff)
	}
	if got, want := i.Updates[0].Body, "We are currently investigating this issue."; got != want {
		t.Errorf("stock text: got %q, want %q", got, want)
	}
	if i.PublicImpact() != ImpactMajor || i.Status != Investigating {
		t.Errorf("got impact %s status %s, want major investigating", i.PublicImpact(), i.Status)
	}
}

func TestImpactRisesAndNeverFallsAndTheOverrideWins(t *testing.T) {
	cfg, clock := fixture()
	i := mustCreate(t, change(func(c *IncidentChange) { c.Components = map[string]ComponentState{"api": DegradedPerformance} }), cfg, clock)
	steps := []struct {
		name   string
		change func(*IncidentChange)
		want   Impact
	}{
		{"a worse state raises it", func(c *IncidentChange) { c.Components = map[string]ComponentState{"web": MajorOutage} }, ImpactCritical},
		{"a better state keeps it", func(c *IncidentChange) {
			c.Components = map[string]ComponentState{"web": Operational, "api": Operational}
		}, ImpactCritical},
		{"an override wins", func(c *IncidentChange) { c.ImpactOverride = new(ImpactMinor) }, ImpactMinor},
		{"clearing it brings back the computed one", func(c *IncidentChange) { c.ImpactOverride = new(Impact("")) }, ImpactCritical},
	}
	for _, s := range steps {
		mustApply(t, i, change(s.change), cfg, clock)
		if got := i.PublicImpact(); got != s.want {
			t.Errorf("%s: got %s, want %s", s.name, got, s.want)
		}
	}
}

func TestOnlyStatusOrBodyMakesAnUpdate(t *testing.T) {
	cfg, clock := fixture()
	i := mustCreate(t, IncidentChange{}, cfg, clock)
	quiet := change(func(c *IncidentChange) {
		c.Name, c.ImpactOverride = new("Other"), new(ImpactMajor)
		c.Components = map[string]ComponentState{"api": PartialOutage}
	})
	if applied := mustApply(t, i, quiet, cfg, clock); applied.Update != nil || len(i.Updates) != 1 || len(applied.States) != 1 {
		t.Errorf("got update %v and %d state changes, want none and 1", applied.Update, len(applied.States))
	}
	mustApply(t, i, change(func(c *IncidentChange) { c.Body = new("News") }), cfg, clock)
	mustApply(t, i, change(func(c *IncidentChange) { c.Status = new(Monitoring) }), cfg, clock)
	mustApply(t, i, change(func(c *IncidentChange) { c.Status = new(Monitoring) }), cfg, clock)
	var got []string
	for _, u := range i.Updates {
		got = append(got, string(u.Status)+": "+u.Body)
	}
	want := []string{
		"monitoring: We are continuing to monitor for any further issues.",
		"monitoring: A fix has been implemented and we are monitoring the results.",
		"investigating: News",
		"investigating: We are currently investigating this issue.",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("updates (-want +got):\n%s", diff)
	}
}

func TestReopeningClearsResolvedAtAndKeepsMonitoringAt(t *testing.T) {
	cfg, clock := fixture()
	i := mustCreate(t, change(func(c *IncidentChange) { c.Status = new(Monitoring) }), cfg, clock)
	monitoring := *i.MonitoringAt
	mustApply(t, i, change(func(c *IncidentChange) { c.Status = new(Resolved) }), cfg, clock)
	resolved := *i.ResolvedAt
	if !i.OrderTime().Equal(resolved) || i.Open() {
		t.Errorf("a resolved incident is ordered by %s and open %v", i.OrderTime(), i.Open())
	}
	mustApply(t, i, change(func(c *IncidentChange) { c.Body = new("One more thing") }), cfg, clock)
	if !i.ResolvedAt.Equal(resolved) {
		t.Errorf("a word after the end moved resolved_at to %s", i.ResolvedAt)
	}
	mustApply(t, i, change(func(c *IncidentChange) { c.Status = new(Investigating) }), cfg, clock)
	if i.ResolvedAt != nil || !i.Open() || !i.OrderTime().Equal(i.CreatedAt) {
		t.Errorf("reopened: resolved_at %v, open %v", i.ResolvedAt, i.Open())
	}
	mustApply(t, i, change(func(c *IncidentChange) { c.Status = new(Monitoring) }), cfg, clock)
	if !i.MonitoringAt.Equal(monitoring) {
		t.Errorf("monitoring_at: got %s, want that of the first time, %s", i.MonitoringAt, monitoring)
	}
}

func TestIllegalChangesNameTheField(t *testing.T) {
	until := start.Add(26 * time.Hour)
	maintenance := func(c *IncidentChange) {
		c.ScheduledFor, c.ScheduledUntil = new(start.Add(25*time.Hour)), &until
	}
	cases := []struct {
		name   string
		create func(*IncidentChange)
		change func(*IncidentChange)
		field  string
	}{
		{"a maintenance status on a realtime incident", nil, func(c *IncidentChange) { c.Status = new(InProgress) }, "incident.status"},
		{"a realtime status on a maintenance", maintenance, func(c *IncidentChange) { c.Status = new(Resolved) }, "incident.status"},
		{"an unknown word", nil, func(c *IncidentChange) { c.Status = new(IncidentStatus("broken")) }, "incident.status"},
		{"an unknown component", nil, func(c *IncidentChange) { c.Components = map[string]ComponentState{"nope": MajorOutage} }, "incident.components"},
		{"an unknown state", nil, func(c *IncidentChange) { c.Components = map[string]ComponentState{"api": "bad"} }, "incident.components"},
		{"an unknown attached id", nil, func(c *IncidentChange) { c.ComponentIDs = &[]string{"nope"} }, "incident.component_ids"},
		{"a line break in the name", nil, func(c *IncidentChange) { c.Name = new("a\r\nb") }, "incident.name"},
		{"an empty name", nil, func(c *IncidentChange) { c.Name = new(" ") }, "incident.name"},
		{"a name of 256 characters", nil, func(c *IncidentChange) { c.Name = new(strings.Repeat("ü", 256)) }, "incident.name"},
		{"a NUL in the body", nil, func(c *IncidentChange) { c.Body = new("a\x00b") }, "incident.body"},
		{"a body of 25,001 characters", nil, func(c *IncidentChange) { c.Body = new(strings.Repeat("x", MaxBody+1)) }, "incident.body"},
		{"an end before the start", maintenance, func(c *IncidentChange) { c.ScheduledUntil = new(start) }, "incident.scheduled_until"},
		{"a schedule on a realtime incident", nil, func(c *IncidentChange) { c.ScheduledFor = new(start) }, "incident.scheduled_for"},
		{"metadata that is no object of objects", nil, func(c *IncidentChange) { c.Metadata = new(`{"a":1}`) }, "incident.metadata"},
		{"reminder intervals that are no hours", nil, func(c *IncidentChange) { c.ReminderIntervals = new("often") }, "incident.reminder_intervals"},
		{"an unknown impact", nil, func(c *IncidentChange) { c.ImpactOverride = new(Impact("huge")) }, "incident.impact_override"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			cfg, clock := fixture()
			create := IncidentChange{}
			if tc.create != nil {
				tc.create(&create)
			}
			i := mustCreate(t, create, cfg, clock)
			_, err := i.Apply(change(tc.change), cfg, clock.stamp())
			var e *Error
			if !asError(err, &e) || e.Field != tc.field || e.Code != Invalid {
				t.Errorf("got %v, want an invalid %s", err, tc.field)
			}
		})
	}
}

func asError(err error, to **Error) bool {
	e, ok := err.(*Error) //nolint:errorlint // the domain wraps nothing
	*to = e
	return ok
}

func TestABackfilledIncidentHasTheTimesOfRealOnes(t *testing.T) {
	cfg, clock := fixture()
	date := start.Add(-72 * time.Hour)
	i := mustCreate(t, IncidentChange{Backfilled: true, BackfillDate: &date, Body: new("It broke.")}, cfg, clock)
	u := i.Updates[0]
	if !i.CreatedAt.Equal(date) || !i.ResolvedAt.Equal(date) || !u.DisplayAt.Equal(date) {
		t.Errorf("created %s resolved %s shown %s, want all %s", i.CreatedAt, i.ResolvedAt, u.DisplayAt, date)
	}
	if !i.StartedAt.Equal(clock.now) || !u.CreatedAt.Equal(clock.now) || u.DeliverNotifications || i.Impact != ImpactNone || u.Affected != nil {
		t.Errorf("got %+v", i)
	}
	_, _, err := NewIncident(IncidentChange{
		Name: new("x"), Backfilled: true, Components: map[string]ComponentState{"api": MajorOutage},
	}, cfg, clock.stamp())
	if err == nil {
		t.Error("components were accepted for a backfilled incident")
	}
}

func TestEditingAnUpdateKeepsItsPlaceAndMovesWhatFollowsFromItsTime(t *testing.T) {
	cfg, clock := fixture()
	i := mustCreate(t, IncidentChange{}, cfg, clock)
	mustApply(t, i, change(func(c *IncidentChange) { c.Status = new(Resolved) }), cfg, clock)
	first, last := i.Updates[1].ID, i.Updates[0].ID
	created := i.Updates[0].CreatedAt

	earlier := start.Add(-time.Hour)
	if _, err := i.EditUpdate(first, UpdateChange{DisplayAt: &earlier}, clock.stamp()); err != nil {
		t.Fatal(err)
	}
	if !i.CreatedAt.Equal(earlier) || !i.StartedAt.Equal(earlier) {
		t.Errorf("the first update's time moved created_at to %s, started_at to %s, want %s", i.CreatedAt, i.StartedAt, earlier)
	}
	ended := start.Add(90 * time.Second)
	if _, err := i.EditUpdate(last, UpdateChange{DisplayAt: &ended, Body: new("Done.")}, clock.stamp()); err != nil {
		t.Fatal(err)
	}
	if !i.ResolvedAt.Equal(ended) || i.Updates[0].ID != last || !i.Updates[0].CreatedAt.Equal(created) || !i.UpdatedAt.Equal(clock.now) {
		t.Errorf("got %+v", i)
	}
	if _, err := i.EditUpdate("nope", UpdateChange{}, clock.stamp()); err == nil {
		t.Error("an unknown update was edited")
	}
}

func TestAMaintenanceRemindsStartsAndEndsByItself(t *testing.T) {
	cfg, clock := fixture()
	begin, end := start.Add(3*time.Hour), start.Add(4*time.Hour)
	yes := new(true)
	i := mustCreate(t, IncidentChange{
		ScheduledFor: &begin, ScheduledUntil: &end, ComponentIDs: &[]string{"api"},
		RemindPrior: yes, AutoInProgress: yes, AutoCompleted: yes, ToMaintenance: yes, ToOperational: yes, NotifyAtEnd: yes,
	}, cfg, clock)
	if i.Status != Scheduled || i.PublicImpact() != ImpactMaintenance || !i.OrderTime().Equal(begin) {
		t.Fatalf("got %s %s ordered by %s", i.Status, i.PublicImpact(), i.OrderTime())
	}
	var got []string
	for _, at := range []time.Time{start.Add(time.Hour), begin.Add(-time.Hour), begin.Add(-time.Minute), begin, end.Add(-time.Second), end, end.Add(time.Hour)} {
		clock.now = at.Add(-time.Minute)
		step := i.Due(at)
		applied := i.Take(step, cfg, clock.stamp())
		line := at.Format("15:04:05") + " " + string(step)
		if u := applied.Update; u != nil {
			line += fmt.Sprintf(" %s notify=%v affected=%d", u.Status, u.DeliverNotifications, len(u.Affected))
		}
		got = append(got, line+" api="+string(cfg.Status("api")))
	}
	want := []string{
		"13:00:00  api=operational",
		"14:00:00 remind scheduled notify=true affected=0 api=operational",
		"14:59:00  api=operational",
		"15:00:00 start in_progress notify=false affected=1 api=under_maintenance",
		"15:59:59  api=under_maintenance",
		"16:00:00 complete completed notify=true affected=1 api=operational",
		"17:00:00  api=operational",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := i.Apply(change(func(c *IncidentChange) { c.Body = new("more") }), cfg, clock.stamp()); err == nil {
		t.Error("an update was accepted after the maintenance was completed")
	}
}

func TestAnIncidentUpToAnUpdateIsAsThatLeftIt(t *testing.T) {
	cfg, clock := fixture()
	i := mustCreate(t, change(func(c *IncidentChange) {
		c.Body, c.Components = new("First."), map[string]ComponentState{"api": MajorOutage}
	}), cfg, clock)
	mustApply(t, i, change(func(c *IncidentChange) {
		c.Body, c.Components = new("Second."), map[string]ComponentState{"web": PartialOutage}
	}), cfg, clock)
	mustApply(t, i, change(func(c *IncidentChange) { c.Status, c.Body = new(Resolved), new("Third.") }), cfg, clock)
	whole := i.Clone()
	for n, want := range []struct {
		status     IncidentStatus
		components []string
	}{{Resolved, []string{"web", "api"}}, {Investigating, []string{"web", "api"}}, {Investigating, []string{"api"}}} {
		got, ok := i.UpTo(i.Updates[n].ID)
		if !ok {
			t.Fatalf("update %d is not found", n)
		}
		if got.Status != want.status || !cmp.Equal(got.Components, want.components) || !cmp.Equal(got.Updates, i.Updates[n:]) {
			t.Errorf("up to update %d: got %s, components %v and %d updates, want %s, %v and %d",
				n, got.Status, got.Components, len(got.Updates), want.status, want.components, len(i.Updates)-n)
		}
	}
	if _, ok := i.UpTo("another"); ok {
		t.Error("found an update that is none of it")
	}
	if diff := cmp.Diff(whole, i); diff != "" {
		t.Errorf("the incident itself changed (-want +got):\n%s", diff)
	}
}
