package roster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/memory"
	"allclear/internal/status"
	"allclear/internal/store"
)

var begin = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

// hall is a page with components, and room for subscribers in memory.
type hall struct {
	t       *testing.T
	options Options
	lines   []Line
	now     time.Time
}

func newHall(t *testing.T, fault ...func(context.Context, memory.Call) error) *hall {
	t.Helper()
	h := &hall{t: t, now: begin}
	o := memory.Options{Now: func() time.Time { return h.now }}
	if len(fault) > 0 {
		o.Fault = fault[0]
	}
	cfg := status.NewConfiguration()
	cfg.AddGroup(status.Group{ID: "cloud", Name: "Cloud"})
	cfg.AddGroup(status.Group{ID: "lab", Name: "Lab"})
	for id, place := range map[string][2]string{"api": {"API", "cloud"}, "api2": {"API", "lab"}, "web": {"Web", "cloud"}, "docs": {"Docs", ""}} {
		cfg.AddComponent(status.Component{ID: id, Name: place[0]}, place[1])
	}
	h.options = Options{
		Audience: store.NewAudience(memory.New(o).Table("audience"), store.Options{Now: o.Now}),
		Page:     "page", Configuration: cfg, Actor: status.Actor{Kind: status.ActorKey, Name: "test"},
		Report: func(l Line) error { h.lines = append(h.lines, l); return nil },
	}
	return h
}

func (h *hall) take(list string) (Summary, error) {
	h.t.Helper()
	h.lines = nil
	return Import(h.t.Context(), strings.NewReader(list), h.options)
}

// results are the lines without ids.
func (h *hall) results() []string {
	got := []string{}
	for _, l := range h.lines {
		got = append(got, strings.TrimSpace(fmt.Sprintf("%d %s %s", l.Number, l.Result, l.Reason)))
	}
	return got
}

func (h *hall) must(list string, want ...string) Summary {
	h.t.Helper()
	sum, err := h.take(list)
	if err != nil {
		h.t.Fatal(err)
	}
	if diff := cmp.Diff(want, h.results()); diff != "" {
		h.t.Errorf("(-want +got):\n%s", diff)
	}
	return sum
}

