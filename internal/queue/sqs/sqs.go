// Package sqs is the queue port on SQS: one call of SendMessageBatch for each Send. It does not send
// again what SQS did not take; who sends knows whether that is harmless. The functions' main.go
// make a Queue; nothing else imports it.
package sqs

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"allclear/internal/queue"
)

// Client is the part of *sqs.Client that a Queue uses.
type Client interface {
	SendMessageBatch(context.Context, *sqs.SendMessageBatchInput, ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error)
}

// Queue is one standard queue. It is safe for concurrent use.
type Queue struct {
	client Client
	url    string
}

var _ queue.Queue = (*Queue)(nil)

// New makes the adapter of an existing queue, named by its URL.
func New(client Client, url string) *Queue { return &Queue{client: client, url: url} }

// Send implements queue.Queue.
func (q *Queue) Send(ctx context.Context, messages ...queue.Message) error {
	if err := queue.Validate(messages); err != nil {
		return err
	}
	entries := make([]types.SendMessageBatchRequestEntry, len(messages))
	for i, m := range messages {
		entries[i] = types.SendMessageBatchRequestEntry{
			Id: aws.String(strconv.Itoa(i)), MessageBody: &m.Body, DelaySeconds: int32(m.Delay / time.Second),
		}
	}
	out, err := q.client.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: &q.url, Entries: entries})
	if err != nil {
		return fmt.Errorf("send %d messages: %w", len(messages), err)
	}
	return partial(len(messages), out)
}

// partial is the *queue.PartialError of an answer, nil when SQS took all. What the answer does not
// mention was not taken.
func partial(sent int, out *sqs.SendMessageBatchOutput) error {
	var e queue.PartialError
	taken := make([]bool, sent)
	for _, entry := range out.Successful {
		if i, err := strconv.Atoi(aws.ToString(entry.Id)); err == nil && i >= 0 && i < sent {
			taken[i] = true
		}
	}
	for i := range taken {
		if !taken[i] {
			e.Failed = append(e.Failed, i)
		}
	}
	if len(e.Failed) == 0 {
		return nil
	}
	first := strconv.Itoa(e.Failed[0])
	at := slices.IndexFunc(out.Failed, func(entry types.BatchResultErrorEntry) bool { return aws.ToString(entry.Id) == first })
	if at < 0 {
		e.Err = fmt.Errorf("the answer does not mention it")
	} else {
		e.Err = fmt.Errorf("%s: %s", aws.ToString(out.Failed[at].Code), aws.ToString(out.Failed[at].Message))
	}
	return &e
}
