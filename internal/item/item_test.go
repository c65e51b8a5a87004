package item_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/item"
	"allclear/internal/table"
)

type inner struct {
	At   time.Time  `json:"at"`
	Note *string    `json:"note"`
	Last *time.Time `json:"last,omitzero"`
}

type outer struct {
	Name   string           `json:"name"`
	Number int64            `json:"number"`
	On     bool             `json:"on"`
	List   []inner          `json:"list"`
	Counts map[string]int64 `json:"counts,omitempty"`
	Never  time.Time        `json:"never,omitzero"`
	Hidden string           `json:"-"`
}

var (
	at   = time.Date(2026, 3, 4, 5, 6, 7, 89e6, time.UTC)
	note = "x"
	full = outer{
		Name: "n", Number: 1 << 60, On: true, Counts: map[string]int64{"a": -1},
		List: []inner{{At: at, Note: &note, Last: &at}, {At: at}},
	}
)

func TestAStructIsStoredAsAPersonWouldWriteIt(t *testing.T) {
	want := table.Attributes{
		"name": "n", "number": int64(1 << 60), "on": true, "counts": map[string]any{"a": int64(-1)},
		"list": []any{
			map[string]any{"at": "2026-03-04T05:06:07.089Z", "note": "x", "last": "2026-03-04T05:06:07.089Z"},
			map[string]any{"at": "2026-03-04T05:06:07.089Z", "note": nil},
		},
	}
	hidden := full
	hidden.Hidden = "not stored"
	if diff := cmp.Diff(want, item.Encode(hidden)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	got, err := item.Decode[outer](want)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(full, got); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
}

func TestAttributesOfANewerProgramAreIgnored(t *testing.T) {
	got, err := item.Decode[inner](table.Attributes{"note": "x", "more": int64(1)})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(inner{Note: &note}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAWrongTypeIsToldWithThePathToIt(t *testing.T) {
	for path, a := range map[string]table.Attributes{
		"name: is int64":     {"name": int64(1)},
		"number: is string":  {"number": "1"},
		"on: is string":      {"on": "true"},
		"list: is string":    {"list": "a"},
		"list: 0: at: ":      {"list": []any{map[string]any{"at": "yesterday"}}},
		"list: 0: is string": {"list": []any{"a"}},
		"counts: a: is bool": {"counts": map[string]any{"a": true}},
		"counts: is []":      {"counts": []any{}},
		"never: is int64":    {"never": int64(1)},
	} {
		t.Run(path, func(t *testing.T) {
			_, err := item.Decode[outer](a)
			if err == nil || !strings.HasPrefix(err.Error(), path) {
				t.Errorf("got error %v, want one that begins with %q", err, path)
			}
		})
	}
}
