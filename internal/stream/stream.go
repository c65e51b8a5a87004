// Package stream is the envelope of a DynamoDB stream batch: decode, in order, stop at the first
// failure, answer. Every stream function runs inside it, on Lambda and on a laptop alike.
// It also encodes the local change log into the very JSON that Lambda would hand over, so that
// there is one wire format. It knows items and keys, not what an item means; internal/store does.
package stream

import (
	"encoding/json"
	"time"

	"allclear/internal/table"
)

// Record is one change of one item, as a stream function sees it.
type Record struct {
	Sequence string // decimal; names the record in the batch's answer
	Kind     table.ChangeKind
	Key      table.Key
	New      *table.Item // the item after the change; nil for table.Remove
	At       time.Time   // about when it was written, in whole seconds, UTC
}

// Event is what Lambda hands to a stream function. Its records stay raw until each one's turn,
// so that one that cannot be decoded fails alone and not with its batch.
type Event struct {
	Records []json.RawMessage `json:"Records"`
}

// The attributes of an item that belong to its place in the table.
const (
	partitionName = "pk"
	sortName      = "sk"
	expiresName   = "expires"
)
