package envelope_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"allclear/internal/envelope"
)

func handle(_ context.Context, body string) error {
	switch body {
	case "bad":
		return errors.New("no room")
	case "worse":
		panic("out of bounds")
	}
	return nil
}

func TestEveryMessageOfAQueueIsTriedAndTheFailedOnesAreNamed(t *testing.T) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	// Each waits for all others: they are handled at the same time.
	var together sync.WaitGroup
	together.Add(4)
	h := envelope.Queue(func(ctx context.Context, body string) error {
		together.Done()
		together.Wait()
		return handle(ctx, body)
	})
	var e events.SQSEvent
	for id, body := range []string{"good", "bad", "worse", "good"} {
		e.Records = append(e.Records, events.SQSMessage{MessageId: string(rune('a' + id)), Body: body})
	}
	payload, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := lambda.NewHandler(h).Invoke(t.Context(), payload)
	if want := `{"batchItemFailures":[{"itemIdentifier":"b"},{"itemIdentifier":"c"}]}`; err != nil || string(answer) != want {
		t.Errorf("got %s, %v, want %s", answer, err, want)
	}
}

func TestAMessageOfATopicFailsTheInvocationOrNot(t *testing.T) {
	const arn = "arn:aws:sns:us-east-1:123456789012:events"
	for name, c := range map[string]struct {
		topic, body string
		want        string
	}{
		"a good one":        {arn, "good", ""},
		"a bad one":         {arn, "bad", "no room"},
		"a panic":           {arn, "worse", "out of bounds"},
		"of another topic":  {arn + "x", "good", "another topic"},
		"of a forged topic": {"", "good", "another topic"},
	} {
		e := events.SNSEvent{Records: []events.SNSEventRecord{{SNS: events.SNSEntity{TopicArn: c.topic, Message: c.body}}}}
		err := envelope.Topic(arn, handle)(t.Context(), e)
		if (err == nil) != (c.want == "") || (err != nil && !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}
