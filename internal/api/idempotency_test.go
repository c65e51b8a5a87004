package api_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"allclear/internal/api"
	"allclear/internal/store"
)

const again = "Idempotency-Key: once"

func TestTheSameRequestAgainGetsTheSameAnswerAndHasNoSecondEffect(t *testing.T) {
	d, names := furnished(t)
	for _, r := range []struct {
		code               int
		method, path, body string
	}{
		{201, "POST", base + "/incidents", `{"incident":{"name":"x"}}`},
		{201, "POST", base + "/components", `{"component":{"name":"x"}}`},
		{200, "PATCH", base + "/components/COMPONENT", `{"component":{"name":"y"}}`},
		{200, "PUT", base, `{"page":{"name":"z"}}`},
		{200, "PATCH", base + "/incidents/INCIDENT/incident_updates/UPDATE", `{"incident_update":{"body":"y"}}`},
		{200, "DELETE", base + "/incidents/INCIDENT", ``},
		{200, "DELETE", base + "/component-groups/GROUP", ``},
		{204, "DELETE", base + "/components/COMPONENT", ``},
	} {
		header := "Idempotency-Key: " + r.method + " " + r.path
		path := names.Replace(r.path)
		first := d.must(r.code, r.method, path, r.body, header)
		if got := first.Header.Get("Idempotency-Replayed"); got != "" {
			t.Errorf("%s %s: the first answer says it is replayed", r.method, r.path)
		}
		d.clock.advance(time.Minute)
		d.unchanged(func() {
			second := d.must(r.code, r.method, path+".json", r.body, header)
			if second.Body != first.Body || second.Header.Get("Idempotency-Replayed") != "true" ||
				second.Header.Get("Content-Type") != first.Header.Get("Content-Type") {
				t.Errorf("%s %s: got %v %s, want %s again", r.method, r.path, second.Header, second.Body, first.Body)
			}
		})
	}
}

func TestAKeyThatWasUsedForAnotherRequestIsRefused(t *testing.T) {
	d, names := furnished(t)
	d.must(201, "POST", base+"/incidents", `{"incident":{"name":"x"}}`, again)
	for _, r := range [][3]string{
		{"POST", base + "/incidents", `{"incident":{"name":"y"}}`},
		{"POST", base + "/components", `{"incident":{"name":"x"}}`},
		{"PATCH", base + "/incidents/INCIDENT", `{"incident":{"name":"x"}}`},
		{"DELETE", base + "/incidents/INCIDENT", ``},
	} {
		d.unchanged(func() {
			a := d.must(422, r[0], names.Replace(r[1]), r[2], again)
			if got := problem(t, a); !strings.Contains(got, "Idempotency-Key was used for another request") {
				t.Errorf("got %q", got)
			}
		})
	}
	d.clock.advance(25 * time.Hour)
	d.must(201, "POST", base+"/incidents", `{"incident":{"name":"y"}}`, again)
}

func TestARefusedRequestLeavesItsKeyFree(t *testing.T) {
	d := newDesk(t)
	d.must(422, "POST", base+"/incidents", `{"incident":{"name":""}}`, again)
	d.must(201, "POST", base+"/incidents", `{"incident":{"name":"x"}}`, again)
}

func TestIdempotencyKeysAreChecked(t *testing.T) {
	d := newDesk(t)
	for _, bad := range []string{"", strings.Repeat("k", 256), "naïve", "a\x00b", "tab\tbed"} {
		r := request(t.Context(), "POST", base+"/incidents", `{"incident":{"name":"x"}}`)
		r.Header.Set("Idempotency-Key", bad)
		d.unchanged(func() {
			if a := d.serve(r); a.Code != 422 || !strings.HasPrefix(problem(t, a), "Idempotency-Key must be") {
				t.Errorf("%q: got %d %s, want 422", bad, a.Code, a.Body)
			}
		})
	}
	d.must(201, "POST", base+"/incidents", `{"incident":{"name":"x"}}`, "Idempotency-Key: "+strings.Repeat("k", 255))
	d.must(200, "GET", base+"/incidents", "", "Idempotency-Key: "+strings.Repeat("k", 256)) // reading needs none
}

// Two processes get the same request many times at once, as a client that is impatient sends it.
func TestOneOfManyEqualRequestsAtOnceHasAnEffect(t *testing.T) {
	d := newDesk(t)
	other := api.New(api.Options{Store: d.newStore(store.RandomID), Audience: d.audience})
	before := d.seq()
	answers := make([]answer, 40)
	var group sync.WaitGroup
	for n := range answers {
		group.Go(func() {
			handler := d.handler
			if n%2 == 1 {
				handler = other
			}
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, request(t.Context(), "POST", base+"/incidents", `{"incident":{"name":"x"}}`, again))
			answers[n] = answer{t, w.Code, w.Header(), w.Body.String()}
		})
	}
	group.Wait()
	fresh, ids := 0, map[string]bool{}
	for _, a := range answers {
		if a.Code != 201 {
			t.Fatalf("got %d %s, want 201", a.Code, a.Body)
		}
		ids[a.id()] = true
		if a.Header.Get("Idempotency-Replayed") == "" {
			fresh++
		}
	}
	if after := d.seq(); fresh != 1 || len(ids) != 1 || after != before+1 {
		t.Errorf("got %d fresh answers, %d incidents and %d versions, want 1 of each", fresh, len(ids), after-before)
	}
}

func TestManyIncidentsAtOnceAreAllKept(t *testing.T) {
	d := newDesk(t)
	before := d.seq()
	var group sync.WaitGroup
	codes := make([]int, 100)
	for n := range codes {
		group.Go(func() {
			w := httptest.NewRecorder()
			d.handler.ServeHTTP(w, request(t.Context(), "POST", base+"/incidents", fmt.Sprintf(`{"incident":{"name":"incident %d"}}`, n)))
			codes[n] = w.Code
		})
	}
	group.Wait()
	for n, code := range codes {
		if code != 201 {
			t.Errorf("request %d: got %d, want 201", n, code)
		}
	}
	if got := d.seq() - before; got != 100 {
		t.Errorf("got %d versions, want 100", got)
	}
	names := map[string]bool{}
	for _, i := range d.must(200, "GET", base+"/incidents", "").list() {
		names[i["name"].(string)] = true
	}
	if len(names) != 100 {
		t.Errorf("got %d incidents, want 100", len(names))
	}
}

// The two lie in different tables, each beside what it did.
func TestTheKeysOfSubscribersAreApartFromAllOthers(t *testing.T) {
	d := newDesk(t)
	incident := d.must(201, "POST", base+"/incidents", `{"incident":{"name":"x"}}`, again)
	subscriber := d.must(201, "POST", base+"/subscribers", `{"subscriber":{"email":"a@example.com"}}`, again)
	d.unchanged(func() {
		if a := d.must(201, "POST", base+"/incidents", `{"incident":{"name":"x"}}`, again); a.Body != incident.Body {
			t.Errorf("got %s, want %s again", a.Body, incident.Body)
		}
		if a := d.must(201, "POST", base+"/subscribers", `{"subscriber":{"email":"a@example.com"}}`, again); a.Body != subscriber.Body {
			t.Errorf("got %s, want %s again", a.Body, subscriber.Body)
		}
		d.must(422, "POST", base+"/subscribers", `{"subscriber":{"email":"b@example.com"}}`, again)
		d.must(422, "POST", base+"/incidents", `{"incident":{"name":"y"}}`, again)
	})
}
