package intake

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"regexp"
	"testing"

	"allclear/internal/page"
)

// FuzzImport holds that no input brings the decoder down, and that what it accepts can be
// written, published, and written again without effect.
func FuzzImport(f *testing.F) {
	for _, seed := range []string{
		sampleSummary, sampleIncidents, `{` + samplePage + `,"incident":` + sampleJam + `}`, `[[[[`, `<feed xmlns="http://www.w3.org/2005/Atom"/>`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) { importAnything(t, data) })
}

// value is one scalar of the samples.
var value = regexp.MustCompile(`:("[^"]*"|null|true|false|[0-9]+)`)

// FuzzField puts any JSON text in the place of one value of a good capture, to get deeper than
// bytes at random do.
func FuzzField(f *testing.F) {
	summary, incidents := []byte(sampleSummary), []byte(sampleIncidents)
	for n := range value.FindAllIndex(summary, -1) {
		if n%7 == 0 { // enough to begin with
			f.Add(false, uint16(n), `null`)
			f.Add(true, uint16(n), `"2026-03-11T00:00:00Z"`)
		}
	}
	f.Fuzz(func(t *testing.T, second bool, n uint16, text string) {
		sample := summary
		if second {
			sample = incidents
		}
		places := value.FindAllIndex(sample, -1)
		place := places[int(n)%len(places)]
		importAnything(t, bytes.Join([][]byte{sample[:place[0]+1], []byte(text), sample[place[1]:]}, nil))
	})
}

func importAnything(t *testing.T, data []byte) {
	c, err := decode("input", data)
	if err != nil || c.feed != nil {
		return
	}
	file := filepath.Join(t.TempDir(), "x.json")
	writeFile(t, file, string(data))
	s := emptyStore(t, sampleNow)
	report, err := Run(context.Background(), s, Options{Sources: []string{file}})
	if refusal := (*Refusal)(nil); errors.As(err, &refusal) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if documents := publish(t, s, report.Page); !bytes.Contains(documents[page.PathSummary], []byte(report.Page)) {
		t.Error("nothing was published")
	}
	again, err := Run(context.Background(), s, Options{Sources: []string{file}})
	if err != nil || again.Steps != 0 {
		t.Errorf("the second run: %v, %d steps", err, again.Steps)
	}
}
