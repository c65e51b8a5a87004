package dynamo_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"

	"allclear/internal/stream"
	"allclear/internal/table"
)

// streamLog shows a table's stream as the change log of the port, so that the suite can judge it.
// It reads the service's own JSON, of which a Lambda event is made, with the decoder that the
// functions use. Sequences are counted here; positions and trimming are the test's own.
type streamLog struct {
	endpoint, stream string

	mu        sync.Mutex
	iterator  string
	raw       []json.RawMessage // all that were read, sequence 1 first; those up to trimmed are gone
	trimmed   int64
	positions map[string]int64
}

func (l *streamLog) Records(ctx context.Context, after int64, limit int) ([]table.Record, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.poll(ctx); err != nil {
		return nil, err
	}
	var found []table.Record
	for i := max(after, l.trimmed); i < int64(len(l.raw)) && len(found) < limit; i++ {
		r, err := stream.Decode(l.raw[i])
		if err != nil {
			return nil, err
		}
		found = append(found, table.Record{Sequence: i + 1, Kind: r.Kind, Key: r.Key, New: r.New, At: r.At})
	}
	return found, nil
}

func (l *streamLog) Latest(ctx context.Context) (int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.poll(ctx); err != nil {
		return 0, err
	}
	if n := int64(len(l.raw)); n > l.trimmed {
		return n, nil
	}
	return 0, nil
}

func (l *streamLog) Position(_ context.Context, reader string) (int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.positions[reader], nil
}

func (l *streamLog) Acknowledge(_ context.Context, reader string, sequence int64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.positions[reader] = max(l.positions[reader], sequence)
	return nil
}

func (l *streamLog) Trim(_ context.Context, sequence int64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.trimmed = max(l.trimmed, sequence)
	return nil
}

// poll reads on until there is nothing more.
func (l *streamLog) poll(ctx context.Context) error {
	if l.iterator == "" {
		if err := l.open(ctx); err != nil {
			return err
		}
	}
	for {
		var answer struct {
			Records           []json.RawMessage
			NextShardIterator string
		}
		if err := l.call(ctx, "GetRecords", map[string]any{"ShardIterator": l.iterator}, &answer); err != nil {
			return err
		}
		l.raw = append(l.raw, answer.Records...)
		l.iterator = answer.NextShardIterator
		if len(answer.Records) == 0 {
			return nil
		}
	}
}

// open begins at the start of the stream's one shard.
func (l *streamLog) open(ctx context.Context) error {
	var description struct {
		StreamDescription struct{ Shards []struct{ ShardID string } }
	}
	if err := l.call(ctx, "DescribeStream", map[string]any{"StreamArn": l.stream}, &description); err != nil {
		return err
	}
	shards := description.StreamDescription.Shards
	if len(shards) != 1 {
		return fmt.Errorf("stream of %d shards, want 1", len(shards))
	}
	var answer struct{ ShardIterator string }
	err := l.call(ctx, "GetShardIterator", map[string]any{
		"StreamArn": l.stream, "ShardId": shards[0].ShardID, "ShardIteratorType": "TRIM_HORIZON",
	}, &answer)
	l.iterator = answer.ShardIterator
	return err
}

func (l *streamLog) call(ctx context.Context, action string, input, output any) error {
	body, err := json.Marshal(input)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, l.endpoint, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.0")
	request.Header.Set("X-Amz-Target", "DynamoDBStreams_20120810."+action)
	// The emulator looks for the account and the region here, not at the signature.
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=none")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: status %d: %s", action, response.StatusCode, answer)
	}
	return json.Unmarshal(answer, output)
}
