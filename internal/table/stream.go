package table

import (
	"context"
	"time"
)

// ChangeKind is what a transaction did to an item, in the words of DynamoDB Streams.
type ChangeKind string

// The kinds of change. Expiry gives no record.
const (
	Insert ChangeKind = "INSERT"
	Modify ChangeKind = "MODIFY"
	Remove ChangeKind = "REMOVE"
)

// Record is one change of one item. A put that leaves an item exactly as it was gives none. To the
// stream an expired item is there until the adapter deletes it, as in DynamoDB: a put over it is a
// Modify, and its deletion by a transaction is a Remove.
type Record struct {
	Sequence int64 // increases strictly over the whole log; gaps are possible
	Kind     ChangeKind
	Key      Key
	New      *Item     // the item after the change; nil for Remove
	At       time.Time // when it was written, in milliseconds, UTC
}

// Log is the change log of a table, for adapters without a stream service of their own.
// Records of one transaction become visible together, in the order of its actions.
type Log interface {
	// Records reads up to limit records with a sequence above after, oldest first. Limit is at
	// least 1 and may cut a transaction in two.
	Records(ctx context.Context, after int64, limit int) ([]Record, error)
	// Position reads the sequence that a reader has acknowledged, 0 when it never did.
	Position(ctx context.Context, reader string) (int64, error)
	// Acknowledge durably moves a reader forward; moving back is ignored.
	Acknowledge(ctx context.Context, reader string, sequence int64) error
	// Trim deletes records up to and including sequence. Sequences are never given out again.
	Trim(ctx context.Context, sequence int64) error
	// Latest is the newest sequence in the log, 0 when it is empty.
	Latest(ctx context.Context) (int64, error)
}
