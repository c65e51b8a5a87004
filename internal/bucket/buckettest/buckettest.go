// Package buckettest is what every adapter of the bucket port is held to: one body of tests, run
// by the adapter's own test against buckets that it opens. It asks for nothing that S3 does not do,
// and accepts S3's 409 wherever two writers meet.
package buckettest

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/bucket"
)

// Run tests the buckets that open returns; each must be empty and is used by one test.
func Run(t *testing.T, open func(t *testing.T) bucket.Bucket) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(t *testing.T, b bucket.Bucket)
	}{
		{"an object comes back as it was put", comesBack},
		{"an empty object is an object", emptyObject},
		{"a large object comes back whole", largeObject},
		{"an absent object is not found", notFound},
		{"an overwrite is visible at once", overwrite},
		{"a version may go down", lowerSeq},
		{"a put may match the ETag", matching},
		{"a put may ask for absence", absence},
		{"a contradictory condition is refused", contradiction},
		{"deleting is final and may be repeated", deleting},
		{"a list is ordered, bounded and can be continued", listing},
		{"bad paths are refused by every method", badPaths},
		{"a cancelled context changes nothing", cancelled},
		{"bytes are shared with nobody", aliasing},
		{"one of many creators wins", creators},
		{"a chain of matching puts loses no update", chain},
		{"readers see whole versions that never go back", wholeVersions},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

var ( // never changed
	unconditional = bucket.Condition{}
	absent        = bucket.Condition{Absent: true}
)

func text(body string, seq int64) bucket.Object {
	return bucket.Object{
		Body: []byte(body), ContentType: "text/plain; charset=utf-8",
		CacheControl: "public, max-age=5", Seq: seq,
	}
}

func mustPut(t *testing.T, b bucket.Bucket, path string, object bucket.Object, condition bucket.Condition) bucket.Info {
	t.Helper()
	info, err := b.Put(t.Context(), path, object, condition)
	if err != nil {
		t.Fatalf("Put(%q): %v", path, err)
	}
	if diff := cmp.Diff(bucket.Describe(object), info); diff != "" {
		t.Errorf("Put(%q) (-want +got):\n%s", path, diff)
	}
	return info
}

// expect reads an object both ways.
func expect(t *testing.T, b bucket.Bucket, path string, want bucket.Object) {
	t.Helper()
	info, err := b.Head(t.Context(), path)
	if err != nil {
		t.Fatalf("Head(%q): %v", path, err)
	}
	if diff := cmp.Diff(bucket.Describe(want), info); diff != "" {
		t.Errorf("Head(%q) (-want +got):\n%s", path, diff)
	}
	got, info, err := b.Get(t.Context(), path)
	if err != nil {
		t.Fatalf("Get(%q): %v", path, err)
	}
	if diff := cmp.Diff(bucket.Describe(want), info); diff != "" {
		t.Errorf("Get(%q) info (-want +got):\n%s", path, diff)
	}
	if !bytes.Equal(got.Body, want.Body) {
		t.Errorf("Get(%q) = %d bytes, want the %d that were put", path, len(got.Body), len(want.Body))
	}
	got.Body, want.Body = nil, nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Get(%q) (-want +got):\n%s", path, diff)
	}
}

func expectAbsent(t *testing.T, b bucket.Bucket, path string) {
	t.Helper()
	if _, err := b.Head(t.Context(), path); !errors.Is(err, bucket.ErrNotFound) {
		t.Errorf("Head(%q) = %v, want ErrNotFound", path, err)
	}
	if _, _, err := b.Get(t.Context(), path); !errors.Is(err, bucket.ErrNotFound) {
		t.Errorf("Get(%q) = %v, want ErrNotFound", path, err)
	}
}

func comesBack(t *testing.T, b bucket.Bucket) {
	objects := map[string]bucket.Object{
		"index.html":                      {Body: []byte("<p>"), ContentType: "text/html; charset=utf-8", CacheControl: "public, max-age=5", Seq: 7},
		"api/v2/incidents/0kx1abcd2.json": {Body: []byte("{}"), ContentType: "application/json", CacheControl: "no-cache", Seq: 1 << 53},
		"assets/a-1.js":                   {Body: []byte("0"), ContentType: "text/javascript", CacheControl: "public, max-age=31536000, immutable"},
		".well-known/security.txt":        {Body: []byte("\x00\xff\r\n"), ContentType: "text/plain", CacheControl: "no-store", Seq: 1},
	}
	for path, object := range objects {
		mustPut(t, b, path, object, unconditional)
	}
	for path, object := range objects {
		expect(t, b, path, object)
	}
}

func emptyObject(t *testing.T, b bucket.Bucket) {
	mustPut(t, b, "empty.txt", text("", 3), unconditional)
	expect(t, b, "empty.txt", text("", 3))
}