func (h *hall) at(mode status.Mode, address string) *status.Subscriber {
	h.t.Helper()
	id, err := h.options.Audience.SubscriberAt(h.t.Context(), "page", mode, address, "")
	if err != nil || id == "" {
		h.t.Fatalf("%s: got %q, %v, want a subscriber", address, id, err)
	}
	s, err := h.options.Audience.Subscriber(h.t.Context(), "page", id)
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

func TestAListIsTakenInLineByLine(t *testing.T) {
	h := newHall(t)
	sum := h.must("\xef\xbb\xbf"+`Type,Address,Email,Component IDs,Components,Confirmed,Kinds
email,A@Example.com,,,,true,
,b@example.com,,"api, web",Docs,no,Incidents;maintenances
webhook,https://example.com/hook,owner@example.com,,Lab - API;Lab,,components
,https://hooks.slack.com/services/T/B/x,,,,,
sms,2025550105,,,,,
pigeon,c@example.com,,,,,
email,not an address,,,,,
email,d@example.com,,nosuch,,,
email,d@example.com,,,API,,
email,d@example.com,,,,maybe,
email,d@example.com,,,,yes,components
webhook,http://example.com,,,,,
email,,,,,,
email,d@example.com,,,,,,,too many
email,a"b@example.com
email,"a`+"\xff"+`@example.com"
email,e@example.com
`,
		"2 added", "3 added is asked to confirm", "4 added", "5 added",
		"6 skipped has a type that is not possible here: subscribers by text message",
		`7 skipped has an unknown type: "pigeon"`,
		"8 skipped email must have an @ between name and domain",
		`9 skipped names an unknown component: "nosuch"`,
		`10 skipped names a component of which there are several: "API"; write its group before it, or use component_ids`,
		"11 skipped must have true or false in column confirmed",
		"12 skipped kinds can have components for webhooks only",
		"13 skipped endpoint must use https",
		"14 skipped has no address",
		"15 skipped has 9 cells, and there are 7 columns",
		`16 skipped is not CSV: bare " in non-quoted-field`,
		"17 skipped is not UTF-8 in column address",
		"18 added is asked to confirm",
	)
	if want := (Summary{Added: 5, Skipped: 12}); sum != want {
		t.Errorf("got %+v, want %+v", sum, want)
	}
	if s := h.at(status.ModeEmail, "a@example.com"); s.State != status.Active || s.Origin != status.FromRoster {
		t.Errorf("got %s from %s", s.State, s.Origin)
	}
	b := h.at(status.ModeEmail, "b@example.com")
	if diff := cmp.Diff([]string{"api", "web", "docs"}, b.Components); diff != "" || b.State != status.Unconfirmed || len(b.Kinds) != 2 {
		t.Errorf("got %s, kinds %v (-want +got):\n%s", b.State, b.Kinds, diff)
	}
	hook := h.at(status.ModeWebhook, "https://example.com/hook")
	if diff := cmp.Diff([]string{"api2", "lab"}, hook.Components); diff != "" || hook.Email != "owner@example.com" || len(hook.Secrets) != 1 {
		t.Errorf("got owner %s, %d secrets (-want +got):\n%s", hook.Email, len(hook.Secrets), diff)
	}
	h.at(status.ModeSlack, "https://hooks.slack.com/services/T/B/x")
}

func TestTakingAListAgainOverwritesAndAsksNobodyTwice(t *testing.T) {
	h := newHall(t)
	h.must("address\na@example.com\nb@example.com\n", "2 added is asked to confirm", "3 added is asked to confirm")
	h.now = h.now.Add(48 * time.Hour)
	h.must("address\na@example.com\nb@example.com\n", "2 unchanged", "3 unchanged")
	h.must("address,component_ids,confirmed\nA@example.com,api,true\nb@example.com,docs,\nb@example.com,web,\n", "2 updated", "3 updated", "4 updated")
	if s := h.at(status.ModeEmail, "a@example.com"); s.State != status.Active || len(s.Components) != 1 {
		t.Errorf("got %s of %v, want it active", s.State, s.Components)
	}
	if s := h.at(status.ModeEmail, "b@example.com"); s.State != status.Unconfirmed || s.Components[0] != "web" {
		t.Errorf("got %s of %v, want the later row", s.State, s.Components)
	}
	h.must("address,confirmed\na@example.com,false\n", "2 updated")
	if s := h.at(status.ModeEmail, "a@example.com"); s.State != status.Active {
		t.Errorf("got %s: a list has taken back what its owner said", s.State)
	}
	for part := range store.AudienceParts {
		list, err := h.options.Audience.PendingMail(t.Context(), "page", part)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list {
			if r.Date != "2026-03-10" {
				t.Errorf("got %+v, want mails of the first day only", r)
			}
		}
	}
}

func TestAListBringsBackNobodyWhoLeftOrBounced(t *testing.T) {
	h := newHall(t)
	h.options.Confirmed = true
	h.must("address\na@example.com\nb@example.com\nc@example.com\n", "2 added", "3 added", "4 added")
	ctx, a := t.Context(), h.options.Audience
	_, _, err := a.UpdateSubscriber(ctx, "page", h.at(status.ModeEmail, "a@example.com").ID, store.Beside{}, func(s *status.Subscriber) error { s.Unsubscribe(h.now); return nil })
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Suppress(ctx, "page", h.at(status.ModeEmail, "b@example.com").ID, "b@example.com", status.Bounced); err != nil {
		t.Fatal(err)
	}
	if err := a.Suppress(ctx, "page", "nobody", "d@example.com", status.Complained); err != nil {
		t.Fatal(err)
	}
	h.must("address,state\nA@example.com,\nB@example.com,\nd@example.com,\ne@example.com,quarantined\nf@example.com,unsubscribed\n",
		"2 skipped has unsubscribed on 2026-03-10", "3 unchanged is quarantined",
		"4 skipped can't be subscribed: after a complaint its address is never mailed again",
		"5 skipped is quarantined in the list", "6 skipped is unsubscribed in the list")
}

func TestConfirmationsOfAListKeepToTheCap(t *testing.T) {
	h := newHall(t)
	h.options.DailyConfirmations = 1
	sum := h.must("address\na@example.com\nA@example.com\n", "2 added is asked to confirm", "3 unchanged")
	if sum.Added != 1 {
		t.Errorf("got %+v", sum)
	}
	h.must("address\nb@example.com\n", "2 added will be asked to confirm as the daily cap allows")
}

func TestAListWithoutUsableHeadingsIsRefused(t *testing.T) {
	h := newHall(t)
	for list, says := range map[string]string{
		"":                                 "the list is empty",
		"a@example.com\n":                  `line 1 has a column that is unknown or comes twice: "a@example.com"`,
		"address,Address\n":                `comes twice: "Address"`,
		"type,confirmed\n":                 "line 1 must have a column address, email or endpoint",
		`"address`:                         "line 1 is not CSV",
		strings.Repeat("address,", 10_000): "line 1 is longer than 65536 bytes",
		"\xff\xfea\x00d\x00\n\x00":         "line 1 is UTF-16",
	} {
		if _, err := h.take(list); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.40q: got %v, want %q", list, err, says)
		}
	}
}

