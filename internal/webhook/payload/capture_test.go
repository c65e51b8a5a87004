package payload

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/status"
)

// captures are real webhooks of Statuspage. They are not part of this repository.
const captures = "../../../../shared/statuspage/fixtures"

// capture is one of them without its white space.
func capture(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(captures, name))
	if os.IsNotExist(err) {
		t.Skipf("no capture %s here", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, b); err != nil {
		t.Fatal(err)
	}
	return compact.Bytes()
}

func moment(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func momentOrNil(t *testing.T, s *string) *time.Time {
	t.Helper()
	if s == nil {
		return nil
	}
	return new(moment(t, *s))
}

// inputOf is the page that a capture was made from.
func inputOf(t *testing.T, m meta, p pageStatus, components ...component) Input {
	t.Helper()
	in := Input{
		Page: status.Page{ID: p.ID, Settings: status.DefaultSettings("My company")}, Configuration: status.NewConfiguration(),
		Unsubscribe: m.Unsubscribe, Documentation: m.Documentation, GeneratedAt: moment(t, m.GeneratedAt),
	}
	for _, c := range components {
		in.Configuration.Components[c.ID] = status.Component{
			ID: c.ID, Name: c.Name, Description: c.Description, Showcase: c.Showcase,
			CreatedAt: moment(t, c.CreatedAt), UpdatedAt: moment(t, c.UpdatedAt),
		}
		in.Configuration.Layout[c.ID] = status.Place{Position: c.Position}
		in.Configuration.States[c.ID] = status.State{Status: c.Status}
	}
	return in
}

func TestRealIncidentWebhooksComeOutByteByByte(t *testing.T) {
	for _, name := range []string{"webhook-2017-real.incident-created.json", "webhook-2017-real.incident-resolved.json"} {
		t.Run(name, func(t *testing.T) {
			want := capture(t, name)
			var m incidentMessage
			if err := json.Unmarshal(want, &m); err != nil {
				t.Fatal(err)
			}
			w := m.Incident
			i := &status.Incident{
				ID: w.ID, Name: w.Name, Status: w.Status, Impact: w.Impact, Shortlink: w.Shortlink,
				CreatedAt: moment(t, w.CreatedAt), UpdatedAt: moment(t, w.UpdatedAt),
				MonitoringAt: momentOrNil(t, w.MonitoringAt), ResolvedAt: momentOrNil(t, w.ResolvedAt),
			}
			for _, c := range w.Components {
				i.Components = append(i.Components, c.ID)
			}
			for _, u := range w.Updates {
				update := status.Update{
					ID: u.ID, Status: u.Status, Body: u.Body, Format: status.HTML, DeliverNotifications: u.DeliverNotifications,
					CreatedAt: moment(t, u.CreatedAt), UpdatedAt: moment(t, u.UpdatedAt), DisplayAt: moment(t, u.DisplayAt),
				}
				for _, a := range u.Affected {
					update.Affected = append(update.Affected, status.Affected(a))
				}
				i.Updates = append(i.Updates, update)
			}
			got, err := IncidentUpdate(inputOf(t, m.Meta, m.Page, w.Components...), i)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestARealComponentWebhookComesOutByteByByte(t *testing.T) {
	want := capture(t, "webhook-2017-real.component-update.json")
	var m componentMessage
	if err := json.Unmarshal(want, &m); err != nil {
		t.Fatal(err)
	}
	event := &status.Event{Page: m.Page.ID, Seq: 7, At: moment(t, m.Update.CreatedAt)}
	change := status.StateChange{Component: m.Component.ID, Old: m.Update.OldStatus, New: m.Update.NewStatus}
	got, err := ComponentUpdate(inputOf(t, m.Meta, m.Page, m.Component), event, change)
	if err != nil {
		t.Fatal(err)
	}
	got = bytes.Replace(got, []byte(updateID(event, change.Component)), []byte(m.Update.ID), 1) // ids are everybody's own
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
