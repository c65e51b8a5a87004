package setup_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"allclear/internal/bucket"
	bucketmemory "allclear/internal/bucket/memory"
	"allclear/internal/customresource"
	"allclear/internal/memory"
	"allclear/internal/page"
	"allclear/internal/setup"
	"allclear/internal/status"
	"allclear/internal/store"
)

// secrets in memory.
type secrets map[string]string

func (s secrets) Ensure(_ context.Context, name string, newText func() string) (string, error) {
	if s[name] == "" {
		s[name] = newText()
	}
	return s[name], nil
}

func (s secrets) Remove(_ context.Context, name string) error {
	delete(s, name)
	return nil
}

type fixture struct {
	*setup.Setup
	t       *testing.T
	bucket  *bucketmemory.Bucket
	secrets secrets
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	clock := func() time.Time { now = now.Add(time.Second); return now }
	f := &fixture{t: t, bucket: &bucketmemory.Bucket{}, secrets: secrets{}}
	f.Setup = &setup.Setup{
		Store:  store.New(memory.New(memory.Options{Now: clock}).Table("status"), store.Options{Now: clock}),
		Bucket: f.bucket, Secrets: f.secrets, Logger: slog.New(slog.DiscardHandler),
		Files: fstest.MapFS{
			"assets/main-abc.js": {Data: []byte("1")}, "icon.svg": {Data: []byte("<svg/>")}, "admin/index.html": {Data: []byte("x")},
			".vite/manifest.json": {Data: []byte("{}")},
		},
		Site: page.Site{Scripts: []string{"/assets/main-abc.js"}},
	}
	return f
}

func (f *fixture) do(kind customresource.Kind, resource string, properties map[string]string) (customresource.Answer, error) {
	f.t.Helper()
	text, err := json.Marshal(properties)
	if err != nil {
		f.t.Fatal(err)
	}
	return f.Do(f.t.Context(), customresource.Request{Kind: kind, Type: resource, Properties: text})
}

func (f *fixture) paths() []string {
	f.t.Helper()
	paths, err := f.bucket.List(f.t.Context(), "", "", 1000)
	if err != nil {
		f.t.Fatal(err)
	}
	return paths
}

func site(changes map[string]string) map[string]string {
	p := map[string]string{
		"Release": "one", "PublicUrl": "https://status.example.com", "PageName": "Example", "TimeZone": "Europe/Berlin",
		"ServiceToken": "arn:aws:lambda:us-east-1:123456789012:function:allclear-prod-setup",
	}
	maps.Copy(p, changes)
	return p
}

func TestTheFirstDeploymentMakesAPageWithItsDocuments(t *testing.T) {
	f := newFixture(t)
	answer, err := f.do(customresource.Create, setup.TypeSite, site(nil))
	if err != nil {
		t.Fatal(err)
	}
	pages, err := f.Store.Pages(t.Context())
	if err != nil || len(pages) != 1 || answer.Data["PageId"] != pages[0] {
		t.Fatalf("got pages %v, %v and the answer %v", pages, err, answer)
	}
	made, err := f.Store.Page(t.Context(), pages[0])
	if err != nil || made.Settings.Name != "Example" || made.Settings.TimeZone != "Europe/Berlin" {
		t.Errorf("got %+v, %v", made.Settings, err)
	}
	index, info, err := f.bucket.Get(t.Context(), "index.html")
	if err != nil || !strings.Contains(string(index.Body), "/assets/main-abc.js") || !strings.Contains(string(index.Body), "Example") {
		t.Errorf("index.html: %v, %+v", err, info)
	}
	for path, want := range map[string]bucket.Info{
		"assets/main-abc.js": {ContentType: "text/javascript; charset=utf-8", CacheControl: page.CacheForever},
		"icon.svg":           {ContentType: "image/svg+xml", CacheControl: page.CacheShort},
	} {
		got, err := f.bucket.Head(t.Context(), path)
		if err != nil || got.ContentType != want.ContentType || got.CacheControl != want.CacheControl {
			t.Errorf("%s: got %+v, %v, want %+v", path, got, err, want)
		}
	}
	for _, hidden := range []string{".vite/manifest.json"} {
		if slices.Contains(f.paths(), hidden) {
			t.Errorf("%s was uploaded", hidden)
		}
	}
}

