package welcome_test

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/store"
	"allclear/internal/stream"
)

// The sample events of the Audience stream are what asking for a mail writes, and are handled.
func TestTheSampleEventsAreWhatTheStreamShows(t *testing.T) {
	for _, c := range []struct {
		file      string
		kind      store.MailKind
		confirmed bool
	}{
		{"confirmation-requested.json", store.MailConfirm, false},
		{"manage-link-requested.json", store.MailManage, true},
	} {
		w := newWorld(t)
		w.ask("ada@customer.example", c.confirmed, c.kind)
		var got bytes.Buffer
		for _, r := range w.changes() {
			if !store.IsMailRequest(r.Key) {
				continue
			}
			text, err := stream.Encode("audience", r)
			if err == nil {
				err = json.Indent(&got, append(text, '\n'), "", "  ")
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		file := "../../events/dynamodb-audience/" + c.file
		if *update {
			if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
		var event stream.Event
		if err := json.Unmarshal(want, &event); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			answer, err := stream.Handle(w.Each)(t.Context(), event)
			if err != nil || len(answer.BatchItemFailures) > 0 {
				t.Errorf("%s: got %+v, %v", c.file, answer, err)
			}
		}
		w.sent(c.file, "ada@customer.example")
	}
}
