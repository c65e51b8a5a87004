// Package envelope opens what queues and topics hand to Lambda: each message's body goes to a
// function that knows nothing of Lambda, and the answer names the messages that failed. Streams
// have an envelope of their own (internal/stream), and so has HTTP (internal/lambdahttp).
package envelope

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"github.com/aws/aws-lambda-go/events"

	"allclear/internal/guard"
)

// Queue makes the Lambda handler of a function behind a queue. Every message of a batch is tried, all
// at the same time; those whose handling failed, by an error or a panic, are reported, and come again
// until the queue gives them to its dead-letter queue. The mapping must say ReportBatchItemFailures.
// Everything may be delivered twice.
func Queue(each func(ctx context.Context, body string) error) func(context.Context, events.SQSEvent) (events.SQSEventResponse, error) {
	return func(ctx context.Context, e events.SQSEvent) (events.SQSEventResponse, error) {
		failures := make([]error, len(e.Records))
		var all sync.WaitGroup
		for i, m := range e.Records {
			all.Go(func() {
				failures[i] = guard.Call(func() error { return each(ctx, m.Body) })
			})
		}
		all.Wait()
		var answer events.SQSEventResponse
		for i, m := range e.Records {
			if err := failures[i]; err != nil {
				slog.ErrorContext(ctx, "message not handled", "message", m.MessageId, "error", err)
				answer.BatchItemFailures = append(answer.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
			}
		}
		return answer, nil
	}
}

// Topic makes the Lambda handler of a function that is subscribed to a topic with this ARN, or to
// any where arn is "". An error fails the invocation, which Lambda repeats twice and then tells
// the function's failure destination. A message of another topic is an error: whoever may invoke
// the function must not be able to forge one.
func Topic(arn string, each func(ctx context.Context, body string) error) func(context.Context, events.SNSEvent) error {
	return func(ctx context.Context, e events.SNSEvent) error {
		for _, r := range e.Records {
			if arn != "" && r.SNS.TopicArn != arn {
				return fmt.Errorf("message %s is of another topic", r.SNS.MessageID)
			}
			if err := guard.Call(func() error { return each(ctx, r.SNS.Message) }); err != nil {
				return fmt.Errorf("message %s: %w", r.SNS.MessageID, err)
			}
		}
		return nil
	}
}
