package stream

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-lambda-go/events"
)

// OrSchedule makes the handler of a function on a stream that a schedule calls as well, to do what
// the stream has lost.
func OrSchedule(
	records func(context.Context, Event) (events.DynamoDBEventResponse, error), due func(context.Context) error,
) func(context.Context, json.RawMessage) (events.DynamoDBEventResponse, error) {
	return func(ctx context.Context, payload json.RawMessage) (events.DynamoDBEventResponse, error) {
		var e Event
		if err := json.Unmarshal(payload, &e); err != nil {
			return events.DynamoDBEventResponse{}, fmt.Errorf("decode event: %w", err)
		}
		if e.Records == nil {
			return events.DynamoDBEventResponse{}, due(ctx)
		}
		return records(ctx, e)
	}
}
