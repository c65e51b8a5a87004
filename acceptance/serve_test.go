package acceptance

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestAPostedIncidentIsOnEveryPublicDocument(t *testing.T) {
	s := serve(t, t.TempDir())
	var component, incident object
	s.call("POST", "/components", `{"component":{"name":"API <b>"}}`, http.StatusCreated, &component)
	s.call("POST", "/incidents", fmt.Sprintf(
		`{"incident":{"name":"Slow <script>alert(1)</script>","body":"We are **looking**.","components":{%q:"major_outage"}}}`, component.ID,
	), http.StatusCreated, &incident)
	s.eventually("the summary has the incident", func() bool {
		var got summary
		s.decode("/api/v2/summary.json", &got)
		return len(got.Incidents) == 1 && got.Incidents[0].ID == incident.ID && got.Status.Description == "Major System Outage"
	})
	for path, want := range map[string]string{
		"/":                         "We are <strong>looking</strong>.",
		"/incidents/" + incident.ID: "We are <strong>looking</strong>.",
		"/api/v2/incidents/" + incident.ID + ".json": "We are **looking**.",
		"/api/v2/incidents.json":                     incident.ID,
		"/history":                                   "/incidents/" + incident.ID,
		"/history.atom":                              "/incidents/" + incident.ID,
		"/history.rss":                               "/incidents/" + incident.ID,
	} {
		s.eventually(path+" shows it", func() bool {
			code, body := s.get(path)
			return code == http.StatusOK && strings.Contains(body, want)
		})
		if _, body := s.get(path); strings.Contains(body, "<script>alert") && !strings.HasPrefix(path, "/api/") {
			t.Errorf("%s lets a script through", path)
		}
	}
	s.call("DELETE", "/incidents/"+incident.ID, "", http.StatusOK, nil)
	s.eventually("the deleted incident's page is gone", func() bool {
		code, _ := s.get("/incidents/" + incident.ID)
		return code == http.StatusNotFound
	})
}

func TestAMaintenanceRunsByItself(t *testing.T) {
	s := serve(t, t.TempDir(), "--tick", "20ms")
	var component, maintenance object
	s.call("POST", "/components", `{"component":{"name":"Database"}}`, http.StatusCreated, &component)
	now := time.Now().UTC()
	s.call("POST", "/incidents", fmt.Sprintf(`{"incident":{"name":"Upgrade","status":"scheduled","scheduled_for":%q,"scheduled_until":%q,
		"scheduled_auto_in_progress":true,"scheduled_auto_completed":true,"auto_transition_to_maintenance_state":true,
		"auto_transition_to_operational_state":true,"component_ids":[%q]}}`,
		now.Add(-time.Minute).Format(time.RFC3339Nano), now.Add(1500*time.Millisecond).Format(time.RFC3339Nano), component.ID,
	), http.StatusCreated, &maintenance)
	s.eventually("it is in progress and its component under maintenance", func() bool {
		var got summary
		s.decode("/api/v2/summary.json", &got)
		return len(got.ScheduledMaintenances) == 1 && got.ScheduledMaintenances[0].Status == "in_progress" &&
			got.Components[0].Status == "under_maintenance" && got.Status.Indicator == "maintenance"
	})
	s.eventually("it is completed and its component operational", func() bool {
		var got summary
		s.decode("/api/v2/summary.json", &got)
		return len(got.ScheduledMaintenances) == 0 && got.Components[0].Status == "operational"
	})
	_, body := s.get("/api/v2/incidents/" + maintenance.ID + ".json")
	if !strings.Contains(body, "The scheduled maintenance has been completed.") {
		t.Errorf("no stock text in %s", body)
	}
}

func TestAKilledServerLosesNothingAndPublishesWhatItOwed(t *testing.T) {
	dir := t.TempDir()
	var acknowledged []string
	for round := range 5 {
		s := serve(t, dir)
		posting := make(chan []string)
		go func() { // until the server is gone
			var ids []string
			for {
				code, answer, err := s.try("POST", "/incidents", fmt.Sprintf(`{"incident":{"name":"Round %d"}}`, round))
				var made object
				if err != nil || code != http.StatusCreated || json.Unmarshal(answer, &made) != nil {
					posting <- ids
					return
				}
				ids = append(ids, made.ID)
			}
		}()
		path := filepath.Join(dir, "public", "api", "v2", "summary.json")
		before, _ := os.Stat(path)
		s.eventually("something of this round is published", func() bool {
			now, err := os.Stat(path)
			return err == nil && before != nil && now.ModTime().After(before.ModTime())
		})
		s.kill()
		acknowledged = append(acknowledged, <-posting...)
	}
	if len(acknowledged) < 5 {
		t.Fatalf("only %d incidents were acknowledged", len(acknowledged))
	}
	s := serve(t, dir)
	var got summary
	s.decode("/api/v2/summary.json", &got)
	published := map[string]bool{}
	for _, i := range got.Incidents {
		if published[i.ID] {
			t.Errorf("incident %s is there twice", i.ID)
		}
		published[i.ID] = true
	}
	for _, id := range acknowledged {
		if !published[id] {
			t.Errorf("incident %s was acknowledged and is not in the summary", id)
		}
		if code, _ := s.get("/incidents/" + id); code != http.StatusOK {
			t.Errorf("incident %s has no page: %d", id, code)
		}
	}
}

func TestASecondServeOnTheSameFolderNamesTheFirst(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, dir)
	output, code := allclear(t, "serve", "--addr", "127.0.0.1:0", "--data", dir)
	if code != 1 || !strings.Contains(output, fmt.Sprint(s.PID)) {
		t.Errorf("got exit code %d and %q, want 1 and the pid %d", code, output, s.PID)
	}
}

