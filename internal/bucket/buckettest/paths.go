package buckettest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/bucket"
)

func badPaths(t *testing.T, b bucket.Bucket) {
	methods := map[string]func(ctx context.Context, path string) error{
		"Head":   func(ctx context.Context, path string) error { _, err := b.Head(ctx, path); return err },
		"Get":    func(ctx context.Context, path string) error { _, _, err := b.Get(ctx, path); return err },
		"Delete": b.Delete,
		"Put": func(ctx context.Context, path string) error {
			_, err := b.Put(ctx, path, text("x", 1), unconditional)
			return err
		},
	}
	for _, path := range []string{
		"", ".", "..", "/", "/etc/passwd", "//a", "a/", "a//b", "a/./b", "a/../b", "../a", "a/..", "./a",
		`a\b`, `..\a`, "a\x00", "a\nb", "a\x7fb", "\xff", ".meta", ".meta/a", strings.Repeat("a", 300),
		strings.Repeat("abc/", 300) + "a",
	} {
		for name, method := range methods {
			if err := method(t.Context(), path); !errors.Is(err, bucket.ErrPath) {
				t.Errorf("%s(%q) = %v, want ErrPath", name, path, err)
			}
		}
	}
	if paths, err := b.List(t.Context(), "", "", 10); err != nil || len(paths) != 0 {
		t.Errorf("List after refused puts = %q, %v; want nothing", paths, err)
	}
}

// sorted are paths in byte order, chosen so that no order by folder, by case or by language is it.
func sorted() []string {
	return []string{
		".well-known/x", "A", "B/a", "a", "a-b", "a.b/c", "a0", "ab/c", "ab/c-d", "ab/c0",
		"ab/d/e", "ab/d/f", "ab/d0", "ab0", "b/a/x/y/z", "z", "ä", "\U0001F6A6",
	}
}

func listing(t *testing.T, b bucket.Bucket) {
	all := sorted()
	if !slices.IsSorted(all) {
		t.Fatalf("the test's own paths are not in order: %q", all)
	}
	for _, i := range []int{7, 2, 16, 0, 12, 5, 9, 14, 1, 17, 4, 10, 3, 15, 8, 6, 13, 11} {
		mustPut(t, b, all[i], text(all[i], 1), unconditional)
	}
	for _, prefix := range []string{"", "a", "ab", "ab/", "ab/c", "ab/d/", "ab/d/e", "ab/x", "b/a/x", "b/a/x/y/z", "q", "/", "..", ".meta", ".meta/"} {
		for _, after := range append([]string{"", "ab", "ab/", "ab/c/", "ab/d/", "ab/d/\xff", "b/a/x/y", "~", "\xff"}, all...) {
			want := []string{}
			for _, path := range all {
				if strings.HasPrefix(path, prefix) && path > after {
					want = append(want, path)
				}
			}
			for _, limit := range []int{-1, 0, 1, 2, 5, 100} {
				got, err := b.List(t.Context(), prefix, after, limit)
				if err != nil {
					t.Fatalf("List(%q, %q, %d): %v", prefix, after, limit, err)
				}
				if diff := cmp.Diff(want[:min(len(want), max(limit, 0))], append([]string{}, got...)); diff != "" {
					t.Errorf("List(%q, %q, %d) (-want +got):\n%s", prefix, after, limit, diff)
				}
			}
		}
	}
	if err := b.Delete(t.Context(), "ab/d/e"); err != nil {
		t.Fatal(err)
	}
	var got []string
	for after := ""; len(got) < 10; after = got[len(got)-1] { // a list that starts anew must not hang
		page, err := b.List(t.Context(), "ab/", after, 2)
		if err != nil {
			t.Fatalf("List after %q: %v", after, err)
		}
		if got = append(got, page...); len(page) < 2 {
			break
		}
	}
	if diff := cmp.Diff([]string{"ab/c", "ab/c-d", "ab/c0", "ab/d/f", "ab/d0"}, got); diff != "" {
		t.Errorf("pages of two (-want +got):\n%s", diff)
	}
	if err := many(t, b); err != nil {
		t.Error(err)
	}
}

// many lists more than a folder with a handful, less than one answer of S3.
func many(t *testing.T, b bucket.Bucket) error {
	want := make([]string, 0, 60)
	for i := range cap(want) {
		path := fmt.Sprintf("many/%03d", i)
		mustPut(t, b, path, text(path, 1), unconditional)
		want = append(want, path)
	}
	got, err := b.List(t.Context(), "many/", "", 1000)
	if err != nil {
		return err
	}
	if diff := cmp.Diff(want, got); diff != "" {
		return fmt.Errorf("list of %d (-want +got):\n%s", len(want), diff)
	}
	return nil
}
