package acceptance

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The page in a real browser: site/e2e drives Chromium against a running server.
func TestThePageInARealBrowser(t *testing.T) {
	site, err := filepath.Abs(filepath.Join("..", "site"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(site, "dist", ".vite", "manifest.json")); err != nil {
		skip(t, "the site is not built: make site")
	}
	if _, err := os.Stat(filepath.Join(site, "node_modules", "playwright-core")); err != nil {
		skip(t, "the site's packages are not installed: make site")
	}
	browser := chromium()
	if browser == "" {
		skip(t, "there is no Chromium: install it, or set CHROMIUM to one")
	}
	s := serve(t, t.TempDir(), "--demo")
	cmd := exec.CommandContext(t.Context(), "node", "--test", "--test-reporter=spec", "e2e/live.test.mjs")
	cmd.Dir = site
	cmd.Env = append(os.Environ(), "CHROMIUM="+browser, "ALLCLEAR_LOCAL="+filepath.Join(s.dir, "local.json"))
	output, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, output)
	}
	t.Logf("%s", output)
}

// skip leaves a test out on a laptop; in CI a missing part is an error.
func skip(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip(why)
}

func chromium() string {
	for _, name := range []string{os.Getenv("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"} {
		if name == "" {
			continue
		}
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}
