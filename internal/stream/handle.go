package stream

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/aws/aws-lambda-go/events"

	"allclear/internal/guard"
)

// Handle makes the Lambda handler of a function that takes records one by one. They come in order;
// at the first error it stops and reports that record's sequence number, so that Lambda delivers it
// and everything behind it again, and after the mapping's attempts sends it to the failure
// destination. A record that cannot be decoded and a panic count as errors. The mapping must say
// functionResponseType: ReportBatchItemFailures. Everything may be delivered twice.
func Handle(each func(ctx context.Context, r Record) error) func(context.Context, Event) (events.DynamoDBEventResponse, error) {
	return func(ctx context.Context, e Event) (events.DynamoDBEventResponse, error) {
		for i, raw := range e.Records {
			r, err := Decode(raw)
			if err == nil {
				err = guard.Call(func() error { return each(ctx, r) })
			}
			if err != nil {
				return report(ctx, r, i, err)
			}
		}
		return events.DynamoDBEventResponse{}, nil
	}
}

// HandleBatch is Handle for a function that takes a batch whole, as a wake-up, in any order. Records
// that cannot be decoded hold up nobody: all others are handed over first, also those behind them,
// and then the first bad one is reported, so that Lambda halves the batch until it stands alone and
// goes to the failure destination. An error of all reports the batch's first record.
func HandleBatch(all func(ctx context.Context, records []Record) error) func(context.Context, Event) (events.DynamoDBEventResponse, error) {
	return func(ctx context.Context, e Event) (events.DynamoDBEventResponse, error) {
		var records []Record
		var first Record
		var bad failedRecord
		for i, raw := range e.Records {
			r, err := Decode(raw)
			if i == 0 {
				first = r
			}
			if err == nil {
				records = append(records, r)
			} else if bad.err == nil {
				bad = failedRecord{r, i, err}
			}
		}
		if len(records) > 0 {
			if err := guard.Call(func() error { return all(ctx, records) }); err != nil {
				return report(ctx, first, 0, err)
			}
		}
		if bad.err != nil {
			return report(ctx, bad.record, bad.index, bad.err)
		}
		return events.DynamoDBEventResponse{}, nil
	}
}

// failedRecord is one record of a batch, and what is wrong with it.
type failedRecord struct {
	record Record
	index  int
	err    error
}

// report logs a failure where it is handled and answers with the one sequence number. A record
// without a number can only be reported by failing the invocation; Lambda then halves the batch.
func report(ctx context.Context, r Record, index int, err error) (events.DynamoDBEventResponse, error) {
	if r.Sequence == "" {
		return events.DynamoDBEventResponse{}, fmt.Errorf("stream record at index %d: %w", index, err)
	}
	slog.ErrorContext(ctx, "stream record not processed", "sequence", r.Sequence, "key", r.Key.String(), "error", err)
	return events.DynamoDBEventResponse{
		BatchItemFailures: []events.DynamoDBBatchItemFailure{{ItemIdentifier: r.Sequence}},
	}, nil
}
