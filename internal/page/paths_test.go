package page

import "testing"

func TestADocumentsPathTellsWhoseItIs(t *testing.T) {
	for _, month := range []string{"2026-03", "2025-12"} {
		for _, path := range MonthPaths(month) {
			if got, ok := MonthOf(path); got != month || !ok {
				t.Errorf("%s: got month %q, %t, want %s", path, got, ok, month)
			}
			if id, ok := IncidentOf(path); ok {
				t.Errorf("%s: got incident %q, want none", path, id)
			}
		}
	}
	for _, path := range []string{PathHistory, PathHistoryView, PathAtom, PathIndex, PathUnresolved, "history/", PathIncidentHTML("abc")} {
		if got, ok := MonthOf(path); ok {
			t.Errorf("%s: got month %q, want none", path, got)
		}
	}
}
