package stream

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"allclear/internal/table"
)

// Decode reads one record of a stream event. A record that no version of this program writes (a
// set, a fraction, another key schema, no image) is an error: it will not get better by retrying.
// With the error comes what could be read of the sequence number and the key, for the log.
func Decode(raw json.RawMessage) (Record, error) {
	var head struct {
		Name   string `json:"eventName"`
		Change struct {
			Keys     json.RawMessage `json:"Keys"`
			NewImage json.RawMessage `json:"NewImage"`
			Sequence string          `json:"SequenceNumber"`
			At       json.Number     `json:"ApproximateCreationDateTime"`
		} `json:"dynamodb"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return Record{Sequence: sequenceOf(raw)}, fmt.Errorf("decode stream record: %w", err)
	}
	r := Record{Sequence: head.Change.Sequence, Kind: table.ChangeKind(head.Name), At: secondsOf(head.Change.At)}
	err := r.decode(head.Change.Keys, head.Change.NewImage)
	if err != nil {
		return r, fmt.Errorf("decode stream record %.40s: %w", r.Sequence, err)
	}
	return r, nil
}

func (r *Record) decode(keys, image json.RawMessage) error {
	if r.Sequence == "" {
		return errors.New("no sequence number")
	}
	attributes, err := decodeAs[map[string]value](orNull(keys))
	if err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	if r.Key, err = keyOf(attributes); err != nil {
		return err
	}
	switch r.Kind {
	case table.Remove:
		return nil
	case table.Insert, table.Modify:
	default:
		return fmt.Errorf("event name %.20q", r.Kind)
	}
	attributes, err = decodeAs[map[string]value](orNull(image))
	if err != nil {
		return fmt.Errorf("new image of %s: %w", r.Key, err)
	}
	if r.New, err = itemOf(attributes); err != nil {
		return fmt.Errorf("new image of %s: %w", r.Key, err)
	}
	if r.New.Key != r.Key {
		r.New = nil
		return fmt.Errorf("new image of another key than %s", r.Key)
	}
	return nil
}

// sequenceOf finds the sequence number in a record of which another part is wrong.
func sequenceOf(raw json.RawMessage) string {
	var outer struct {
		Change map[string]json.RawMessage `json:"dynamodb"`
	}
	_ = json.Unmarshal(raw, &outer) // what cannot be read stays empty; the caller has the error already
	var sequence string
	_ = json.Unmarshal(orNull(outer.Change["SequenceNumber"]), &sequence)
	return sequence
}

func orNull(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return json.RawMessage("null")
	}
	return raw
}

// secondsOf reads epoch seconds, which AWS writes with or without a fraction; zero when unreadable,
// because nothing depends on it.
func secondsOf(n json.Number) time.Time {
	if s, err := strconv.ParseFloat(n.String(), 64); err == nil && s > 0 && s < math.MaxInt32*100 {
		return time.Unix(int64(s), 0).UTC()
	}
	return time.Time{}
}
