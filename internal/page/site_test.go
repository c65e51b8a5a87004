package page

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestSiteIsReadFromTheManifest(t *testing.T) {
	built := fstest.MapFS{".vite/manifest.json": {Data: []byte(`{
		"src/page/icon.svg": {"file": "assets/icon-1.svg", "src": "src/page/icon.svg"},
		"src/admin/main.tsx": {"file": "assets/admin-9.js", "isEntry": true},
		"src/page/main.tsx": {"file": "assets/page-2.js", "isEntry": true, "css": ["assets/page-3.css"]}
	}`)}}
	got, err := SiteFrom(built)
	if err != nil {
		t.Fatal(err)
	}
	want := Site{Scripts: []string{"/assets/page-2.js"}, Styles: []string{"/assets/page-3.css"}, Icon: "/assets/icon-1.svg"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("site (-want +got):\n%s", diff)
	}
}

func TestSiteThatWasNotBuiltIsEmpty(t *testing.T) {
	got, err := SiteFrom(fstest.MapFS{".keep": {}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Site{}, got); diff != "" {
		t.Errorf("site (-want +got):\n%s", diff)
	}
}

func TestBrokenManifestIsAnError(t *testing.T) {
	for name, text := range map[string]string{"not JSON": "{", "without the entry": `{"src/other.ts": {"file": "x.js"}}`} {
		if _, err := SiteFrom(fstest.MapFS{".vite/manifest.json": {Data: []byte(text)}}); err == nil {
			t.Errorf("a manifest %s was taken", name)
		}
	}
}
