package front

import (
	"net/url"
	"strings"
	"testing"

	"allclear/internal/bucket"
)

func FuzzAResolvedAddressNamesOnlyWhatIsShown(f *testing.F) {
	for _, target := range []string{
		"/", "//", "/a", "/a/", "//api/v2/summary.json", "/..", "/a/../b", "/%2e%2e/x", "/%2f", "/a%5cb", "/.meta/x",
		"/.well-known/x", "/.well-known/.x", "/.well-known", "/a%00", "/%ff", "*", "", "/a/./b", "/.../x", "/a%2Fb",
	} {
		f.Add(target)
	}
	f.Fuzz(func(t *testing.T, target string) {
		u, err := url.ParseRequestURI(target)
		if err != nil {
			return
		}
		address, ok := resolve(u)
		if !ok {
			return
		}
		first, second := candidates(address)
		for _, path := range []string{first, second} {
			if path == "" && path == second {
				continue
			}
			if bucket.CheckPath(path) != nil && len(path) < 200 {
				t.Errorf("%q resolves to %q, which is no path", target, path)
			}
			for i, segment := range strings.Split(path, "/") {
				if strings.HasPrefix(segment, ".") && (i > 0 || segment != ".well-known" || path == ".well-known") {
					t.Errorf("%q resolves to %q, which is hidden", target, path)
				}
			}
		}
	})
}

func TestTheEncodingIsTheOneTheClientLikesBest(t *testing.T) {
	for _, c := range []struct {
		fields []string
		want   encoding
	}{
		{nil, identity},
		{[]string{""}, identity},
		{[]string{"gzip"}, gzipped},
		{[]string{"GZIP"}, gzipped},
		{[]string{"x-gzip"}, gzipped},
		{[]string{"br"}, brotlied},
		{[]string{"gzip, deflate, br, zstd"}, brotlied},
		{[]string{"deflate", "gzip"}, gzipped},
		{[]string{"gzip;q=1.0, br;q=0.9"}, gzipped},
		{[]string{"gzip ; q=0.8 , br ; q=0.8"}, brotlied},
		{[]string{"br;q=0, gzip;q=0"}, identity},
		{[]string{"*"}, brotlied},
		{[]string{"*;q=0"}, identity},
		{[]string{"*;q=0.5, br;q=0"}, gzipped},
		{[]string{"*;q=0, gzip"}, gzipped},
		{[]string{"identity"}, identity},
		{[]string{"identity;q=0.5, gzip;q=0.5"}, gzipped},
		{[]string{"identity, gzip;q=0.5"}, identity},
		{[]string{"identity;q=0"}, identity},
		{[]string{"deflate, zstd"}, identity},
		{[]string{"br;q=x, gzip"}, gzipped},
		{[]string{"br;q=-1"}, identity},
		{[]string{"br;q=2"}, identity},
		{[]string{"br;q=NaN"}, identity},
		{[]string{"br;v=1;q=0, gzip;level=9"}, gzipped},
		{[]string{",,;, ;q=1"}, identity},
	} {
		if got := accepted(c.fields); got != c.want {
			t.Errorf("accepted(%q) = %q, want %q", c.fields, got, c.want)
		}
	}
}

func TestOnlyWhatGetsSmallerIsCompressed(t *testing.T) {
	for kind, want := range map[string]bool{
		"text/html; charset=utf-8": true, "application/json": true, "APPLICATION/JSON; charset=UTF-8": true,
		"application/atom+xml": true, "image/svg+xml": true, "text/calendar": true, "text/javascript": true,
		"application/manifest+json": true, "application/wasm": true,
		"image/png": false, "font/woff2": false, "application/zip": false, "application/octet-stream": false, "": false,
	} {
		if got := compressible(kind); got != want {
			t.Errorf("compressible(%q) = %t, want %t", kind, got, want)
		}
	}
}
