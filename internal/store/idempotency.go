package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"allclear/internal/status"
	"allclear/internal/table"
)

// Answer is what a request with an Idempotency-Key was answered, kept for AnswerTTL.
type Answer struct {
	Key     string `json:"-"`       // as the client sent it
	Request string `json:"request"` // SHA-256 of method, path and body, hex
	Status  int    `json:"status"`
	Body    string `json:"body"`
	Seq     int64  `json:"seq"` // of the page after the change; filled in by Commit
}

// AnswerTTL is how long the same Idempotency-Key gives the same answer.
const AnswerTTL = 24 * time.Hour

// Answer finds the answer that was given for an Idempotency-Key, nil for none. An answer holds only
// while the event of its change is there: where older data were put back, what it speaks of did
// not happen, so it is forgotten, and the same request has its effect again.
func (s *Store) Answer(ctx context.Context, page, key string) (*Answer, error) {
	a, err := s.record(ctx, page, key)
	if err != nil || a == nil {
		return nil, err
	}
	events, err := s.table.Get(ctx, eventKey(page, a.Seq))
	if err != nil {
		return nil, fmt.Errorf("get event of idempotency record: %w", err)
	}
	if events[0] != nil {
		return a, nil
	}
	err = s.table.Write(ctx, table.Delete(idempotencyKey(page, key), table.Equals("seq", a.Seq)))
	if condition := (*table.ConditionError)(nil); errors.As(err, &condition) {
		return s.record(ctx, page, key) // the same request came twice, and the other one was done again first
	}
	if err != nil {
		return nil, fmt.Errorf("delete idempotency record: %w", err)
	}
	return nil, nil //nolint:nilnil // as below
}

func (s *Store) record(ctx context.Context, page, key string) (*Answer, error) {
	items, err := s.table.Get(ctx, idempotencyKey(page, key))
	if err != nil {
		return nil, fmt.Errorf("get idempotency record: %w", err)
	}
	if items[0] == nil {
		return nil, nil //nolint:nilnil // absence is no error here and has no other sign
	}
	a, err := decode[Answer](items[0].Attributes)
	if err != nil {
		return nil, fmt.Errorf("decode idempotency record: %w", err)
	}
	if packed, ok := items[0].Attributes[attributePackedBody].([]byte); ok {
		if err := inflate(packed, &a.Body); err != nil {
			return nil, fmt.Errorf("decompress idempotency record: %w", err)
		}
	}
	a.Key = key
	return &a, nil
}

const attributePackedBody = "body_deflate"

// answerAction keeps an answer. A long one is compressed, as the timeline in it is where the
// incident lies; what is then still longer than an item can be is refused.
func answerAction(page string, a Answer, now time.Time) (table.Action, error) {
	item := table.Item{Key: idempotencyKey(page, a.Key), Attributes: encode(a), Expires: now.Add(AnswerTTL)}
	if len(a.Body) > compressOver {
		packed, err := deflate(a.Body)
		if err != nil {
			return table.Action{}, fmt.Errorf("compress idempotency record: %w", err)
		}
		delete(item.Attributes, "body")
		item.Attributes[attributePackedBody] = packed
	}
	size, err := table.Size(item)
	if err != nil {
		return table.Action{}, fmt.Errorf("encode idempotency record: %w", err)
	}
	if size > table.MaxItemSize {
		return table.Action{}, status.Invalidf("Idempotency-Key", "can't be honoured: the answer is too long to be kept")
	}
	return table.Put(item, table.Absent()), nil
}
