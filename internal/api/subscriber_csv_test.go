package api_test

import (
	"fmt"
	"strings"
	"testing"

	"allclear/internal/status"
	"allclear/internal/store"
)

const isCSV = "Content-Type: text/csv; charset=utf-8"

func TestAListIsImportedAndExportedThroughTheAPI(t *testing.T) {
	d := newDesk(t)
	c := d.component("API")
	list := "type,address,components,confirmed\nemail,a@example.com,API,\nemail,+b@example.com,,no\nemail,nobody,,\n"
	answer := d.must(201, "POST", subscribers+"/import?confirmed=true", list, isCSV)
	golden(t, "import.json", answer.Body)
	if s := d.stored(d.listed("")[0]); s.Email != "a@example.com" || s.Components[0] != c || s.Origin != status.FromRoster {
		t.Errorf("got %+v", s)
	}
	if got := len(d.mails()); got != 1 {
		t.Errorf("got %d mails, want one", got)
	}
	rest := d.must(201, "POST", subscribers+"/import?from=4", list, isCSV).object()
	if lines := rest["lines"].([]any); len(lines) != 1 || rest["complete"] != true {
		t.Errorf("from line 4: got %v", rest)
	}
	exported := d.must(200, "GET", subscribers+"/export", "")
	if got := exported.Header.Get("Content-Type"); got != "text/csv; charset=utf-8" || !strings.Contains(exported.Body, ",'+b@example.com,") {
		t.Errorf("got %s %s", got, exported.Body)
	}
	var actions []store.AuditAction
	for _, a := range d.audits() {
		actions = append(actions, a.Action)
	}
	if len(actions) != 3 {
		t.Errorf("got audits %v, want two imports and one export", actions)
	}
}

func TestListsThatCannotBeReadAreRefused(t *testing.T) {
	d := newDesk(t)
	for _, r := range []struct {
		code              int
		query, list, says string
		header            string
	}{
		{400, "", `{"subscribers":[]}`, "must be a list with Content-Type: text/csv", "X: y"},
		{422, "", "", "line 1 must name the columns", isCSV},
		{422, "", "name\nx\n", "line 1 has a column that is unknown", isCSV},
		{422, "", strings.Repeat("address,", 10_000), "line 1 is longer than 65536 bytes", isCSV},
		{422, "?confirmed=maybe", "address\n", "confirmed must be true or false", isCSV},
		{422, "?from=x", "address\n", "from must be a whole number", isCSV},
		{413, "", "address\n" + strings.Repeat("x\n", 1<<19), "larger than 1 MB", isCSV},
	} {
		a := d.must(r.code, "POST", subscribers+"/import"+r.query, r.list, r.header)
		if got := problem(t, a); !strings.Contains(got, r.says) {
			t.Errorf("got %q, want %q", got, r.says)
		}
	}
	d.must(422, "POST", base+"/incidents", "name\nx\n", isCSV)
}

// Lambda takes answers of 6 MB, and every line of a list has one in the report.
func TestAnAnswerHoldsNoMoreLinesThanFitAndSaysWhereToGoOn(t *testing.T) {
	d := newDesk(t)
	const rows = 25_000
	list, from, reported := "address\n"+strings.Repeat("x\n", rows), 0, 0
	for from >= 0 {
		a := d.must(201, "POST", fmt.Sprintf("%s/import?from=%d", subscribers, from), list, isCSV)
		if len(a.Body) > 2<<20 {
			t.Fatalf("got an answer of %d bytes", len(a.Body))
		}
		said := a.object()
		reported += len(said["lines"].([]any))
		from = int(said["next"].(float64))
		if said["complete"] == true {
			from = -1
		}
	}
	if reported != rows {
		t.Errorf("got %d lines reported, want %d", reported, rows)
	}
}

func TestAnExportThatNoAnswerHoldsIsRefused(t *testing.T) {
	d := newDesk(t)
	var list strings.Builder
	for i := range 2200 {
		fmt.Fprintf(&list, "https://example.com/%d/%s\n", i, strings.Repeat("x", 2000))
		if i%450 == 449 || i == 2199 {
			d.must(201, "POST", subscribers+"/import", "address\n"+list.String(), isCSV)
			list.Reset()
		}
	}
	if got := problem(t, d.must(413, "GET", subscribers+"/export", "")); !strings.Contains(got, "allclear subscribers export") {
		t.Errorf("got %q", got)
	}
}
