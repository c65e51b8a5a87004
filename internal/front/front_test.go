package front_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"allclear/internal/bucket"
	"allclear/internal/bucket/directory"
	"allclear/internal/bucket/memory"
	"allclear/internal/front"
)

// counted is a bucket that counts reads and can be made to fail.
type counted struct {
	bucket.Bucket
	gets   atomic.Int64
	broken atomic.Bool
}

var errBroken = errors.New("broken")

func (c *counted) Head(ctx context.Context, path string) (bucket.Info, error) {
	if c.broken.Load() {
		return bucket.Info{}, errBroken
	}
	return c.Bucket.Head(ctx, path)
}

func (c *counted) Get(ctx context.Context, path string) (bucket.Object, bucket.Info, error) {
	c.gets.Add(1)
	return c.Bucket.Get(ctx, path)
}

func put(t testing.TB, b bucket.Bucket, path, body string, seq int64) {
	t.Helper()
	object := bucket.Object{Body: []byte(body), ContentType: "text/plain; charset=utf-8", CacheControl: "max-age=5", Seq: seq}
	if _, err := b.Put(t.Context(), path, object, bucket.Condition{}); err != nil {
		t.Fatal(err)
	}
}

func get(t testing.TB, h http.Handler, target, encoding string) (*http.Response, string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	if encoding != "" {
		r.Header.Set("Accept-Encoding", encoding)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	answer := w.Result()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(body)
}

func TestWhatWasPutIsServedAtOnceInEveryEncoding(t *testing.T) {
	b := new(memory.Bucket)
	f := front.New(b, front.Options{})
	for seq := range int64(3) {
		want := strings.Repeat("version "+string(rune('0'+seq)), 200)
		put(t, b, "x.txt", want, seq)
		for _, encoding := range []string{"", "gzip", "br", "br"} {
			answer, body := get(t, f, "/x.txt", encoding)
			if got := answer.Header.Get("Content-Encoding"); got != encoding {
				t.Errorf("Content-Encoding = %q, want %q", got, encoding)
			}
			if got := decode(t, encoding, []byte(body)); string(got) != want {
				t.Errorf("version %d in %q = %.20q…, want %.20q…", seq, encoding, got, want)
			}
		}
	}
	if err := b.Delete(t.Context(), "x.txt"); err != nil {
		t.Fatal(err)
	}
	if answer, _ := get(t, f, "/x.txt", ""); answer.StatusCode != http.StatusNotFound {
		t.Errorf("after delete: %d, want 404", answer.StatusCode)
	}
}

func TestChangedHeadersOfTheSameBytesAreServed(t *testing.T) {
	b := new(memory.Bucket)
	f := front.New(b, front.Options{})
	put(t, b, "x.txt", "same", 1)
	get(t, f, "/x.txt", "")
	object := bucket.Object{Body: []byte("same"), ContentType: "text/css", CacheControl: "no-store", Seq: 1}
	if _, err := b.Put(t.Context(), "x.txt", object, bucket.Condition{}); err != nil {
		t.Fatal(err)
	}
	answer, _ := get(t, f, "/x.txt", "")
	if kind, cache := answer.Header.Get("Content-Type"), answer.Header.Get("Cache-Control"); kind != "text/css" || cache != "no-store" {
		t.Errorf("headers = %q and %q, want those of the second put", kind, cache)
	}
}

func TestAnObjectIsReadOncePerVersion(t *testing.T) {
	c := &counted{Bucket: new(memory.Bucket)}
	f := front.New(c, front.Options{})
	for seq := range int64(2) {
		put(t, c, "x.txt", strings.Repeat("x", 2000+int(seq)), seq)
		for range 5 {
			get(t, f, "/x.txt", "gzip")
		}
		if got, want := c.gets.Load(), seq+1; got != want {
			t.Errorf("%d reads of %d versions", got, want)
		}
	}
}

func TestMemoryIsBoundedAndTheLeastUsedGoes(t *testing.T) {
	c := &counted{Bucket: new(memory.Bucket)}
	f := front.New(c, front.Options{CacheBytes: 50_000})
	body := strings.Repeat("x", 9_000)
	for _, path := range []string{"a.txt", "b.txt", "c.txt", "d.txt", "e.txt", "f.txt", "g.txt", "h.txt"} {
		put(t, c, path, body, 1)
		get(t, f, "/"+path, "")
		get(t, f, "/a.txt", "") // always in use
	}
	before := c.gets.Load()
	if before != 8 {
		t.Errorf("%d reads of 8 objects: what was in use was dropped", before)
	}
	get(t, f, "/b.txt", "")
	if got := c.gets.Load() - before; got != 1 {
		t.Errorf("%d reads of an object from long ago, want 1", got)
	}
	// Too large for the cache: served whole, every time from the bucket, not compressed every time.
	put(t, c, "large.txt", strings.Repeat("x", 40_000), 1)
	before = c.gets.Load()
	for range 2 {
		if answer, got := get(t, f, "/large.txt", "br"); len(got) != 40_000 || answer.Header.Get("Content-Encoding") != "" {
			t.Errorf("large object: %d bytes, %q", len(got), answer.Header.Get("Content-Encoding"))
		}
	}
	if got := c.gets.Load() - before; got != 2 {
		t.Errorf("%d reads, want 2", got)
	}
	get(t, f, "/a.txt", "")
	if got := c.gets.Load() - before; got != 2 {
		t.Error("a large object drove out the others")
	}
}

func TestABrokenBucketServesWhatIsInMemoryAndElse503(t *testing.T) {
	var log bytes.Buffer
	c := &counted{Bucket: new(memory.Bucket)}
	f := front.New(c, front.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	put(t, c, "index.html", "hello", 1)
	get(t, f, "/", "")
	c.broken.Store(true)
	if answer, body := get(t, f, "/", ""); answer.StatusCode != http.StatusOK || body != "hello" {
		t.Errorf("known page: %d %q, want 200 from memory", answer.StatusCode, body)
	}
	for target, want := range map[string]string{
		"/history.atom":        "Unavailable\n",
		"/api/v2/summary.json": `{"message":"Unavailable","error":"Unavailable"}` + "\n",
	} {
		answer, body := get(t, f, target, "")
		if answer.StatusCode != http.StatusServiceUnavailable || body != want || answer.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %d %q, want 503 %q with Retry-After", target, answer.StatusCode, body, want)
		}
	}
	if !strings.Contains(log.String(), "broken") {
		t.Errorf("log = %q, want the cause", log.String())
	}
}

func TestWithoutA404PageThereIsASmallText(t *testing.T) {
	answer, body := get(t, front.New(new(memory.Bucket), front.Options{}), "/", "")
	if answer.StatusCode != http.StatusNotFound || body != "Not found\n" || answer.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("%d %q %v", answer.StatusCode, body, answer.Header)
	}
}

