package loop

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"
)

// Destination hears of what was given up on. It must keep it durably.
type Destination interface {
	// Put takes a failure for the queue with this logical id.
	Put(ctx context.Context, queue string, f Failure) error
}

// Failure is what a failure destination gets: metadata, never the records themselves, which are
// found again in the table. Its JSON is Lambda's:
// https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html.
type Failure struct {
	Version         string          `json:"version"`
	Timestamp       time.Time       `json:"timestamp"`
	RequestContext  RequestContext  `json:"requestContext"`
	RequestPayload  json.RawMessage `json:"requestPayload,omitempty"` // of an asynchronous invocation only
	ResponseContext ResponseContext `json:"responseContext"`
	Stream          *StreamBatch    `json:"DDBStreamBatchInfo,omitempty"` // of a stream only
}

// RequestContext says which function failed and why it is not asked again.
type RequestContext struct {
	RequestID              string `json:"requestId"`
	FunctionARN            string `json:"functionArn"`
	Condition              string `json:"condition"`
	ApproximateInvokeCount int    `json:"approximateInvokeCount"`
}

// ResponseContext is the same for every failure.
type ResponseContext struct {
	StatusCode      int    `json:"statusCode"`
	ExecutedVersion string `json:"executedVersion"`
	FunctionError   string `json:"functionError"`
}

// StreamBatch names the records that were given up on.
type StreamBatch struct {
	ShardID                         string    `json:"shardId"`
	StartSequenceNumber             string    `json:"startSequenceNumber"`
	EndSequenceNumber               string    `json:"endSequenceNumber"`
	ApproximateArrivalOfFirstRecord time.Time `json:"approximateArrivalOfFirstRecord"`
	ApproximateArrivalOfLastRecord  time.Time `json:"approximateArrivalOfLastRecord"`
	BatchSize                       int       `json:"batchSize"`
	StreamARN                       string    `json:"streamArn"`
}

// Conditions of a failure, in Lambda's words, for streams and for asynchronous invocations.
const (
	retriesExhausted      = "RetryAttemptsExhausted"
	ageExceeded           = "RecordAgeExceeded"
	asyncRetriesExhausted = "RetriesExhausted"
)

// shard is the one shard that a local stream has.
const shard = "shardId-local"

// attemptsToTell is how often a destination is tried. After that the log line has to do: what is
// broken there must not block the stream.
const attemptsToTell = 5

// giveUp tells the destination, and always the log.
func (f function) giveUp(ctx context.Context, queue string, failure Failure) {
	o := f.options
	failure.Version, failure.Timestamp = "1.0", o.Now().UTC().Truncate(time.Millisecond)
	failure.RequestContext.RequestID, failure.RequestContext.FunctionARN = o.NewID(), f.arn()
	failure.ResponseContext = ResponseContext{StatusCode: 200, ExecutedVersion: "$LATEST", FunctionError: "Unhandled"}
	attributes := []any{
		"function", f.Name, "condition", failure.RequestContext.Condition, "attempts", failure.RequestContext.ApproximateInvokeCount,
	}
	if s := failure.Stream; s != nil {
		attributes = append(attributes, "sequence", s.StartSequenceNumber, "last", s.EndSequenceNumber, "records", s.BatchSize)
	}
	o.Logger.ErrorContext(ctx, "given up", attributes...)
	if o.Failures == nil || queue == "" {
		return
	}
	for failures := 1; ; failures++ {
		err := o.Failures.Put(ctx, queue, failure)
		if err == nil || ctx.Err() != nil {
			return
		}
		o.Logger.ErrorContext(ctx, "failure destination not told", "function", f.Name, "failures", failures, "error", err)
		if failures == attemptsToTell || !o.pause(ctx, failures) {
			return
		}
	}
}

// File is a Destination that appends one line of JSON per failure to a file. At a size of MaxSize
// the file becomes Path + ".1", in place of an older one.
type File struct {
	Path    string
	MaxSize int64 // bytes; 0 is 10 MiB

	mu sync.Mutex
}

// Put appends a failure and makes it durable.
func (f *File) Put(_ context.Context, queue string, failure Failure) error {
	line, err := json.Marshal(struct {
		Queue string `json:"queue"`
		Failure
	}{queue, failure})
	if err != nil {
		return fmt.Errorf("encode failure: %w", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.rotate(); err != nil {
		return fmt.Errorf("append failure: %w", err)
	}
	file, err := os.OpenFile(f.Path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("append failure: %w", err)
	}
	_, err = file.Write(append(line, '\n'))
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("append failure: %w", err)
	}
	return nil
}

func (f *File) rotate() error {
	info, err := os.Stat(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	most := f.MaxSize
	if most <= 0 {
		most = 10 << 20
	}
	if info.Size() < most {
		return nil
	}
	return os.Rename(f.Path, f.Path+".1")
}
