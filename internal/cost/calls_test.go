package cost_test

import (
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	bucketmemory "allclear/internal/bucket/memory"
	"allclear/internal/cost"
)

var update = flag.Bool("update", false, "write calls.json and the goldens anew")

// The sizes between which request units are interpolated, and the histories that must not matter.
// From full on, the lists of fifty are full.
const (
	few, many          = 10, 60 // components
	short, full, large = 20, 60, 400
)

// counted runs all scenarios in memory.
func counted(t *testing.T, incidents, components int) map[string]usage {
	t.Helper()
	var c tally
	w := newWorld(t, countedTable{history(t, incidents, components), &c}, countedBucket{&bucketmemory.Bucket{}, &c}, &c)
	return w.scenarios()
}

func countedAtRest(t *testing.T, components int) usage {
	t.Helper()
	var c tally
	w := newWorld(t, countedTable{history(t, 0, components), &c}, countedBucket{&bucketmemory.Bucket{}, &c}, &c)
	return w.atRest()
}

// countedTold runs the scenario of telling, with each number of subscribers.
func countedTold(t *testing.T, incidents, components int, subscribers ...int) (used []usage) {
	t.Helper()
	var c tally
	w := newWorld(t, countedTable{history(t, incidents, components), &c}, countedBucket{&bucketmemory.Bucket{}, &c}, &c)
	for _, n := range subscribers {
		used = append(used, w.telling.told(n))
	}
	return used
}

func TestTheCallsAreThoseOfCallsJSON(t *testing.T) {
	small, big := counted(t, full, few), counted(t, full, many)
	small[cost.AtRest], big[cost.AtRest] = countedAtRest(t, few), countedAtRest(t, many)
	for components, used := range map[int]map[string]usage{few: small, many: big} {
		told := countedTold(t, full, components, cost.FewTold, cost.ManyTold)
		used[cost.ToldFew], used[cost.ToldMany] = told[0], told[1]
	}
	calls := cost.Calls{}
	for name, u := range small {
		if diff := cmp.Diff(u.calls, big[name].calls); diff != "" {
			t.Errorf("%s: calls depend on the number of components (-%d +%d):\n%s", name, few, many, diff)
		}
		calls[name] = cost.Usage{
			Calls:      floats(u.calls),
			ReadUnits:  through(u.readUnits, big[name].readUnits),
			WriteUnits: through(u.writeUnits, big[name].writeUnits),
		}
	}
	text, err := json.MarshalIndent(calls, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("calls.json", append(text, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("calls.json")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(text)+"\n"); diff != "" {
		t.Errorf("calls.json (-want +got):\n%s", diff)
	}
}

// through is the line through what was counted with few and with many components.
func through(small, big int) cost.Line {
	slope := float64(big-small) / (many - few)
	return cost.Line{Base: float64(small) - few*slope, PerComponent: slope}
}

func floats(calls map[string]int) map[string]float64 {
	m := make(map[string]float64, len(calls))
	for operation, n := range calls {
		m[operation] = float64(n)
	}
	return m
}

func TestAnIncidentIsThreeCallsAndNoCallDependsOnTheHistory(t *testing.T) {
	less, same, more := counted(t, short, few), counted(t, full, few), counted(t, large, few)
	three := map[string]int{"BatchGetItem": 1, "Query": 1, "TransactWriteItems": 1}
	for _, used := range []map[string]usage{less, same, more} {
		for name, want := range map[string]map[string]int{
			cost.Post: three, cost.PostMoving: three, cost.PostOnce: three,
			cost.Patch: {"BatchGetItem": 2, "Query": 1, "TransactWriteItems": 1},
			cost.Tick:  same[cost.Tick].calls,
		} {
			if diff := cmp.Diff(want, used[name].calls); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
	}
	// What is published of a short history is less, since lists are not full yet; then it is the
	// same for any.
	for _, name := range []string{cost.Publish, cost.PublishMoved, cost.PublishPatch, cost.TickSweep} {
		if diff := cmp.Diff(same[name].calls, more[name].calls); diff != "" {
			t.Errorf("%s: %d and %d incidents differ:\n%s", name, full, large, diff)
		}
		for operation, n := range less[name].calls {
			if limit := same[name].calls[operation]; n > limit {
				t.Errorf("%s: got %d %s with %d incidents, want at most the %d with %d", name, n, operation, short, limit, full)
			}
		}
	}
}

// The second part of invariant 15: SES and the ledger grow with the subscribers, and nothing with the
// history.
func TestAMailIsOneCallOfSESAndTwoWritesOfTheLedgerAndOneForWhatBecameOfIt(t *testing.T) {
	const mails = cost.ManyTold - cost.FewTold
	told := countedTold(t, full, few, cost.FewTold, cost.ManyTold)
	for operation, most := range map[string]float64{
		"SendEmail": 1, "TransactWriteItems": 3.2, "SendMessageBatch": 0.02, "Query": 0.3, "Publish": 2, "Invoke": 2.2,
	} {
		if got := float64(told[1].calls[operation]-told[0].calls[operation]) / mails; got > most {
			t.Errorf("got %.2f %s for a mail, want at most %.2f", got, operation, most)
		}
	}
	if diff := cmp.Diff(told[0], countedTold(t, large, few, cost.FewTold)[0], cmp.AllowUnexported(usage{})); diff != "" {
		t.Errorf("%d and %d incidents differ:\n%s", full, large, diff)
	}
}

// goldenCalls are the calls of a scenario in calls.json as whole numbers.
func goldenCalls(t *testing.T, name string) map[string]int {
	t.Helper()
	calls, err := cost.Measured()
	if err != nil {
		t.Fatal(err)
	}
	whole := map[string]int{}
	for operation, n := range calls[name].Calls {
		whole[operation] = int(n)
	}
	return whole
}
