package bucket_test

import (
	"errors"
	"strings"
	"testing"

	"allclear/internal/bucket"
)

func TestAPathNamesAnObjectOrIsRefused(t *testing.T) {
	for _, path := range []string{
		"index.html", "api/v2/incidents/0kx1abcd2efg.json", ".well-known/security.txt", "a..b/...", "ä/ö 1",
		"x/.meta", ".metadata", strings.Repeat("a", 255),
	} {
		if err := bucket.CheckPath(path); err != nil {
			t.Errorf("CheckPath(%q) = %v, want nil", path, err)
		}
	}
	for _, path := range refusedPaths() {
		if err := bucket.CheckPath(path); !errors.Is(err, bucket.ErrPath) {
			t.Errorf("CheckPath(%q) = %v, want ErrPath", path, err)
		}
	}
}

// refusedPaths are one of every kind.
func refusedPaths() []string {
	return []string{
		"", ".", "..", "/", "/index.html", "a/", "a//b", "a/./b", "a/../b", "../a", "a/..", `a\b`, `..\a`,
		"a\x00b", "a\nb", "a\x7f", "a\xff", ".meta", ".meta/a",
		strings.Repeat("a", 256), strings.Repeat("a/", 512) + "a",
	}
}

func FuzzACheckedPathStaysInsideItsFolder(f *testing.F) {
	for _, path := range refusedPaths() {
		f.Add(path)
	}
	f.Add("api/v2/summary.json")
	f.Fuzz(func(t *testing.T, path string) {
		if bucket.CheckPath(path) != nil {
			return
		}
		for segment := range strings.SplitSeq(path, "/") {
			if segment == "" || segment == "." || segment == ".." {
				t.Errorf("CheckPath(%q) = nil", path)
			}
		}
	})
}

func TestAnETagIsTheQuotedMD5OfTheBody(t *testing.T) {
	// The MD5 of the empty string, RFC 1321 appendix A.5.
	if got, want := bucket.ETag(nil), `"d41d8cd98f00b204e9800998ecf8427e"`; got != want {
		t.Errorf("ETag(nil) = %s, want %s", got, want)
	}
}