func TestTheSameRequestTwiceChangesNothing(t *testing.T) {
	f := newFixture(t)
	first, err := f.do(customresource.Create, setup.TypeSite, site(nil))
	if err != nil {
		t.Fatal(err)
	}
	page := first.Data["PageId"].(string)
	before, err := f.Store.Page(t.Context(), page)
	if err != nil {
		t.Fatal(err)
	}
	second, err := f.do(customresource.Create, setup.TypeSite, site(map[string]string{"PageName": "Another"}))
	if err != nil {
		t.Fatal(err)
	}
	after, err := f.Store.Page(t.Context(), page)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(before, after); d != "" || !cmp.Equal(first, second) {
		t.Errorf("page (-first +second):\n%s\nanswers %v and %v", d, first, second)
	}
}

func TestANewReleaseKeepsOldAssetsAndRendersEverythingAnew(t *testing.T) {
	f := newFixture(t)
	if _, err := f.do(customresource.Create, setup.TypeSite, site(nil)); err != nil {
		t.Fatal(err)
	}
	f.Files = fstest.MapFS{"assets/main-def.js": {Data: []byte("2")}}
	f.Site = page.Site{Scripts: []string{"/assets/main-def.js"}}
	if _, err := f.do(customresource.Update, setup.TypeSite, site(map[string]string{"Release": "two"})); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"assets/main-abc.js", "assets/main-def.js"} {
		if !slices.Contains(f.paths(), want) {
			t.Errorf("%s is not there: %v", want, f.paths())
		}
	}
	index, _, err := f.bucket.Get(t.Context(), "index.html")
	if err != nil || !strings.Contains(string(index.Body), "/assets/main-def.js") {
		t.Errorf("the index does not name the new release's files: %v", err)
	}
}

func TestWhatMakesNoSenseIsRefusedByNameBeforeAnythingIsMade(t *testing.T) {
	preflight := func(changes map[string]string) map[string]string {
		p := map[string]string{"PageName": "Example", "TimeZone": "Etc/UTC"}
		maps.Copy(p, changes)
		return p
	}
	const certificate = "arn:aws:acm:us-east-1:123456789012:certificate/a"
	for want, c := range map[string]struct {
		resource   string
		properties map[string]string
	}{
		"time-zone is not a known IANA time zone": {setup.TypeSite, site(map[string]string{"TimeZone": "Mars/Olympus"})},
		"page-name ":                                  {setup.TypeSite, site(map[string]string{"PageName": ""})},
		"Release can't be blank":                      {setup.TypeSite, site(map[string]string{"Release": ""})},
		"PublicUrl can't be blank":                    {setup.TypeSite, site(map[string]string{"PublicUrl": ""})},
		"time-zone must be an IANA":                   {setup.TypePreflight, preflight(map[string]string{"TimeZone": ""})},
		"page-certificate is needed with page-domain": {setup.TypePreflight, preflight(map[string]string{"PageDomain": "a.example"})},
		"page-domain is needed with":                  {setup.TypePreflight, preflight(map[string]string{"PageCertificate": certificate})},
		"operator-certificate is needed with":         {setup.TypePreflight, preflight(map[string]string{"OperatorDomain": "a.example"})},
		"operator-domain is needed with":              {setup.TypePreflight, preflight(map[string]string{"OperatorCertificate": certificate})},
		"operator-domain must be another": {setup.TypePreflight, preflight(map[string]string{
			"PageDomain": "a.example", "PageCertificate": certificate, "OperatorDomain": "a.example", "OperatorCertificate": certificate,
		})},
		"there is no such resource": {"Custom::Other", nil},
	} {
		f := newFixture(t)
		_, err := f.do(customresource.Create, c.resource, c.properties)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
		pages, err := f.Store.Pages(t.Context())
		if err != nil || len(pages) > 0 || len(f.secrets) > 0 || len(f.paths()) > 0 {
			t.Errorf("%s: made pages %v, secrets %d, files %v: %v", want, pages, len(f.secrets), f.paths(), err)
		}
	}
}