func TestOnlyHTTPSAsksForHTTPS(t *testing.T) {
	b := new(memory.Bucket)
	put(t, b, "index.html", "hello", 1)
	for target, f := range map[string]*front.Front{
		"":                            front.New(b, front.Options{}),
		front.StrictTransportSecurity: front.New(b, front.Options{HTTPS: true}),
	} {
		for _, address := range []string{"/", "/nothing", "/api/v2/x.json", "/x.svg"} {
			if answer, _ := get(t, f, address, ""); answer.Header.Get("Strict-Transport-Security") != target {
				t.Errorf("%s: Strict-Transport-Security = %q, want %q", address, answer.Header.Get("Strict-Transport-Security"), target)
			}
		}
	}
}

func TestTheTableOfBehavioursEndsWithOneForAll(t *testing.T) {
	all := front.Behaviours()
	if got := all[len(all)-1].Pattern; got != "*" {
		t.Errorf("last pattern = %q, want *", got)
	}
	for _, b := range all {
		if strings.Count(b.Pattern, "*") != 1 {
			t.Errorf("pattern %q: want one *", b.Pattern)
		}
		for _, h := range b.Headers {
			if h.Name == "Content-Security-Policy" && strings.Contains(strings.Split(h.Value+"script-src", "script-src")[1], "unsafe") {
				t.Errorf("%s allows unsafe scripts: %s", b.Pattern, h.Value)
			}
		}
	}
}

func TestADirectoryIsServedWithoutItsSidecars(t *testing.T) {
	b, err := directory.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	put(t, b, "api/v2/summary.json", "{}", 1)
	f := front.New(b, front.Options{})
	for target, want := range map[string]int{
		"/api/v2/summary.json":             http.StatusOK,
		"//api/v2/summary.json":            http.StatusOK,
		"/.meta/info/api/v2/summary.json":  http.StatusNotFound,
		"//.meta/info/api/v2/summary.json": http.StatusNotFound,
		"/api/v2/":                         http.StatusNotFound,
		"/api":                             http.StatusNotFound,
		"/api/v2/summary.json/x":           http.StatusNotFound,
		"/" + strings.Repeat("a", 300):     http.StatusNotFound,
		"/" + strings.Repeat("a", 254):     http.StatusNotFound,
		"/" + strings.Repeat("a/", 2000):   http.StatusNotFound,
	} {
		if answer, _ := get(t, f, "http://status.example.com"+target, ""); answer.StatusCode != want {
			t.Errorf("%.60s: %d, want %d", target, answer.StatusCode, want)
		}
	}
}

func TestReadersNeverSeeAVersionMixedOrGoingBack(t *testing.T) {
	b := new(memory.Bucket)
	f := front.New(b, front.Options{})
	version := func(seq int64) string { return strings.Repeat(string(rune('A'+seq)), 3000) }
	put(t, b, "x.txt", version(0), 0)
	var done atomic.Bool
	var group sync.WaitGroup
	defer group.Wait()
	defer done.Store(true)
	for _, encoding := range []string{"", "gzip", "br", "br"} {
		group.Go(func() {
			for last := ""; !done.Load(); {
				answer, body := get(t, f, "/x.txt", encoding)
				got := string(decode(t, answer.Header.Get("Content-Encoding"), []byte(body)))
				if want := bucket.ETag([]byte(got)); strings.TrimPrefix(answer.Header.Get("ETag"), "W/") != want {
					t.Errorf("ETag %s of a body with %s", answer.Header.Get("ETag"), want)
				}
				if got < last {
					t.Errorf("version %.1s after %.1s", got, last)
				}
				last = got
			}
		})
	}
	for seq := range int64(40) {
		put(t, b, "x.txt", version(seq), seq)
		get(t, f, "/x.txt", "gzip")
	}
}
