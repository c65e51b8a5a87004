package schematest

import (
	"fmt"
	"testing"
	"time"

	"allclear/internal/ledger"
	"allclear/internal/memory"
	"allclear/internal/table"
)

// ledgerExamples are the items of a Deliveries table in which some of everything has happened.
func ledgerExamples(t *testing.T, all *Schemas) []example {
	t.Helper()
	ctx := t.Context()
	tbl := memory.New(memory.Options{Now: func() time.Time { return now }}).Table("Deliveries")
	l := ledger.New(tbl, func() time.Time { return now })
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	claim := func(subscriber string) ledger.Claim {
		t.Helper()
		c, err := l.Claim(ctx, "incident", ledger.Target{Subscriber: subscriber, Seq: 7}, "worker")
		check(err)
		return c
	}
	claim("claimed")
	check(l.Release(ctx, claim("released")))
	for _, state := range []ledger.State{ledger.Sent, ledger.Failed, ledger.Skipped, ledger.Unknown} {
		check(l.Finish(ctx, claim(string(state)), state))
	}
	for _, state := range []ledger.State{ledger.Delayed, ledger.Delivered, ledger.Bounced, ledger.Complained} {
		claim(string(state))
		_, err := l.Settle(ctx, "incident", ledger.Target{Subscriber: string(state), Seq: 7}, state, now)
		check(err)
	}
	for _, attempts := range []int{0, 1} {
		c, err := l.Attempt(ctx, "incident", ledger.Target{Subscriber: fmt.Sprint("retrying", attempts), Seq: 7}, "worker")
		check(err)
		check(l.Postpone(ctx, c, attempts, now))
	}
	for _, asks := range []time.Time{{}, now} {
		_, err := l.Fail(ctx, "failing", "503 Service Unavailable", asks)
		check(err)
	}
	check(l.Busy(ctx, "failing", now))
	check(l.Busy(ctx, "slow", now))
	check(l.Dispatched(ctx, "page", 7, 10))
	check(l.Park(ctx, ledger.Due{At: now, Queue: "mail", Body: "taken"}))
	_, err := l.Take(ctx, "taker", 1)
	check(err)
	check(l.Park(ctx, ledger.Due{At: now, Queue: "mail", Body: "waiting"}))
	partitions := []string{"DISPATCHED#page", "DUE", "RATE", "ENDPOINT#failing", "ENDPOINT#slow"}
	for shard := range 16 {
		partitions = append(partitions, fmt.Sprint("incident#", shard))
	}
	var examples []example
	for n, q := range []ledger.Quota{{PerDay: 20}, {PerSecond: 0.5}, {PerSecond: 14, PerDay: 20}} {
		q.At = now.Add(time.Duration(n) * time.Second)
		_, err := l.Reserve(ctx, 3, "clock", q)
		check(err)
		for _, p := range partitions {
			items, err := table.All(ctx, tbl, table.Query{Partition: p})
			check(err)
			for _, item := range items {
				examples = append(examples, example{item.Key.String(), itemSchema(t, all, item.Key), image(t, item)})
			}
		}
	}
	return examples
}
