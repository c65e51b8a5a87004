package words

import (
	"testing"
	"time"

	"allclear/internal/status"
)

func TestEveryStateHasAWordOfItsOwn(t *testing.T) {
	seen := map[string]bool{}
	check := func(state, word string) {
		t.Helper()
		if word == "" || word == state || seen[word] {
			t.Errorf("%s: got the word %q", state, word)
		}
		seen[word] = true
	}
	for _, s := range status.ComponentStates() {
		check(string(s), Component(s))
	}
	for _, s := range []status.IncidentStatus{
		status.Investigating, status.Identified, status.Monitoring, status.Resolved, status.Postmortem,
		status.Scheduled, status.InProgress, status.Verifying, status.Completed,
	} {
		check(string(s), Incident(s))
	}
	for _, i := range []status.Impact{status.ImpactNone, status.ImpactMaintenance, status.ImpactMinor, status.ImpactMajor, status.ImpactCritical} {
		check(string(i), Impact(i))
	}
}

func TestAnUpdateThatKeepsTheStatusIsCalledUpdate(t *testing.T) {
	i := &status.Incident{Updates: []status.Update{{Status: status.Resolved}, {Status: status.Identified}, {Status: status.Identified}}}
	for n, want := range []string{"Resolved", "Update", "Identified"} {
		if got := Update(i, n); got != want {
			t.Errorf("update %d: got %q, want %q", n, got, want)
		}
	}
}

func TestAPageSaysOnceThatItIsAStatusPage(t *testing.T) {
	for name, want := range map[string]string{
		"Larkspur":             "Larkspur Status",
		"Larkspur Status":      "Larkspur Status",
		"larkspur status":      "larkspur status",
		"Larkspur Status Page": "Larkspur Status Page",
		"Status of Larkspur":   "Status of Larkspur",
		"Larkspur Statuspage":  "Larkspur Statuspage",
		"LarkspurStatus":       "LarkspurStatus",
		"Larkspur (Status)":    "Larkspur (Status)",
		" Larkspur Status\r\n": "Larkspur Status",
		"Apparatus":            "Apparatus Status",
		"Statuesque":           "Statuesque Status",
		"稼働状況":                 "稼働状況 Status",
		"":                     "Status",
	} {
		if got := PageTitle(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func TestNamesBecomeOneLine(t *testing.T) {
	for name, want := range map[string]string{
		" a\r\n\tb  c ":   "a b c",
		"a\x00b\x1bc\xff": "abc",
		"<b>שלום</b>":     "<b>שלום</b>",
	} {
		if got := Line(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func TestATimeNamesItsZone(t *testing.T) {
	at := time.Date(2026, time.July, 4, 12, 0, 0, 0, time.UTC)
	for zone, want := range map[string]string{
		"UTC":               "Jul 4, 2026, 12:00 UTC",
		"Europe/Berlin":     "Jul 4, 2026, 14:00 CEST",
		"America/St_Johns":  "Jul 4, 2026, 09:30 NDT",
		"America/Sao_Paulo": "Jul 4, 2026, 09:00 UTC-03:00",
		"Asia/Kathmandu":    "Jul 4, 2026, 17:45 UTC+05:45",
	} {
		location, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		if got := Moment(at.In(location)); got != want {
			t.Errorf("%s: got %q, want %q", zone, got, want)
		}
	}
}
