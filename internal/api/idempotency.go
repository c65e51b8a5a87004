package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"

	"allclear/internal/status"
	"allclear/internal/store"
)

// once is what the header Idempotency-Key asks for: a request that comes again has no second
// effect and gets the same answer. An empty key asks for nothing. A key is good for one request a day
// and page, and there are two kinds of keys: those of requests about subscribers, and all others
// (docs/decisions/0012).
type once struct {
	key  string
	hash string // of method, path and body: what makes it the same request
}

const maxIdempotencyKey = 255

func onceOf(r *http.Request, raw []byte) (once, error) {
	keys := r.Header.Values("Idempotency-Key")
	if len(keys) == 0 {
		return once{}, nil
	}
	key := keys[0]
	if key == "" || len(key) > maxIdempotencyKey {
		return once{}, status.Invalidf("Idempotency-Key", "must be 1 to %d characters long", maxIdempotencyKey)
	}
	for i := range len(key) {
		if key[i] < ' ' || key[i] > '~' {
			return once{}, status.Invalidf("Idempotency-Key", "must be printable ASCII")
		}
	}
	sum := sha256.New()
	sum.Write([]byte(r.Method + "\n" + r.URL.Path + "\n"))
	sum.Write(raw)
	return once{key: key, hash: hex.EncodeToString(sum.Sum(nil))}, nil
}

// again carries the answer that a request was given before.
type again struct{ answer store.Answer }

func (*again) Error() string { return "answered before" }

// outcome is what a change has come to: the answer, and the event that records it. Without an
// event nothing changed and nothing is written.
type outcome struct {
	status int
	body   any // nil for none
	event  *status.Event
}

// commit makes one change of the page in the path. change may run several times, each time on
// what is stored then. The answer is kept with the change, in the same transaction: so whether a
// request was done and whether it will be answered again can never differ. What changed nothing
// is not kept, since doing it again is harmless.
func (c *call) commit(change func(*store.Tx) (outcome, error)) (reply, error) {
	page, err := c.pageID()
	if err != nil {
		return reply{}, err
	}
	var given reply
	_, err = c.store.Commit(c.ctx(), page, func(tx *store.Tx) error {
		if err := c.once.check(c.ctx(), c.store, page); err != nil {
			return err
		}
		out, err := change(tx)
		if err != nil {
			return err
		}
		given = reply{status: out.status}
		if out.body != nil {
			if given.body, err = encode(out.body); err != nil {
				return err
			}
		}
		if out.event == nil {
			return nil
		}
		out.event.Actor = status.Actor{Kind: status.ActorKey, Name: c.key.Name}
		tx.Record(*out.event)
		if answer := c.once.keep(given); answer != nil {
			tx.Remember(*answer)
		}
		return nil
	})
	if before := (*again)(nil); errors.As(err, &before) {
		return before.reply(), nil
	}
	return given, err
}

// reply is the answer once more.
func (e *again) reply() reply {
	given := reply{status: e.answer.Status, replayed: true}
	if e.answer.Body != "" {
		given.body = []byte(e.answer.Body)
	}
	return given
}

// answers are kept where the change is kept that they were given for.
type answers interface {
	Answer(ctx context.Context, page, key string) (*store.Answer, error)
}

// keep is what is to be kept of an answer, nil for nothing.
func (o once) keep(given reply) *store.Answer {
	if o.key == "" {
		return nil
	}
	return &store.Answer{Key: o.key, Request: o.hash, Status: given.status, Body: string(given.body)}
}

// check ends a change that was made before.
func (o once) check(ctx context.Context, kept answers, page string) error {
	if o.key == "" {
		return nil
	}
	before, err := kept.Answer(ctx, page, o.key)
	switch {
	case err != nil:
		return err
	case before == nil:
		return nil
	case before.Request != o.hash:
		return status.Invalidf("Idempotency-Key", "was used for another request within a day")
	default:
		return &again{*before}
	}
}
