package status

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var nextDay = start.Add(24 * time.Hour)

func TestASubscriberHearsOfWhatItChose(t *testing.T) {
	cfg, _ := fixture() // api and web in group g, docs outside
	webhook := func(s *Subscriber) { s.Mode, s.Endpoint = ModeWebhook, "https://example.com/hook" }
	chose := func(ids ...string) func(*Subscriber) { return func(s *Subscriber) { s.Components = ids } }
	hears := func(kinds ...NoticeKind) func(*Subscriber) { return func(s *Subscriber) { s.Kinds = kinds } }
	only := func(id string) func(*Subscriber) { return func(s *Subscriber) { s.Incident = id } }
	incident := func(ids ...string) Notice { return Notice{IncidentNotices, nextDay, "i", ids} }
	maintenance := Notice{MaintenanceNotices, nextDay, "m", []string{"api"}}
	state := func(id string) Notice { return Notice{ComponentNotices, nextDay, "", []string{id}} }
	for _, c := range []struct {
		name   string
		s      Subscriber
		notice Notice
		want   bool
	}{
		{"the whole page, an incident without components", byMail(), incident(), true},
		{"the whole page, a maintenance", byMail(), maintenance, true},
		{"the whole page by mail, a component's state", byMail(), state("api"), false},
		{"the whole page by webhook, a component's state", byMail(webhook), state("api"), true},
		{"a chosen component", byMail(chose("api")), incident("docs", "api"), true},
		{"another component", byMail(chose("web")), incident("docs", "api"), false},
		{"a chosen component, an incident without components", byMail(chose("api")), incident(), false},
		{"a chosen group, a member", byMail(chose("g")), incident("web"), true},
		{"a chosen group, another component", byMail(chose("g")), incident("docs"), false},
		{"a chosen group by webhook, a member's state", byMail(webhook, chose("g")), state("api"), true},
		{"a chosen component by webhook, another's state", byMail(webhook, chose("g")), state("docs"), false},
		{"a deleted component", byMail(chose("gone")), incident("gone"), true},
		{"one incident", byMail(only("i")), incident("api"), true},
		{"another incident", byMail(only("j")), incident("api"), false},
		{"one maintenance", byMail(only("m")), maintenance, true},
		{"one incident by webhook, a component's state", byMail(webhook, only("i")), state("api"), false},
		{"incidents only, a maintenance", byMail(hears(IncidentNotices)), maintenance, false},
		{"maintenances only, a maintenance", byMail(hears(MaintenanceNotices)), maintenance, true},
		{"incidents only by webhook, a component's state", byMail(webhook, hears(IncidentNotices)), state("api"), false},
	} {
		s := mustSubscribe(t, c.s, true)
		if got := s.Wants(c.notice, cfg); got != c.want {
			t.Errorf("%s: got %t, want %t", c.name, got, c.want)
		}
	}
}

// Whatever is chosen, nobody hears of anything unless active and confirmed before it happened.
func TestOnlyWhoConfirmedBeforeTheEventHearsOfIt(t *testing.T) {
	cfg, _ := fixture()
	ids := []string{"api", "web", "docs", "g", "gone"}
	rapid.Check(t, func(r *rapid.T) {
		s := byMail(func(s *Subscriber) {
			s.Mode = rapid.SampledFrom(Modes()).Draw(r, "mode")
			s.State = rapid.SampledFrom(SubscriberStates()).Draw(r, "state")
			s.Components = rapid.SliceOfDistinct(rapid.SampledFrom(ids), func(id string) string { return id }).Draw(r, "components")
			s.Incident = rapid.SampledFrom([]string{"", "", "i"}).Draw(r, "incident")
			if rapid.Bool().Draw(r, "was confirmed") {
				s.ConfirmedAt = new(nextDay.Add(time.Duration(rapid.IntRange(-2, 2).Draw(r, "ms")) * time.Millisecond))
			}
		})
		n := Notice{
			Kind: rapid.SampledFrom(NoticeKinds()).Draw(r, "kind"), At: nextDay, Incident: rapid.SampledFrom([]string{"i", "j"}).Draw(r, "of"),
			Components: rapid.SliceOf(rapid.SampledFrom(ids)).Draw(r, "concerned"),
		}
		wants := s.Wants(n, cfg)
		if wants && (s.State != Active || s.ConfirmedAt == nil || !s.ConfirmedAt.Before(nextDay)) {
			r.Fatalf("%s, confirmed at %v, hears of what happened at %v", s.State, s.ConfirmedAt, nextDay)
		}
		if wants && n.Kind == ComponentNotices && s.Mode != ModeWebhook {
			r.Fatalf("%s hears of a component's state", s.Mode)
		}
		whole := s
		whole.Components, whole.Incident = nil, ""
		if wants && s.Incident == "" && !whole.Wants(n, cfg) {
			r.Fatal("who chose some components hears of more than who chose the page")
		}
		more := s
		more.Components = append(slices.Clone(s.Components), "docs")
		if wants && len(s.Components) > 0 && !more.Wants(n, cfg) {
			r.Fatal("choosing one more component takes something away")
		}
	})
}

func TestAnEventIsNewsOfItsIncidentAndOfStates(t *testing.T) {
	i := &Incident{ID: "i", Components: []string{"api"}, Updates: []Update{{Affected: []Affected{{Code: "web"}}}, {}}}
	m := &Incident{ID: "m", Schedule: &Schedule{}}
	states := []StateChange{{Component: "docs", Old: Operational, New: MajorOutage}}
	ofIncident := Notice{IncidentNotices, nextDay, "i", []string{"api", "docs", "web"}}
	ofState := Notice{ComponentNotices, nextDay, "", []string{"docs"}}
	for _, c := range []struct {
		name string
		e    Event
		i    *Incident
		want []Notice
	}{
		{"an incident", Event{At: nextDay, Incident: "i", Notify: true, States: states}, i, []Notice{ofIncident, ofState}},
		{"a maintenance", Event{At: nextDay, Incident: "m", Notify: true}, m, []Notice{{MaintenanceNotices, nextDay, "m", nil}}},
		{"a component", Event{At: nextDay, States: states}, nil, []Notice{ofState}},
		{"not to be told", Event{At: nextDay, Incident: "i", States: states}, i, nil},
		{"imported", Event{At: nextDay, Incident: "i", Notify: true, States: states, Origin: OriginImport}, i, nil},
		{"backfilled", Event{At: nextDay, Incident: "i", Notify: true}, &Incident{ID: "i", Backfilled: true}, nil},
		{"deleted meanwhile", Event{At: nextDay, Incident: "i", Notify: true, States: states}, nil, nil},
		{"a new name of the page", Event{At: nextDay, Type: PageUpdated}, nil, nil},
	} {
		if diff := cmp.Diff(c.want, NoticesOf(&c.e, c.i)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}