func TestStoppingDrainsAndCleansUp(t *testing.T) {
	dir := t.TempDir()
	s := serve(t, dir)
	contract := filepath.Join(dir, "local.json")
	for _, name := range []string{contract, filepath.Join(dir, "local.key"), filepath.Join(dir, "allclear.db")} {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: got %v, %v; want mode 0600", filepath.Base(name), info.Mode(), err)
		}
	}
	for n := range 20 {
		s.call("POST", "/incidents", fmt.Sprintf(`{"incident":{"name":"Number %d"}}`, n), http.StatusCreated, nil)
	}
	if code := s.stop(); code != 0 {
		t.Errorf("exit code %d:\n%s", code, s.output)
	}
	if _, err := os.Stat(contract); !os.IsNotExist(err) {
		t.Errorf("local.json after the stop: %v", err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "public", "api", "v2", "summary.json"))
	var got summary
	if err != nil || json.Unmarshal(text, &got) != nil || len(got.Incidents) != 20 {
		t.Errorf("published at the stop: %d incidents, %v; want 20", len(got.Incidents), err)
	}
	again := serve(t, dir)
	if again.APIKey != s.APIKey || again.PageID != s.PageID {
		t.Error("a restart changed the key or the page")
	}
}

func TestOutsidersGetClearRefusalsAndNothingElse(t *testing.T) {
	s := serve(t, t.TempDir())
	for path, want := range map[string]int{
		"/../allclear.db": http.StatusNotFound, "/%2e%2e/allclear.db": http.StatusNotFound, "/..%2flocal.key": http.StatusNotFound,
		"/.meta/index.html": http.StatusNotFound, "/incidents/nope": http.StatusNotFound, "//api/v2/status.json": http.StatusOK,
	} {
		if code, _ := s.get(path); code != want {
			t.Errorf("GET %s: got %d, want %d", path, code, want)
		}
	}
	for name, ask := range map[string]func() (int, []byte, error){
		"an unknown page": func() (int, []byte, error) { s := *s; s.PageID = "nope"; return s.try("GET", "", "") },
		"a wrong key":     func() (int, []byte, error) { s := *s; s.APIKey = "wrong"; return s.try("GET", "", "") },
		"too much":        func() (int, []byte, error) { return s.try("POST", "/incidents", strings.Repeat("x", 2<<20)) },
		"no JSON":         func() (int, []byte, error) { return s.try("POST", "/incidents", "{") },
		"a wrong method":  func() (int, []byte, error) { return s.try("PATCH", "/incidents", "{}") },
	} {
		code, answer, err := ask()
		var said struct{ Message, Error string }
		if err != nil || code < 400 || code >= 500 || json.Unmarshal(answer, &said) != nil || said.Message == "" || said.Error == "" {
			t.Errorf("%s: got %d %s, %v; want a 4xx with message and error", name, code, answer, err)
		}
	}
}

func TestAnImportBesideARunningServerIsFollowed(t *testing.T) {
	captures := filepath.Join("..", "..", "shared", "statuspage", "fixtures")
	if _, err := os.Stat(captures); err != nil {
		t.Skip("the captures of real pages are not here")
	}
	dir := t.TempDir()
	s := serve(t, dir)
	files := []string{"v2-summary.github.full.json", "v2-incidents.github.full.json"}
	arguments := []string{"import", "--data", dir}
	for _, name := range files {
		path, err := filepath.Abs(filepath.Join(captures, name))
		if err != nil {
			t.Fatal(err)
		}
		arguments = append(arguments, path)
	}
	if output, code := allclear(t, arguments...); code != 0 {
		t.Fatalf("import: exit code %d:\n%s", code, output)
	}
	s.eventually("local.json names the page taken over", func() bool {
		text, err := os.ReadFile(filepath.Join(dir, "local.json"))
		var c contract
		return err == nil && json.Unmarshal(text, &c) == nil && c.PageID == "kctbh9vrtdwd"
	})
	s.eventually("the documents have followed", func() bool {
		var got struct{ Incidents []object }
		s.decode("/api/v2/incidents.json", &got)
		return len(got.Incidents) == 50
	})
	if output, code := allclear(t, arguments...); code != 0 {
		t.Errorf("the second import: exit code %d:\n%s", code, output)
	}

	other := t.TempDir() // without a server the import publishes by itself
	arguments[2] = other
	if output, code := allclear(t, arguments...); code != 0 {
		t.Fatalf("import into an empty folder: exit code %d:\n%s", code, output)
	}
	if _, err := fs.Stat(os.DirFS(other), "public/api/v2/summary.json"); err != nil {
		t.Errorf("nothing published: %v", err)
	}
}

func TestTheDemoIsAPageOneCouldBelieve(t *testing.T) {
	s := serve(t, t.TempDir(), "--demo")
	var got summary
	s.decode("/api/v2/summary.json", &got)
	if len(got.Components) < 12 || len(got.Incidents) == 0 || len(got.ScheduledMaintenances) == 0 || got.Status.Indicator == "none" {
		t.Errorf("%d components, %d open incidents, %d maintenances, %q", len(got.Components), len(got.Incidents), len(got.ScheduledMaintenances), got.Status.Description)
	}
	var all struct{ Incidents []object }
	s.decode("/api/v2/incidents.json", &all)
	if len(all.Incidents) < 20 {
		t.Errorf("%d incidents, want 20 at least", len(all.Incidents))
	}
	s.stop()
	if output := s.output.String(); strings.Contains(output, "level=WARN") || strings.Contains(output, "level=ERROR") {
		t.Errorf("a first start warns:\n%s", output)
	}
}
