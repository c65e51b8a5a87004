package front_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/google/go-cmp/cmp"

	"allclear/internal/bucket"
	"allclear/internal/bucket/memory"
	"allclear/internal/front"
)

// exchange is one case of testdata/requests.txt.
type exchange struct {
	name    string
	request []string // its lines
	want    []string // what is asked of the answer
}

func exchanges(t *testing.T) []exchange {
	t.Helper()
	text, err := os.ReadFile("testdata/requests.txt")
	if err != nil {
		t.Fatal(err)
	}
	var all []exchange
	for block := range strings.SplitSeq(string(text), "\n\n") {
		var e exchange
		for line := range strings.Lines(strings.TrimSpace(block)) {
			line = strings.TrimRight(line, "\n")
			switch kind, rest, _ := strings.Cut(line, " "); kind {
			case "#":
				e.name = rest
			case ">":
				e.request = append(e.request, rest)
			case "<":
				e.want = append(e.want, rest)
			default:
				t.Fatalf("testdata/requests.txt: cannot read line %q", line)
			}
		}
		if e.request != nil {
			all = append(all, e)
		}
	}
	return all
}

func TestEveryRequestIsAnsweredAsTheTableSays(t *testing.T) {
	objects, b := site(t)
	server := httptest.NewServer(front.New(b, front.Options{}))
	t.Cleanup(server.Close)
	for _, e := range exchanges(t) {
		t.Run(e.name, func(t *testing.T) {
			for i := range e.request {
				e.request[i] = fill(t, objects, e.request[i])
			}
			answer, body := send(t, server, e.request)
			checkSecurity(t, e.request[0], answer)
			for _, want := range e.want {
				check(t, objects, answer, body, fill(t, objects, want))
			}
			if rest, ok := strings.CutPrefix(e.request[0], "GET "); ok {
				checkHead(t, server, append([]string{"HEAD " + rest}, e.request[1:]...), answer)
			}
		})
	}
}

var placeholder = regexp.MustCompile(`\{etag ([^}]+)\}`)

func fill(t *testing.T, objects map[string]bucket.Object, line string) string {
	return placeholder.ReplaceAllStringFunc(line, func(match string) string {
		object, ok := objects[placeholder.FindStringSubmatch(match)[1]]
		if !ok {
			t.Fatalf("no object for %s", match)
		}
		return bucket.ETag(object.Body)
	})
}

