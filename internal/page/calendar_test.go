package page

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	ics "github.com/arran4/golang-ical"
	"github.com/google/go-cmp/cmp"

	"allclear/internal/status"
)

// checkCalendar holds a calendar to the rules of RFC 5545 for lines (3.1): CRLF, at most 75
// octets, no other control characters, whole characters. It gives the unfolded lines.
func checkCalendar(t *testing.T, body []byte) []string {
	t.Helper()
	text, ok := strings.CutSuffix(string(body), "\r\n")
	if !ok {
		t.Error("no CRLF at the end")
	}
	var lines []string
	for line := range strings.SplitSeq(text, "\r\n") {
		if len(line) > 75 {
			t.Errorf("%d octets in %q", len(line), line)
		}
		if !utf8.ValidString(line) || strings.ContainsFunc(line, func(r rune) bool { return r != '\t' && r < ' ' || r == 0x7f }) {
			t.Errorf("a broken or control character in %q", line)
		}
		if rest, folded := strings.CutPrefix(line, " "); folded && len(lines) > 0 {
			lines[len(lines)-1] += rest
			continue
		}
		lines = append(lines, line)
	}
	for _, line := range lines {
		if name, _, ok := strings.Cut(line, ":"); !ok || strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-;=") != "" {
			t.Errorf("no property: %q", line)
		}
	}
	count := func(line string) (n int) {
		for _, l := range lines {
			if l == line {
				n++
			}
		}
		return n
	}
	if count("BEGIN:VEVENT") != 1 || count("END:VEVENT") != 1 || count("END:VCALENDAR") != 1 {
		t.Errorf("not one event in %q", lines)
	}
	return lines
}

func TestTextsInACalendarAreEscapedAndFolded(t *testing.T) {
	in := sample(t, "Etc/UTC")
	m := in.Maintenances[0]
	m.Name = "a, b; c\\d \"e\" <script>alert(1)</script>\r\nBEGIN:VEVENT " + strings.Repeat("Ü€😀", 30)
	m.Updates[0].Body = "1, 2; 3\\n\r\n<script>alert(1)</script><b>4</b> &amp; 5<br>6"
	body := document(t, in, PathCalendar).Body
	checkCalendar(t, body)
	read, err := ics.ParseCalendar(strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	event := read.Events()[0]
	want := "a, b; c\\d \"e\" <script>alert(1)</script> BEGIN:VEVENT " + strings.Repeat("Ü€😀", 30)
	if diff := cmp.Diff(want, event.GetProperty(ics.ComponentPropertySummary).Value); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
	want = "Mar 8, 09:30 UTC\nScheduled - 1, 2; 3\\n\n4 & 5\n6"
	if diff := cmp.Diff(want, event.GetProperty(ics.ComponentPropertyDescription).Value); diff != "" {
		t.Errorf("description (-want +got):\n%s", diff)
	}
}

func TestACalendarHasTheNewestMaintenancesAndEveryOpenOneOnce(t *testing.T) {
	in := sample(t, "Etc/UTC")
	in.Maintenances, in.Open = nil, in.Open[:1] // the one that is planned is older than the newest
	for n := range 3 {
		at := moment(t, "2026-05-01T00:00:00Z").Add(time.Duration(n) * time.Hour)
		m := &status.Incident{ID: fmt.Sprintf("mnt%09d", n), Status: status.Scheduled, Schedule: &status.Schedule{For: at, Until: at}}
		in.Maintenances = append(in.Maintenances, m)
		in.Open = append(in.Open, m)
	}
	var uids, ends []string
	body := string(document(t, in, PathCalendar).Body)
	for line := range strings.SplitSeq(body, "\r\n") {
		if uid, ok := strings.CutPrefix(line, "UID:"); ok {
			uids = append(uids, uid)
		}
		if end, ok := strings.CutPrefix(line, "DTEND:"); ok {
			ends = append(ends, end)
		}
	}
	want := []string{"mnt000000002@h4rb0urpage1", "mnt000000001@h4rb0urpage1", "mnt000000000@h4rb0urpage1", "mntplan00001@h4rb0urpage1"}
	if diff := cmp.Diff(want, uids); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"20260309T090000Z"}, ends); diff != "" { // the others end when they begin
		t.Errorf("ends (-want +got):\n%s", diff)
	}
}

func TestAChangedMaintenanceKeepsItsUIDAndRaisesItsSequence(t *testing.T) {
	in := sample(t, "Etc/UTC")
	event := func() *ics.VEvent {
		read, err := ics.ParseCalendar(strings.NewReader(string(document(t, in, PathCalendar).Body)))
		if err != nil {
			t.Fatal(err)
		}
		return read.Events()[0]
	}
	before := event()
	m := in.Maintenances[0]
	m.Seq, m.UpdatedAt, in.PublicURL = 43, m.UpdatedAt.Add(time.Hour), "https://elsewhere.example"
	after := event()
	if before.Id() != after.Id() {
		t.Errorf("UID: got %s, then %s", before.Id(), after.Id())
	}
	for property, want := range map[ics.ComponentProperty][2]string{
		ics.ComponentPropertySequence: {"40", "43"},
		ics.ComponentPropertyDtstamp:  {"20260308T093000Z", "20260308T103000Z"},
	} {
		got := [2]string{before.GetProperty(property).Value, after.GetProperty(property).Value}
		if got != want {
			t.Errorf("%s: got %v, want %v", property, got, want)
		}
	}
}
