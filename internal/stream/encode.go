package stream

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"

	"allclear/internal/table"
)

// Region stands for the AWS region in what a local stream says of itself.
const Region = "local"

// ARN names the stream of a local table. On AWS the table's own stream ARN stands in its place.
func ARN(tableName string) string {
	return "arn:aws:dynamodb:" + Region + ":000000000000:table/" + tableName + "/stream/local"
}

// Encode builds the event that Lambda would hand over for these records of a local table. The same
// records give the same bytes.
func Encode(tableName string, records ...table.Record) ([]byte, error) {
	trees := make([]any, len(records))
	for i, r := range records {
		t, err := Tree(tableName, r)
		if err != nil {
			return nil, err
		}
		trees[i] = t
	}
	b, err := json.Marshal(map[string]any{"Records": trees})
	if err != nil {
		return nil, fmt.Errorf("encode stream event: %w", err)
	}
	return b, nil
}

// Tree is one record of such an event as maps and lists, before it becomes JSON: what filter
// patterns look at, so that a record that nobody wants is never encoded. It shares the strings and
// bytes of the record. The format is that of
// https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html with StreamViewType NEW_IMAGE.
func Tree(tableName string, r table.Record) (map[string]any, error) {
	size := len(partitionName) + len(r.Key.Partition) + len(sortName) + len(r.Key.Sort)
	change := map[string]any{
		"ApproximateCreationDateTime": r.At.Unix(),
		"Keys": map[string]any{
			partitionName: map[string]any{"S": r.Key.Partition},
			sortName:      map[string]any{"S": r.Key.Sort},
		},
		"SequenceNumber": strconv.FormatInt(r.Sequence, 10),
		"StreamViewType": "NEW_IMAGE",
	}
	if r.New != nil {
		image, err := treeOfItem(*r.New)
		if err != nil {
			return nil, fmt.Errorf("encode stream record %d: %w", r.Sequence, err)
		}
		n, err := table.Size(*r.New)
		if err != nil {
			return nil, fmt.Errorf("encode stream record %d: %w", r.Sequence, err)
		}
		size += n
		change["NewImage"] = image
	}
	change["SizeBytes"] = int64(size)
	return map[string]any{
		"eventID":        eventID(tableName, r.Sequence),
		"eventName":      string(r.Kind),
		"eventVersion":   "1.1",
		"eventSource":    "aws:dynamodb",
		"awsRegion":      Region,
		"dynamodb":       change,
		"eventSourceARN": ARN(tableName),
	}, nil
}

// eventID is 32 hexadecimal digits that name the record, the same ones at every delivery.
func eventID(tableName string, sequence int64) string {
	sum := sha256.Sum256([]byte(tableName + "/" + strconv.FormatInt(sequence, 10)))
	return hex.EncodeToString(sum[:16])
}
