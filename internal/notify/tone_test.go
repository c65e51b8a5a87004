package notify

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"allclear/internal/status"
)

func tokens(t *testing.T) string {
	t.Helper()
	css, err := os.ReadFile("../../site/src/tokens.css")
	if err != nil {
		t.Fatal(err)
	}
	return string(css)
}

func TestColoursAreThoseOfThePage(t *testing.T) {
	css := tokens(t)
	colours := map[string]colour{
		"page": colourPage, "surface": colourSurface, "line": colourLine, "text": colourText, "quiet": colourQuiet, "link": colourLink,
	}
	for _, tone := range tones() {
		if tone != neutral { // there it is said to be quiet
			colours[string(tone)+"-text"] = toneText[tone]
		}
	}
	for name, c := range colours {
		if want := "--" + name + ": light-dark(" + c.light + ", " + c.dark + ");"; !strings.Contains(css, want) {
			t.Errorf("tokens.css does not have %q", want)
		}
	}
	if !strings.Contains(css, "--neutral-text: var(--quiet);") {
		t.Error("tokens.css no longer says that what is neutral is quiet")
	}
}

func TestStatesHaveTheToneThatThePageGivesThem(t *testing.T) {
	page := map[string]tone{}
	for _, rule := range regexp.MustCompile(`(?s)((?:\[data-status='[a-z_]+'\],?\s*|\.banner\[data-status='none'\])+)\s*\{\s*--tone: var\(--([a-z]+)\)`).FindAllStringSubmatch(tokens(t), -1) {
		for _, state := range regexp.MustCompile(`(\.banner)?\[data-status='([a-z_]+)'\]`).FindAllStringSubmatch(rule[1], -1) {
			if state[1] == "" {
				page[state[2]] = tone(rule[2])
			}
		}
	}
	if len(page) < 12 {
		t.Fatalf("got %d rules out of tokens.css: %v", len(page), page)
	}
	check := func(state string, got tone) {
		t.Helper()
		want, ok := page[state]
		if !ok {
			want = neutral
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", state, got, want)
		}
	}
	for _, s := range status.ComponentStates() {
		check(string(s), componentTone(s))
	}
	for _, s := range []status.IncidentStatus{
		status.Investigating, status.Identified, status.Monitoring, status.Resolved, status.Postmortem,
		status.Scheduled, status.InProgress, status.Verifying, status.Completed,
	} {
		check(string(s), statusTone(s))
	}
	for _, i := range []status.Impact{status.ImpactNone, status.ImpactMaintenance, status.ImpactMinor, status.ImpactMajor, status.ImpactCritical} {
		check(string(i), impactTone(i))
	}
}

// contrast is that of WCAG 2.2 (1.4.3).
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	luminance := func(hex string) float64 {
		n, err := strconv.ParseUint(strings.TrimPrefix(hex, "#"), 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		linear := func(shift int) float64 {
			c := float64(n>>shift&0xff) / 255
			if c <= 0.04045 {
				return c / 12.92
			}
			return math.Pow((c+0.055)/1.055, 2.4)
		}
		return 0.2126*linear(16) + 0.7152*linear(8) + 0.0722*linear(0)
	}
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func TestEveryTextCanBeReadInLightAndDark(t *testing.T) {
	texts := []colour{colourText, colourQuiet, colourLink}
	for _, tone := range tones() {
		texts = append(texts, toneText[tone])
	}
	for _, text := range texts {
		for _, ground := range []colour{colourPage, colourSurface} { // frame and card, in dark the other way round
			if c := contrast(t, text.light, ground.light); c < 4.5 {
				t.Errorf("%s on %s: got a contrast of %.2f, want 4.5", text.light, ground.light, c)
			}
			if c := contrast(t, text.dark, ground.dark); c < 4.5 {
				t.Errorf("%s on %s: got a contrast of %.2f, want 4.5", text.dark, ground.dark, c)
			}
		}
	}
}

func TestEveryColourInTheMailHasOneForTheDark(t *testing.T) {
	css := stylesheet()
	for _, class := range append([]string{"page", "card", "ink", "quiet", "link", "line", "button", "label", "code"}, "good", "planned", "minor", "major", "critical", "neutral") {
		if strings.Count(css, "."+class+"{") != 2 { // where the system is dark, and where Outlook is
			t.Errorf("got no two rules for %s in %s", class, css)
		}
	}
}
