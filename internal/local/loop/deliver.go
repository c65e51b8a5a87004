package loop

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"allclear/internal/stream"
)

// deliver hands records to the function, in order, until each is done with or given up on. Failures
// says how often the first of them failed before. The only error is that ctx ended.
//
// A function that fails is asked again, with the records from the first that it reports. With
// bisecting a batch that fails at its start is split, which costs no attempt: behind the first
// record if the function named it, else in the middle. So in the end a bad record stands alone.
func (r *reader) deliver(ctx context.Context, records []delivery, failures int) error {
	for {
		if records = r.dropAged(ctx, records); len(records) == 0 {
			return ctx.Err()
		}
		done, named, err := r.attempt(ctx, records)
		if ctx.Err() != nil {
			return ctx.Err() // an attempt that was interrupted counts for nothing
		}
		if done > 0 {
			r.advance(records[done-1].sequence)
			r.checkpoint(ctx)
			records, failures = records[done:], 0
		}
		if len(records) == 0 {
			return nil
		}
		r.function.options.Logger.WarnContext(ctx, "records not processed", "function", r.function.Name,
			"sequence", records[0].sequence, "records", len(records), "failures", failures+1, "error", err)
		exhausted := r.stream.MaximumRetryAttempts >= 0 && failures >= r.stream.MaximumRetryAttempts
		if r.stream.Bisect && len(records) > 1 && (done == 0 || exhausted) {
			at := len(records) / 2
			if named {
				at = 1
			}
			if err := r.deliver(ctx, records[:at], failures); err != nil {
				return err
			}
			records, failures = records[at:], 0
			continue
		}
		failures++
		if exhausted {
			r.discard(ctx, records, retriesExhausted, failures)
			return ctx.Err()
		}
		r.checkpoint(ctx)
		if !r.function.options.pause(ctx, failures) {
			return ctx.Err()
		}
	}
}

// dropAged gives up on the records at the front that are too old.
func (r *reader) dropAged(ctx context.Context, records []delivery) []delivery {
	if r.stream.MaximumRecordAge <= 0 {
		return records
	}
	oldest := r.function.options.Now().Add(-r.stream.MaximumRecordAge)
	aged := 0
	for aged < len(records) && records[aged].at.Before(oldest) {
		aged++
	}
	if aged > 0 {
		r.discard(ctx, records[:aged], ageExceeded, 0)
	}
	return records[aged:]
}

// attempt invokes the function once. Done says how many records at the front are processed, named
// whether the function itself said so.
func (r *reader) attempt(ctx context.Context, records []delivery) (done int, named bool, err error) {
	event := stream.Event{Records: make([]json.RawMessage, len(records))}
	for i, d := range records {
		event.Records[i] = d.raw
	}
	payload, err := json.Marshal(event)
	if err != nil {
		return 0, false, fmt.Errorf("encode event: %w", err)
	}
	answer, err := r.function.invoke(ctx, payload)
	switch {
	case err != nil:
		return 0, false, err
	case r.stream.ReportBatchItemFailures:
		return reported(answer, records)
	default:
		return len(records), false, nil
	}
}

// reported reads a partial batch response: the lowest sequence number in it is the first record
// that failed. No failures, or no answer at all, are success; an answer that names a record which
// is not in the batch, or none, is a failure of the whole batch.
// https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
func reported(answer []byte, records []delivery) (done int, named bool, err error) {
	failures, err := itemFailures(answer)
	if err != nil {
		return 0, false, err
	}
	done = len(records)
	index := make(map[string]int, len(records))
	for i, d := range records {
		index[strconv.FormatInt(d.sequence, 10)] = i
	}
	for _, item := range failures {
		i, ok := index[item]
		if !ok {
			return 0, false, fmt.Errorf("read answer: no record %.40q in the batch", item)
		}
		done = min(done, i)
	}
	if done < len(records) {
		return done, true, errReported
	}
	return done, false, nil
}

// errReported is the failure that a function names itself, in its own log.
var errReported = errors.New("reported by the function")

// itemFailures are the items that a partial batch response names. No answer at all names none.
func itemFailures(answer []byte) ([]string, error) {
	if answer = bytes.TrimSpace(answer); len(answer) == 0 {
		return nil, nil
	}
	var response struct {
		Failures []struct {
			Item string `json:"itemIdentifier"`
		} `json:"batchItemFailures"`
	}
	if err := json.Unmarshal(answer, &response); err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	items := make([]string, len(response.Failures))
	for i, f := range response.Failures {
		items[i] = f.Item
	}
	return items, nil
}

// discard gives up on records: the destination hears of them, and the reader goes on behind them.
func (r *reader) discard(ctx context.Context, records []delivery, condition string, attempts int) {
	first, last := records[0], records[len(records)-1]
	r.function.giveUp(ctx, r.stream.OnFailure, Failure{
		RequestContext: RequestContext{Condition: condition, ApproximateInvokeCount: attempts},
		Stream: &StreamBatch{
			ShardID:                         shard,
			StartSequenceNumber:             strconv.FormatInt(first.sequence, 10),
			EndSequenceNumber:               strconv.FormatInt(last.sequence, 10),
			ApproximateArrivalOfFirstRecord: first.at.UTC().Truncate(time.Second),
			ApproximateArrivalOfLastRecord:  last.at.UTC().Truncate(time.Second),
			BatchSize:                       len(records),
			StreamARN:                       stream.ARN(r.stream.Table),
		},
	})
	if ctx.Err() != nil {
		return // not known whether it was heard of, so it is delivered again
	}
	r.advance(last.sequence)
	r.acknowledge(ctx)
}