// endless is a list that goes on for ever, or a line that does.
type endless struct {
	text string
	at   int
	left int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	n := copy(p, e.text[e.at:])
	e.at = (e.at + n) % len(e.text)
	e.left -= n
	return n, nil
}

func TestAQuoteThatIsNeverClosedCostsItsOwnLine(t *testing.T) {
	h := newHall(t)
	h.options.Confirmed = true
	h.must("address,kinds\na@example.com,\n\"b@example.com,\nc@example.com,\n\nd@example.com,\"incidents\n\"e@example.com\",",
		"2 added", "3 skipped is not CSV: extraneous or missing \" in quoted-field", "4 added",
		"6 skipped is not CSV: extraneous or missing \" in quoted-field", "7 added")
}

func TestALineWithoutEndIsNotReadIntoMemory(t *testing.T) {
	h := newHall(t)
	h.options.Confirmed = true
	source := &endless{text: strings.Repeat("x", 1000), left: 100 << 20}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	sum, err := Import(t.Context(), io.MultiReader(strings.NewReader("address\na@example.com\n"), source, strings.NewReader("\nb@example.com\n")), h.options)
	runtime.ReadMemStats(&after)
	if err != nil || sum != (Summary{Added: 2, Skipped: 1}) || h.results()[1] != "3 skipped is longer than 65536 bytes" {
		t.Errorf("got %+v, %v, %v", sum, err, h.results())
	}
	if made := after.TotalAlloc - before.TotalAlloc; made > 8<<20 {
		t.Errorf("got %d bytes of memory for a line that is passed over", made)
	}
}

func TestSpreadsheetsWriteListsInTheirOwnWay(t *testing.T) {
	for name, list := range map[string]string{
		"semicolons":       "type;address;component_ids;confirmed\nemail;a@example.com;\"api;web\";true\n",
		"tabulators":       "type\taddress\tcomponent_ids\tconfirmed\nemail\ta@example.com\tapi;web\ttrue\n",
		"a mark and CR LF": "\xef\xbb\xbfType,Address,Component IDs,Confirmed\r\nemail,a@example.com,api;web,TRUE\r\n",
	} {
		h := newHall(t)
		h.must(list, "2 added")
		if s := h.at(status.ModeEmail, "a@example.com"); s.State != status.Active || len(s.Components) != 2 {
			t.Errorf("%s: got %s of %v", name, s.State, s.Components)
		}
	}
}

