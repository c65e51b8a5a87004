package sqs

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"

	"allclear/internal/queue"
)

// fake answers a batch as its function says.
type fake func(*sqs.SendMessageBatchInput) (*sqs.SendMessageBatchOutput, error)

func (f fake) SendMessageBatch(_ context.Context, in *sqs.SendMessageBatchInput, _ ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error) {
	return f(in)
}

func taken(ids ...string) []types.SendMessageBatchResultEntry {
	var entries []types.SendMessageBatchResultEntry
	for _, id := range ids {
		entries = append(entries, types.SendMessageBatchResultEntry{Id: aws.String(id)})
	}
	return entries
}

func TestABatchNamesEachMessageWithItsDelay(t *testing.T) {
	var got []string
	q := New(fake(func(in *sqs.SendMessageBatchInput) (*sqs.SendMessageBatchOutput, error) {
		if *in.QueueUrl != "https://queue" {
			t.Errorf("got queue %s, want https://queue", *in.QueueUrl)
		}
		for _, e := range in.Entries {
			got = append(got, *e.Id+" "+*e.MessageBody+" "+(time.Duration(e.DelaySeconds)*time.Second).String())
		}
		return &sqs.SendMessageBatchOutput{Successful: taken("1", "0")}, nil
	}), "https://queue")
	if err := q.Send(t.Context(), queue.Message{Body: "a"}, queue.Message{Body: "b", Delay: 90 * time.Second}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"0 a 0s", "1 b 1m30s"}, got); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}

func TestMessagesThatWereNotTakenAreNamed(t *testing.T) {
	failed := func(id string) []types.BatchResultErrorEntry {
		return []types.BatchResultErrorEntry{{Id: &id, Code: aws.String("InternalError"), Message: aws.String("try again"), SenderFault: false}}
	}
	for name, c := range map[string]struct {
		out  sqs.SendMessageBatchOutput
		want []int
		text string
	}{
		"one":           {sqs.SendMessageBatchOutput{Successful: taken("0", "2"), Failed: failed("1")}, []int{1}, "InternalError: try again"},
		"not mentioned": {sqs.SendMessageBatchOutput{Successful: taken("1")}, []int{0, 2}, "does not mention"},
		"strange ids":   {sqs.SendMessageBatchOutput{Successful: taken("0", "1", "7", "-1", "x")}, []int{2}, "does not mention"},
	} {
		q := New(fake(func(*sqs.SendMessageBatchInput) (*sqs.SendMessageBatchOutput, error) { return &c.out, nil }), "q")
		err := q.Send(t.Context(), slices.Repeat([]queue.Message{{Body: "x"}}, 3)...)
		partial, ok := errors.AsType[*queue.PartialError](err)
		if !ok {
			t.Errorf("%s: got %v, want a PartialError", name, err)
			continue
		}
		if diff := cmp.Diff(c.want, partial.Failed); diff != "" || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: got %v, want one with %q; failed (-want +got):\n%s", name, err, c.text, diff)
		}
	}
}

func TestAFailedCallKeepsItsCauseAndIsNoPart(t *testing.T) {
	cut := errors.New("connection reset")
	q := New(fake(func(*sqs.SendMessageBatchInput) (*sqs.SendMessageBatchOutput, error) { return nil, cut }), "q")
	err := q.Send(t.Context(), queue.Message{Body: "x"})
	if _, part := errors.AsType[*queue.PartialError](err); !errors.Is(err, cut) || part || errors.Is(err, queue.ErrInvalid) {
		t.Errorf("got %v, want the cause alone", err)
	}
}
