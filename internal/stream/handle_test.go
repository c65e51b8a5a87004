package stream_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/google/go-cmp/cmp"

	"allclear/internal/stream"
	"allclear/internal/table"
)

// batch has n records, of which those named in bad hold a set that cannot be decoded.
func batch(t *testing.T, n int, bad ...int) []byte {
	t.Helper()
	var raws []json.RawMessage
	for i := 1; i <= n; i++ {
		tree, err := stream.Tree("status", inserted(int64(i), table.Attributes{"seq": int64(i)}))
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range bad {
			if b == i {
				tree["dynamodb"].(map[string]any)["NewImage"].(map[string]any)["tags"] = map[string]any{"SS": []string{"x"}}
			}
		}
		raw, err := json.Marshal(tree)
		if err != nil {
			t.Fatal(err)
		}
		raws = append(raws, raw)
	}
	payload, err := json.Marshal(stream.Event{Records: raws})
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

// answer runs a handler as the Lambda runtime does, JSON in and JSON out.
func answer(t *testing.T, handler any, payload []byte) string {
	t.Helper()
	out, err := lambda.NewHandler(handler).Invoke(t.Context(), payload)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func captureLog(t *testing.T) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&b, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return &b
}

func TestRecordsAreHandledInOrderUpToTheFirstFailure(t *testing.T) {
	captureLog(t)
	for name, c := range map[string]struct {
		fail func(sequence string) error
		bad  []int
		seen []string
		want string
	}{
		"all well": {
			fail: func(string) error { return nil },
			seen: []string{"1", "2", "3", "4"}, want: `{"batchItemFailures":null}`,
		},
		"an error": {
			fail: func(s string) error {
				if s == "3" {
					return errors.New("no room")
				}
				return nil
			},
			seen: []string{"1", "2", "3"}, want: `{"batchItemFailures":[{"itemIdentifier":"3"}]}`,
		},
		"a panic": {
			fail: func(s string) error {
				if s == "2" {
					panic("out of bounds")
				}
				return nil
			},
			seen: []string{"1", "2"}, want: `{"batchItemFailures":[{"itemIdentifier":"2"}]}`,
		},
		"an undecodable record": {
			fail: func(string) error { return nil }, bad: []int{2},
			seen: []string{"1"}, want: `{"batchItemFailures":[{"itemIdentifier":"2"}]}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var seen []string
			h := stream.Handle(func(_ context.Context, r stream.Record) error {
				seen = append(seen, r.Sequence)
				return c.fail(r.Sequence)
			})
			if got := answer(t, h, batch(t, 4, c.bad...)); got != c.want {
				t.Errorf("got answer %s, want %s", got, c.want)
			}
			if d := cmp.Diff(c.seen, seen); d != "" {
				t.Errorf("records handled (-want +got):\n%s", d)
			}
		})
	}
}

func TestABatchIsHandedOverWholeWithoutWhatCannotBeDecoded(t *testing.T) {
	captureLog(t)
	for name, c := range map[string]struct {
		result error
		bad    []int
		seen   string
		want   string
	}{
		"all well":                {nil, nil, "1 2 3", `{"batchItemFailures":null}`},
		"an error":                {errors.New("no room"), nil, "1 2 3", `{"batchItemFailures":[{"itemIdentifier":"1"}]}`},
		"the last undecodable":    {nil, []int{3}, "1 2", `{"batchItemFailures":[{"itemIdentifier":"3"}]}`},
		"the first undecodable":   {nil, []int{1}, "2 3", `{"batchItemFailures":[{"itemIdentifier":"1"}]}`},
		"two undecodable":         {nil, []int{2, 3}, "1", `{"batchItemFailures":[{"itemIdentifier":"2"}]}`},
		"first bad and failing":   {errors.New("no room"), []int{1}, "2 3", `{"batchItemFailures":[{"itemIdentifier":"1"}]}`},
		"none decodable":          {errors.New("no room"), []int{1, 2, 3}, "", `{"batchItemFailures":[{"itemIdentifier":"1"}]}`},
		"undecodable and failing": {errors.New("no room"), []int{2}, "1 3", `{"batchItemFailures":[{"itemIdentifier":"1"}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			var seen []string
			h := stream.HandleBatch(func(_ context.Context, records []stream.Record) error {
				for _, r := range records {
					seen = append(seen, r.Sequence)
				}
				return c.result
			})
			if got := answer(t, h, batch(t, 3, c.bad...)); got != c.want {
				t.Errorf("got answer %s, want %s", got, c.want)
			}
			if got := strings.Join(seen, " "); got != c.seen {
				t.Errorf("got records %q, want %q", got, c.seen)
			}
		})
	}
}

func TestAPanicInABatchIsAFailure(t *testing.T) {
	log := captureLog(t)
	h := stream.HandleBatch(func(context.Context, []stream.Record) error { panic("out of bounds") })
	if got, want := answer(t, h, batch(t, 2)), `{"batchItemFailures":[{"itemIdentifier":"1"}]}`; got != want {
		t.Errorf("got answer %s, want %s", got, want)
	}
	if !strings.Contains(log.String(), "out of bounds") {
		t.Errorf("got log %s, want the panic in it", log)
	}
}

func TestAFailureIsLoggedWithItsKeyAndSequenceButNotItsImage(t *testing.T) {
	log := captureLog(t)
	h := stream.Handle(func(_ context.Context, r stream.Record) error { return fmt.Errorf("no room") })
	answer(t, h, batch(t, 1))
	for _, want := range []string{"sequence=1", "key=PAGE#p1/EVENT#0000000001", "no room"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("got log %s, want %q in it", log, want)
		}
	}
	if strings.Contains(log.String(), "NewImage") {
		t.Errorf("got an item image in the log: %s", log)
	}
}

func TestARecordWithoutASequenceFailsTheInvocation(t *testing.T) {
	h := stream.Handle(func(context.Context, stream.Record) error { return nil })
	_, err := lambda.NewHandler(h).Invoke(t.Context(), []byte(`{"Records":[{"eventName":"INSERT"}]}`))
	if err == nil {
		t.Error("got no error, want one: nothing can be reported for such a record")
	}
}