func largeObject(t *testing.T, b bucket.Bucket) {
	large := text(strings.Repeat("0123456789abcde\n", 5<<20/16), 1)
	mustPut(t, b, "large.txt", large, unconditional)
	expect(t, b, "large.txt", large)
}

func notFound(t *testing.T, b bucket.Bucket) {
	mustPut(t, b, "a/b", text("b", 1), unconditional)
	for _, path := range []string{"c", "a", "a/c", "a/b/c", "a/b.html"} {
		expectAbsent(t, b, path)
	}
}

func overwrite(t *testing.T, b bucket.Bucket) {
	mustPut(t, b, "x", text("one", 1), unconditional)
	expect(t, b, "x", text("one", 1))
	// Same length, and at once: no clock can tell the two apart.
	mustPut(t, b, "x", text("two", 2), unconditional)
	expect(t, b, "x", text("two", 2))
	other := bucket.Object{Body: []byte("two"), ContentType: "text/css", CacheControl: "no-store", Seq: 3}
	mustPut(t, b, "x", other, unconditional)
	expect(t, b, "x", other)
}

func lowerSeq(t *testing.T, b bucket.Bucket) {
	mustPut(t, b, "x", text("new", 9), unconditional)
	mustPut(t, b, "x", text("old", 2), unconditional)
	expect(t, b, "x", text("old", 2))
}

func matching(t *testing.T, b bucket.Bucket) {
	one := mustPut(t, b, "x", text("one", 1), unconditional)
	two := mustPut(t, b, "x", text("two", 2), bucket.Condition{Match: one.ETag})
	for _, etag := range []string{one.ETag, strings.Trim(two.ETag, `"`), "W/" + two.ETag, "*", `""`} {
		refuse(t, b, "x", bucket.Condition{Match: etag})
	}
	expect(t, b, "x", text("two", 2))
	refuse(t, b, "y", bucket.Condition{Match: two.ETag})
	expectAbsent(t, b, "y")
	mustPut(t, b, "x", text("three", 3), bucket.Condition{Match: two.ETag})
}

func absence(t *testing.T, b bucket.Bucket) {
	mustPut(t, b, "x", text("one", 1), absent)
	refuse(t, b, "x", absent)
	expect(t, b, "x", text("one", 1))
	if err := b.Delete(t.Context(), "x"); err != nil {
		t.Fatal(err)
	}
	mustPut(t, b, "x", text("three", 3), absent)
	expect(t, b, "x", text("three", 3))
}

func refuse(t *testing.T, b bucket.Bucket, path string, condition bucket.Condition) {
	t.Helper()
	if _, err := b.Put(t.Context(), path, text("refused", 99), condition); !errors.Is(err, bucket.ErrPrecondition) {
		t.Errorf("Put(%q, %+v) = %v, want ErrPrecondition", path, condition, err)
	}
}

func contradiction(t *testing.T, b bucket.Bucket) {
	condition := bucket.Condition{Absent: true, Match: bucket.ETag(nil)}
	_, err := b.Put(t.Context(), "x", text("", 1), condition)
	if err == nil || errors.Is(err, bucket.ErrPrecondition) || errors.Is(err, bucket.ErrConflict) {
		t.Errorf("Put = %v, want an error that no retry answers", err)
	}
	expectAbsent(t, b, "x")
}

func deleting(t *testing.T, b bucket.Bucket) {
	for _, path := range []string{"a/x", "a/y", "z"} {
		mustPut(t, b, path, text(path, 1), unconditional)
	}
	for _, path := range []string{"a/x", "z", "a/x", "never/was", "a", "z/below"} {
		if err := b.Delete(t.Context(), path); err != nil {
			t.Errorf("Delete(%q): %v", path, err)
		}
	}
	expectAbsent(t, b, "a/x")
	expectAbsent(t, b, "z")
	expect(t, b, "a/y", text("a/y", 1))
}

func cancelled(t *testing.T, b bucket.Bucket) {
	mustPut(t, b, "x", text("one", 1), unconditional)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, head := b.Head(ctx, "x")
	_, _, get := b.Get(ctx, "x")
	_, put := b.Put(ctx, "x", text("two", 2), unconditional)
	_, list := b.List(ctx, "", "", 10)
	for name, err := range map[string]error{"Head": head, "Get": get, "Put": put, "Delete": b.Delete(ctx, "x"), "List": list} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s = %v, want context.Canceled", name, err)
		}
	}
	expect(t, b, "x", text("one", 1))
}

func aliasing(t *testing.T, b bucket.Bucket) {
	object := text("abc", 1)
	mustPut(t, b, "x", object, unconditional)
	object.Body[0] = 'X'
	got, _, err := b.Get(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	got.Body[1] = 'X'
	expect(t, b, "x", text("abc", 1))
}