// send writes the request byte for byte: a client would clean its address.
func send(t *testing.T, server *httptest.Server, lines []string) (*http.Response, []byte) {
	t.Helper()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	method, target, _ := strings.Cut(lines[0], " ")
	lines = append([]string{method + " " + target + " HTTP/1.1", "Host: status.example.com", "Connection: close"}, lines[1:]...)
	if _, err := io.WriteString(conn, strings.Join(lines, "\r\n")+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	if length := answer.Header.Get("Content-Length"); method != "HEAD" && length != "" && length != strconv.Itoa(len(body)) {
		t.Errorf("Content-Length %s of %d bytes", length, len(body))
	}
	return answer, decode(t, answer.Header.Get("Content-Encoding"), body)
}

func decode(t *testing.T, encoding string, body []byte) []byte {
	t.Helper()
	if len(body) == 0 {
		return body
	}
	var r io.Reader = bytes.NewReader(body)
	switch encoding {
	case "":
		return body
	case "br":
		r = brotli.NewReader(r)
	case "gzip":
		unzipped, err := gzip.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		r = unzipped
	default:
		t.Fatalf("unknown encoding %q", encoding)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

func check(t *testing.T, objects map[string]bucket.Object, answer *http.Response, body []byte, want string) {
	t.Helper()
	name, value, isHeader := strings.Cut(want, ": ")
	switch {
	case strings.HasPrefix(want, `= "`):
		text, err := strconv.Unquote(want[2:])
		if err != nil || string(body) != text {
			t.Errorf("body = %q, want %s", body, want[2:])
		}
	case strings.HasPrefix(want, "= "):
		object, ok := objects[want[2:]]
		if !ok {
			t.Fatalf("no object %q", want[2:])
		}
		if !bytes.Equal(body, object.Body) {
			t.Errorf("body = %.80q (%d bytes), want %s", body, len(body), want[2:])
		}
	case strings.HasPrefix(want, "! "):
		if got, ok := answer.Header[http.CanonicalHeaderKey(want[2:])]; ok {
			t.Errorf("%s: %q, want none", want[2:], got)
		}
	case isHeader:
		if diff := cmp.Diff([]string{value}, answer.Header[http.CanonicalHeaderKey(name)]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	default:
		if got := strconv.Itoa(answer.StatusCode); got != want {
			t.Errorf("status = %s, want %s", got, want)
		}
	}
}

// checkSecurity holds an answer to headers that no kind of address goes without.
func checkSecurity(t *testing.T, request string, answer *http.Response) {
	t.Helper()
	for _, name := range []string{"Content-Security-Policy", "Permissions-Policy", "Referrer-Policy", "X-Content-Type-Options"} {
		if got := answer.Header[http.CanonicalHeaderKey(name)]; len(got) != 1 || got[0] == "" {
			t.Errorf("%s: %s = %q, want one", request, name, got)
		}
	}
	if got := answer.Header["Strict-Transport-Security"]; got != nil {
		t.Errorf("%s: Strict-Transport-Security = %q over plain HTTP", request, got)
	}
}

// checkHead asks for HEAD to have what GET has, without the body. A range is for GET alone, and
// net/http counts the bytes of a 412 without a body for GET alone.
func checkHead(t *testing.T, server *httptest.Server, request []string, get *http.Response) {
	t.Helper()
	if lines := strings.Join(request, "\n"); strings.Contains(lines, "\nRange:") || strings.Contains(lines, "\nIf-Match:") {
		return
	}
	head, body := send(t, server, request)
	if len(body) != 0 {
		t.Errorf("HEAD has a body of %d bytes", len(body))
	}
	got, want := head.Header.Clone(), get.Header.Clone()
	got.Del("Date")
	want.Del("Date")
	if diff := cmp.Diff(want, got); head.StatusCode != get.StatusCode || diff != "" {
		t.Errorf("HEAD = %d, GET = %d; headers (-GET +HEAD):\n%s", head.StatusCode, get.StatusCode, diff)
	}
}

// site is a bucket with one of everything.
func site(t testing.TB) (map[string]bucket.Object, *memory.Bucket) {
	t.Helper()
	const (
		short   = "public, max-age=5"
		forever = "public, max-age=31536000, immutable"
		html    = "text/html; charset=utf-8"
		plain   = "text/plain; charset=utf-8"
		json    = "application/json; charset=utf-8"
	)
	long := func(first string) []byte { return []byte(first + strings.Repeat("All Systems Operational\n", 100)) }
	noise := make([]byte, 2000)
	state := uint32(1)
	for i := range noise {
		state = state*1664525 + 1013904223 // incompressible, and the same every time
		noise[i] = byte(state >> 24)
	}
	objects := map[string]bucket.Object{
		"index.html":                   {Body: long("<!doctype html>"), ContentType: html, CacheControl: short, Seq: 1},
		"404.html":                     {Body: long("<!doctype html><title>Not found</title>"), ContentType: html, CacheControl: short, Seq: 1},
		"docs/index.html":              {Body: long("docs"), ContentType: html, CacheControl: short, Seq: 1},
		"incidents/0kx1abcd2efg.html":  {Body: long("incident"), ContentType: html, CacheControl: short, Seq: 1},
		"incidents/0kx1abcd2efg.json":  {Body: long("{"), ContentType: json, CacheControl: short, Seq: 1},
		"history/2026-07.html":         {Body: long("month"), ContentType: html, CacheControl: short, Seq: 1},
		"exact":                        {Body: []byte("exact"), ContentType: plain, CacheControl: short, Seq: 1},
		"exact.html":                   {Body: []byte("page"), ContentType: html, CacheControl: short, Seq: 1},
		"v1.2.html":                    {Body: []byte("page"), ContentType: html, CacheControl: short, Seq: 1},
		"published.json":               {Body: []byte(`{"seq":1}`), ContentType: json, CacheControl: "no-cache", Seq: 1},
		"history.atom":                 {Body: long("<feed>"), ContentType: "application/atom+xml; charset=utf-8", CacheControl: short, Seq: 1},
		"assets/index-3f2a.js":         {Body: long("//"), ContentType: "text/javascript; charset=utf-8", CacheControl: forever},
		"assets/inter.woff2":           {Body: long("wOF2"), ContentType: "font/woff2", CacheControl: forever},
		"badges/0kx1abcd2efg.svg":      {Body: long("<svg>"), ContentType: "image/svg+xml", CacheControl: short, Seq: 1},
		"api/v2/summary.json":          {Body: long(`{"page":{"id":"`), ContentType: json, CacheControl: short, Seq: 1},
		"small.txt":                    {Body: []byte("small\n"), ContentType: plain, CacheControl: short, Seq: 1},
		"under.txt":                    {Body: make([]byte, 999), ContentType: plain, CacheControl: short, Seq: 1},
		"enough.txt":                   {Body: make([]byte, 1000), ContentType: plain, CacheControl: short, Seq: 1},
		"noise.txt":                    {Body: noise, ContentType: plain, CacheControl: short, Seq: 1},
		"empty.txt":                    {ContentType: plain, CacheControl: short, Seq: 1},
		"by-hand.html":                 {Body: []byte("<p>")},
		"by-hand.unheard-of":           {Body: []byte("?")},
		".well-known/security.txt":     {Body: []byte("Contact: mailto:x@example.com\n"), ContentType: plain, CacheControl: short},
		".well-known/.hidden":          {Body: []byte("secret")},
		".hidden":                      {Body: []byte("secret")},
		"docs/.git/config":             {Body: []byte("secret")},
		"docs/.well-known/x":           {Body: []byte("secret")},
		"%2e%2e/harmless-but-not-this": {Body: []byte("secret")},
	}
	b := new(memory.Bucket)
	for path, object := range objects {
		if _, err := b.Put(t.Context(), path, object, bucket.Condition{}); err != nil {
			t.Fatal(fmt.Errorf("site: %w", err))
		}
	}
	return objects, b
}
