package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/api"
	"allclear/internal/memory"
	"allclear/internal/status"
	"allclear/internal/store"
)

var update = flag.Bool("update", false, "write the goldens anew")

const (
	pageID = "pagexxxxxxxx"
	key    = "ac_operator"
	base   = "/v1/pages/" + pageID
)

// desk is an operator at a page in memory, with a clock that stands still and ids that count.
type desk struct {
	t        *testing.T
	db       *memory.DB
	store    *store.Store
	audience *store.Audience
	handler  http.Handler
	clock    *clock
	log      *strings.Builder
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newDesk(t *testing.T, change ...func(*api.Options)) *desk {
	t.Helper()
	return newDeskOn(t, memory.Options{}, change...)
}

func newDeskOn(t *testing.T, o memory.Options, change ...func(*api.Options)) *desk {
	t.Helper()
	d := &desk{t: t, clock: &clock{now: time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)}, log: &strings.Builder{}}
	o.Now, o.Streams = d.clock.Now, []string{"audience"}
	d.db = memory.New(o)
	var ids atomic.Int64
	newID := func() string { return fmt.Sprintf("id%010d", ids.Add(1)) }
	d.store = d.newStore(newID)
	d.audience = store.NewAudience(d.db.Table("audience"), store.Options{Now: d.clock.Now, NewID: newID})
	settings := status.DefaultSettings("Example")
	settings.TimeZone = "America/New_York"
	if _, err := d.store.CreatePage(t.Context(), pageID, settings, status.Actor{Kind: status.ActorSystem, Name: "test"}); err != nil {
		t.Fatal(err)
	}
	if err := d.store.AddKey(t.Context(), "operator", key); err != nil {
		t.Fatal(err)
	}
	options := api.Options{
		Store: d.store, Audience: d.audience, PublicURL: func() string { return "https://status.example.com" },
		Logger: slog.New(slog.NewTextHandler(d.log, nil)),
	}
	for _, f := range change {
		f(&options)
	}
	d.handler = api.New(options)
	d.clock.advance(time.Minute)
	return d
}

// newStore is one more process on the same table.
func (d *desk) newStore(newID func() string) *store.Store {
	return store.New(d.db.Table("status"), store.Options{Now: d.clock.Now, NewID: newID})
}

// request makes a request with the key; headers are "Name: value".
func request(ctx context.Context, method, path, body string, headers ...string) *http.Request {
	r := httptest.NewRequestWithContext(ctx, method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "OAuth "+key)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	return r
}

type answer struct {
	t      *testing.T
	Code   int
	Header http.Header
	Body   string
}

func (d *desk) do(method, path, body string, headers ...string) answer {
	d.t.Helper()
	return d.serve(request(d.t.Context(), method, path, body, headers...))
}

func (d *desk) serve(r *http.Request) answer {
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	return answer{d.t, w.Code, w.Header(), w.Body.String()}
}

// must makes a request that has to be answered with a status.
func (d *desk) must(code int, method, path, body string, headers ...string) answer {
	d.t.Helper()
	a := d.do(method, path, body, headers...)
	if a.Code != code {
		d.t.Fatalf("%s %s %s: got %d %s, want %d", method, path, body, a.Code, a.Body, code)
	}
	return a
}

// object is the answer's JSON object.
func (a answer) object() map[string]any {
	a.t.Helper()
	return parse[map[string]any](a.t, a.Body)
}

func (a answer) list() []map[string]any {
	a.t.Helper()
	return parse[[]map[string]any](a.t, a.Body)
}

func (a answer) id() string {
	a.t.Helper()
	return a.object()["id"].(string)
}

func parse[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("answer is no JSON of that kind: %v: %s", err, text)
	}
	return v
}

func ids(list []map[string]any) []string {
	found := []string{}
	for _, e := range list {
		found = append(found, e["id"].(string))
	}
	return found
}

// component makes one and answers its id.
func (d *desk) component(name string, fields ...string) string {
	d.t.Helper()
	body := fmt.Sprintf(`{"component":{"name":%q%s}}`, name, strings.Join(append([]string{""}, fields...), ","))
	return d.must(201, "POST", base+"/components", body).id()
}

// group makes one and answers its id.
func (d *desk) group(name string, members ...string) string {
	d.t.Helper()
	list, err := json.Marshal(members)
	if err != nil {
		d.t.Fatal(err)
	}
	return d.must(201, "POST", base+"/component-groups", fmt.Sprintf(`{"component_group":{"name":%q,"components":%s}}`, name, list)).id()
}

// incident posts one and answers it.
func (d *desk) incident(fields string) map[string]any {
	d.t.Helper()
	return d.must(201, "POST", base+"/incidents", `{"incident":{`+fields+`}}`).object()
}

func (d *desk) seq() int64 {
	d.t.Helper()
	p, err := d.store.Page(d.t.Context(), pageID)
	if err != nil {
		d.t.Fatal(err)
	}
	return p.Seq
}

// event is the newest one; it must be that of the page's version.
func (d *desk) event() status.Event {
	d.t.Helper()
	seq := d.seq()
	events, err := d.store.Events(d.t.Context(), pageID, seq-1, 10)
	if err != nil || len(events) != 1 || events[0].Seq != seq {
		d.t.Fatalf("got events %v, %v, want the one of version %d", events, err, seq)
	}
	return events[0]
}

// unchanged checks that f leaves the page at its version.
func (d *desk) unchanged(f func()) {
	d.t.Helper()
	before := d.seq()
	f()
	if after := d.seq(); after != before {
		d.t.Errorf("got version %d, want still %d", after, before)
	}
}

func form(pairs ...string) string {
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Add(pairs[i], pairs[i+1])
	}
	return values.Encode()
}

// golden compares a JSON answer with a file, indented so that a person can read it.
func golden(t *testing.T, name, body string) {
	t.Helper()
	var indented bytes.Buffer
	if err := json.Indent(&indented, []byte(body), "", "  "); err != nil {
		t.Fatal(err)
	}
	got := indented.String()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}
