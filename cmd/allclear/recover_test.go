package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"

	"allclear/internal/recovery"
	"allclear/internal/status"
	"allclear/internal/store"
)

// parse reads a command line as main does.
func parse(t *testing.T, args ...string) (options, error) {
	t.Helper()
	var o options
	parser, err := kong.New(&o, kong.Exit(func(int) { t.Error("it wants to exit") }))
	if err != nil {
		t.Fatal(err)
	}
	_, err = parser.Parse(args)
	return o, err
}

func TestACommandWorksOnAFolderOrOnAStage(t *testing.T) {
	for _, command := range [][]string{{"recover"}, {"redrive"}, {"key", "list"}, {"key", "create", "ci"}} {
		o, err := parse(t, append(command, "--stage", "prod")...)
		if err != nil {
			t.Errorf("%v --stage: %v", command, err)
		}
		if stages := o.Recover.Stage + o.Redrive.Stage + o.Key.List.Stage + o.Key.Create.Stage; stages != "prod" {
			t.Errorf("%v --stage prod: got %q", command, stages)
		}
		o, err = parse(t, command...)
		if folders := o.Recover.Data + o.Redrive.Data + o.Key.List.Data + o.Key.Create.Data; err != nil || folders != "data" {
			t.Errorf("%v: got folder %q, %v, want data", command, folders, err)
		}
		if _, err := parse(t, append(command, "--stage", "prod", "--data", "x")...); err == nil || !strings.Contains(err.Error(), "can't be used together") {
			t.Errorf("%v --stage --data: got %v, want a refusal", command, err)
		}
	}
	for _, c := range []struct{ line, want string }{
		{"recover --from t", "--from needs --stage"},
		{"replay --function tick main.go", "--function needs --stage"},
		{"redrive --since yesterday", "must be a time such as"},
		{"redrive --until=-1h", "must be a time such as"},
	} {
		if _, err := parse(t, strings.Fields(c.line)...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.line, err, c.want)
		}
	}
}

func TestAnInstantIsATimeOrHowLongAgo(t *testing.T) {
	for text, want := range map[string]time.Time{
		"2026-11-27T10:00Z":         time.Date(2026, 11, 27, 10, 0, 0, 0, time.UTC),
		"2026-11-27T10:00:30+01:00": time.Date(2026, 11, 27, 9, 0, 30, 0, time.UTC),
	} {
		var got instant
		if err := got.UnmarshalText([]byte(text)); err != nil || !got.Equal(want) {
			t.Errorf("%s: got %s, %v, want %s", text, got, err, want)
		}
	}
	before := time.Now().Add(-90 * time.Minute)
	var got instant
	if err := got.UnmarshalText([]byte("90m")); err != nil || got.Before(before) || got.After(time.Now().Add(-90*time.Minute)) {
		t.Errorf("90m: got %s, %v, want that long ago", got, err)
	}
}

func TestOnlyTheWordYesConfirms(t *testing.T) {
	for answer, want := range map[string]bool{"yes\n": true, " yes ": true, "": false, "y\n": false, "no\n": false, "\nyes\n": false} {
		if got := confirmed(strings.NewReader(answer), &bytes.Buffer{}); got != want {
			t.Errorf("%q: got %t, want %t", answer, got, want)
		}
	}
}

func TestWhatARestoreReplacesIsNamed(t *testing.T) {
	at := time.Date(2026, 11, 27, 2, 59, 0, 0, time.UTC)
	page := &status.Page{ID: "page", Seq: 40, At: at, Settings: status.DefaultSettings("Acme")}
	plan := &store.Restore{
		Pages: []*store.PageRestore{
			{
				ID: "page", Restored: page, Live: status.Version{Seq: 43, At: at.Add(time.Hour)}, Puts: 2, Deletes: 5,
				Lost: []*status.Incident{{ID: "lost", Name: "Disk full", CreatedAt: at.Add(time.Minute)}},
			},
			{ID: "other", Deletes: 3},
			{ID: "third", Restored: page, Puts: 9},
		},
		KeysBack: []string{"old"}, KeysGone: []string{"new"},
	}
	want := `The data of table back will replace those of the live table live:

page page (Acme) goes back from 2026-11-27 03:59:00 UTC, version 43, to 2026-11-27 02:59:00 UTC, version 40: 2 items written, 5 removed
  gone: incident lost, 2026-11-27 03:00:00 UTC, "Disk full"

page other is in the live table only and will be removed: 0 items written, 3 removed

page third (Acme) comes back as it was at 2026-11-27 02:59:00 UTC, version 40: 9 items written, 0 removed
  back: API key "old"
  gone: API key "new"

Meanwhile the API answers 404; the published page stays as it is.
`
	if diff := cmp.Diff(want, replaced(plan, "back", "live")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhatARedriveDidIsSaid(t *testing.T) {
	at := time.Date(2026, 11, 27, 2, 0, 0, 0, time.UTC)
	some := recovery.Redriven{
		Page: "page", Events: []status.Event{{At: at}, {At: at.Add(time.Hour)}}, Seq: 44,
		Touched: status.Touched{Incidents: []string{"a", "b"}, Months: []string{"2026-11"}, States: []string{"c"}},
	}
	for _, c := range []struct {
		r    recovery.Redriven
		dry  bool
		want string
	}{
		{some, false, "Page page: 2 events, 2026-11-27T02:00:00Z to 2026-11-27T03:00:00Z.\nVersion 44 renders the lists, 2 incidents, 1 month, 1 component state again.\n"},
		{some, true, "Page page: 2 events, 2026-11-27T02:00:00Z to 2026-11-27T03:00:00Z.\nWould render the lists, 2 incidents, 1 month, 1 component state again. Nothing was changed.\n"},
		{recovery.Redriven{Page: "page"}, false, "Page page: no event in the window, nothing to do.\n"},
		{recovery.Redriven{Page: "p", Events: []status.Event{{At: at}}, Seq: 2, Touched: status.Touched{All: true}}, false, "Page p: 1 event, 2026-11-27T02:00:00Z to 2026-11-27T02:00:00Z.\nVersion 2 renders everything again.\n"},
	} {
		if diff := cmp.Diff(c.want, redriven(c.r, c.dry)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}
