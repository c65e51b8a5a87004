package replay

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/stream"
	"allclear/internal/table"
)

var update = flag.Bool("update", false, "rewrite goldens, and the stream samples that follow from http samples")

const eventsFolder = "../../events"

func samples(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(eventsFolder, "*", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	return files
}

func TestEverySampleHasTheEffectsOfItsGolden(t *testing.T) {
	seen := map[string]bool{}
	for _, file := range samples(t) {
		s, err := Read(file)
		if err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join("testdata", s.Source+"."+s.Name+".txtar")
		seen[golden] = true
		t.Run(s.Source+"/"+s.Name, func(t *testing.T) {
			got, err := File(t.Context(), file)
			if err != nil {
				t.Fatal(err)
			}
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
				t.Errorf("effects (-want +got):\n%s", diff)
			}
		})
	}
	goldens, err := filepath.Glob(filepath.Join("testdata", "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range goldens {
		if !seen[g] {
			t.Errorf("%s has no sample any more", g)
		}
	}
}

func TestReplayingTwiceGivesTheSameEffects(t *testing.T) {
	file := filepath.Join(eventsFolder, "dynamodb", "incident-created.json")
	first, err := File(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	if second, err := File(t.Context(), file); err != nil || second != first {
		t.Errorf("the second time (-first +second), %v:\n%s", err, cmp.Diff(first, second))
	}
}

// What the stream carries is what an operator's request wrote, so the samples of the one follow
// from those of the other.
func TestStreamSamplesAreWhatTheirRequestsWrite(t *testing.T) {
	for name := range given {
		source, sample, _ := strings.Cut(name, "/")
		if source != "dynamodb" {
			continue
		}
		t.Run(sample, func(t *testing.T) {
			want := lastEvent(t, source, sample)
			file := filepath.Join(eventsFolder, "dynamodb", sample+".json")
			if *update {
				if err := os.WriteFile(file, want, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			got, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("sample (-want +got):\n%s", diff)
			}
		})
	}
}

func lastEvent(t *testing.T, source, sample string) []byte {
	t.Helper()
	w, err := newWorld(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.before(t.Context(), Sample{Source: source, Name: sample}, eventsFolder); err != nil {
		t.Fatal(err)
	}
	records, err := w.tables[0].Records(t.Context(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var last table.Record
	for _, r := range records {
		if strings.HasPrefix(r.Key.Sort, "EVENT#") {
			last = r
		}
	}
	text, err := stream.Encode("Status", last)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, text, "", "  "); err != nil {
		t.Fatal(err)
	}
	return append(out.Bytes(), '\n')
}
