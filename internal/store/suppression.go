package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"allclear/internal/status"
	"allclear/internal/table"
)

// Suppression says why an address is never mailed again. Only the address's hash is kept.
type Suppression struct {
	Reason status.QuarantineReason `json:"reason"`
	At     time.Time               `json:"at"`
}

// SuppressedError says that an address is never mailed again.
type SuppressedError struct{ Reason status.QuarantineReason }

func (e *SuppressedError) Error() string { return "address is suppressed after " + string(e.Reason) }

// Suppressed tells why an address is never mailed again, on any page; nil when it may be.
func (a *Audience) Suppressed(ctx context.Context, email string) (*Suppression, error) {
	items, err := a.table.Get(ctx, suppressedKey(email))
	if err != nil {
		return nil, fmt.Errorf("read suppression: %w", err)
	}
	return decodeSuppression(items[0])
}

func decodeSuppression(item *table.Item) (*Suppression, error) {
	if item == nil {
		return nil, nil //nolint:nilnil // absence is no error here and has no other sign
	}
	s, err := decode[Suppression](item.Attributes)
	if err != nil {
		return nil, fmt.Errorf("decode suppression: %w", err)
	}
	return &s, nil
}

// Owned tells whether an address is where a subscriber gets mail, or was until it unsubscribed. It
// holds no address since then, but what is left at the address was written in the same transaction
// and has the same time; unless the address has been subscribed anew.
func (a *Audience) Owned(ctx context.Context, s *status.Subscriber, email string) (bool, error) {
	if s.State != status.Unsubscribed {
		return s.Email != "" && strings.EqualFold(s.Email, email), nil
	}
	items, err := a.table.Get(ctx, addressKey(s.Page, s.Mode, email, s.Incident))
	if err != nil {
		return false, fmt.Errorf("get address: %w", err)
	}
	at, err := decodeAddress(items[0])
	left := at.UnsubscribedAt != nil && s.UnsubscribedAt != nil && at.UnsubscribedAt.Equal(*s.UnsubscribedAt)
	return left, err
}

// Suppress keeps an address from ever being mailed again, and quarantines the subscriber whose
// mail bounced or was complained of. The address comes first, so that whatever happens between the
// two, no mail leaves. Doing it again changes nothing.
func (a *Audience) Suppress(ctx context.Context, page, subscriber, email string, reason status.QuarantineReason) error {
	if !reason.Final() {
		return fmt.Errorf("suppress address: %q is no reason", reason)
	}
	item := table.Item{Key: suppressedKey(email), Attributes: encode(Suppression{Reason: reason, At: a.Now()})}
	err := a.table.Write(ctx, table.Put(item, table.Absent()))
	if condition := (*table.ConditionError)(nil); err != nil && !errors.As(err, &condition) {
		return fmt.Errorf("suppress address: %w", err)
	}
	_, _, err = a.UpdateSubscriber(ctx, page, subscriber, Beside{}, func(s *status.Subscriber) error {
		if s.State == status.Unsubscribed || s.Mode != status.ModeEmail {
			return nil // nothing is left to stop, or it is told by other means
		}
		return s.Quarantine(reason, a.Now())
	})
	if status.IsNotFound(err) {
		return nil
	}
	return err
}

// Allow takes back that an address is never mailed again, on any page, and answers why it was so. An
// address that is not suppressed is a status.Error of code NotFound. A subscriber that is quarantined
// for it stays so. The audit says who did it, not of which address.
func (a *Audience) Allow(ctx context.Context, page, email string, audit Audit) (Suppression, error) {
	var was Suppression
	err := a.retry(ctx, "allow address", func() error {
		found, err := a.Suppressed(ctx, email)
		if err != nil {
			return err
		}
		if found == nil {
			return status.NotFoundf("the address is not suppressed, so nothing was changed")
		}
		was, audit.Count = *found, 1
		record, err := a.auditAction(page, audit, a.Now())
		if err != nil {
			return err
		}
		return a.table.Write(ctx, table.Delete(suppressedKey(email), table.Present()), record)
	})
	return was, err
}
