package templatetest

import (
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/bucket"
	"allclear/internal/bucket/memory"
	"allclear/internal/demo"
	"allclear/internal/front"
	tables "allclear/internal/memory"
	"allclear/internal/page"
	"allclear/internal/publish"
	"allclear/internal/store"
)

// nothing is what the function makes of an address that it refuses: an object that cannot be.
const nothing = "/" + bucket.Reserved + "/none"

// site is a bucket with these objects; each says its own name.
func site(t *testing.T, paths ...string) *memory.Bucket {
	t.Helper()
	b := new(memory.Bucket)
	for _, path := range paths {
		if _, err := b.Put(t.Context(), path, bucket.Object{Body: []byte(path), ContentType: "text/plain"}, bucket.Condition{}); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// askFront gives the object that the front answers with, "" for 404.
func askFront(t *testing.T, f http.Handler, address string) string {
	t.Helper()
	u, err := url.ParseRequestURI(address)
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, (&http.Request{Method: http.MethodGet, URL: u, Header: http.Header{}}).WithContext(t.Context()))
	switch w.Code {
	case http.StatusOK:
		return w.Body.String()
	case http.StatusNotFound:
		return ""
	default:
		t.Fatalf("front, %q: got %d", address, w.Code)
		return ""
	}
}

// askBucket gives the object that S3 answers with, which unescapes once and looks; "" for 404.
func askBucket(t *testing.T, b *memory.Bucket, uri string) string {
	t.Helper()
	path, err := url.PathUnescape(strings.TrimPrefix(uri, "/"))
	if err != nil {
		t.Errorf("the bucket would be asked for %q, which it cannot read", uri)
		return ""
	}
	object, _, err := b.Get(t.Context(), path)
	if err != nil {
		return ""
	}
	return string(object.Body)
}

// The cases that internal/front is held to. Objects are those that the table names; each case whose
// answer is another says why.
func TestTheEdgeFindsWhatTheFrontFinds(t *testing.T) {
	differs := map[string]string{
		"/exact": "the edge does not look, and nothing without a dot in its name is published",
	}
	text, err := os.ReadFile("../front/testdata/requests.txt")
	if err != nil {
		t.Fatal(err)
	}
	objects, addresses := []string{".hidden", "docs/.git/config"}, []string{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		if path, ok := strings.CutPrefix(line, "< = "); ok && !strings.HasPrefix(path, `"`) {
			objects = append(objects, path)
		}
		if target, ok := strings.CutPrefix(line, "> GET "); ok && strings.HasPrefix(target, "/") {
			address, _, _ := strings.Cut(target, "?")
			addresses = append(addresses, address)
		}
	}
	if len(addresses) < 50 || len(objects) < 15 {
		t.Fatalf("read %d addresses and %d objects: the table is written otherwise now", len(addresses), len(objects))
	}
	b := site(t, objects...)
	f := front.New(b, front.Options{Logger: slog.New(slog.DiscardHandler)})
	for i, found := range get(t, addresses) {
		if _, err := url.ParseRequestURI(addresses[i]); err != nil {
			continue // net/http refuses it before the front is asked
		}
		got, want := askBucket(t, b, found), askFront(t, f, addresses[i])
		if got == want {
			continue
		}
		if differs[addresses[i]] == "" {
			t.Errorf("%q: got %q by asking for %q, the front says %q", addresses[i], got, found, want)
		}
		delete(differs, addresses[i])
	}
	for address, why := range differs {
		t.Errorf("%s no longer differs (%s)", address, why)
	}
}

func TestTheEdgeFindsWhatTheFrontFindsInAddressesNobodyThoughtOf(t *testing.T) {
	parts := []string{
		"/", "//", ".", "..", "a", "b.json", "incidents", "0kx1", "index.html", ".well-known", ".meta", "%2e", "%2F", "%5c", `\`, "%",
		"%25", "%00", "%20", "é", "%c3%a9", "%ff", "%61", "api/v2", "summary.json", "history", "2026-11", ".html", "~", "+", ";", ":", "security.txt",
	}
	b := site(t, "index.html", "a.html", "a/index.html", "incidents/0kx1.html", "incidents/0kx1.json", "api/v2/summary.json", "history.html",
		"history/2026-11.html", ".well-known/security.txt", "b.json", "é.html", "a+b.json", "%.html", "..a", "a/.b.json", "~.html")
	f := front.New(b, front.Options{Logger: slog.New(slog.DiscardHandler)})
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same addresses every time
	var addresses []string
	for len(addresses) < 5_000 {
		address := "/"
		for range 1 + random.IntN(6) {
			address += parts[random.IntN(len(parts))]
			if random.IntN(2) == 0 {
				address += "/"
			}
		}
		if _, err := url.ParseRequestURI(address); err == nil {
			addresses = append(addresses, address)
		}
	}
	hits := 0
	for i, found := range get(t, addresses) {
		got, want := askBucket(t, b, found), askFront(t, f, addresses[i])
		if got != want {
			t.Fatalf("%q: got %q by asking for %q, the front says %q", addresses[i], got, found, want)
		}
		if got != "" {
			hits++
		}
	}
	if hits < 100 {
		t.Errorf("only %d of %d addresses are of an object", hits, len(addresses))
	}
}

func TestTheEdgeFindsAllThatIsPublished(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	tbl, b := tables.New(tables.Options{Now: clock}).Table("Status"), new(memory.Bucket)
	if err := demo.Seed(t.Context(), tbl, now, demo.Options{}); err != nil {
		t.Fatal(err)
	}
	s := store.New(tbl, store.Options{Now: clock})
	pages, err := s.Pages(t.Context())
	if err != nil || len(pages) != 1 {
		t.Fatalf("pages: %v, %v", pages, err)
	}
	p := publish.Publisher{
		Store: s, Bucket: b, PublicURL: "https://status.example.com", Renderer: "test", OneByOne: true,
		Logger: slog.New(slog.DiscardHandler),
	}
	if _, err := p.CatchUp(t.Context(), pages[0]); err != nil {
		t.Fatal(err)
	}
	paths, err := b.List(t.Context(), "", "", 10_000)
	if err != nil || len(paths) < 100 {
		t.Fatalf("%d documents, %v", len(paths), err)
	}
	endpoints := properties[distribution](t, "PageDistribution").Config.Behaviours
	var addresses, want []string
	for _, path := range paths {
		for _, b := range endpoints {
			prefix, suffix, _ := strings.Cut(b.Pattern, "*")
			if b.Origin != "site" && strings.HasPrefix("/"+path, prefix) && strings.HasSuffix(path, suffix) {
				t.Errorf("%s is behind %s, which an endpoint answers", path, b.Pattern)
			}
		}
		// By the address that browsers show, and by the path itself.
		addresses = append(addresses, page.Address("", path), "/"+path)
		want = append(want, "/"+path, "/"+path)
	}
	if diff := cmp.Diff(want, get(t, addresses)); diff != "" {
		t.Errorf("what the bucket is asked for (-want +got):\n%s", diff)
	}
}

func TestTheEdgeAsksForWhatItShould(t *testing.T) {
	long := strings.Repeat("x", 1023-len(".html"))
	var addresses, want []string
	for _, c := range [][2]string{
		{"/", "/index.html"},
		{"///", "/index.html"},
		{"/index.html", "/index.html"},
		{"//api/v2/status.json", "/api/v2/status.json"},
		{"/api//v2///status.json", "/api/v2/status.json"},
		{"/api/v2/status%2Ejson", "/api/v2/status%2Ejson"},
		{"/incidents/0kx1abcd2efg", "/incidents/0kx1abcd2efg.html"},
		{"/incidents/0kx1abcd2efg/", "/incidents/0kx1abcd2efg/index.html"},
		{"/history", "/history.html"},
		{"/history/2026-11", "/history/2026-11.html"},
		{"/v1.2", "/v1.2"},
		{"/.well-known/security.txt", "/.well-known/security.txt"},
		{"/%E2%98%83", "/%E2%98%83.html"},
		{"/administration", "/administration.html"},
		{"/..", nothing},
		{"/../x.json", nothing},
		{"/a/../x.json", nothing},
		{"/%2e%2e/x.json", nothing},
		{"/%2E%2e%2fx.json", nothing},
		{"/a/%2e/x.json", nothing},
		{"/a%2fx.json", nothing},
		{"/a%5cx.json", nothing},
		{`/a\x.json`, nothing},
		{"/x.json%00", nothing},
		{"/x%0d%0ay", nothing},
		{"/x%7f", nothing},
		{"/%ff", nothing},
		{"/%", nothing},
		{"/%zz", nothing},
		{"/.meta/info/x", nothing},
		{"//.meta/info/x", nothing},
		{"/%2emeta/info/x", nothing},
		{"/.git/config", nothing},
		{"/.well-known", nothing},
		{"/.well-known/.x", nothing},
		{"/a/.well-known/x", nothing},
		{"/admin", nothing},
		{"/admin/", nothing},
		{"/admin/index.html", nothing},
		{"//admin/index.html", nothing},
		{"/%61dmin/index.html", nothing},
		{"/" + long, "/" + long + ".html"},
		{"/" + long + "x", nothing},
		{"/" + strings.Repeat("x/", 4000), nothing},
	} {
		addresses, want = append(addresses, c[0]), append(want, c[1])
	}
	for i, got := range get(t, addresses) {
		if got != want[i] {
			t.Errorf("%.80q: got %.80q, want %.80q", addresses[i], got, want[i])
		}
	}
}

func TestTheEdgeAnswersAPreflightAsTheFrontDoes(t *testing.T) {
	w := httptest.NewRecorder()
	front.New(site(t), front.Options{}).ServeHTTP(w, httptest.NewRequest(http.MethodOptions, "/api/v2/summary.json", nil))
	want := map[string]string{}
	for name, values := range w.Header() {
		want[strings.ToLower(name)] = strings.Join(values, ", ")
	}
	for _, h := range front.Behaviours()[0].Headers { // the policy of the behaviour adds these
		delete(want, strings.ToLower(h.Name))
	}
	answer := atEdge(t, []edgeRequest{{http.MethodOptions, "/api/v2/summary.json"}})[0]
	got := map[string]string{}
	for name, value := range answer.Headers {
		got[name] = value["value"]
	}
	if answer.StatusCode != w.Code {
		t.Errorf("got %d, want %d", answer.StatusCode, w.Code)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
}

// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-function-restrictions.html
func TestTheEdgeTakesTheFunction(t *testing.T) {
	if size := len(code(t)); size == 0 || size > 10_000 {
		t.Errorf("got %d bytes, want at most 10 KB", size)
	}
	if strings.Contains(code(t), "${") {
		t.Error("got ${ in the function, which the deployment tool would fill in")
	}
}
