package store

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/oklog/ulid/v2"

	"allclear/internal/status"
	"allclear/internal/table"
)

// AuditAction says what an operator did to subscribers.
type AuditAction string

// What operators do.
const (
	SubscriberCreated      AuditAction = "subscriber.created"
	SubscriberUpdated      AuditAction = "subscriber.updated"
	SubscriberUnsubscribed AuditAction = "subscriber.unsubscribed"
	SubscriberReactivated  AuditAction = "subscriber.reactivated"
	SubscriberAsked        AuditAction = "subscriber.asked" // to confirm, once more
	SubscriberSecret       AuditAction = "subscriber.secret_rotated"
	SubscribersImported    AuditAction = "subscribers.imported"
	SubscribersExported    AuditAction = "subscribers.exported"
	AddressAllowed         AuditAction = "address.allowed" // to be mailed again
)

// Audit records what an operator did that changes nothing public. It never holds an address. It
// lies in the Audience table, in the transaction of what it tells, and a transaction is of one table.
type Audit struct {
	ID         string       `json:"id"` // a ULID: its order is that of time
	Page       string       `json:"page"`
	At         time.Time    `json:"at"`
	Actor      status.Actor `json:"actor"`
	Action     AuditAction  `json:"action"`
	Subscriber string       `json:"subscriber,omitempty"` // id; "" for many, and for an address
	Count      int64        `json:"count"`                // of subscribers, or addresses
}

// auditAction makes an audit's item, with its id and time.
func (a *Audience) auditAction(page string, audit Audit, now time.Time) (table.Action, error) {
	id, err := ulid.New(ulid.Timestamp(now), rand.Reader)
	if err != nil {
		return table.Action{}, fmt.Errorf("make id of audit: %w", err)
	}
	audit.ID, audit.Page, audit.At = id.String(), page, now
	return table.Put(table.Item{Key: auditKey(page, audit.ID), Attributes: encode(audit)}, table.Absent()), nil
}

// Record keeps an audit that stands for itself, such as that of an import.
func (a *Audience) Record(ctx context.Context, page string, audit Audit) error {
	action, err := a.auditAction(page, audit, a.Now())
	if err == nil {
		err = a.table.Write(ctx, action)
	}
	if err != nil {
		return fmt.Errorf("record %s: %w", audit.Action, err)
	}
	return nil
}

// Audits lists up to limit audits of a page, newest first. next is "" when there is no more.
func (a *Audience) Audits(ctx context.Context, page, after string, limit int) (list []Audit, next string, err error) {
	q := table.Prefix(auditKey(page, "").Partition, prefixAudit)
	q.Reverse, q.Limit, q.After = true, limit, after
	r, err := a.table.Query(ctx, q)
	if err != nil {
		return nil, "", fmt.Errorf("list audits: %w", err)
	}
	for i := range r.Items {
		audit, err := decode[Audit](r.Items[i].Attributes)
		if err != nil {
			return nil, "", fmt.Errorf("decode %s: %w", r.Items[i].Key, err)
		}
		list = append(list, audit)
	}
	return list, r.Next, nil
}
