package replay

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"allclear/docs"
)

func TestTheExampleInTheDocumentIsWhatTheSampleMakes(t *testing.T) {
	effects, err := File(t.Context(), filepath.Join(eventsFolder, "sqs", "webhook-chunk.json"))
	if err != nil {
		t.Fatal(err)
	}
	_, post, found := strings.Cut(effects, "-- post to ")
	_, post, _ = strings.Cut(post, "\n\n")
	want, _, _ := strings.Cut(post, "\n-- ")
	_, got, documented := strings.Cut(docs.Webhooks, "```json\n")
	got, _, _ = strings.Cut(got, "\n```")
	if !found || !documented {
		t.Fatal("there is no post, or no example")
	}
	if diff := cmp.Diff(strings.TrimSpace(want), got); diff != "" {
		t.Errorf("docs/webhooks.md (-want +got):\n%s", diff)
	}
}
