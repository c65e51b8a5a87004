// Package tabletest is the suite that every adapter of internal/table passes. What it holds them to
// is what internal/store may rely on, so a rule that is not tested here is no rule. Adapters' own
// tests call Run; nothing else imports it.
package tabletest

import (
	"context"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"allclear/internal/table"
)

// Harness is an adapter under test with what the suite can do to it. Without an optional part its
// tests are skipped.
type Harness struct {
	// Table may hold items from before: the suite makes partitions of its own.
	Table table.Table
	// Now is the adapter's clock.
	Now func() time.Time

	// Log is the change log of Table, with no other writers. Optional.
	Log table.Log
	// Advance moves the clock. Optional.
	Advance func(time.Duration)
	// Sweep deletes expired items, at most limit. Optional.
	Sweep func(ctx context.Context, limit int) (int, error)
	// Reopen closes the adapter and opens what it stored. Optional.
	Reopen func(t *testing.T) Harness
}

// Run tests an adapter. open makes a harness and has t clean up after it.
func Run(t *testing.T, open func(t *testing.T) Harness) {
	for _, group := range []struct {
		name string
		run  func(t *testing.T, open func(t *testing.T) Harness)
	}{
		{"values", testValues},
		{"keys", testKeys},
		{"refusals", testRefusals},
		{"conditions", testConditions},
		{"counters", testCounters},
		{"transactions", testTransactions},
		{"queries", testQueries},
		{"expiry", testExpiry},
		{"log", testLog},
		{"concurrency", testConcurrency},
		{"reopening", testReopening},
		{"any sequence of operations does what the model does", testAgainstModel},
	} {
		t.Run(group.name, func(t *testing.T) { group.run(t, open) })
	}
}

// bed is what one test works on: a harness and a partition that no other test knows.
type bed struct {
	Harness
	t         reporter
	partition string
}

// reporter is what a *testing.T and a *rapid.T have in common.
type reporter interface {
	Helper()
	Context() context.Context
	Error(args ...any)
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Skip(args ...any)
}

func newBed(t *testing.T, open func(t *testing.T) Harness) *bed {
	t.Helper()
	return &bed{Harness: open(t), t: t, partition: "TEST#" + rand.Text()}
}

// cases runs a test on a bed of its own for each name.
func cases(t *testing.T, open func(t *testing.T) Harness, tests map[string]func(b *bed)) {
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test(newBed(t, open)) })
	}
}

func (b *bed) key(sort string) table.Key {
	return table.Key{Partition: b.partition, Sort: sort}
}

func (b *bed) item(sort string, attributes table.Attributes) table.Item {
	return table.Item{Key: b.key(sort), Attributes: attributes}
}

// write fails the test unless the transaction is applied.
func (b *bed) write(actions ...table.Action) {
	b.t.Helper()
	if err := b.Table.Write(b.t.Context(), actions...); err != nil {
		b.t.Fatalf("Write: %v", err)
	}
}

// refused fails the test unless the transaction is refused as one that can never succeed.
func (b *bed) refused(actions ...table.Action) {
	b.t.Helper()
	if err := b.Table.Write(b.t.Context(), actions...); !errors.Is(err, table.ErrInvalid) {
		b.t.Errorf("Write: got error %v, want ErrInvalid", err)
	}
}

// fails fails the test unless the condition of the action with this index does not hold.
func (b *bed) fails(index int, actions ...table.Action) {
	b.t.Helper()
	err := b.Table.Write(b.t.Context(), actions...)
	var condition *table.ConditionError
	if !errors.As(err, &condition) {
		b.t.Fatalf("Write: got error %v, want a ConditionError", err)
	}
	want := &table.ConditionError{Index: index, Key: actions[index].Item.Key}
	if diff := cmp.Diff(want, condition); diff != "" {
		b.t.Errorf("ConditionError (-want +got):\n%s", diff)
	}
}

// get reads one item, nil if it is absent.
func (b *bed) get(sort string) *table.Item {
	b.t.Helper()
	items, err := b.Table.Get(b.t.Context(), b.key(sort))
	if err != nil {
		b.t.Fatalf("Get: %v", err)
	}
	if len(items) != 1 {
		b.t.Fatalf("Get of one key: got %d answers", len(items))
	}
	return items[0]
}

// holds fails the test unless the item is there with these attributes.
func (b *bed) holds(sort string, want table.Attributes) {
	b.t.Helper()
	got := b.get(sort)
	if got == nil {
		b.t.Errorf("item %s is absent", sort)
		return
	}
	if got.Key != b.key(sort) {
		b.t.Errorf("key of item: got %v, want %v", got.Key, b.key(sort))
	}
	if diff := cmp.Diff(want, got.Attributes); diff != "" {
		b.t.Errorf("item %s (-want +got):\n%s", sort, diff)
	}
}

// absent fails the test unless the item is not there.
func (b *bed) absent(sort string) {
	b.t.Helper()
	if got := b.get(sort); got != nil {
		b.t.Errorf("item %s: got %v, want none", sort, got)
	}
}

// diffItems compares items; an empty list is as good as none.
func diffItems(want, got []table.Item) string {
	return cmp.Diff(want, got, cmpopts.EquateEmpty())
}