func TestAHundredMegabytesAreReadInLittleMemory(t *testing.T) {
	h := newHall(t)
	h.options.Report = nil
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	row := "pigeon," + strings.Repeat("x", 10_000) + "@example.com\n"
	sum, err := Import(t.Context(), io.MultiReader(strings.NewReader("type,address\n"), &endless{text: row, left: 100 << 20}), h.options)
	if err != nil || sum.Skipped < 10_000 {
		t.Errorf("got %+v, %v", sum, err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if kept := int64(after.HeapAlloc) - int64(before.HeapAlloc); kept > 8<<20 {
		t.Errorf("got %d bytes kept", kept)
	}
}

func TestAnImportThatStopsSaysWhereToGoOn(t *testing.T) {
	broken := errors.New("disk full")
	fail := false
	h := newHall(t, func(_ context.Context, c memory.Call) error {
		if fail && c.Moment == memory.BeforeWrite {
			for _, a := range c.Actions {
				if strings.HasPrefix(a.Item.Sort, "SUBSCRIBER#") {
					return broken
				}
			}
		}
		return nil
	})
	h.options.Confirmed = true
	list := "address\n"
	for i := range 40 {
		list += fmt.Sprintf("a%d@example.com\n", i)
	}
	h.options.Report = func(l Line) error {
		h.lines = append(h.lines, l)
		fail = len(h.lines) >= 16
		return nil
	}
	sum, err := h.take(list)
	if !errors.Is(err, broken) || sum.Added != 16 || sum.Next != 18 {
		t.Fatalf("got %+v, %v, want 16 lines and the next named", sum, err)
	}
	fail = false
	h.options.Report, h.options.From = nil, sum.Next
	if sum, err = h.take(list); err != nil || sum.Added != 24 || sum.Next != 0 {
		t.Errorf("got %+v, %v, want the rest", sum, err)
	}
	h.options.From, h.options.Until = 0, h.now
	if sum, err = h.take(list); err != nil || sum != (Summary{Next: 2}) {
		t.Errorf("out of time: got %+v, %v, want nothing begun", sum, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h.options.Until = time.Time{}
	if sum, err = Import(ctx, strings.NewReader(list), h.options); !errors.Is(err, context.Canceled) || sum.Next != 2 {
		t.Errorf("interrupted: got %+v, %v", sum, err)
	}
	audits, _, err := h.options.Audience.Audits(t.Context(), "page", "", 10)
	if err != nil || len(audits) != 4 || audits[0].Action != store.SubscribersImported {
		t.Errorf("got %v, %v, want one of every import", audits, err)
	}
}

func TestAnExportIsReadAgainAndRunsInNoSpreadsheet(t *testing.T) {
	h := newHall(t)
	h.options.Confirmed = true
	addresses := []string{"=cmd|x@example.com", "+a@example.com", "-a@example.com", "'a@example.com", "'=a@example.com", "''+a@example.com", "a@example.com"}
	list := "type,address,component_ids,kinds,confirmed\nwebhook,https://example.com/hook,api;cloud,components,\n"
	for _, a := range addresses {
		list += "email," + guard(a) + ",api,incidents,\n"
	}
	sum, err := h.take(list + "email,open@example.com,,,no\n")
	if err != nil || sum.Added != len(addresses)+2 {
		t.Fatalf("got %+v, %v: %v", sum, err, h.results())
	}
	var exported bytes.Buffer
	count, err := Export(t.Context(), &exported, h.options.Audience, "page")
	if err != nil || count != sum.Added {
		t.Fatalf("got %d, %v, want %d", count, err, sum.Added)
	}
	for line := range strings.SplitSeq(exported.String(), "\n") {
		for cell := range strings.SplitSeq(line, ",") {
			if cell = strings.Trim(cell, `"`); cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				t.Errorf("%q is a formula", cell)
			}
		}
	}
	if again, err := h.take(exported.String()); err != nil || again.Unchanged != count || again.Skipped+again.Updated+again.Added > 0 {
		t.Errorf("taken in where it came from: got %+v, %v", again, err)
	}
	other := newHall(t)
	if moved, err := other.take(exported.String()); err != nil || moved.Added != count {
		t.Errorf("taken in elsewhere: got %+v, %v", moved, err)
	}
	for _, a := range addresses {
		if s := other.at(status.ModeEmail, a); s.State != status.Active || len(s.Components) != 1 || len(s.Kinds) != 1 {
			t.Errorf("%s: got %+v", a, s)
		}
	}
	if s := other.at(status.ModeEmail, "open@example.com"); s.State != status.Unconfirmed {
		t.Errorf("got %s", s.State)
	}
}

func FuzzImport(f *testing.F) {
	f.Add("type,address\nemail,a@example.com\n")
	f.Add("address,components,confirmed\n\"a\nb\",API,\x00\n'=x@example.com")
	f.Fuzz(func(t *testing.T, list string) {
		h := newHall(t)
		sum, err := h.take(list)
		if known := (*status.Error)(nil); err != nil && !errors.As(err, &known) {
			t.Fatalf("got %v, want an error for people", err)
		}
		if sum.Added+sum.Updated+sum.Unchanged+sum.Skipped != len(h.lines) {
			t.Errorf("got %+v of %d lines", sum, len(h.lines))
		}
	})
}
