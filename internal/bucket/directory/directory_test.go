package directory_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"allclear/internal/bucket"
	"allclear/internal/bucket/buckettest"
	"allclear/internal/bucket/directory"
)

func TestADirectoryIsABucket(t *testing.T) {
	buckettest.Run(t, func(t *testing.T) bucket.Bucket { return open(t, t.TempDir()) })
}

func open(t testing.TB, dir string) *directory.Bucket {
	t.Helper()
	b, err := directory.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func put(t testing.TB, b *directory.Bucket, path, body string, seq int64) bucket.Info {
	t.Helper()
	object := bucket.Object{Body: []byte(body), ContentType: "text/plain", CacheControl: "max-age=5", Seq: seq}
	info, err := b.Put(t.Context(), path, object, bucket.Condition{})
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	name = filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestAnObjectIsAPlainFileWithASidecar(t *testing.T) {
	dir := t.TempDir()
	put(t, open(t, dir), "api/v2/status.json", "{}\n", 42)
	for name, want := range map[string]string{
		"api/v2/status.json": "{}\n",
		".meta/info/api/v2/status.json": `{"etag":"\"8a80554c91d9fca8acb82f023de02f11\"",` +
			`"content_type":"text/plain","cache_control":"max-age=5","seq":42}` + "\n",
	} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || string(got) != want {
			t.Errorf("%s = %q, %v; want %q", name, got, err, want)
		}
	}
}

func TestAReopenedBucketKnowsWhatWasPut(t *testing.T) {
	dir := t.TempDir()
	want := put(t, open(t, dir), "a/x", "one", 7)
	got, err := open(t, dir).Head(t.Context(), "a/x")
	if err != nil || got != want {
		t.Errorf("Head = %+v, %v; want %+v", got, err, want)
	}
}

func TestAShorterSidecarReplacesALongerOne(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	long := bucket.Object{Body: []byte("one"), ContentType: strings.Repeat("long", 40), Seq: 1 << 50}
	if _, err := b.Put(t.Context(), "x", long, bucket.Condition{}); err != nil {
		t.Fatal(err)
	}
	want := put(t, b, "x", "two", 2)
	if got, err := open(t, dir).Head(t.Context(), "x"); err != nil || got != want {
		t.Errorf("Head = %+v, %v; want %+v", got, err, want)
	}
}

func TestAReaderOfTheFileItselfGetsOneVersionWhole(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	put(t, b, "x", "one", 1)
	file, err := os.Open(filepath.Join(dir, "x"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	put(t, b, "x", "two", 2)
	if got, err := io.ReadAll(file); err != nil || string(got) != "one" {
		t.Errorf("the file opened before the put = %q, %v; want %q", got, err, "one")
	}
}

func TestAHeadOfWhatIsKnownReadsNoFile(t *testing.T) {
	dir := t.TempDir()
	put(t, open(t, dir), "read", "one", 1)
	b := open(t, dir)
	if _, err := b.Head(t.Context(), "read"); err != nil {
		t.Fatal(err)
	}
	put(t, b, "written", "two", 2)
	for path, seq := range map[string]int64{"read": 1, "written": 2} {
		if err := os.Remove(filepath.Join(dir, path)); err != nil {
			t.Fatal(err)
		}
		if info, err := b.Head(t.Context(), path); err != nil || info.Seq != seq {
			t.Errorf("Head(%q) = %+v, %v; want version %d from memory", path, info, err, seq)
		}
	}
}

func TestABodyCountsWithoutAFittingSidecarButAsVersionZero(t *testing.T) {
	side := func(body string) string {
		return `{"etag":` + quote(bucket.ETag([]byte(body))) + `,"content_type":"text/css","cache_control":"no-store","seq":9}`
	}
	for _, c := range []struct {
		name, side  string
		contentType string
		seq         int64
	}{
		{"a sidecar that fits", side("two"), "text/css", 9},
		{"the sidecar of the version before, of the same size", side("one"), "text/css", 0},
		{"a torn sidecar", side("two")[:40], "", 0},
		{"an empty sidecar", "", "", 0},
		{"a sidecar full of zeros", strings.Repeat("\x00", 64), "", 0},
		{"no sidecar", "-", "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "a/x", "two")
			if c.side != "-" {
				write(t, dir, ".meta/info/a/x", c.side)
			}
			b := open(t, dir)
			info, err := b.Head(t.Context(), "a/x")
			if err != nil {
				t.Fatal(err)
			}
			if info.Seq != c.seq || info.ContentType != c.contentType || info.ETag != bucket.ETag([]byte("two")) || info.Size != 3 {
				t.Errorf("Head = %+v, want version %d and type %q of the body", info, c.seq, c.contentType)
			}
			next := put(t, b, "a/x", "three", 10)
			if got, err := open(t, dir).Head(t.Context(), "a/x"); err != nil || got != next {
				t.Errorf("after the next publish Head = %+v, %v; want %+v", got, err, next)
			}
		})
	}
}

func quote(etag string) string { return `"` + strings.ReplaceAll(etag, `"`, `\"`) + `"` }

func TestASidecarWithoutItsBodyIsNoObject(t *testing.T) {
	dir := t.TempDir()
	put(t, open(t, dir), "x", "one", 7)
	if err := os.Remove(filepath.Join(dir, "x")); err != nil {
		t.Fatal(err)
	}
	b := open(t, dir)
	if _, err := b.Head(t.Context(), "x"); !errors.Is(err, bucket.ErrNotFound) {
		t.Errorf("Head = %v, want ErrNotFound", err)
	}
	if _, err := b.Put(t.Context(), "x", bucket.Object{}, bucket.Condition{Absent: true}); err != nil {
		t.Errorf("Put where absent: %v", err)
	}
}

func TestWhatAKilledProcessLeftIsRemovedAndNeverListed(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, ".meta/tmp/123-4", "half")
	b := open(t, dir)
	put(t, b, "x", "one", 1)
	left, err := filepath.Glob(filepath.Join(dir, ".meta/tmp/*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left over: %q, %v", left, err)
	}
	if got, err := b.List(t.Context(), "", "", 10); err != nil || !slices.Equal(got, []string{"x"}) {
		t.Errorf("List = %q, %v; want only x", got, err)
	}
}

func TestAPathIsNotBothObjectAndFolder(t *testing.T) {
	b := open(t, t.TempDir())
	put(t, b, "a/x", "one", 1)
	for _, path := range []string{"a", "a/x/y", "a/x/y/z"} {
		_, err := b.Put(t.Context(), path, bucket.Object{}, bucket.Condition{})
		if err == nil || !strings.Contains(err.Error(), "both an object and a folder") {
			t.Errorf("Put(%q) = %v, want an error that says why", path, err)
		}
	}
	if got, err := b.List(t.Context(), "", "", 10); err != nil || !slices.Equal(got, []string{"a/x"}) {
		t.Errorf("List = %q, %v; want only a/x", got, err)
	}
}

func TestSymbolicLinksAreNoObjectsAndLeadNowhere(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	write(t, outside, "secret", "secret")
	for name, target := range map[string]string{"link": filepath.Join(outside, "secret"), "folder": outside} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Skip(err)
		}
	}
	b := open(t, dir)
	for _, path := range []string{"link", "folder/secret"} {
		if object, _, err := b.Get(t.Context(), path); err == nil {
			t.Errorf("Get(%q) = %q, want an error", path, object.Body)
		}
	}
	if _, err := b.Put(t.Context(), "folder/new", bucket.Object{}, bucket.Condition{}); err == nil {
		t.Error("Put(folder/new) went through a link")
	}
	if got, err := b.List(t.Context(), "", "", 10); err != nil || len(got) != 0 {
		t.Errorf("List = %q, %v; want nothing", got, err)
	}
	put(t, b, "link", "mine", 1) // replaces the link, not what it names
	if got, err := os.ReadFile(filepath.Join(outside, "secret")); err != nil || string(got) != "secret" {
		t.Errorf("the file outside = %q, %v", got, err)
	}
}

// BenchmarkPublishOf40 is what one publish asks of the bucket: a Head and a conditional Put each.
func BenchmarkPublishOf40(b *testing.B) {
	bodies := open(b, b.TempDir())
	body := strings.Repeat("x", 20_000)
	etags := make([]string, 40)
	paths := make([]string, 40)
	for i := range paths {
		paths[i] = fmt.Sprintf("api/v2/incidents/%012d.json", i)
		etags[i] = put(b, bodies, paths[i], body, 0).ETag
	}
	for seq := int64(1); b.Loop(); seq++ {
		for i, path := range paths {
			if _, err := bodies.Head(b.Context(), path); err != nil {
				b.Fatal(err)
			}
			object := bucket.Object{Body: fmt.Appendf(nil, "%s%d", body, seq), ContentType: "application/json", Seq: seq}
			info, err := bodies.Put(b.Context(), path, object, bucket.Condition{Match: etags[i]})
			if err != nil {
				b.Fatal(err)
			}
			etags[i] = info.ETag
		}
	}
}
