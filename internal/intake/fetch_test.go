package intake

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// site serves documents by path and remembers what it was asked.
func site(t *testing.T, documents map[string]string) (address string, asked *[]string) {
	t.Helper()
	asked = &[]string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*asked = append(*asked, r.Method+" "+r.URL.Path+" "+r.UserAgent())
		text, ok := documents[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if code, found := strings.CutPrefix(text, "status "); found && code == "503" {
			http.Error(w, "busy", http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(text))
	}))
	t.Cleanup(server.Close)
	return server.URL, asked
}

func TestAPageIsFetchedByItsAddress(t *testing.T) {
	address, asked := site(t, map[string]string{
		"/api/v2/summary.json": sampleSummary, "/api/v2/incidents.json": sampleIncidents,
		"/history.atom": `<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>tag:status.harbour.test,2005:Incident/4711</id><link rel="alternate" href="https://status.harbour.test/incidents/incjam000001"/></entry></feed>`,
	})
	for _, source := range []string{address, address + "/", address + "/api/v2/", address + "?x=1#top"} {
		*asked = nil
		s := emptyStore(t, sampleNow)
		report, err := Run(context.Background(), s, Options{Sources: []string{source}})
		if err != nil {
			t.Fatal(err)
		}
		if want := (Counts{Components: 2, Groups: 1, Incidents: 2, Maintenances: 1}); report.Took != want {
			t.Errorf("took %v, want %v", report.Took, want)
		}
		if got := incidentOf(t, s, "incjam000001").FeedNumber; got != 4711 {
			t.Errorf("got number %d", got)
		}
		var missing []string
		for _, n := range report.NotTaken {
			if strings.Contains(n.Reason, "404") {
				missing = append(missing, strings.TrimPrefix(n.What, address))
			}
		}
		if want := []string{"/api/v2/components.json", "/api/v2/scheduled-maintenances.json"}; !slices.Equal(missing, want) {
			t.Errorf("missing %v, want %v", missing, want)
		}
		var want []string
		for _, d := range documents {
			want = append(want, "GET "+d+" "+userAgent)
		}
		if diff := cmp.Diff(want, *asked); diff != "" {
			t.Errorf("requests (-want +got):\n%s", diff)
		}
	}
}

func TestOneDocumentIsFetchedByItsAddress(t *testing.T) {
	address, asked := site(t, map[string]string{"/mirror/incidents.json": sampleIncidents})
	report, err := Run(context.Background(), emptyStore(t, sampleNow), Options{Sources: []string{address + "/mirror/incidents.json"}})
	if err != nil || report.Took.Incidents != 2 || len(*asked) != 1 {
		t.Errorf("got %v, %v after %v", report.Took, err, *asked)
	}
}

func TestWhatCannotBeFetchedIsRefused(t *testing.T) {
	gone := httptest.NewServer(nil)
	gone.Close()
	html := "<!doctype html><html>"
	for name, c := range map[string]struct {
		documents map[string]string
		want      string
	}{
		"no summary":       {map[string]string{"/api/v2/incidents.json": sampleIncidents}, "/api/v2/summary.json: there is no such document (404)"},
		"a failing server": {map[string]string{"/api/v2/summary.json": sampleSummary, "/api/v2/components.json": "status 503"}, "/api/v2/components.json: answers 503 Service Unavailable"},
		"HTML":             {map[string]string{"/api/v2/summary.json": html}, "/api/v2/summary.json: is an HTML page"},
		"other JSON":       {map[string]string{"/api/v2/summary.json": "[]"}, "/api/v2/summary.json: is a list"},
		"a huge answer":    {map[string]string{"/api/v2/summary.json": strings.Repeat(" ", 1<<17)}, "is too large"},
	} {
		t.Run(name, func(t *testing.T) {
			address, _ := site(t, c.documents)
			_, err := Run(context.Background(), emptyStore(t, sampleNow), Options{Sources: []string{address}, MaxBytes: 1 << 16})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
	_, err := Run(context.Background(), emptyStore(t, sampleNow), Options{Sources: []string{gone.URL}})
	if err == nil || !strings.Contains(err.Error(), "can't be fetched") {
		t.Errorf("got %v", err)
	}
}

func TestASlowServerIsGivenUp(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	defer close(release)
	_, err := Run(context.Background(), emptyStore(t, sampleNow), Options{Sources: []string{server.URL}, HTTP: &http.Client{Timeout: 20 * time.Millisecond}})
	if err == nil || !strings.Contains(err.Error(), "can't be fetched") {
		t.Errorf("got %v", err)
	}
}
