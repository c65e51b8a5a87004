package page

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"allclear/internal/status"
)

// captures holds real documents of Statuspage pages. Tests that compare with them are skipped
// where it is absent.
const captures = "../../../shared/statuspage/fixtures"

func capture(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(captures, name))
	if os.IsNotExist(err) {
		t.Skipf("no capture %s here", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// captured is what a capture may contain.
type captured struct {
	Page         V2Page          `json:"page"`
	Components   []V2Component   `json:"components"`
	Incidents    []V2Incident    `json:"incidents"`
	Incident     *V2Incident     `json:"incident"`
	Maintenances []V2Maintenance `json:"scheduled_maintenances"`
}

func decodeCapture(t *testing.T, b []byte) captured {
	t.Helper()
	var c captured
	if err := json.Unmarshal(b, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// input is the capture as the domain has it, taken over as an import does.
func (c captured) input(t *testing.T) Input {
	t.Helper()
	snapshot := &status.Snapshot{
		Page: status.Page{
			ID: c.Page.ID, Seq: 7, At: moment(t, c.Page.UpdatedAt), Settings: status.DefaultSettings(c.Page.Name),
		},
		Configuration: status.NewConfiguration(),
	}
	snapshot.Page.Settings.TimeZone = c.Page.TimeZone
	addComponents(t, snapshot.Configuration, c.Components)
	if c.Incident != nil {
		c.Incidents = append(c.Incidents, *c.Incident)
	}
	for _, wire := range c.Incidents {
		i := takeOver(t, snapshot, wire.V2Common)
		i.ReminderIntervals = wire.ReminderIntervals
		snapshot.Incidents = append(snapshot.Incidents, i)
	}
	for _, wire := range c.Maintenances {
		m := takeOver(t, snapshot, wire.V2Common)
		m.Schedule = &status.Schedule{For: moment(t, wire.ScheduledFor), Until: moment(t, wire.ScheduledUntil)}
		snapshot.Maintenances = append(snapshot.Maintenances, m)
	}
	for _, list := range [][]*status.Incident{snapshot.Incidents, snapshot.Maintenances} {
		snapshot.Open = append(snapshot.Open, selected(list, (*status.Incident).Open)...)
	}
	return Input{Snapshot: snapshot, PublicURL: c.Page.URL}
}

func addComponents(t *testing.T, cfg *status.Configuration, wires []V2Component) {
	t.Helper()
	for rank, c := range wires {
		place := status.Place{Position: c.Position, Rank: rank}
		if c.GroupID != nil {
			place.Group = *c.GroupID
		}
		cfg.Layout[c.ID] = place
		created, updated := moment(t, c.CreatedAt), moment(t, c.UpdatedAt)
		if c.Group {
			cfg.Groups[c.ID] = status.Group{ID: c.ID, Name: c.Name, Description: c.Description, CreatedAt: created, UpdatedAt: updated}
			continue
		}
		cfg.Components[c.ID] = status.Component{
			ID: c.ID, Name: c.Name, Description: c.Description, Showcase: c.Showcase, StartDate: c.StartDate,
			OnlyShowIfDegraded: c.OnlyShowIfDegraded, CreatedAt: created, UpdatedAt: updated,
		}
		cfg.States[c.ID] = status.State{Status: c.Status, Since: created, UpdatedAt: created}
	}
}

func takeOver(t *testing.T, snapshot *status.Snapshot, wire V2Common) *status.Incident {
	t.Helper()
	i := &status.Incident{
		ID: wire.ID, Name: wire.Name, Status: wire.Status, Impact: wire.Impact, Shortlink: wire.Shortlink,
		CreatedAt: moment(t, wire.CreatedAt), UpdatedAt: moment(t, wire.UpdatedAt), StartedAt: moment(t, wire.StartedAt),
		MonitoringAt: momentOrNil(t, wire.MonitoringAt), ResolvedAt: momentOrNil(t, wire.ResolvedAt),
		Origin: status.OriginImport,
	}
	for _, c := range wire.Components {
		if _, known := snapshot.Configuration.Components[c.ID]; !known {
			addComponents(t, snapshot.Configuration, []V2Component{c})
		}
		i.Components = append([]string{c.ID}, i.Components...) // not in the order of the list
	}
	for _, u := range wire.Updates {
		update := status.Update{
			ID: u.ID, Status: u.Status, Body: u.Body, Format: status.HTML,
			CreatedAt: moment(t, u.CreatedAt), UpdatedAt: moment(t, u.UpdatedAt), DisplayAt: moment(t, u.DisplayAt),
			DeliverNotifications: u.DeliverNotifications, CustomTweet: u.CustomTweet, TweetID: (*string)(u.TweetID),
		}
		for _, a := range u.AffectedComponents {
			update.Affected = append(update.Affected, status.Affected(a))
		}
		i.Updates = append(i.Updates, update)
	}
	return i
}

func moment(t testing.TB, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at.UTC()
}

func momentOrNil(t *testing.T, s *string) *time.Time {
	if s == nil {
		return nil
	}
	at := moment(t, *s)
	return &at
}

// document renders one of the documents of this part of the package.
func document(t testing.TB, in Input, path string) Document {
	t.Helper()
	for _, d := range documentsOf(t, in) {
		if d.Path == path {
			return d
		}
	}
	t.Fatalf("no document %s", path)
	return Document{}
}

func documentsOf(t testing.TB, in Input) []Document {
	t.Helper()
	var all []Document
	for _, render := range []func(Input) ([]Document, error){lists, feeds, calendar, summary} {
		documents, err := render(in)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, documents...)
	}
	return all
}

// tokens are the parts of a JSON text in their order, so that the order of keys counts.
func tokens(t *testing.T, b []byte) []string {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(b))
	decoder.UseNumber()
	var list []string
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(token)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, string(text))
	}
}

// keyPaths are the keys of a JSON text in their order, each with those it is inside of; array
// positions are left out and repeated runs too.
func keyPaths(t *testing.T, b []byte) []string {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(b))
	var paths []string
	var walk func(prefix string)
	walk = func(prefix string) {
		token, err := decoder.Token()
		if err != nil {
			t.Fatal(err)
		}
		delim, _ := token.(json.Delim)
		if delim != '{' && delim != '[' {
			return
		}
		for decoder.More() {
			inside := prefix
			if delim == '{' {
				key, err := decoder.Token()
				if err != nil {
					t.Fatal(err)
				}
				inside = strings.TrimPrefix(prefix+"."+key.(string), ".")
				paths = append(paths, inside)
			}
			walk(inside)
		}
		if _, err := decoder.Token(); err != nil {
			t.Fatal(err)
		}
	}
	walk("")
	return paths
}

// sameTokens compares two JSON texts with their order.
func sameTokens(t *testing.T, got, want []byte) {
	t.Helper()
	g, w := tokens(t, got), tokens(t, want)
	for n := range min(len(g), len(w)) {
		if g[n] != w[n] {
			t.Fatalf("token %d: got %s, want %s\nafter %s", n, g[n], w[n], strings.Join(w[max(0, n-12):n], " "))
		}
	}
	if len(g) != len(w) {
		t.Fatalf("got %d tokens, want %d", len(g), len(w))
	}
}