func TestSecretsAreMadeOnceAndAnsweredAsSuch(t *testing.T) {
	f := newFixture(t)
	properties := map[string]string{"PageName": "Example", "TimeZone": "Etc/UTC"}
	first, err := f.do(customresource.Create, setup.TypePreflight, properties)
	if err != nil {
		t.Fatal(err)
	}
	second, err := f.do(customresource.Update, setup.TypePreflight, properties)
	if err != nil {
		t.Fatal(err)
	}
	if !first.Secret || first.Data["OriginSecret"] == "" || !cmp.Equal(first, second) {
		t.Errorf("got %v and %v", first, second)
	}
	if len(f.secrets) != 2 || f.secrets["origin"] == f.secrets["signing-key"] || len(f.secrets["signing-key"]) != 43 {
		t.Errorf("got %d secrets", len(f.secrets))
	}
}

// A key that operators replaced is one text of several lines by then.
func TestADeploymentLeavesReplacedKeysAlone(t *testing.T) {
	f := newFixture(t)
	const rotated = "2 nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn\n1 ooooooooooooooooooooooooooooooooooooooooooo\n"
	f.secrets["signing-key"] = rotated
	for _, kind := range []customresource.Kind{customresource.Create, customresource.Update, customresource.Delete} {
		if _, err := f.do(kind, setup.TypePreflight, map[string]string{"PageName": "Example", "TimeZone": "Etc/UTC"}); err != nil {
			t.Fatal(err)
		}
	}
	if f.secrets["signing-key"] != rotated {
		t.Error("the keys changed")
	}
}

func TestARemovalTakesNothingAwayUnlessTheDeploymentIsDisposable(t *testing.T) {
	for _, disposable := range []bool{false, true} {
		f := newFixture(t)
		f.Disposable = disposable
		for _, kind := range []customresource.Kind{customresource.Create, customresource.Delete, customresource.Delete} {
			if _, err := f.do(kind, setup.TypePreflight, map[string]string{"PageName": "Example", "TimeZone": "Etc/UTC"}); err != nil {
				t.Fatal(err)
			}
			if _, err := f.do(kind, setup.TypeSite, site(nil)); err != nil {
				t.Fatal(err)
			}
		}
		if gone := len(f.paths()) == 0 && len(f.secrets) == 0; gone != disposable {
			t.Errorf("disposable %v: %d files and %d secrets are left", disposable, len(f.paths()), len(f.secrets))
		}
	}
}

func TestAFailureOfABucketIsToldAndMendedByTheNextRequest(t *testing.T) {
	f := newFixture(t)
	broken := &failing{Bucket: f.bucket, left: 5}
	f.Bucket = broken
	answer, err := f.do(customresource.Create, setup.TypeSite, site(nil))
	if !errors.Is(err, errBroken) || answer.ID == "" {
		t.Fatalf("got %v, %v, want the bucket's error with the resource's id", answer, err)
	}
	broken.left = 1 << 30
	again, err := f.do(customresource.Create, setup.TypeSite, site(nil))
	if err != nil || again.ID != answer.ID {
		t.Errorf("got %v, %v", again, err)
	}
	pages, err := f.Store.Pages(t.Context())
	if err != nil || len(pages) != 1 || !slices.Contains(f.paths(), "published.json") {
		t.Errorf("got pages %v, %v and files %v", pages, err, f.paths())
	}
}

var errBroken = &status.Error{Code: status.Unavailable, Message: "the bucket does not answer"}

// failing is a bucket that fails after a number of puts.
type failing struct {
	bucket.Bucket
	left int
}

func (f *failing) Put(ctx context.Context, path string, o bucket.Object, c bucket.Condition) (bucket.Info, error) {
	if f.left--; f.left < 0 {
		return bucket.Info{}, errBroken
	}
	return f.Bucket.Put(ctx, path, o, c)
}
